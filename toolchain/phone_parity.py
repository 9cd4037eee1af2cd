"""How near all exports of a model are to what a device computes: measured together, told in one table."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime

from model_store.head import Float32, HeadParameters
from toolchain.coreml.base import Precision, write_base
from toolchain.coreml.head import HeadIdentity, head_model, probabilities
from toolchain.coreml.parity import Parity, parity
from toolchain.evaluate import EncoderGraph
from toolchain.exports import real_sentences, size
from toolchain.onnx_mobile.parity import PipelineParity, PipelineSession, SameIds, pipeline_parity, same_ids
from toolchain.onnx_mobile.pipeline import pipeline_graph
from toolchain.phone_model import PhoneModel

_PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")


@dataclass(frozen=True)
class BaseParity:
    """A Core ML base in one precision: bytes, seconds to convert it, and how near it is."""

    bytes: int
    seconds: float
    parity: Parity


@dataclass(frozen=True)
class PhoneParity:
    """`bases` by precision; `heads` by task, the greatest difference of a probability between ONNX Runtime and what the
    classifier's specification says, worked out in NumPy; `pipeline` and its `bytes`, and token `ids` on real texts.
    """

    bases: dict[Precision, BaseParity]
    heads: dict[str, float]
    bytes: int
    pipeline: PipelineParity
    ids: SameIds


def phone_parity(model: PhoneModel, texts: Sequence[str], progress: Callable[[str], None]) -> PhoneParity:
    """Export a model in every form, and compare each with the model on real sentences; token ids on `texts` too.

    Raises:
        ExportError: a part of it has no such form.
    """
    sentences = real_sentences()
    with TemporaryDirectory() as scratch:
        graph = onnx.load(str(model.graph))
        bases: dict[Precision, BaseParity] = {}
        for precision in _PRECISIONS:
            progress(f"Core ML: the base in {precision}")
            path, started = Path(scratch) / f"{precision}.mlpackage", time.monotonic()
            write_base(graph, model.longest, path, precision, model.version)
            seconds = round(time.monotonic() - started, 1)
            bases[precision] = BaseParity(size(path), seconds, parity(path, model, sentences))
        progress("Core ML: the heads")
        heads = _heads(model, sentences)
        progress("ONNX Runtime: from text to labels")
        path = Path(scratch) / "attune.onnx"
        onnx.save(pipeline_graph(model), str(path))
        session = PipelineSession(path)
        found = pipeline_parity(session, model, sentences)
        progress(f"ONNX Runtime: token ids of {len(sentences) + len(texts):,} texts")
        return PhoneParity(bases, heads, size(path), found, same_ids(session, model.tokenizer, [*sentences, *texts]))


def parity_table(found: PhoneParity) -> Iterator[str]:
    """The figures as lines of Markdown."""
    yield "| what runs on a phone | bytes | greatest difference | beside | same label, worst task |"
    yield "|---|---|---|---|---|"
    for precision, base in found.bases.items():
        said, worst = base.parity, _worst(base.parity.agreement)
        yield (
            f"| Core ML base in {precision}: features, the greatest of which is {said.size:.2f} | {base.bytes:,} "
            f"| {said.unrounded:.1e} | the same graph, activations not rounded | |"
        )
        yield f"| | | {said.features:.1e} | the device, activations in int8 | {worst} |"
    for name, difference in found.heads.items():
        yield f"| Core ML head of {name}: probabilities | | {difference:.1e} | ONNX Runtime | |"
    worst = _worst(found.pipeline.agreement)
    difference = max(found.pipeline.probabilities.values(), default=0.0)
    yield f"| attune.onnx: probabilities | {found.bytes:,} | {difference:.1e} | the device | {worst} |"
    yield f"| attune.onnx: token ids of {found.ids.texts:,} texts | | {found.ids.others} differ | the device | |"


def _worst(agreement: dict[str, float]) -> str:
    name = min(agreement, key=lambda task: agreement[task], default=None)
    return "" if name is None else f"{agreement[name]:.1%} ({name})"


def _heads(model: PhoneModel, sentences: Sequence[str]) -> dict[str, float]:
    encoder = EncoderGraph(model.graph, model.tokenizer)
    features = np.stack([encoder.features(sentence)[0] for sentence in sentences])
    found = {}
    for name, head in model.sentence_heads.items():
        labels = model.heads[name].task.labels
        classifier = head_model(head, labels, None, HeadIdentity(name, "", model.version))
        mine = np.array([list(probabilities(classifier, row).values()) for row in features])
        found[name] = float(np.abs(mine - _by_runtime(head, features)).max())
    return found


def _by_runtime(head: HeadParameters, features: Float32) -> Any:
    """Probabilities as ONNX Runtime computes them."""
    weight, bias = (onnx.numpy_helper.from_array(value, name) for name, value in (("w", head.weight), ("b", head.bias)))
    nodes = [
        onnx.helper.make_node("Gemm", ["x", "w", "b"], ["logits"], transB=1),
        onnx.helper.make_node("Softmax", ["logits"], ["y"], axis=-1),
    ]
    rows = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["rows", head.weight.shape[1]])
    answer = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["rows", head.weight.shape[0]])
    graph = onnx.helper.make_graph(nodes, "head", [rows], [answer], [weight, bias])
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": features})[0]
