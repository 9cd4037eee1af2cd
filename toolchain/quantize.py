"""int8 weights: the fp32 graph to the one that devices run."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from toolchain.fuse import fuse


def quantize_encoder(source: Path, target: Path) -> int:
    """Write the int8 form of the graph at `source` to `target` and return how many nodes it has.

    Weights are quantised per output channel, activations at run time, per tensor. The graph is simplified before and
    after: short texts are bound by the number of nodes.
    """
    with TemporaryDirectory() as folder:
        simplified = Path(folder) / "simplified.onnx"
        quant_pre_process(str(source), str(simplified), skip_symbolic_shape=True)
        logging.getLogger().setLevel(logging.ERROR)  # the quantiser warns through the root logger of what was just done
        quantize_dynamic(str(simplified), str(target), weight_type=QuantType.QInt8, per_channel=True)
    model = onnx.load(str(target))
    fuse(model)
    onnx.save(model, str(target))
    return len(model.graph.node)
