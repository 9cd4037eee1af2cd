"""Fusing an encoder: fewer nodes, and not a bit of its answers changes."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

from tests.support.tiny_bundle import TinyBundle
from toolchain.fuse import fuse


def test_a_fused_encoder_answers_bit_for_bit_as_before(bundle: TinyBundle, tmp_path: Path) -> None:
    plain = tmp_path / "plain.onnx"
    quantize_dynamic(
        str(bundle.path.parent / "work" / "int8" / "encoder-fp32.onnx"),
        str(plain),
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    model = onnx.load(str(plain))
    fuse(model)
    before, after = (
        Counter(node.op_type for node in graph.node) for graph in (onnx.load(str(plain)).graph, model.graph)
    )
    assert after["SkipLayerNormalization"] > 0
    assert after["SkipLayerNormalization"] + after["LayerNormalization"] == before["LayerNormalization"]
    assert after["Shape"] < before["Shape"]
    assert after.total() < before.total()

    one, other = (onnxruntime.InferenceSession(content) for content in (plain.read_bytes(), model.SerializeToString()))
    input_ids = np.random.default_rng(0).integers(5, 60, (3, 20))
    attention_mask = (np.arange(20) < np.array([[20], [11], [3]])).astype(np.int64)
    feed = {"input_ids": input_ids, "attention_mask": attention_mask}
    for expected, answer in zip(one.run(None, feed), other.run(None, feed), strict=True):
        np.testing.assert_array_equal(answer, expected)
