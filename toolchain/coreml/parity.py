"""How near a Core ML base is to what a device runs: the same sentences through both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_store.head import HeadParameters
from toolchain.coreml.interpreter import ProgramInterpreter
from toolchain.evaluate import EncoderGraph


@dataclass(frozen=True)
class Parity:
    """Between a package, run operator by operator in NumPy, and an encoder graph in ONNX Runtime.

    `features` is the greatest difference of any feature, `size` the greatest feature, `agreement` by task the share of
    sentences that both label alike, and `finite` whether the package gave finite values only.
    """

    sentences: int
    features: float
    size: float
    agreement: dict[str, float]
    finite: bool


def parity(
    package: Path, encoder: EncoderGraph, heads: Mapping[str, HeadParameters], sentences: Sequence[str]
) -> Parity:
    """Compare on `sentences`, with the sentence heads `heads`."""
    program = ProgramInterpreter(package)
    mine, theirs = [], []
    for sentence in sentences:
        input_ids = np.array([encoder.tokenizer.encode(sentence).ids], np.int32)
        answer = program.run({"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)})
        mine.append(answer["features"].reshape(-1).astype(np.float32))
        theirs.append(encoder.features(sentence)[0])
    left, right = np.stack(mine), np.stack(theirs)
    agreement = {
        name: float((head.bulk_probabilities(left).argmax(1) == head.bulk_probabilities(right).argmax(1)).mean())
        for name, head in heads.items()
    }
    return Parity(
        len(sentences), float(np.abs(left - right).max()), float(np.abs(right).max()), agreement,
        bool(np.isfinite(left).all()),
    )  # fmt: skip
