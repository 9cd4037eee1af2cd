"""Checkpoints on disk: reading any BERT or MobileBERT one, and writing our own.

A checkpoint is a directory or a hub id with config.json, weights, and tokenizer.json or vocab.txt, in Hugging Face's
format. One that was pruned has layers of different shapes, which the library's classes can't be told by a
configuration; its config.json lists them as `pruned_shapes`, and `load_encoder` builds them so. No masks are left.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging

from toolchain.checkpoint_files import WEIGHTS, checkpoint_file
from toolchain.errors import CheckpointError, WorkError

logging.set_verbosity_error()  # it reports the heads that a checkpoint has besides the encoder, which are meant to be
logging.disable_progress_bar()

ARCHITECTURES = ("bert", "mobilebert")
SHAPES = "pruned_shapes"
# Eager attention: the fused kernel's mask helper has no ONNX form.
_ATTENTION = "eager"


def load_config(checkpoint: str) -> PreTrainedConfig:
    """The configuration of a checkpoint.

    Raises:
        CheckpointError: it is missing, malformed, or of another architecture than BERT's or MobileBERT's.
    """
    try:
        content = json.loads(checkpoint_file(checkpoint, "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"config.json of {checkpoint} can't be read: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"config.json of {checkpoint} is not a JSON object")
    return new_config(content, f"{checkpoint}'s config.json")


def new_config(content: Mapping[str, Any], where: str) -> PreTrainedConfig:
    """A configuration out of its fields, `model_type` among them.

    Raises:
        CheckpointError: another architecture, or values that make no model; `where` names the place.
    """
    kind = content.get("model_type", "unknown")
    if kind not in ARCHITECTURES:
        raise CheckpointError(f"{where} is a model of type {kind}; allowed are {' and '.join(ARCHITECTURES)}")
    try:
        config = AutoConfig.for_model(**{**content, "attn_implementation": _ATTENTION})
    except Exception as error:  # the library validates with exceptions of several kinds
        raise CheckpointError(f"{where} makes no model: {error}") from error
    return config


def new_encoder(config: PreTrainedConfig) -> PreTrainedModel:
    """An encoder with random weights.

    Raises:
        CheckpointError: the configuration makes no model.
    """
    try:
        encoder: PreTrainedModel = AutoModel.from_config(config, add_pooling_layer=False)
    except (ValueError, TypeError, RuntimeError, ZeroDivisionError) as error:
        raise CheckpointError(f"the configuration makes no model: {error}") from error
    return encoder


def load_encoder(checkpoint: str) -> PreTrainedModel:
    """The encoder of a checkpoint: a directory, or a hub id; pruned or not.

    Raises:
        CheckpointError: it is missing, or of another architecture.
    """
    config = load_config(checkpoint)
    shapes = getattr(config, SHAPES, None)
    try:
        if shapes is None:
            encoder, loaded = AutoModel.from_pretrained(
                checkpoint, config=config, add_pooling_layer=False, dtype=torch.float32, output_loading_info=True
            )
            _check_complete(checkpoint, loaded["missing_keys"])
            return _without_padding(encoder)
        encoder = new_encoder(config)
        resize(encoder, shapes)
        from safetensors.torch import load_file

        encoder.load_state_dict(load_file(checkpoint_file(checkpoint, WEIGHTS[0])))
    except CheckpointError:
        raise
    except Exception as error:  # the libraries raise of many kinds, safetensors its own
        raise CheckpointError(f"the weights of {checkpoint} can't be loaded: {error}") from error
    return _without_padding(encoder)


def load_masked_lm(checkpoint: str) -> PreTrainedModel:
    """The encoder of a checkpoint under a masked-LM head; the head is new where the checkpoint has none.

    Raises:
        CheckpointError: it is missing, of another architecture, or pruned.
    """
    config = load_config(checkpoint)
    if getattr(config, SHAPES, None) is not None:
        raise CheckpointError(f"{checkpoint} was pruned: a masked-LM head can't be put on it")
    try:
        model, loaded = AutoModelForMaskedLM.from_pretrained(
            checkpoint, config=config, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # as above
        raise CheckpointError(f"the weights of {checkpoint} can't be loaded: {error}") from error
    _check_complete(checkpoint, (name for name in loaded["missing_keys"] if not name.startswith("cls.")))
    _without_padding(model.base_model)
    return model


def new_masked_lm(config: PreTrainedConfig) -> PreTrainedModel:
    """An encoder under a masked-LM head with random weights.

    Raises:
        CheckpointError: the configuration makes no model.
    """
    try:
        model: PreTrainedModel = AutoModelForMaskedLM.from_config(config)
    except (ValueError, TypeError, RuntimeError, ZeroDivisionError) as error:
        raise CheckpointError(f"the configuration makes no model: {error}") from error
    return model


def save_checkpoint(folder: Path, encoder: PreTrainedModel, tokenizer: Tokenizer) -> None:
    """Write an encoder and its tokenizer into `folder`, whole or not at all.

    Raises:
        WorkError: it can't be written.
    """
    fresh = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        encoder.save_pretrained(fresh)
        whole = Tokenizer.from_str(tokenizer.to_str())
        whole.no_truncation()
        whole.no_padding()
        whole.save(str(fresh / "tokenizer.json"), pretty=False)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except Exception as error:  # as above, for want of room too
        shutil.rmtree(fresh, ignore_errors=True)
        raise WorkError(f"{folder} can't be written: {error}") from error


def longest_input(config: PreTrainedConfig, asked: int) -> int:
    """The most tokens a text may have: `asked`, or as many positions as the encoder has."""
    return min(asked, int(config.max_position_embeddings))


def extend_positions(encoder: PreTrainedModel, positions: int) -> None:
    """Give an encoder `positions` positions; new ones start as copies of the old in turn (as in Longformer, Beltagy et
    al., 2020), and learn from there.
    """
    embeddings = encoder.embeddings
    old = embeddings.position_embeddings.weight.detach()
    if positions <= len(old):
        return
    table = nn.Embedding(positions, old.shape[1])
    with torch.no_grad():
        table.weight.copy_(old.repeat(-(-positions // len(old)), 1)[:positions])
    embeddings.position_embeddings = table
    embeddings.position_ids = torch.arange(positions).expand((1, -1))
    if hasattr(embeddings, "token_type_ids"):
        embeddings.token_type_ids = torch.zeros((1, positions), dtype=torch.long)
    encoder.config.max_position_embeddings = positions


def resize(encoder: PreTrainedModel, shapes: Mapping[str, list[int]]) -> None:
    """Replace the linear layers that `shapes` names ([out, in] each) by ones of those sizes, with random weights."""
    for name, (rows, columns) in shapes.items():
        parent, _, attribute = name.rpartition(".")
        setattr(encoder.get_submodule(parent), attribute, nn.Linear(columns, rows))


def _check_complete(checkpoint: str, missing: Iterable[str]) -> None:
    """The library fills what a checkpoint lacks with random weights."""
    first = min(missing, default=None)
    if first is not None:
        raise CheckpointError(
            f"the weights of {checkpoint} lack {first}: they are of another model than its config.json"
        )


def _without_padding(encoder: PreTrainedModel) -> PreTrainedModel:
    """Let [PAD] be nothing, in place. A MobileBERT's tokens see their neighbours' embeddings, so in a padded batch the
    last token of a text would see [PAD] where, alone, it sees nothing; devices encode texts alone.
    """
    words = encoder.embeddings.word_embeddings
    if words.padding_idx is not None:
        with torch.no_grad():
            words.weight[words.padding_idx] = 0
    return encoder
