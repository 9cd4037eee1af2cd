"""The frozen base as an mlprogram package, in fp32, in fp16, or with weights in int8."""

import warnings
from pathlib import Path
from typing import Literal

import coremltools as ct
import numpy as np
import onnx

from toolchain.coreml.program import INPUTS, TARGET, encoder_program

Precision = Literal["int8", "fp16", "fp32"]


def write_base(graph: onnx.ModelProto, longest: int, path: Path, precision: Precision, version: str = "") -> None:
    """Write the mlprogram of an encoder graph for texts of up to `longest` tokens, as an .mlpackage. In int8 only the
    weights are, a scale for each output; what is computed with them is fp16.

    Raises:
        ExportError: the graph has an operator without a translation.
    """
    length = ct.RangeDim(1, longest, default=min(16, longest))
    kind = ct.precision.FLOAT32 if precision == "fp32" else ct.precision.FLOAT16
    # In fp16 it warns of constants beyond its range, which it clips: what comes out is looked at afterwards.
    with warnings.catch_warnings(action="ignore"):
        model = ct.convert(
            encoder_program(graph), convert_to="mlprogram", compute_precision=kind, minimum_deployment_target=TARGET,
            inputs=[ct.TensorType(name, shape=(1, length), dtype=np.int32) for name in INPUTS], skip_model_load=True,
        )  # fmt: skip
        if precision == "int8":
            symmetric = ct.optimize.coreml.OpLinearQuantizerConfig(mode="linear_symmetric")
            model = ct.optimize.coreml.linear_quantize_weights(
                model, ct.optimize.coreml.OptimizationConfig(global_config=symmetric)
            )
    model.short_description = f"Attune {version}: the frozen base, token ids to features"
    model.version = version
    model.save(str(path))
