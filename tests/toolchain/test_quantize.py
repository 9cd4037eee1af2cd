"""Lower precision: int8 and fp16 graphs that stay finite and near fp32, and what can't be held is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from pydantic import ValidationError

from tests.support.tiny_checkpoint import write_bert, write_mobilebert
from tests.support.tiny_encoder import LONGEST, graph_features, lively_model, token_rows
from toolchain.errors import ExportError, RecipeError, WorkError
from toolchain.export import export_encoder
from toolchain.finite import FP16_GREATEST, check_finite, constants, runner
from toolchain.fuse import fuse
from toolchain.half import rounded, to_half
from toolchain.model import MultiTaskModel
from toolchain.quantize import QuantizeFigures, QuantizeSettings, quantize_encoder
from toolchain.recipe import stage_settings

METHODS = {
    "dynamic": QuantizeSettings(),
    "static, minmax": QuantizeSettings(method="static"),
    "static, percentile": QuantizeSettings(method="static", calibration="percentile"),
    "static, entropy": QuantizeSettings(method="static", calibration="entropy"),
    "fp16": QuantizeSettings(method="fp16"),
}
WRITERS = {"bert": write_bert, "mobilebert": write_mobilebert}


class Exported:
    """A tiny model's fp32 graph, and texts for it."""

    def __init__(self, folder: Path, model: MultiTaskModel) -> None:
        self.model = model
        self.folder = folder
        self.rows = token_rows(model, tuple(3 + index % 27 for index in range(40)))
        self.graph = folder / "fp32.onnx"
        export_encoder(model, self.graph)

    def quantize(self, settings: QuantizeSettings, rows: list[list[int]] | None = None) -> QuantizeFigures:
        return quantize_encoder(
            self.graph, self.lower, settings, self.rows if rows is None else rows,
            self.model.encoder.config.vocab_size, LONGEST,
        )  # fmt: skip

    @property
    def lower(self) -> Path:
        return self.folder / "lower.onnx"

    def edit(self, change: Callable[[np.ndarray], None], name: str) -> None:
        """Change the weights of which the name, or the name of the product that reads them, contains `name`."""
        model = onnx.load(str(self.graph))
        read = {node.input[1] for node in model.graph.node if node.op_type == "MatMul" and name in node.name}
        chosen = [tensor for tensor in model.graph.initializer if tensor.name in read or name in tensor.name]
        assert chosen
        for tensor in chosen:
            values = numpy_helper.to_array(tensor).copy()
            change(values)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        onnx.save(model, str(self.graph))


@pytest.fixture(params=WRITERS)
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> Exported:
    return Exported(tmp_path, lively_model(tmp_path / "checkpoint", WRITERS[request.param]))


@pytest.fixture
def bert(tmp_path: Path) -> Exported:
    return Exported(tmp_path, lively_model(tmp_path / "checkpoint", write_bert))


@pytest.fixture
def huge(tmp_path: Path) -> Exported:
    """A model whose second block goes beyond fp16 inside, and back: its answers are ordinary."""
    model = lively_model(tmp_path / "checkpoint", write_bert)
    block = model.encoder.encoder.layer[1]
    with torch.no_grad():
        for parameter in (*block.intermediate.dense.parameters(), block.output.dense.bias):
            parameter.mul_(1e5)
    return Exported(tmp_path, model)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_finite_near_fp32_and_smaller(exported: Exported, method: str) -> None:
    settings = METHODS[method]
    figures = exported.quantize(settings)
    expected, features = (graph_features(graph, exported.rows) for graph in (exported.graph, exported.lower))
    apart = np.abs(features - expected)
    assert 0 < apart.max() < (0.02 if method == "fp16" else 0.3) * np.abs(expected).max()
    if method != "fp16":  # Run on a CPU, fp16 is not rounded everywhere.
        assert figures.greatest_difference == pytest.approx(apart.max(), rel=1e-3)
    assert figures.greatest_feature == pytest.approx(np.abs(expected).max(), rel=1e-3)
    assert figures.method == settings.method
    assert figures.fallbacks == ()
    assert figures.bytes == exported.lower.stat().st_size < exported.graph.stat().st_size
    assert figures.nodes == len(onnx.load(str(exported.lower)).graph.node)
    assert check_finite(exported.lower, exported.rows).finite


def test_int8_weights_have_a_scale_a_channel_and_every_layer_is_quantised(bert: Exported) -> None:
    bert.quantize(QuantizeSettings())
    dynamic = onnx.load(str(bert.lower)).graph
    bert.quantize(QuantizeSettings(method="static"))
    static = onnx.load(str(bert.lower)).graph
    for graph in (dynamic, static):
        values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        weights = {name: value for name, value in values.items() if value.ndim == 2 and "MatMul" in name}
        assert len(weights) == 3 * 6  # query, key, value, output; and the two of the feed-forward network
        assert {value.dtype for value in weights.values()} == {np.dtype(np.int8)}
        for name, weight in weights.items():
            assert values[name.removesuffix("quantized") + "scale"].shape == (weight.shape[1],)
        tables = [value for name, value in values.items() if "embeddings.weight" in name and value.ndim == 2]
        assert {table.dtype for table in tables} == {np.dtype(np.uint8)}
        assert len(tables) == 3


def test_static_ranges_come_from_the_texts_that_are_given(bert: Exported) -> None:
    figures = bert.quantize(QuantizeSettings(method="static"))
    one = bert.lower.read_bytes()
    few = bert.quantize(QuantizeSettings(method="static", texts=2))
    assert bert.lower.read_bytes() != one
    assert "40 texts of 128 asked" in figures.notes[-1]
    assert "2 texts of 2 asked" in few.notes[-1]


def test_the_difference_of_fp16_is_that_of_values_rounded_after_every_node(exported: Exported) -> None:
    figures = exported.quantize(QuantizeSettings(method="fp16"))
    run = runner(rounded(onnx.load(str(exported.lower))), as_written=True)
    features = np.concatenate([run(["features"], row)[0] for row in exported.rows])
    apart = np.abs(features - graph_features(exported.graph, exported.rows)).max()
    assert figures.greatest_difference == pytest.approx(apart, rel=1e-3)


@pytest.mark.parametrize("fused", [False, True])
def test_every_node_of_a_rounded_graph_takes_what_the_one_before_it_is_shown_to_give(
    exported: Exported, fused: bool
) -> None:
    half, _ = to_half(onnx.load(str(exported.graph)), exported.rows, 0.5)
    if fused:
        fuse(half)
    names = [name for node in half.graph.node if node.op_type != "Constant" for name in node.output]
    watched = rounded(half)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    values = dict(zip(names, runner(watched, as_written=True)(names, exported.rows[20]), strict=True))
    values |= dict(constants(half))
    adds = [node for node in half.graph.node if node.op_type == "Add"]
    assert len(adds) > 10
    for node in adds:
        assert np.array_equal(values[node.output[0]], values[node.input[0]] + values[node.input[1]]), node.name
    (features,) = runner(rounded(half), as_written=True)(["features"], exported.rows[20])
    assert np.array_equal(features, values["features"])


def test_what_fp16_cannot_hold_stays_in_fp32_and_is_named(huge: Exported) -> None:
    before = check_finite(huge.graph, huge.rows)
    assert before.share_of_fp16 > 1
    assert "layer.1" in before.node
    naive = convert_float_to_float16(onnx.load(str(huge.graph)), keep_io_types=True)
    assert not check_finite(naive, huge.rows).finite

    figures = huge.quantize(QuantizeSettings(method="fp16"))
    assert figures.method == "mixed"
    assert all("layer.1" in fallback.node for fallback in figures.fallbacks)
    reasons = {fallback.node.split("layer.1/")[1]: fallback.reason for fallback in figures.fallbacks}
    assert reasons["intermediate/dense/MatMul"].startswith("gives values up to")
    assert reasons["output/LayerNorm/LayerNormalization"].startswith("takes values up to")
    assert any("stay in fp32" in note for note in figures.notes)
    assert check_finite(huge.lower, huge.rows).greatest > FP16_GREATEST  # It goes from node to node as it is.
    assert figures.greatest_difference < 0.02 * figures.greatest_feature
    halves = [tensor for tensor in onnx.load(str(huge.lower)).graph.initializer if tensor.data_type == 10]
    assert len(halves) > 30


def test_a_constant_that_fp16_cannot_hold_stays_in_fp32(bert: Exported) -> None:
    bert.edit(lambda values: np.multiply(values, 1e6, out=values), "layer.0/intermediate/dense")
    figures = bert.quantize(QuantizeSettings(method="fp16"))
    product = next(fallback for fallback in figures.fallbacks if fallback.node.endswith("intermediate/dense/MatMul"))
    assert product.kind == "MatMul"
    assert check_finite(bert.lower, bert.rows).finite


def test_fp16_too_far_from_fp32_names_the_first_node_that_strays(bert: Exported) -> None:
    with pytest.raises(ExportError, match="away from fp32 in its features, first in /") as raised:
        bert.quantize(QuantizeSettings(method="fp16", tolerance=1e-6))
    assert str(raised.value).split("first in ")[1] in {node.name for node in onnx.load(str(bert.graph)).graph.node}
    assert not bert.lower.exists()


@pytest.mark.parametrize(
    ("where", "method"),
    [
        ("layer.1.output.LayerNorm.weight", "static, minmax"),
        ("layer.2/output/dense", "fp16"),
        ("word_embeddings.weight", "dynamic"),
    ],
)
def test_weights_that_are_not_numbers_are_refused_by_name(bert: Exported, where: str, method: str) -> None:
    def spoil(values: np.ndarray) -> None:
        values[-1] = np.nan  # Of the table of words, a row that no text may read.

    bert.edit(spoil, where)
    with pytest.raises(ExportError, match=r"not finite, first in (\S*LayerNorm|\S*word_embeddings|onnx::MatMul)"):
        bert.quantize(METHODS[method], [row for row in bert.rows if max(row) < 40][:5])
    assert not bert.lower.exists()


def test_the_node_where_infinity_begins_is_named(bert: Exported) -> None:
    for layer in ("layer.1/intermediate/dense", "layer.1/output/dense"):
        bert.edit(lambda values: np.multiply(values, 1e30, out=values), layer)
    figures = check_finite(bert.graph, bert.rows)
    assert not figures.finite
    assert figures.not_finite[0].endswith("layer.1/output/dense/MatMul")
    with pytest.raises(ExportError, match=r"first in .*layer.1/output/dense/MatMul"):
        bert.quantize(QuantizeSettings())


def test_int8_and_fp16_graphs_show_the_values_that_fp32_shows(bert: Exported) -> None:
    plain = check_finite(bert.graph, bert.rows)
    for method in ("dynamic", "static, minmax", "fp16"):
        bert.quantize(METHODS[method])
        figures = check_finite(bert.lower, bert.rows)
        assert figures.greatest == pytest.approx(plain.greatest, rel=0.1)
        assert figures.share_of_fp16 == pytest.approx(figures.greatest / FP16_GREATEST)


def test_every_setting_is_explained_with_what_it_allows() -> None:
    meanings = {name: meaning for name, _, meaning in stage_settings("quantize")}
    assert all(meanings.values())
    assert all(word in meanings["method"] for word in ("dynamic: ", "static: ", "fp16: "))
    assert all(word in meanings["calibration"] for word in ("minmax: ", "percentile: ", "entropy: "))
    for stage in ("vocabulary", "pretrain", "finetune"):
        explained = {name: meaning for name, _, meaning in stage_settings(stage)}
        assert all(meaning for name, meaning in explained.items() if name.startswith("schedule."))
        own = {"size", "min_frequency", "sources", "objective", "steps", "epochs", "label_smoothing", "seed"}
        assert all(explained[name] for name in own & set(explained))


def test_an_unknown_method_is_named_with_those_allowed() -> None:
    with pytest.raises(ValidationError, match=r"'dynamic', 'static' or 'fp16'.*input_value='int4'"):
        QuantizeSettings.model_validate({"method": "int4"})


def test_no_texts_an_id_too_high_and_a_folder_that_is_missing_are_told(bert: Exported) -> None:
    with pytest.raises(RecipeError, match="at least one text"):
        bert.quantize(QuantizeSettings(), [])
    with pytest.raises(ExportError, match="can't be run on a text of 3 tokens"):
        bert.quantize(QuantizeSettings(), [[2, 9_999, 3]])
    bert.folder = bert.folder / "missing"
    with pytest.raises(WorkError, match=r"lower.onnx can't be written"):
        bert.quantize(QuantizeSettings())
