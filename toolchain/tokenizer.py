"""A checkpoint's tokenizer: read, and framed as BERT's are."""

import json
from contextlib import suppress
from typing import Any

from tokenizers import BertWordPieceTokenizer, Tokenizer
from tokenizers.processors import TemplateProcessing

from toolchain.checkpoint import load_config
from toolchain.checkpoint_files import checkpoint_file, has_file
from toolchain.errors import CheckpointError


def load_tokenizer(checkpoint: str, max_length: int) -> Tokenizer:
    """The checkpoint's fast tokenizer, cutting at `max_length` tokens and not padding; from vocab.txt where there is no
    tokenizer.json.

    Raises:
        CheckpointError: it has neither.
    """
    try:
        try:
            tokenizer = Tokenizer.from_file(str(checkpoint_file(checkpoint, "tokenizer.json")))
        except CheckpointError:
            tokenizer = _from_vocabulary(checkpoint)
    except CheckpointError:
        raise CheckpointError(f"{checkpoint} has no vocabulary: neither tokenizer.json nor vocab.txt") from None
    except Exception as error:  # the library raises plain Exception
        raise CheckpointError(f"{checkpoint} has no tokenizer that can be read: {error}") from error
    size = tokenizer.get_vocab_size()
    if has_file(checkpoint, "config.json") and size > load_config(checkpoint).vocab_size:
        raise CheckpointError(f"{checkpoint}'s tokenizer has {size} tokens, more than its model")
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def framed(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer, putting a text between [CLS] and [SEP] as BERT's do, also where it did not.

    Raises:
        CheckpointError: it lacks those tokens.
    """
    first, last = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
    if first is None or last is None:
        raise CheckpointError("the tokenizer lacks [CLS] or [SEP]")
    if tokenizer.post_processor is None:
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", first), ("[SEP]", last)]
        )
    return tokenizer


def _from_vocabulary(checkpoint: str) -> Tokenizer:
    settings: dict[str, Any] = {}
    with suppress(CheckpointError):
        settings = json.loads(checkpoint_file(checkpoint, "tokenizer_config.json").read_text("utf-8"))
    wordpiece = BertWordPieceTokenizer(
        str(checkpoint_file(checkpoint, "vocab.txt")), lowercase=bool(settings.get("do_lower_case", True)),
        handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
    )  # fmt: skip
    return Tokenizer.from_str(wordpiece.to_str())
