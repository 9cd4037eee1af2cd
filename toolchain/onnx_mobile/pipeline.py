"""One graph from a text to labels: tokenizer, base and heads.

The parameters of an updatable head are inputs that have a default: an app gives those of a personal version to the same
graph, and where it gives none the bundle's head answers. Source: ONNX's IR specification, inputs with initializers.
"""

import json
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ExportError
from toolchain.onnx_mobile.tokenizer_graph import DOMAIN, tokenizer_nodes
from toolchain.phone_model import PhoneHead, PhoneModel
from toolchain.wordpiece import read_wordpiece

TEXT = "text"
_OPSET = 16  # the first in which ScatterElements adds


def pipeline_graph(model: PhoneModel) -> onnx.ModelProto:
    """From `text`, a string [1], to `features` [1, D], `token_features` [1, S, D], `input_ids` [1, S], and of each
    sentence task `TASK.label` [1] and `TASK.probabilities` [1, C], of each token task `TASK.probabilities` [S, C].

    `TASK.weight` [C, D] and `TASK.bias` [C] of an updatable task may be given beside the text.

    Raises:
        ExportError: the tokenizer is none of BERT's kind, or the encoder's graph is too old.
    """
    encoder = onnx.load(str(model.graph))
    versions = {entry.domain: entry.version for entry in encoder.opset_import}
    if versions.get("", 0) < _OPSET:
        raise ExportError(f"the encoder's graph is of operator set {versions.get('', 0)}: at least {_OPSET} is needed")
    nodes, constants = tokenizer_nodes(read_wordpiece(model.tokenizer), model.longest)
    nodes += encoder.graph.node
    constants += encoder.graph.initializer
    inputs = [helper.make_tensor_value_info(TEXT, TensorProto.STRING, [1])]
    outputs = [*encoder.graph.output, helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])]
    for name, head in model.heads.items():
        nodes += _head_nodes(name, head)
        constants += _parameters(name, head) + _constants(name, head)
        outputs += _answers(name, head)
        if head.task.updatable:
            inputs += [
                helper.make_tensor_value_info(p.name, TensorProto.FLOAT, p.dims) for p in _parameters(name, head)
            ]
    graph = helper.make_graph(nodes, "attune", inputs, outputs, constants, "From a text to labels")
    imports = [helper.make_opsetid(domain, version) for domain, version in ({DOMAIN: 1} | versions).items()]
    whole = helper.make_model(graph, opset_imports=imports, ir_version=encoder.ir_version, producer_name="attune")
    helper.set_model_props(whole, _about(model))
    return whole


def _head_nodes(name: str, head: PhoneHead) -> list[onnx.NodeProto]:
    def called(part: str) -> str:
        return f"{name}.{part}"

    rows = "features" if head.task.kind == "sentence" else called("tokens")
    nodes = [
        helper.make_node(
            "Gemm", [rows, called("weight"), called("bias")], [called("logits")], called("head"), transB=1
        ),
        helper.make_node("Softmax", [called("logits")], [called("probabilities")], called("softmax"), axis=-1),
    ]
    if head.task.kind == "token":
        return [helper.make_node("Squeeze", ["token_features", called("axis")], [rows], called("squeeze")), *nodes]
    chosen = helper.make_node("ArgMax", [called("logits")], [called("chosen")], called("choose"), axis=1, keepdims=0)
    label = helper.make_node("Gather", [called("labels"), called("chosen")], [called("label")], called("name"))
    return [*nodes, chosen, label]


def _parameters(name: str, head: PhoneHead) -> list[onnx.TensorProto]:
    values = {"weight": head.parameters.weight, "bias": head.parameters.bias}
    return [numpy_helper.from_array(value, f"{name}.{part}") for part, value in values.items()]


def _constants(name: str, head: PhoneHead) -> list[onnx.TensorProto]:
    if head.task.kind == "token":
        return [numpy_helper.from_array(np.array([0]), f"{name}.axis")]
    labels = np.array([label.encode() for label in head.task.labels], dtype=object)
    return [numpy_helper.from_array(labels, f"{name}.labels")]


def _answers(name: str, head: PhoneHead) -> list[onnx.ValueInfoProto]:
    shape: Sequence[int | str] = [1 if head.task.kind == "sentence" else "tokens", len(head.task.labels)]
    found = [helper.make_tensor_value_info(f"{name}.probabilities", TensorProto.FLOAT, shape)]
    if head.task.kind == "sentence":
        found.append(helper.make_tensor_value_info(f"{name}.label", TensorProto.STRING, [1]))
    return found


def _about(model: PhoneModel) -> dict[str, str]:
    tasks = {
        name: {"kind": head.task.kind, "labels": head.task.labels, "updatable": head.task.updatable}
        for name, head in model.heads.items()
    }
    about = {"version": model.version, "tasks": json.dumps(tasks, ensure_ascii=False)}
    return about if model.bundle is None else about | {"base_id": model.bundle.manifest.base_id}
