"""The replay set: public examples as the device sees them, to rehearse on and to measure forgetting with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from toolchain.data import Example

Array = NDArray[np.float32]


@dataclass(frozen=True)
class ReplayRecipe:
    """How many examples to rehearse on, and how many make the yardstick. The yardstick was never trained on."""

    rehearsed: int = 2_000
    yardstick: int = 1_000


class BundledEncoder:
    """`encoder.onnx` with its tokenizer, used exactly as a device uses it: one text at a time, unpadded."""

    def __init__(self, encoder: Path, tokenizer: Tokenizer) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(encoder), options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizer

    def features(self, texts: Sequence[str], report: Callable[[int, int, str], None] | None = None) -> Array:
        """Features [N, D] of `texts`."""
        rows = []
        for index, text in enumerate(texts, start=1):
            input_ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
            feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
            rows.append(self._session.run(["features"], feed)[0][0])
            if report is not None and (index % 100 == 0 or index == len(texts)):
                report(index, len(texts), "texts")
        result: Array = np.stack(rows).astype(np.float32)
        return result


def probabilities(features: Array, weight: Array, bias: Array) -> Array:
    """Softmax of a linear head, [N, C]."""
    logits = features @ weight.T + bias
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Array = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def balanced(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """`count` examples (or all), taken in turn from each label so that none is crowded out; the order is shuffled."""
    generator = np.random.default_rng(seed)
    by_label: dict[int, list[Example]] = {}
    for index in generator.permutation(len(examples)):
        by_label.setdefault(examples[index].label, []).append(examples[index])
    chosen: list[Example] = []
    while len(chosen) < count and any(by_label.values()):
        for label in sorted(by_label):
            if by_label[label] and len(chosen) < count:
                chosen.append(by_label[label].pop())
    return [chosen[index] for index in generator.permutation(len(chosen))]


def write_replay(
    path: Path, encoder: BundledEncoder, head: tuple[Array, Array], rehearsed: Sequence[Example],
    yardstick: Sequence[Example], report: Callable[[int, int, str], None] | None = None,
) -> None:  # fmt: skip
    """Write replay.npz: features (float16 where they fit), what the head says of these very values, true labels, and
    the mask of the yardstick.
    """
    examples = [*rehearsed, *yardstick]
    features = encoder.features([example.text for example in examples], report)
    if (np.abs(features) < np.finfo(np.float16).max).all():  # Some bases have greater ones.
        features = features.astype(np.float16)  # half the size; a device reads either
    np.savez_compressed(
        path,
        features=features,
        probabilities=probabilities(features.astype(np.float32), *head),
        labels=np.array([example.label for example in examples], dtype=np.int64),
        yardstick=np.arange(len(examples)) >= len(rehearsed),
    )
