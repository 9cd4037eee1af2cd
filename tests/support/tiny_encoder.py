"""Tiny encoders whose weights are not the library's small random ones: their answers differ from text to text."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from tests.support.tiny_checkpoint import LETTERS
from toolchain.checkpoint import load_encoder
from toolchain.model import MultiTaskModel, pad

LONGEST = 32


def lively_model(folder: Path, write: Callable[..., None], **changes: object) -> MultiTaskModel:
    """A model without heads of the checkpoint that `write` writes, with weights, biases and norms at large."""
    write(folder, LETTERS, max_position_embeddings=LONGEST, **changes)
    model = MultiTaskModel(load_encoder(str(folder)), {})
    enliven(model)
    return model.eval()


def enliven(model: MultiTaskModel, seed: int = 0) -> None:
    """Draw all of an encoder's parameters anew; the row of [PAD] too, which pretraining may leave at anything."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.encoder.modules():
            for name, parameter in module.named_parameters(recurse=False):
                drawn = torch.randn(parameter.shape, generator=generator)
                if isinstance(module, nn.Linear) and name == "weight":
                    drawn /= module.in_features**0.5
                elif not isinstance(module, nn.Embedding):
                    drawn = 0.3 * drawn + (1 if name == "weight" else 0)
                parameter.copy_(drawn)


def token_rows(model: MultiTaskModel, lengths: tuple[int, ...] = (3, 5, 8, 13, 20, 32, 7, 9)) -> list[list[int]]:
    """Texts of these lengths as token ids, between [CLS] and [SEP]."""
    generator = np.random.default_rng(1)
    size = model.encoder.config.vocab_size
    return [[2, *generator.integers(5, size, length - 2).tolist(), 3] for length in lengths]


def batch_features(model: MultiTaskModel, rows: list[list[int]]) -> NDArray[np.float32]:
    """Features [N, D] of one padded batch."""
    with torch.inference_mode():
        features: NDArray[np.float32] = model(*pad(rows)).features.numpy()
    return features


def graph_features(graph: Path, rows: list[list[int]]) -> NDArray[np.float32]:
    """Features [N, D] of texts that are encoded one at a time, as devices do."""
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    feeds = [{"input_ids": np.array([row]), "attention_mask": np.ones((1, len(row)), np.int64)} for row in rows]
    return np.concatenate([session.run(["features"], feed)[0] for feed in feeds])
