"""A head's training artifacts: the graphs that a device trains it with.

Training graph: features [N, D], targets [N, C] (soft or one-hot) and weights [N] to
loss = sum_i weights_i * cross_entropy(targets_i, softmax(logits_i)). Optimizer: Adam with eps 1e-8 and no weight
decay, as Core ML's.
"""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnxruntime.training import artifacts, onnxblock
from torch import Tensor, nn

from toolchain.export import OPSET

PARAMETERS = ["head.weight", "head.bias"]


class _TrainedHead(nn.Module):
    """The head with its loss, as it is traced."""

    def __init__(self, head: nn.Linear) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(features)
        cross_entropy = -(targets * torch.log_softmax(logits, dim=-1)).sum(dim=-1)
        return (weights * cross_entropy).sum(), logits


def write_artifacts(head: nn.Linear, folder: Path) -> None:
    """Write training_model.onnx, eval_model.onnx, optimizer_model.onnx and checkpoint for `head` into `folder`."""
    width, classes = head.in_features, head.out_features
    sample = (torch.zeros(2, width), torch.full((2, classes), 1 / classes), torch.ones(2))
    names = ["features", "targets", "weights"]
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        graph = Path(scratch) / "head.onnx"
        with warnings.catch_warnings():
            # This exporter is deprecated; its successor's graphs have no gradients in ONNX Runtime 1.19.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _TrainedHead(head), sample, str(graph), dynamo=False, opset_version=OPSET, do_constant_folding=False,
                training=torch.onnx.TrainingMode.TRAINING, input_names=names, output_names=["loss", "logits"],
                dynamic_axes={name: {0: "rows"} for name in [*names, "logits"]},
            )  # fmt: skip
        with _quiet_stderr():
            artifacts.generate_artifacts(
                onnx.load(str(graph)), requires_grad=PARAMETERS, frozen_params=[],
                optimizer=onnxblock.optim.AdamW(eps=1e-8), artifact_directory=scratch,
            )  # fmt: skip
        for name in ("training_model.onnx", "eval_model.onnx", "optimizer_model.onnx", "checkpoint"):
            shutil.copyfile(Path(scratch) / name, folder / name)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hide what the generator's C++ side writes at level INFO, whatever the logger is set to."""
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
