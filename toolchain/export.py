"""From the trained model to `encoder.onnx` in fp32, checked against the model it came from."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from toolchain.errors import ExportError
from toolchain.model import MultiTaskModel, pad, pooled

OPSET = 17
FP32_ENCODER = "encoder-fp32.onnx"
INPUTS = ["input_ids", "attention_mask"]
OUTPUTS = ["features", "token_features"]

Array = NDArray[np.float32]


class _ExportedEncoder(nn.Module):
    """The encoder as it is traced: embeddings, then blocks under an additive mask, then the mean.

    The library's own mask helper emits operators that have no ONNX form, so the mask is made here.
    """

    def __init__(self, model: MultiTaskModel) -> None:
        super().__init__()
        self.encoder = model.encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        additive = (1.0 - attention_mask[:, None, None, :].float()) * -10_000.0
        # BERT would look its token types up in a buffer, by a dozen operators; MobileBERT takes zeros by itself.
        types = torch.zeros_like(input_ids) if self.encoder.config.model_type == "bert" else None
        hidden = self.encoder.embeddings(input_ids, types)
        hidden = self.encoder.encoder(hidden, attention_mask=additive)[0]
        return pooled(hidden, attention_mask), hidden


def export_encoder(model: MultiTaskModel, path: Path, tolerance: float = 1e-3) -> float:
    """Write the fp32 graph with dynamic batch and length, and return its greatest difference from `model`, see
    `compare_with_model`.

    Raises:
        ExportError: values that are not finite, or further than `tolerance` from the model's.
    """
    model.eval()
    sample = pad([[2, 5, 6, 7, 3], [2, 5, 3]])
    axes = {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}}
    axes |= {"features": {0: "batch"}, "token_features": {0: "batch", 1: "length"}}
    with warnings.catch_warnings():
        # The tracer warns of constants that are constant indeed: the comparison below is the proof.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _ExportedEncoder(model).eval(), sample, str(path), dynamo=False, opset_version=OPSET,
            input_names=INPUTS, output_names=OUTPUTS, dynamic_axes=axes,
        )  # fmt: skip
    difference = compare_with_model(model, path)
    if not difference <= tolerance:  # also true for NaN
        raise ExportError(f"{path.name} differs from the model by {difference}, more than {tolerance}")
    return difference


def compare_with_model(model: MultiTaskModel, path: Path) -> float:
    """The greatest difference of any output between the model and a graph, in shares of the output's greatest value
    where that is above 1; NaN if a value is not finite. On padded batches of random token ids.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    config = model.encoder.config
    worst = 0.0
    for feed in padded_batches(config.vocab_size, min(128, config.max_position_embeddings)):
        with torch.inference_mode():
            answers = model(*(torch.from_numpy(feed[name]) for name in INPUTS))
        for answer, right in zip(session.run(OUTPUTS, feed), answers[: len(OUTPUTS)], strict=True):
            if not np.isfinite(answer).all():
                return float("nan")
            worst = max(worst, float(np.abs(answer - right.numpy()).max() / max(1.0, right.abs().max())))
    return worst


def padded_batches(vocabulary: int, longest: int, seed: int = 0) -> list[dict[str, NDArray[np.int64]]]:
    """Inputs of several lengths to compare graphs on: single rows, and padded ones of random token ids."""
    generator = np.random.default_rng(seed)
    batches = []
    for lengths in ([3], [longest], [longest, 5, 17 % longest + 1]):
        input_ids, attention_mask = pad([generator.integers(5, vocabulary, length).tolist() for length in lengths])
        batches.append({"input_ids": input_ids.numpy(), "attention_mask": attention_mask.numpy()})
    return batches
