"""Lower precision: the fp32 graph to the one that devices run, in int8 or fp16, checked on real texts.

Sources: Jacob et al. (2018) for integer arithmetic with a scale and a zero point; `onnxruntime.quantization` 1.19.2,
whose choices were made by what its CPU kernels run well. With weights per output channel in int8, activations in uint8
and nothing else quantised, every linear layer becomes one MatMulIntegerToFloat; int8 activations are run in fp32, and
quantised outputs or additions are no faster and double or triple the error.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from pydantic import Field

from toolchain.errors import ExportError, RecipeError, WorkError
from toolchain.export import OUTPUTS, padded_batches
from toolchain.finite import check_finite, feed, first_difference, runner
from toolchain.fuse import fuse
from toolchain.half import Fallback, to_half

_CALIBRATION = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}

Array = NDArray[np.float32]


class QuantizeSettings(Settings):
    """How an encoder is quantised.

    - `dynamic`: int8 weights; activations are measured while it runs, in each text by itself. The most accurate int8.
    - `static`: int8 weights; activations have the ranges seen in `calibration_texts` texts: the least and greatest
      (`minmax`), those of 99.999% of all values (`percentile`), or those that lose the least information (`entropy`).
    - `fp16`: half precision, but for nodes with values above `fp16_most` of its range; its features may be further from
      those of fp32 by `tolerance` of the greatest of them, at most.
    """

    method: Literal["dynamic", "static", "fp16"] = "dynamic"
    calibration: Literal["minmax", "percentile", "entropy"] = "minmax"
    calibration_texts: int = Field(default=256, ge=1)
    fp16_most: float = Field(default=0.5, gt=0, le=1)
    tolerance: float = Field(default=0.02, gt=0)
