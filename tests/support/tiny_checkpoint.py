"""Tiny real checkpoints, with random weights and a vocabulary of single characters."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel, MobileBertConfig, MobileBertModel

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def write_tokenizer(folder: Path, characters: str) -> int:
    """A WordPiece tokenizer.json that knows these characters; the size of its vocabulary."""
    letters = [*dict.fromkeys(characters + LETTERS)]
    vocabulary = {token: index for index, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    from tokenizers.processors import TemplateProcessing

    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return len(vocabulary)


def write_mobilebert(folder: Path, characters: str, seed: int = 0, **changes: object) -> None:
    """A MobileBERT of two small blocks."""
    torch.manual_seed(seed)
    fields = {
        "hidden_size": 32, "embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16,
        "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "num_feedforward_networks": 1,
        "max_position_embeddings": 32, "normalization_type": "layer_norm", "hidden_dropout_prob": 0.0,
        "key_query_shared_bottleneck": True, "use_bottleneck": True,
        "vocab_size": write_tokenizer(folder, characters),
    }  # fmt: skip
    config = MobileBertConfig(**{**fields, **changes})
    MobileBertModel(config, add_pooling_layer=False).save_pretrained(folder)


def write_bert(folder: Path, characters: str, seed: int = 0, **changes: object) -> None:
    """A BERT of three small blocks."""
    torch.manual_seed(seed)
    fields = {
        "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 48,
        "max_position_embeddings": 32, "vocab_size": write_tokenizer(folder, characters),
    }  # fmt: skip
    BertModel(BertConfig(**{**fields, **changes}), add_pooling_layer=False).save_pretrained(folder)
