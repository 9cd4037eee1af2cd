"""fp16: the graph in half precision, but for what half precision can't hold.

fp16 ends at 65,504. MobileBERT is known to leave it (huggingface/exporters #80: NaN in every answer), so each value of
the fp32 graph is looked at on real texts first, and the nodes that give or take one that comes too near the end stay in
fp32. Source of the conversion: `onnxruntime.transformers.float16`.

ONNX Runtime 1.19.2 has few fp16 kernels for CPUs. It casts around the other nodes, and leaves out the casts between two
of them: most values then stay in fp32. With all of them rounded (`rounded`), the features of four tiny encoders were
0.9 to 1.6 times as far from fp32, and 1.0 to 1.2 times in the root mean square.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx import ModelProto, NodeProto, TensorProto, helper
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.transformers.float16 import convert_float_to_float16

from toolchain.errors import ExportError
from toolchain.finite import FP16_GREATEST, Extreme, extremes


@dataclass(frozen=True)
class Fallback:
    """A node that stays in fp32, its operator, and why."""

    node: str
    kind: str
    reason: str


def to_half(model: ModelProto, rows: Sequence[list[int]], most: float) -> tuple[ModelProto, tuple[Fallback, ...]]:
    """The fp16 form of an fp32 graph, with inputs and outputs as they were, and what stays in fp32: every node that has
    a value or constant above the share `most` of fp16's range while the graph encodes `rows`.

    Raises:
        ExportError: the graph can't be run, or not converted.
    """
    source = ModelProto()
    source.CopyFrom(model)
    for index, node in enumerate(source.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"  # The converter is told by name what to leave alone.
    limit = most * FP16_GREATEST
    large = {found.tensor: found for found in extremes(source, rows) if not found.greatest <= limit}
    fallbacks = tuple(fallback for node in source.graph.node if (fallback := _fallback(node, large)) is not None)
    blocked = [fallback.node for fallback in fallbacks]
    try:
        converted: ModelProto = convert_float_to_float16(source, keep_io_types=True, node_block_list=blocked)
        sorted_model = ONNXModel(converted)
        sorted_model.topological_sort()
    except Exception as error:  # it asserts, and raises whatever its lookups do
        raise ExportError(f"the graph can't be converted to fp16: {error}") from error
    _join_casts(converted)
    return converted, fallbacks


def rounded(model: ModelProto) -> ModelProto:
    """The same graph for a run as written in which each value between two nodes is rounded to what the graph says.

    Behind every node come two Identities, the second with its name: one alone, or a value that is an output too, would
    be passed by.
    """
    kept = ModelProto()
    kept.CopyFrom(model)
    outputs = {output.name for output in kept.graph.output}
    nodes: list[NodeProto] = []
    for node in kept.graph.node:
        nodes.append(node)
        for index, name in enumerate(node.output):
            if name and name not in outputs:
                given, between = f"{name}/given", f"{name}/between"
                nodes.append(helper.make_node("Identity", [given], [between], between))
                nodes.append(helper.make_node("Identity", [between], [name], node.name))
                node.output[index], node.name = given, given
    del kept.graph.node[:]
    kept.graph.node.extend(nodes)
    return kept


def _fallback(node: NodeProto, large: dict[str, Extreme]) -> Fallback | None:
    """Why a node can't be in fp16: the first reason of its outputs, then of its inputs."""
    for verb, names in (("gives", node.output), ("takes", node.input)):
        for name in names:
            if name in large:
                found = large[name]
                what = "a constant" if found.kind == "Constant" else "values"
                return Fallback(node.name, node.op_type, f"{verb} {what} up to {found.greatest:.6g} ({found.node})")
    return None


def _join_casts(model: ModelProto) -> None:
    """Let a value go from one fp32 node to the next: the converter sends it through fp16, where it overflows."""
    graph = model.graph
    made = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        before = made.get(node.input[0]) if _casts(node, TensorProto.FLOAT) else None
        if before is not None and _casts(before, TensorProto.FLOAT16):
            node.input[0] = before.input[0]
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    kept = [node for node in graph.node if read & {*node.output} or not _casts(node, TensorProto.FLOAT16)]
    del graph.node[:]
    graph.node.extend(kept)


def _casts(node: NodeProto, kind: int) -> bool:
    return bool(node.op_type == "Cast" and any(item.name == "to" and item.i == kind for item in node.attribute))
