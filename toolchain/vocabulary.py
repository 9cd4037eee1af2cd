"""A model's vocabulary: learnt from text, or cut down to what text needs."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from pydantic import Field
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import PreTrainedModel

from toolchain.errors import DataError
from toolchain.settings import Settings
from toolchain.tokenizer import framed

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# Punctuation that Chinese text is full of and whose full-width forms share one token with the plain ones.
_ALIKE = {"“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "…": "."}


class VocabularySettings(Settings):
    """How large a vocabulary to learn. Chinese characters are tokens of their own, other words are cut in pieces."""

    size: int = Field(default=8_000, ge=len(SPECIAL) + 1, le=200_000, description="tokens, at most")
    min_frequency: int = Field(default=2, ge=1, description="how often two pieces must meet to become one token")


def learn_vocabulary(texts: Iterable[str], settings: VocabularySettings) -> Tokenizer:
    """A WordPiece tokenizer (Schuster and Nakajima, 2012), lower-cased, with a vocabulary learnt from `texts`.

    Raises:
        DataError: there is nothing to learn from.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL[1]))
    replaced = [normalizers.Replace(character, plain) for character, plain in _ALIKE.items()]
    tokenizer.normalizer = normalizers.Sequence([*replaced, normalizers.BertNormalizer()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=settings.size, min_frequency=settings.min_frequency, special_tokens=list(SPECIAL),
        limit_alphabet=settings.size - len(SPECIAL), show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() <= len(SPECIAL):
        raise DataError("there is no text to learn a vocabulary from")
    return framed(tokenizer)


def prune_vocabulary(
    encoder: PreTrainedModel, tokenizer: Tokenizer, texts: Sequence[str], min_count: int
) -> tuple[Tokenizer, int]:
    """Drop the tokens that occur fewer than `min_count` times in `texts`, from the tokenizer and from the embeddings in
    place; the new tokenizer, and how many went. Special tokens and single ASCII characters stay.

    In Chinese models word embeddings are a great part of the size, and most of them are for characters that a user
    never types.
    """
    counts: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch(list(texts)):
        counts.update(encoding.ids)
    state = json.loads(tokenizer.to_str())
    vocabulary = sorted(state["model"]["vocab"].items(), key=lambda item: item[1])
    kept = [
        (token, index) for token, index in vocabulary
        if token in SPECIAL or counts[index] >= min_count or (len(token.removeprefix("##")) == 1 and token.isascii())
    ]  # fmt: skip
    state["model"]["vocab"] = {token: place for place, (token, _) in enumerate(kept)}
    for special in state["added_tokens"]:
        special["id"] = state["model"]["vocab"][special["content"]]
    state["post_processor"] = None  # It holds token ids, in several forms; `framed` makes it anew.
    words = encoder.embeddings.word_embeddings
    rows = words.weight.detach()[torch.tensor([index for _, index in kept])].clone()
    words = nn.Embedding(len(rows), rows.shape[1], padding_idx=state["model"]["vocab"]["[PAD]"])
    words.weight = nn.Parameter(rows)
    encoder.embeddings.word_embeddings = words
    encoder.config.vocab_size = len(kept)
    encoder.config.pad_token_id = state["model"]["vocab"]["[PAD]"]
    return framed(Tokenizer.from_str(json.dumps(state))), len(vocabulary) - len(kept)
