"""How near a Core ML base is to what a device runs: the same sentences through both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.coreml.interpreter import ProgramInterpreter
from toolchain.coreml.reference import unrounded_encoder
from toolchain.evaluate import EncoderGraph
from toolchain.phone_model import PhoneModel


@dataclass(frozen=True)
class Parity:
    """Between a package, run operator by operator in NumPy, and an encoder graph in ONNX Runtime.

    `features` is the greatest difference of any feature, `unrounded` the same beside a graph that does not round
    activations to int8, as the package does not; `size` is the greatest feature, `agreement` by task the share of
    sentences that both label alike, and `finite` whether the package gave finite values only.
    """

    sentences: int
    features: float
    unrounded: float
    size: float
    agreement: dict[str, float]
    finite: bool


def parity(package: Path, model: PhoneModel, sentences: Sequence[str]) -> Parity:
    """Compare a package with the model that it was made of."""
    program, encoder = ProgramInterpreter(package), EncoderGraph(model.graph, model.tokenizer)
    mine, theirs, unrounded = [], [], []
    with unrounded_encoder(model) as exact:
        for sentence in sentences:
            input_ids = np.array([model.tokenizer.encode(sentence).ids], np.int32)
            answer = program.run({"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)})
            mine.append(answer["features"].reshape(-1).astype(np.float32))
            theirs.append(encoder.features(sentence)[0])
            unrounded.append(exact.features(sentence)[0])
    left, right = np.stack(mine), np.stack(theirs)
    agreement = {
        name: float((head.bulk_probabilities(left).argmax(1) == head.bulk_probabilities(right).argmax(1)).mean())
        for name, head in model.sentence_heads.items()
    }
    return Parity(
        len(sentences), float(np.abs(left - right).max()), float(np.abs(left - np.stack(unrounded)).max()),
        float(np.abs(right).max()), agreement, bool(np.isfinite(left).all()),
    )  # fmt: skip
