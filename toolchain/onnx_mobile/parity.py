"""How near the one graph is to what a device computes: the same texts through both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import onnxruntime_extensions
from tokenizers import Tokenizer

from model_store.head import Float32
from toolchain.errors import ExportError
from toolchain.evaluate import EncoderGraph
from toolchain.onnx_mobile.pipeline import TEXT
from toolchain.phone_model import PhoneModel

_KEPT = 20  # texts with other ids that are told


@dataclass(frozen=True)
class PipelineParity:
    """Between attune.onnx and a device, on `sentences`: the greatest difference of any probability, and the share of
    labels that are the same, by task.
    """

    sentences: int
    probabilities: dict[str, float]
    agreement: dict[str, float]


@dataclass(frozen=True)
class SameIds:
    """Of `texts` texts, those that get other token ids than from the `tokenizers` library: how many, and the first."""

    texts: int
    others: int
    first: tuple[str, ...]


class PipelineSession:
    """attune.onnx, ready to run. Raises ExportError if the runtime does not take it."""

    def __init__(self, graph: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # it warns of inputs with a default, which are meant to be
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
        options.add_session_config_entry("session.x64quantprecision", "1")  # as device_sim.onnx_runtime has it
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library's exceptions share no other base
            raise ExportError(f"ONNX Runtime does not take {graph.name}: {error}") from error

    def run(self, text: str, outputs: Sequence[str], parameters: Mapping[str, Float32] | None = None) -> list[Any]:
        """The outputs of a text; `parameters` are those of personal heads, TASK.weight and TASK.bias."""
        return list(self._session.run(list(outputs), {TEXT: np.array([text], dtype=object), **(parameters or {})}))


def pipeline_parity(session: PipelineSession, model: PhoneModel, sentences: Sequence[str]) -> PipelineParity:
    """Compare all sentence tasks on `sentences`."""
    encoder = EncoderGraph(model.graph, model.tokenizer)
    worst, same = dict.fromkeys(model.sentence_heads, 0.0), dict.fromkeys(model.sentence_heads, 0)
    for sentence in sentences:
        features = encoder.features(sentence)[0]
        for name, head in model.sentence_heads.items():
            right = head.probabilities(features[None])[0]
            answer, label = session.run(sentence, (f"{name}.probabilities", f"{name}.label"))
            worst[name] = max(worst[name], float(np.abs(answer[0] - right).max()))
            same[name] += label[0] == model.heads[name].task.labels[int(right.argmax())]
    return PipelineParity(len(sentences), worst, {name: count / len(sentences) for name, count in same.items()})


def same_ids(session: PipelineSession, tokenizer: Tokenizer, texts: Iterable[str]) -> SameIds:
    """Compare token ids on `texts`."""
    count, others = 0, []
    for text in texts:
        count += 1
        if session.run(text, ("input_ids",))[0][0].tolist() != tokenizer.encode(text).ids:
            others.append(text)
    return SameIds(count, len(others), tuple(others[:_KEPT]))
