"""The model that is trained: a MobileBERT encoder, the mean of its token features, and a linear head.

Source: Sun et al., MobileBERT (2020); Hugging Face's implementation.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import MobileBertConfig, MobileBertModel
from transformers.utils import cached_file, logging

from toolchain.errors import CheckpointError

logging.set_verbosity_error()  # it reports the masked-LM head as unexpected, which it is meant to be
logging.disable_progress_bar()


class Classifier(nn.Module):
    """Token ids [B, S] to logits [B, C], through features [B, D]: the masked mean of the token features [B, S, D]."""

    def __init__(self, encoder: MobileBertModel, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, classes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [B, C]."""
        logits: Tensor = self.head(pooled(self.token_features(input_ids, attention_mask), attention_mask))
        return logits

    def token_features(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Token features [B, S, D], in float32."""
        hidden: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden.float()


def pooled(token_features: Tensor, attention_mask: Tensor) -> Tensor:
    """The mean over real tokens: features [B, D]."""
    mask = attention_mask[..., None].to(token_features.dtype)
    return (token_features * mask).sum(1) / mask.sum(1)


def load_encoder(checkpoint: str) -> MobileBertModel:
    """The encoder of a MobileBERT checkpoint: a directory, or a hub id.

    Raises:
        CheckpointError: it is missing, or of another architecture.
    """
    config = _config(checkpoint)
    if config.get("model_type") != "mobilebert":
        kind = config.get("model_type", "unknown")
        raise CheckpointError(f"{checkpoint} is a model of type {kind}; a MobileBERT checkpoint is needed")
    try:
        # Eager attention: the fused kernel's mask helper has no ONNX form.
        encoder = MobileBertModel.from_pretrained(checkpoint, add_pooling_layer=False, attn_implementation="eager")
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"the weights of {checkpoint} can't be loaded: {error}") from error
    if not isinstance(encoder, MobileBertModel):
        raise CheckpointError(f"{checkpoint} did not give a MobileBERT encoder")
    return encoder


def load_tokenizer(checkpoint: str, max_length: int) -> Tokenizer:
    """The checkpoint's fast tokenizer, cutting at `max_length` tokens and not padding.

    Raises:
        CheckpointError: it has no tokenizer.json.
    """
    path = _file(checkpoint, "tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise CheckpointError(f"{path} is no tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def checkpoint_hashes(checkpoint: str) -> dict[str, str]:
    """SHA-256 of the files that a checkpoint consists of, by name.

    Raises:
        CheckpointError: it has no configuration or no tokenizer.
    """
    found = {name: _file(checkpoint, name) for name in ("config.json", "tokenizer.json")}
    for name in ("model.safetensors", "pytorch_model.bin"):
        with suppress(CheckpointError):
            found[name] = _file(checkpoint, name)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


def longest_input(config: MobileBertConfig, asked: int) -> int:
    """The most tokens a text may have: `asked`, or as many positions as the encoder has."""
    return min(asked, int(config.max_position_embeddings))


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token id rows as [B, S] with their attention mask, padded with 0 to the longest."""
    longest = max(map(len, rows))
    input_ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention_mask = torch.zeros_like(input_ids)
    for index, row in enumerate(rows):
        input_ids[index, : len(row)] = torch.tensor(row)
        attention_mask[index, : len(row)] = 1
    return input_ids, attention_mask


def _config(checkpoint: str) -> dict[str, object]:
    try:
        config = json.loads(_file(checkpoint, "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"config.json of {checkpoint} can't be read: {error}") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"config.json of {checkpoint} is not a JSON object")
    return config


def _file(checkpoint: str, name: str) -> Path:
    if Path(checkpoint).is_dir():
        path = Path(checkpoint) / name
        if not path.is_file():
            raise CheckpointError(f"{checkpoint} has no {name}")
        return path
    try:
        found = cached_file(checkpoint, name)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{checkpoint} is no directory, and no hub model that can be reached") from error
    if found is None:
        raise CheckpointError(f"{checkpoint} has no {name}")
    return Path(found)
