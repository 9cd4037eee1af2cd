"""Core ML: a base that computes what the device does, heads that go there and come back, and what is refused."""

import json
import re
from pathlib import Path

import coremltools as ct
import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.manifest import ParameterBounds
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle
from tests.toolchain.conftest import load
from tests.toolchain.test_cli import toolchain
from toolchain.coreml.base import write_base
from toolchain.coreml.export import export_coreml
from toolchain.coreml.head import HeadIdentity, head_model, probabilities, read_head, read_parameters, write_parameters
from toolchain.coreml.interpreter import ProgramInterpreter
from toolchain.coreml.pipeline import write_pipeline
from toolchain.errors import ExportError
from toolchain.evaluate import EncoderGraph
from toolchain.export import export_encoder
from toolchain.fuse import fuse
from toolchain.phone_model import of_bundle, open_phone_model
from toolchain.quality import bundled_head
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer

WHAT = HeadIdentity("sentiment", "0" * 64, "1.0.0")
SENTENCES = ("今天又要加班", "好", "我希望提升我的演讲能力", "新买的手机真不错 ok")


def opened(bundle: TinyBundle) -> Bundle:
    return Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))


def fused(graph: Path) -> onnx.ModelProto:
    """An fp32 graph in the form that a bundle has: it rounds no activation, so nothing should differ."""
    model = onnx.load(str(graph))
    fuse(model)
    return model


@pytest.fixture
def head() -> HeadParameters:
    generator = np.random.default_rng(0)
    return HeadParameters(generator.normal(size=(3, 8)).astype(np.float32), generator.normal(size=3).astype(np.float32))


@pytest.fixture
def bounds(bundle: TinyBundle) -> ParameterBounds:
    found = opened(bundle).manifest.tasks["sentiment"].parameters
    assert found is not None
    return found


def test_the_base_computes_what_the_graph_does(mobilebert: Path, tasks: dict[str, Task], tmp_path: Path) -> None:
    model, _ = load(mobilebert, tasks)
    export_encoder(model, tmp_path / "encoder.onnx")
    write_base(fused(tmp_path / "encoder.onnx"), 24, tmp_path / "Base.mlpackage", "fp32")
    encoder = EncoderGraph(tmp_path / "encoder.onnx", load_tokenizer(str(mobilebert), 24))
    program = ProgramInterpreter(tmp_path / "Base.mlpackage")
    for sentence in SENTENCES:
        input_ids = np.array([encoder.tokenizer.encode(sentence).ids], np.int32)
        answer = program.run({"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)})
        features, token_features, _ = encoder.features(sentence)
        np.testing.assert_allclose(answer["features"], features, atol=2e-5)
        np.testing.assert_allclose(answer["token_features"][0], token_features, atol=2e-5)


def test_a_base_of_bert_computes_what_the_graph_does(bert: Path, tmp_path: Path) -> None:
    model = open_phone_model(str(bert), None, tmp_path, int8=False)
    done = export_coreml(model, tmp_path / "out", "fp32", lambda _: None)
    assert done.parity.features < 2e-5
    assert done.parity.agreement == {}, "a checkpoint has no heads"
    assert set(done.bytes) == {"Base.mlpackage", "reference.json", "wordpiece.json"}


def test_weights_in_int8_are_smaller_and_near(bundle: TinyBundle, tmp_path: Path) -> None:
    graph = onnx.load(str(bundle.path / "encoder.onnx"))
    sizes = {}
    for precision in ("int8", "fp32"):
        write_base(graph, 24, tmp_path / f"{precision}.mlpackage", precision)
        sizes[precision] = (tmp_path / f"{precision}.mlpackage/Data/com.apple.CoreML/weights/weight.bin").stat().st_size
    assert sizes["int8"] < 0.6 * sizes["fp32"], "small matrices stay as they are"
    input_ids = np.array([[2, 9, 8, 7, 3]], np.int32)
    feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
    wide, narrow = (
        ProgramInterpreter(tmp_path / f"{name}.mlpackage").run(feed)["features"] for name in ("fp32", "int8")
    )
    assert 0 < np.abs(wide - narrow).max() < 0.05 * np.abs(wide).max()


def test_padding_changes_nothing_in_the_base(bundle: TinyBundle, tmp_path: Path) -> None:
    graph = bundle.path.parent / "work" / "int8" / "encoder-fp32.onnx"
    write_base(fused(graph), 24, tmp_path / "Base.mlpackage", "fp32")
    program = ProgramInterpreter(tmp_path / "Base.mlpackage")
    input_ids, mask = np.array([[2, 9, 8, 7, 3]], np.int32), np.ones((1, 5), np.int32)
    alone = program.run({"input_ids": input_ids, "attention_mask": mask})["features"]
    wide = [np.pad(value, [(0, 0), (0, 7)]) for value in (input_ids, mask)]
    padded = program.run({"input_ids": wide[0], "attention_mask": wide[1]})["features"]
    np.testing.assert_allclose(padded, alone, atol=1e-5)


def test_an_export_is_near_to_the_device_and_says_how_near(bundle: TinyBundle, tmp_path: Path) -> None:
    done = export_coreml(of_bundle(opened(bundle)), tmp_path / "out", "fp32", lambda _: None)
    assert done.parity.finite
    assert 0 < done.parity.features < 0.2 * done.parity.size
    assert min(done.parity.agreement.values()) >= 0.99
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["parity"]["features"] == done.parity.features
    assert set(done.bytes) >= {"Base.mlpackage", "Head-sentiment.mlmodel", "wordpiece.json"}
    assert done.bytes["Base.mlpackage"] > 1_000

    layout = json.loads((tmp_path / "out" / "rehearsal" / "layout.json").read_text("utf-8"))
    sentiment = layout["tasks"]["sentiment"]
    features = np.fromfile(tmp_path / "out" / "rehearsal" / "sentiment" / "yardstick-features.f32", "<f4")
    assert features.size == sentiment["rows"]["yardstick"] * layout["feature_width"]

    head = read_head(tmp_path / "out" / "Head-sentiment.mlmodel")
    assert read_parameters(head).to_bytes() == bundled_head(opened(bundle), "sentiment").to_bytes()
    assert head.isUpdatable
    task = opened(bundle).manifest.tasks["sentiment"]
    assert list(head.neuralNetworkClassifier.stringClassLabels.vector) == list(task.labels)
    with pytest.raises(ExportError, match="out exists"):
        export_coreml(of_bundle(opened(bundle)), tmp_path / "out", "fp32", lambda _: None)


def test_a_base_that_labels_too_differently_in_fp16_is_written_in_fp32(bundle: TinyBundle, tmp_path: Path) -> None:
    done = export_coreml(of_bundle(opened(bundle)), tmp_path / "out", "fp16", lambda _: None, least_agreement=1.01)
    assert done.precision == "fp32", "and fp32 is never refused for it"
    assert "in fp16 it labels" in done.reason
    assert done.bytes["Base.mlpackage"] == export_coreml(
        of_bundle(opened(bundle)), tmp_path / "asked", "fp32", lambda _: None
    ).bytes["Base.mlpackage"]  # fmt: skip


def test_the_command_exports_and_prints_what_it_wrote(bundle: TinyBundle, tmp_path: Path) -> None:
    done = toolchain("export", "coreml", bundle.path, tmp_path / "out", "--trusted-key", bundle.public_key, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["precision"] in ("fp16", "fp32")
    assert (said["precision"] == "fp16") == (said["reason"] == "")
    assert "comparing it with the device on 200 sentences" in done.stderr
    assert not re.search("coremltools|Running MIL", done.stderr), "its messages are not the user's"
    again = toolchain("export", "coreml", bundle.path, tmp_path / "out", "--trusted-key", bundle.public_key)
    assert again.returncode == 1
    assert "choose a new folder" in again.stderr


def test_a_pipeline_goes_from_text_to_the_label_that_the_device_gives(bundle: TinyBundle, tmp_path: Path) -> None:
    export_coreml(of_bundle(opened(bundle)), tmp_path / "out", "fp32", lambda _: None)
    package = tmp_path / "out" / "Attune-sentiment.mlpackage"
    model = ct.utils.load_spec(str(package))
    assert model.isUpdatable
    assert list(model.pipelineClassifier.pipeline.names) == ["tokenizer", "base", "head"]
    tokenizer, base, head = model.pipelineClassifier.pipeline.models
    assert [part.isUpdatable for part in (tokenizer, base, head)] == [False, False, True], "the last alone may be"
    assert tokenizer.customModel.className == "AttuneTokenizer"
    described = [(part.name, part.type.WhichOneof("Type")) for part in model.description.trainingInput]
    assert described == [("text", "stringType"), ("label", "stringType")]
    # What one gives, the next takes: same names, kinds and shapes.
    given, taken = base.description.output[0], head.description.input[0]
    assert (given.name, given.type) == (taken.name, taken.type)
    assert {part.name for part in tokenizer.description.output} == {part.name for part in base.description.input}
    assert all(part.specificationVersion <= model.specificationVersion for part in (tokenizer, base, head))

    words = Tokenizer.from_file(str(bundle.path / "tokenizer.json"))
    encoder = EncoderGraph(bundle.path / "encoder.onnx", words)
    ids = np.array([words.encode("今天又要加班").ids], np.int32)
    features = ProgramInterpreter(package).run({"input_ids": ids, "attention_mask": np.ones_like(ids)})["features"]
    device = bundled_head(opened(bundle), "sentiment").probabilities(encoder.features("今天又要加班")[0][None])[0]
    np.testing.assert_allclose(list(probabilities(head, features).values()), device, atol=0.05)


def test_a_head_of_another_width_is_no_part_of_a_pipeline(
    bundle: TinyBundle, head: HeadParameters, tmp_path: Path
) -> None:
    export_coreml(of_bundle(opened(bundle)), tmp_path / "out", "fp32", lambda _: None)
    other = head_model(head, ["a", "b", "c"], None, WHAT)
    with pytest.raises(ExportError, match=r"features of the shape \[\d+\], and the head takes \[8\]"):
        write_pipeline(tmp_path / "out" / "Base.mlpackage", other, 24, tmp_path / "Odd.mlpackage")
    assert not (tmp_path / "Odd.mlpackage").exists()


def test_a_head_comes_back_to_the_bit_and_answers_the_same(head: HeadParameters, bounds: ParameterBounds) -> None:
    model = head_model(head, ["负面", "中性", "正面"], bounds, WHAT)
    assert read_parameters(model).to_bytes() == head.to_bytes()
    features = np.random.default_rng(1).normal(size=8).astype(np.float32)
    answer = probabilities(model, features)
    assert list(answer) == ["负面", "中性", "正面"]
    np.testing.assert_allclose(list(answer.values()), head.probabilities(features[None])[0], atol=1e-6)

    trained = HeadParameters(head.weight + np.float32(0.1), head.bias - np.float32(0.3))
    write_parameters(model, trained)
    assert read_parameters(model).to_bytes() == trained.to_bytes()


def test_a_head_can_be_updated_as_the_manifest_allows(head: HeadParameters, bounds: ParameterBounds) -> None:
    model = head_model(head, ["a", "b", "c"], bounds, WHAT)
    update = model.neuralNetworkClassifier.updateParams
    adam = update.optimizer.adamOptimizer
    assert (update.epochs.defaultValue, update.epochs.range.maxValue) == (bounds.epochs.default, bounds.epochs.maximum)
    assert adam.learningRate.defaultValue == bounds.learning_rate.default
    assert adam.learningRate.range.minValue == bounds.learning_rate.minimum
    assert (adam.beta1.defaultValue, adam.beta2.defaultValue, adam.eps.defaultValue) == (0.9, 0.999, 1e-8)
    assert [feature.name for feature in model.description.trainingInput] == ["features", "label"]
    assert not head_model(head, ["a", "b", "c"], None, WHAT).isUpdatable


def test_what_is_no_head_is_refused(head: HeadParameters, bounds: ParameterBounds, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="can't be read"):
        read_head(tmp_path / "none.mlmodel")
    (tmp_path / "broken.mlmodel").write_bytes(b"\xff\xff\xff no model")
    with pytest.raises(ExportError, match="is no Core ML model"):
        read_head(tmp_path / "broken.mlmodel")
    (tmp_path / "empty.mlmodel").write_bytes(b"")
    with pytest.raises(ExportError, match="it is not a head of this project"):
        read_head(tmp_path / "empty.mlmodel")
    model = head_model(head, ["a", "b", "c"], bounds, WHAT)
    with pytest.raises(ExportError, match="takes a head of 3x8, labels by features, not 3x9"):
        write_parameters(model, HeadParameters(np.zeros((3, 9), np.float32), head.bias))
    del model.neuralNetworkClassifier.layers[0].innerProduct.weights.floatValue[:]
    with pytest.raises(ExportError, match="not 3 x 8 values in FP32"):
        read_parameters(model)


def test_an_operator_without_a_translation_is_named(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Sin", ["attention_mask"], ["features"])
    empty = onnx.helper.make_graph([node], "odd", [], [])
    with pytest.raises(ExportError, match="the operator Sin has no translation to Core ML; those of Add,"):
        write_base(onnx.helper.make_model(empty), 16, tmp_path / "Base.mlpackage", "fp32")
