"""Runs an mlprogram in NumPy, operator by operator, from the file as it lies on disk.

Core ML runs on Apple's systems only. This reads the same bytes (the specification, and the blobs beside it) and follows
the operators' definitions in the MIL reference, so that a wrong weight, axis or mask shows here. In fp16 every result
is rounded to fp16 and sums are kept in fp32 within an operator; the units of a phone may round more often.
Source: coremltools' MIL operator reference; MILBlob's storage format.
"""

import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import coremltools as ct
import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ExportError

Array = NDArray[Any]
Arguments = dict[str, Any]

_PACKAGE_DATA = Path("Data") / "com.apple.CoreML"
_CONSTANT = ("const", "constexpr_affine_dequantize")
_BLOB = struct.Struct("<IIQQ")  # sentinel, kind, size in bytes, where the bytes are
_SENTINEL = 0xDEADBEEF
# By number of the specification's DataType.
_KINDS: dict[int, Any] = {
    1: np.bool_, 2: np.str_, 10: np.float16, 11: np.float32, 21: np.int8, 22: np.int16, 23: np.int32, 24: np.int64,
    31: np.uint8, 32: np.uint16,
}  # fmt: skip
_IMMEDIATE = {"floats": np.float32, "ints": np.int32, "bools": np.bool_, "longInts": np.int64, "strings": np.str_}


class ProgramInterpreter:
    """The `main` function of an .mlpackage's mlprogram, which may be one of a pipeline's models."""

    def __init__(self, package: Path) -> None:
        whole = ct.utils.load_spec(str(package))
        models = (whole, *whole.pipelineClassifier.pipeline.models)
        programs = [model.mlProgram for model in models if model.WhichOneof("Type") == "mlProgram"]
        if not programs:
            raise ExportError(f"{package} holds no mlprogram")
        blocks = programs[0].functions["main"].block_specializations
        self._block = next(iter(blocks.values()))
        weights = package / _PACKAGE_DATA / "weights" / "weight.bin"
        self._blobs = weights.read_bytes() if weights.is_file() else b""
        # Constants, and weights that are stored in int8, are the same in every run.
        self._constants = {
            output.name: self._constant(operation)
            for operation in self._block.operations if operation.type in _CONSTANT for output in operation.outputs
        }  # fmt: skip

    @property
    def operators(self) -> tuple[str, ...]:
        """The kinds of operators that it has, constants aside."""
        return tuple(sorted({operation.type for operation in self._block.operations} - set(_CONSTANT)))

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The program's outputs.

        Raises:
            ExportError: an operator that is not known here.
        """
        values: dict[str, Any] = {**self._constants, **inputs}
        for operation in self._block.operations:
            if operation.type in _CONSTANT:
                continue
            operator = _OPERATORS.get(operation.type)
            if operator is None:
                raise ExportError(f"the operator {operation.type} can't be run here")
            result = operator(self._arguments(operation, values))
            kind = _KINDS[operation.outputs[0].type.tensorType.dataType]
            values[operation.outputs[0].name] = result if result.dtype == kind else result.astype(kind)
        return {name: values[name] for name in self._block.outputs}

    def _arguments(self, operation: Any, values: Mapping[str, Any]) -> Arguments:
        found = {}
        for name, argument in operation.inputs.items():
            bound = [
                self._value(one.value) if one.HasField("value") else values[one.name] for one in argument.arguments
            ]
            found[name] = bound if name == "values" else bound[0]
        return found

    def _constant(self, operation: Any) -> Any:
        if operation.type == "const":
            return self._value(operation.attributes["val"])
        given = {name: self._value(value) for name, value in operation.attributes.items() if name != "name"}
        return _dequantized(given).astype(_KINDS[operation.outputs[0].type.tensorType.dataType])

    def _value(self, value: Any) -> Any:
        kind = value.type.tensorType
        shape = [dimension.constant.size for dimension in kind.dimensions]
        if value.HasField("blobFileValue"):
            return self._blob(value.blobFileValue.offset, _KINDS[kind.dataType]).reshape(shape)
        tensor = value.immediateValue.tensor
        field = tensor.WhichOneof("value")
        if field == "bytes":
            return np.frombuffer(tensor.bytes.values, _KINDS[kind.dataType]).reshape(shape)
        content = np.array(list(getattr(tensor, field).values), _IMMEDIATE[field]).reshape(shape)
        return content if field == "strings" else content.astype(_KINDS[kind.dataType])

    def _blob(self, offset: int, kind: Any) -> Array:
        sentinel, _, size, start = _BLOB.unpack_from(self._blobs, offset)
        if sentinel != _SENTINEL:
            raise ExportError(f"weight.bin holds no blob at {offset}")
        return np.frombuffer(self._blobs, kind, size // np.dtype(kind).itemsize, start)


def _dequantized(given: Arguments) -> Any:
    quantized, axis = given["quantized_data"], int(given["axis"])
    along = [-1 if place == axis else 1 for place in range(quantized.ndim)]
    scale, zero = (value.reshape(along) if value.ndim else value for value in (given["scale"], given["zero_point"]))
    return (quantized.astype(np.float32) - zero) * scale


def _wide(value: Array) -> Array:
    """fp16 as fp32, to sum in."""
    return value.astype(np.float32) if value.dtype == np.float16 else value


def _linear(given: Arguments) -> Any:
    product = _wide(given["x"]) @ _wide(given["weight"]).T
    return product + _wide(given["bias"]) if "bias" in given else product


def _matmul(given: Arguments) -> Any:
    x, y = _wide(given["x"]), _wide(given["y"])
    if given.get("transpose_x", False):
        x = x.swapaxes(-1, -2)
    if given.get("transpose_y", False):
        y = y.swapaxes(-1, -2)
    return x @ y


def _softmax(given: Arguments) -> Any:
    x = _wide(given["x"])
    axis = int(given.get("axis", -1))
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _layer_norm(given: Arguments) -> Any:
    x, axes = _wide(given["x"]), tuple(given["axes"].tolist())
    centred = x - x.mean(axis=axes, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + _wide(given["epsilon"]))
    if "gamma" in given:
        normed = normed * _wide(given["gamma"])
    return normed + _wide(given["beta"]) if "beta" in given else normed


def _gelu(given: Arguments) -> Any:
    if str(given.get("mode", "EXACT")) != "EXACT":
        raise ExportError(f"gelu of the mode {given['mode']} can't be run here")
    x = _wide(given["x"])
    return 0.5 * x * (1 + _erf(x / np.float32(math.sqrt(2))))


def _erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[np.float32])(x)


def _slice_by_index(given: Arguments) -> Any:
    x = given["x"]
    begins, ends = given["begin"].tolist(), given["end"].tolist()
    strides = given["stride"].tolist() if "stride" in given else [1] * x.ndim
    masks = [given[name].tolist() if name in given else [False] * x.ndim for name in ("begin_mask", "end_mask")]
    squeezed = given["squeeze_mask"].tolist() if "squeeze_mask" in given else [False] * x.ndim
    place = []
    for axis in range(x.ndim):
        if squeezed[axis]:
            place.append(begins[axis])
            continue
        begin = None if masks[0][axis] else begins[axis]
        end = None if masks[1][axis] else ends[axis]
        place.append(slice(begin, end, strides[axis]))
    return x[tuple(place)]


def _pad(given: Arguments) -> Any:
    if str(given.get("mode", "constant")) != "constant":
        raise ExportError(f"pad of the mode {given['mode']} can't be run here")
    pairs = given["pad"].reshape(-1, 2).tolist()
    pairs = [[0, 0]] * (given["x"].ndim - len(pairs)) + pairs
    return np.pad(given["x"], pairs, constant_values=given.get("constant_val", 0))


def _gather(given: Arguments) -> Any:
    return np.take(given["x"], given["indices"], axis=int(given.get("axis", 0)))


def _cast(given: Arguments) -> Any:
    kinds = {"fp16": np.float16, "fp32": np.float32, "int32": np.int32, "bool": np.bool_}
    return given["x"].astype(kinds[str(given["dtype"])])


def _reduce_sum(given: Arguments) -> Any:
    kept = bool(given.get("keep_dims", False))
    return _wide(given["x"]).sum(axis=tuple(given["axes"].tolist()), keepdims=kept)


_OPERATORS: dict[str, Callable[[Arguments], Array]] = {
    "add": lambda given: given["x"] + given["y"],
    "cast": _cast,
    "concat": lambda given: np.concatenate([np.atleast_1d(value) for value in given["values"]], int(given["axis"])),
    "erf": lambda given: _erf(_wide(given["x"])),
    "expand_dims": lambda given: np.expand_dims(given["x"], tuple(given["axes"].tolist())),
    "fill": lambda given: np.full(given["shape"].tolist(), given["value"]),
    "gather": _gather,
    "gelu": _gelu,
    "identity": lambda given: given["x"],
    "layer_norm": _layer_norm,
    "linear": _linear,
    "matmul": _matmul,
    "mul": lambda given: given["x"] * given["y"],
    "pad": _pad,
    "real_div": lambda given: given["x"] / given["y"],
    "reduce_sum": _reduce_sum,
    "relu": lambda given: np.maximum(given["x"], 0),
    "reshape": lambda given: given["x"].reshape(given["shape"].tolist()),
    "shape": lambda given: np.array(given["x"].shape, np.int32),
    "slice_by_index": _slice_by_index,
    "softmax": _softmax,
    "squeeze": lambda given: np.squeeze(given["x"], tuple(given["axes"].tolist())),
    "sub": lambda given: given["x"] - given["y"],
    "tanh": lambda given: np.tanh(_wide(given["x"])),
    "transpose": lambda given: given["x"].transpose(given["perm"].tolist()),
}
