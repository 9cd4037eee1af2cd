"""From a bundle's encoder graph to a Core ML mlprogram, operator by operator.

The graph is what a device runs, so the program is made of it, not of the PyTorch model that it once came from. Matrices
in int8 are taken at the values that they stand for. Where ONNX Runtime rounds activations to int8 on the way, the
program does not: Core ML keeps them in floating point, the one difference between both (`parity` measures it).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import coremltools as ct
import numpy as np
import onnx
from coremltools.converters.mil import Builder as mb  # noqa: N813  # as everybody calls it
from coremltools.converters.mil.mil import get_new_symbol, types
from coremltools.converters.mil.mil.types.symbolic import is_symbolic
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from toolchain.errors import ExportError

INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("features", "token_features")
TARGET = ct.target.iOS16

Array = NDArray[Any]
# An array that is known here, a variable of the program, or one of the classes below.
Value = Any
Operator = Callable[[list[Value], dict[str, Any]], Value]


def encoder_program(graph: onnx.ModelProto) -> Any:
    """The MIL program of an encoder graph: int32 `input_ids` and `attention_mask` [1, S] to `features` [D], which is
    what a head takes, and `token_features` [1, S, D].

    Raises:
        ExportError: the graph has an operator that is not known here.
    """
    length = get_new_symbol()
    specs = [mb.TensorSpec(shape=(1, length), dtype=types.int32) for _ in INPUTS]

    @mb.program(input_specs=specs, opset_version=TARGET)
    def program(input_ids: Value, attention_mask: Value) -> Value:
        translation = _Translation(graph, {"input_ids": input_ids, "attention_mask": attention_mask})
        features, token_features = (translation.run(name) for name in OUTPUTS)
        return mb.squeeze(x=features, axes=[0], name=OUTPUTS[0]), mb.identity(x=token_features, name=OUTPUTS[1])

    return program


class _Translation:
    """The values of one graph, as far as they are asked for."""

    def __init__(self, graph: onnx.ModelProto, inputs: dict[str, Value]) -> None:
        self._known: dict[str, Value] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer
        }
        self._known |= inputs
        self._makers = {output: node for node in graph.graph.node for output in node.output}

    def run(self, name: str) -> Value:
        """The value of that name. Asked for in the graph's order: no operator is translated twice."""
        pending = [name]
        while pending:
            missing = [one for one in self._needs(pending[-1]) if one and one not in self._known]
            if missing:
                pending += missing
                continue
            self._make(pending.pop())
        return self._known[name]

    def _needs(self, name: str) -> Sequence[str]:
        if name in self._known:
            return ()
        if name not in self._makers:
            raise ExportError(f"the graph has no value {name}")
        return list(self._makers[name].input)

    def _make(self, name: str) -> None:
        if name in self._known:
            return
        node = self._makers[name]
        given = {one: self._known[one] for one in node.input if one}
        if _is_known(*given.values()):
            made = ReferenceEvaluator(node).run(None, given)
        else:
            made = _translated(node, [given.get(one) for one in node.input])
        # Optional outputs that nothing asks for have no value.
        self._known |= dict(zip(node.output, made if isinstance(made, list | tuple) else [made], strict=False))


def _translated(node: onnx.NodeProto, values: list[Value]) -> Value:
    operator = _OPERATORS.get(node.op_type)
    if operator is None:
        known = ", ".join(sorted(_OPERATORS))
        raise ExportError(f"the operator {node.op_type} has no translation to Core ML; those of {known} have")
    return operator(values, {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute})


@dataclass(frozen=True, eq=False)
class _Quantized:
    """An activation that ONNX Runtime holds in int8 from here on: the activation itself."""

    value: Value


@dataclass(frozen=True, eq=False)
class _Scale:
    """The scale of a quantised activation, times that of a matrix where there is one. Only the latter is needed."""

    of_matrix: Array | None = None


@dataclass(frozen=True, eq=False)
class _Product:
    """A product of a quantised activation and an int8 matrix [in, out], before it is scaled."""

    x: Value
    matrix: Array


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows looked up in an int8 table, before they are scaled."""

    table: Array
    indices: Value
    axis: int


def _is_known(*values: Value) -> bool:
    return all(isinstance(value, np.ndarray) for value in values if value is not None)


def _arithmetic(built: Callable[..., Value]) -> Operator:
    def operator(values: list[Value], _attributes: dict[str, Any]) -> Value:
        x, y = (_constant(value) for value in values)
        return built(x=x, y=y)

    return operator


_multiply = _arithmetic(mb.mul)


def _mul(values: list[Value], attributes: dict[str, Any]) -> Value:
    product = next((value for value in values if isinstance(value, _Product)), None)
    scale = next((value for value in values if isinstance(value, _Scale)), None)
    if scale is None:
        return _multiply(values, attributes)
    if product is None:
        return _Scale(next(value for value in values if isinstance(value, np.ndarray)))
    return _matmul([product.x, product.matrix * scale.of_matrix], {})


def _constant(value: Value) -> Value:
    """A known array in a type that Core ML has; anything else as it is."""
    if not _is_known(value):
        return value
    return value.astype(np.float32) if value.dtype.kind == "f" else value.astype(np.int32)


def _dynamic_quantize(values: list[Value], _attributes: dict[str, Any]) -> Value:
    return _Quantized(values[0]), _Scale(), _Scale()


def _matmul(values: list[Value], _attributes: dict[str, Any]) -> Value:
    x, y = values
    if _is_known(y) and y.ndim == 2:
        return mb.linear(x=x, weight=np.ascontiguousarray(y.T.astype(np.float32)))
    return mb.matmul(x=x, y=y)


def _cast(values: list[Value], attributes: dict[str, Any]) -> Value:
    value = values[0]
    if isinstance(value, _Product):
        return value
    return mb.cast(x=value, dtype="fp32" if attributes["to"] == onnx.TensorProto.FLOAT else "int32")


def _gather(values: list[Value], attributes: dict[str, Any]) -> Value:
    table, indices = values
    axis = attributes.get("axis", 0)
    if _is_known(indices):
        indices = indices.astype(np.int32)
    if _is_known(table) and table.dtype in (np.int8, np.uint8):
        return _Rows(table, indices, axis)
    return mb.gather(x=_constant(table), indices=indices, axis=axis)


def _dequantize(values: list[Value], attributes: dict[str, Any]) -> Value:
    value, scale, zero = [*values, None][:3]
    if isinstance(value, _Rows):
        table = _dequantize([value.table, scale, zero], attributes)
        return mb.gather(x=table, indices=value.indices, axis=value.axis)
    return ((value.astype(np.float32) - (0 if zero is None else zero.astype(np.float32))) * scale).astype(np.float32)


def _slice(values: list[Value], _attributes: dict[str, Any]) -> Value:
    value, starts, ends, axes, steps = [*values, None, None][:5]
    rank = value.ndim if _is_known(value) else len(value.shape)
    axes = list(range(len(starts))) if axes is None else [int(axis) % rank for axis in axes]
    if steps is not None and not (steps == 1).all():
        raise ExportError("a slice with steps has no translation to Core ML")
    begin, begin_mask, end_mask = [0] * rank, [True] * rank, [True] * rank
    ending: list[Value] = [np.array([0], np.int32)] * rank
    for place, axis in enumerate(axes):
        begin[axis], begin_mask[axis] = int(starts[place]), False
        if not _is_known(ends):
            ending[axis], end_mask[axis] = ends, False
        elif int(ends[place]) < np.iinfo(np.int32).max:
            ending[axis], end_mask[axis] = np.array([int(ends[place])], np.int32), False
    end = np.concatenate(ending) if _is_known(*ending) else mb.concat(values=ending, axis=0)
    value = _constant(value)
    return mb.slice_by_index(x=value, begin=begin, end=end, begin_mask=begin_mask, end_mask=end_mask)


def _pad(values: list[Value], _attributes: dict[str, Any]) -> Value:
    value, pads, fill = [*values, None][:3]
    half = len(pads) // 2
    pairs = [int(pads[place]) for axis in range(half) for place in (axis, axis + half)]
    return mb.pad(x=value, pad=pairs, mode="constant", constant_val=float(fill) if fill is not None else 0.0)


def _reshape(values: list[Value], _attributes: dict[str, Any]) -> Value:
    value, shape = values
    # The batch is of one text. A second open size is the length, and the other one follows from the rest.
    wanted = [1 if place == size == 0 else int(size) for place, size in enumerate(shape)]
    if 0 in wanted and -1 in wanted:
        fixed = [size for size in value.shape if not is_symbolic(size)]
        wanted[wanted.index(-1)] = int(np.prod(fixed)) // int(np.prod([size for size in wanted if size > 0]))
    return mb.reshape(x=value, shape=[-1 if size == 0 else size for size in wanted])


def _skip_layer_norm(values: list[Value], attributes: dict[str, Any]) -> Value:
    x, skip, gamma, beta, bias = [*values, None, None][:5]
    total = mb.add(x=x, y=skip)
    if bias is not None:
        total = mb.add(x=total, y=bias)
    return _layer_norm([total, gamma, beta], attributes)


def _layer_norm(values: list[Value], attributes: dict[str, Any]) -> Value:
    x, gamma, beta = [*values, None][:3]
    return mb.layer_norm(x=x, axes=[-1], gamma=gamma, beta=beta, epsilon=np.float32(attributes.get("epsilon", 1e-5)))


def _concat(values: list[Value], attributes: dict[str, Any]) -> Value:
    return mb.concat(values=[_constant(value) for value in values], axis=attributes["axis"])


def _gelu(values: list[Value], _attributes: dict[str, Any]) -> Value:
    x = values[0] if len(values) == 1 else mb.add(x=values[0], y=values[1])
    return mb.gelu(x=x, mode="EXACT")


def _matmul_integer(values: list[Value], _attributes: dict[str, Any]) -> Value:
    x, matrix, _, zero = [*values, None, None][:4]
    if not isinstance(x, _Quantized) or not _is_known(matrix):
        raise ExportError("a product of integers that were not quantised has no translation to Core ML")
    return _Product(x.value, matrix.astype(np.float32) - (0 if zero is None else zero.astype(np.float32)))


_OPERATORS: dict[str, Operator] = {
    "Add": _arithmetic(mb.add),
    "BiasGelu": _gelu,
    "Cast": _cast,
    "Concat": _concat,
    "ConstantOfShape": lambda values, _: mb.fill(shape=values[0], value=np.int32(0)),
    "DequantizeLinear": _dequantize,
    "Div": _arithmetic(mb.real_div),
    "DynamicQuantizeLinear": _dynamic_quantize,
    "Erf": lambda values, _: mb.erf(x=values[0]),
    "Gather": _gather,
    "Gelu": _gelu,
    "Identity": lambda values, _: values[0],
    "LayerNormalization": _layer_norm,
    "MatMul": _matmul,
    "MatMulInteger": _matmul_integer,
    "Mul": _mul,
    "Pad": _pad,
    "ReduceSum": lambda values, attributes: mb.reduce_sum(
        x=values[0], axes=values[1].tolist(), keep_dims=bool(attributes.get("keepdims", 1))
    ),
    "Relu": lambda values, _: mb.relu(x=values[0]),
    "Reshape": _reshape,
    "Shape": lambda values, _: mb.shape(x=values[0]),
    "SkipLayerNormalization": _skip_layer_norm,
    "Slice": _slice,
    "Softmax": lambda values, attributes: mb.softmax(x=values[0], axis=attributes.get("axis", -1)),
    "Sub": _arithmetic(mb.sub),
    "Tanh": lambda values, _: mb.tanh(x=values[0]),
    "Transpose": lambda values, attributes: mb.transpose(x=values[0], perm=list(attributes["perm"])),
    "Unsqueeze": lambda values, _: mb.expand_dims(x=values[0], axes=values[1].tolist()),
}
