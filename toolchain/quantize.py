"""int8 weights: the fp32 graph to the one that devices run."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from toolchain.errors import ExportError
from toolchain.export import OUTPUTS, padded_batches
from toolchain.fuse import fuse


def quantize_encoder(source: Path, target: Path, vocabulary: int, longest: int) -> int:
    """Write the int8 form of the graph at `source` to `target` and return how many nodes it has.

    Weights are quantised per output channel, activations at run time, per tensor. The graph is simplified before and
    fused after, where its answers to token ids below `vocabulary`, up to `longest` of them, stay the same to the bit:
    short texts are bound by the number of nodes.

    Raises:
        ExportError: the int8 graph gives values that are not finite.
    """
    with TemporaryDirectory() as folder:
        simplified = Path(folder) / "simplified.onnx"
        quant_pre_process(str(source), str(simplified), skip_symbolic_shape=True)
        logging.getLogger().setLevel(logging.ERROR)  # the quantiser warns through the root logger of what was just done
        quantize_dynamic(str(simplified), str(target), weight_type=QuantType.QInt8, per_channel=True)
    plain, fused = onnx.load(str(target)), onnx.load(str(target))
    fuse(fused)
    answers = _answers(plain, vocabulary, longest)
    if not all(np.isfinite(answer).all() for answer in answers):
        raise ExportError(f"{target.name} gives values that are not finite")
    if not _same(answers, fused, vocabulary, longest):
        return len(plain.graph.node)
    onnx.save(fused, str(target))
    return len(fused.graph.node)


def _answers(model: onnx.ModelProto, vocabulary: int, longest: int) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [answer for feed in padded_batches(vocabulary, longest) for answer in session.run(OUTPUTS, feed)]


def _same(answers: list[NDArray[np.float32]], model: onnx.ModelProto, vocabulary: int, longest: int) -> bool:
    try:
        others = _answers(model, vocabulary, longest)
    except Exception:  # noqa: BLE001  # the library's exceptions share no other base; a graph that can't run is not the same
        return False
    return all(np.array_equal(one, other) for one, other in zip(answers, others, strict=True))
