"""An int8 graph whose activations stay in floating point: what a Core ML base is to compute, for ONNX Runtime."""

import numpy as np
import onnx
from onnx import helper, numpy_helper


def without_rounded_activations(graph: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which products of rounded activations are products of the activations themselves, and matrices have the
    values that their int8 ones stand for.

    Of such a product, x_int8 @ w_int8 * (x_scale * w_scale), x_int8 becomes x, and x_scale is left out. A graph without
    rounded activations stays as it is.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    nodes, constants = copy.graph.node, {tensor.name: tensor for tensor in copy.graph.initializer}
    rounded = {node.output[0]: node.input[0] for node in nodes if node.op_type == "DynamicQuantizeLinear"}
    scales = {node.output[1] for node in nodes if node.op_type == "DynamicQuantizeLinear"}
    replaced = set()
    for node in nodes:
        if node.op_type == "MatMulInteger" and node.input[0] in rounded:
            matrix = numpy_helper.to_array(constants[node.input[1]]).astype(np.float32)
            if len(node.input) > 3:  # the matrix's zero point comes fourth
                matrix = matrix - numpy_helper.to_array(constants[node.input[3]]).astype(np.float32)
            replaced |= {node.input[1], *node.input[3:]}
            name = f"{node.input[1]}_unrounded"
            copy.graph.initializer.append(numpy_helper.from_array(matrix, name))
            node.CopyFrom(helper.make_node("MatMul", [rounded[node.input[0]], name], node.output, node.name))
        elif node.op_type == "Mul" and scales & set(node.input):
            others = [name for name in node.input if name not in scales]
            node.CopyFrom(helper.make_node("Identity", others, node.output, node.name))
    kept = [tensor for tensor in copy.graph.initializer if tensor.name not in replaced]
    del copy.graph.initializer[:]
    copy.graph.initializer.extend(kept)
    return copy
