"""int8: weights in int8 with a scale for each output channel, embedding tables in uint8 with one scale a table,
activations in uint8.

Source: `onnxruntime.quantization` 1.19.2, used as its CPU kernels run best. Where nothing is quantised but what goes
into a product with weights, every linear layer becomes one integer product (MatMulIntegerToFloat). Activations in int8
would be run in fp32; quantised outputs and additions are no faster, and bring one and a half to three times the error
(measured on a MobileBERT of six blocks).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from toolchain.finite import feed

Calibration = Literal["minmax", "percentile", "entropy"]

_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}


def simplify(source: Path, target: Path) -> None:
    """Write a graph with its constants folded and its shapes inferred, as the quantisers want it."""
    with _quiet():
        quant_pre_process(str(source), str(target), skip_symbolic_shape=True)


def to_dynamic_int8(simplified: Path) -> onnx.ModelProto:
    """The form that measures the range of activations at run time."""
    target = simplified.with_name("dynamic.onnx")
    with _quiet():
        quantize_dynamic(str(simplified), str(target), weight_type=QuantType.QInt8, per_channel=True)
    return onnx.load(str(target))


def to_static_int8(simplified: Path, rows: Sequence[list[int]], calibration: Calibration) -> onnx.ModelProto:
    """The form with the ranges of activations that `rows`, token ids of one text each, show."""
    graph = onnx.load(str(simplified)).graph
    weights = {tensor.name for tensor in graph.initializer}
    # Products of two activations, inside attention: quantised they are no faster.
    moving = [node.name for node in graph.node if node.op_type == "MatMul" and not weights & {*node.input}]
    target = simplified.with_name("static.onnx")
    with _quiet():
        quantize_static(
            str(simplified), str(target), _Texts(rows), quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul", "Gather"], nodes_to_exclude=moving, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=_METHODS[calibration],
            extra_options={
                "OpTypesToExcludeOutputQuantization": ["MatMul"],
                "CalibStridedMinMax": 1,  # texts a step, in every method
                "CalibTensorRangeSymmetric": False,
            },
        )  # fmt: skip
    return onnx.load(str(target))


class _Texts(CalibrationDataReader):
    """Texts for the calibrator, one at a time: it can't put values of several lengths into one array."""

    def __init__(self, rows: Sequence[list[int]]) -> None:
        self._rows = rows
        self.set_range(0, len(rows))

    def __len__(self) -> int:
        return len(self._rows)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Which rows come next."""
        self._left = iter(self._rows[start_index:end_index])

    def get_next(self) -> dict[str, Any] | None:
        """The inputs of the next text, or None after the last."""
        row = next(self._left, None)
        return None if row is None else feed(row)


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantisers print what they do, and warn through the root logger of what was done on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(before)
