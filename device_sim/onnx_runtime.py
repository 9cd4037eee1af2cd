"""The only door to ONNX Runtime, for inference and for training.

The training build's `import onnxruntime` pulls in PyTorch where that is installed (2 s and 280 MB), and its documented
training API does so where it is not. Neither is needed to train a head, so the modules that would import it are
stood in for before the first import: torch never enters this process.
"""

import os
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_store.errors import BundleCorrupt
from model_store.head import Float32, HeadParameters

if "onnxruntime" not in sys.modules:
    sys.modules["onnxruntime.training.ortmodule"] = None  # type: ignore[assignment]  # None makes its import fail
    for _name in ("optim", "amp", "artifacts"):
        sys.modules[f"onnxruntime.training.{_name}"] = types.ModuleType(f"onnxruntime.training.{_name}")

import onnxruntime  # must follow the lines above
from onnxruntime.training import api  # as above

onnxruntime.set_default_logger_severity(3)  # errors only: warnings name graph nodes, of no use to a user


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads take the core that the HTTP side needs: it lost by 2x under load.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # x86 cores without VNNI add products of uint8 and int8 in saturating 16 bits: with weights beyond 64 the features
    # would be others there. It makes such weights uint8, whose sums are exact, on these cores and on no others.
    # Source: ONNX Runtime, onnxruntime_session_options_config_keys.h, kOrtSessionOptionsAvx2PrecisionMode.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


class EncoderSession:
    """The frozen base: token ids in, features out. Safe to use from several threads.

    `reads_tokens` tells whether it gives features of each token too. One text runs on one core: on graphs this small a
    second thread costs more than it brings.
    """

    def __init__(self, model: bytes) -> None:
        options = _options(1)
        # The arena has one lock for all threads: two of them answered no more than one did.
        # https://github.com/microsoft/onnxruntime/issues/21916
        options.enable_cpu_mem_arena = False
        try:
            # Naming the provider would bring the arena back: that one ignores the option.
            self._session = onnxruntime.InferenceSession(model, options)
        except Exception as error:  # the library's exceptions share no other base
            raise BundleCorrupt("the encoder is no model that ONNX Runtime can load") from error
        inputs = {entry.name for entry in self._session.get_inputs()}
        outputs = {entry.name for entry in self._session.get_outputs()}
        if inputs != {"input_ids", "attention_mask"} or "features" not in outputs:
            raise BundleCorrupt("the encoder has other inputs or outputs than a bundle's encoder")
        self.reads_tokens = "token_features" in outputs

    def features(self, token_ids: Sequence[int]) -> Float32:
        """Features [D] of one text's token ids."""
        result: Float32 = self._session.run(["features"], _feed(token_ids))[0][0]
        return result

    def all_features(self, token_ids: Sequence[int]) -> tuple[Float32, Float32]:
        """Features [D] of one text and token features [S, D] of its tokens, of one pass; only if it `reads_tokens`."""
        features, token_features = self._session.run(["features", "token_features"], _feed(token_ids))
        return features[0], token_features[0]


def _feed(token_ids: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    input_ids = np.array([token_ids], dtype=np.int64)
    return {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}


@dataclass(frozen=True)
class HeadArtifacts:
    """The verified paths of one head's training artifacts."""

    training_model: Path
    eval_model: Path
    optimizer_model: Path
    checkpoint: Path


class HeadTrainer:
    """One training run of a linear head: Adam with fresh moments, from given parameters.

    The training graph's loss is sum_i weights_i * cross_entropy(targets_i, softmax(logits_i)) over the rows i of a
    step. Single-threaded, so equal inputs give equal bytes.
    """

    def __init__(self, artifacts: HeadArtifacts, start: HeadParameters, learning_rate: float) -> None:
        self._state = api.CheckpointState.load_checkpoint(os.fspath(artifacts.checkpoint))
        self._module = api.Module(
            artifacts.training_model, self._state, artifacts.eval_model, session_options=_options(1)
        )
        self._optimizer = api.Optimizer(artifacts.optimizer_model, self._module)
        self._module.train()
        self._state.parameters["head.weight"].data = np.ascontiguousarray(start.weight)
        self._state.parameters["head.bias"].data = np.ascontiguousarray(start.bias)
        self.set_learning_rate(learning_rate)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Adam's step size from the next step on."""
        self._optimizer.set_learning_rate(learning_rate)

    def step(self, features: Float32, targets: Float32, weights: Float32) -> float:
        """One Adam step on rows `features` [N, D], `targets` [N, C], `weights` [N]; the loss before it."""
        outputs = self._module(features, targets, weights)
        self._optimizer.step()
        self._module.lazy_reset_grad()
        # The loss comes alone, or first where the graph also gives logits.
        loss = outputs[0] if isinstance(outputs, tuple) else outputs
        return float(np.asarray(loss).reshape(-1)[0])

    def parameters(self) -> HeadParameters:
        """A copy of the parameters as they stand."""
        weight, bias = (np.array(self._state.parameters[name].data) for name in ("head.weight", "head.bias"))
        return HeadParameters(weight.astype(np.float32), bias.astype(np.float32).reshape(-1))


def checkpoint_parameters(checkpoint: Path) -> HeadParameters:
    """The head that a bundle ships, out of its ORT checkpoint."""
    state = api.CheckpointState.load_checkpoint(os.fspath(checkpoint))
    weight, bias = (np.array(state.parameters[name].data) for name in ("head.weight", "head.bias"))
    return HeadParameters(weight.astype(np.float32), bias.astype(np.float32).reshape(-1))
