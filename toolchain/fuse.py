"""Fewer nodes for the same numbers: what ONNX Runtime would fuse at load time, but for how the graph is written.

Short texts are bound by the number of nodes. The passes take the graph for what `toolchain.export` writes: leading
dimensions that stay as they are, and residuals of one shape. Whoever runs them on a graph must compare its answers with
those before, as `toolchain.quantize` does.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

_MICROSOFT = "com.microsoft"  # the domain of ONNX Runtime's own operators

Constants = dict[str, NDArray[np.generic]]
Producers = dict[str, NodeProto]


def fuse(model: ModelProto) -> None:
    """Run all passes over `model`, in place."""
    _put_constants_second(model.graph)
    _fix_reshapes(model.graph)
    _skip_layer_normalization(model)
    _remove_unused(model.graph)


def _put_constants_second(graph: GraphProto) -> None:
    """`bias + x` becomes `x + bias`, the form that is fused into the matrix product before it."""
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Add" and node.input[0] in constants:
            node.input[0], node.input[1] = node.input[1], node.input[0]


def _fix_reshapes(graph: GraphProto) -> None:
    """A target shape that is put together at run time out of the input's own first dimensions becomes a constant, with
    0 for each of them, which Reshape reads as "as it is".
    """
    producers, constants = _producers(graph), _constants(graph)
    for node in graph.node:
        shape = producers.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.op_type != "Concat":
            continue
        sizes = [_size(name, axis, producers, constants) for axis, name in enumerate(shape.input)]
        if None not in sizes:
            name = f"{node.output[0]}/shape"
            graph.initializer.append(numpy_helper.from_array(np.array(sizes, dtype=np.int64), name))
            node.input[1] = name


def _size(name: str, axis: int, producers: Producers, constants: Constants) -> int | None:
    """The one size that `name` stands for: a constant's; 0 where it is Unsqueeze(Gather(Shape(x), axis)); else None."""
    if name in constants:
        return int(constants[name].item()) if constants[name].size == 1 else None
    chain = []
    for kind in ("Unsqueeze", "Gather", "Shape"):
        node = producers.get(name)
        if node is None or node.op_type != kind:
            return None
        chain.append(node)
        name = node.input[0]
    index = constants.get(chain[1].input[1])
    return 0 if index is not None and index.tolist() in (axis, [axis]) else None


def _skip_layer_normalization(model: ModelProto) -> None:
    """LayerNormalization(x + residual) becomes one node. The loader does the same where it can infer both shapes."""
    graph = model.graph
    producers = _producers(graph)
    constants = {tensor.name for tensor in graph.initializer}
    uses = Counter(name for node in graph.node for name in node.input)
    for node in graph.node:
        added = producers.get(node.input[0]) if node.op_type == "LayerNormalization" else None
        if added is None or added.op_type != "Add" or uses[added.output[0]] != 1 or constants & set(added.input):
            continue
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if attributes.get("axis", -1) != -1:
            continue
        fused = helper.make_node(
            "SkipLayerNormalization", [*added.input, *node.input[1:]], node.output, node.name, domain=_MICROSOFT,
            epsilon=attributes.get("epsilon", 1e-5),
        )  # fmt: skip
        node.CopyFrom(fused)
    if all(opset.domain != _MICROSOFT for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))


def _remove_unused(graph: GraphProto) -> None:
    """Remove nodes and constants that nothing reads."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):  # A graph's nodes are sorted: whatever reads an output comes after its maker.
        if needed & set(node.output):
            needed.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(constants)


def _producers(graph: GraphProto) -> Producers:
    return {name: node for node in graph.node for name in node.output}


def _constants(graph: GraphProto) -> Constants:
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = numpy_helper.to_array(helper.get_attribute_value(node.attribute[0]))
    return found
