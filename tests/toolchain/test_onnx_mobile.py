"""attune.onnx: a text goes in, and what the device would say comes out; heads are trained from the files beside it."""

import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from model_store.bundle import SHIPPED_BUNDLE, Bundle
from model_store.head import HeadParameters
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle
from tests.toolchain.test_cli import toolchain
from toolchain.errors import ExportError
from toolchain.evaluate import EncoderGraph
from toolchain.exports import real_sentences
from toolchain.onnx_mobile.export import export_onnx
from toolchain.onnx_mobile.parity import PipelineSession, SameIds, same_ids
from toolchain.onnx_mobile.pipeline import pipeline_graph
from toolchain.onnx_mobile.tokenizer_graph import DOMAIN, tokenizer_nodes
from toolchain.phone_model import PhoneModel, of_bundle
from toolchain.tokenizer import framed, load_tokenizer
from toolchain.wordpiece import read_wordpiece

DATA = os.environ.get("ATTUNE_TEST_DATA")
ODD = (
    "", "   ", "测试一下，123", "①②③ＡＢＣ", "😀好的", "👨‍👩‍👧 b\ufe0f", "a\tb\nc\r\nd", "[MASK] 你", "a[MA\x01SK]b",
    "[mask][SEP]", "２０２６年", "x" * 100, "x" * 101, "한국어 han", "\U0010ff00[SEP]\U0010fffd", "É́e Ｅ́", "≠a≮",
    "字" * 400, "a\u200db", "İI ẞß ﬁ", "ΑΣ ας", "\u3000全角\xa0空格", "豈更車", "\ue000私", "שלום مرحبا", "don't stop",
    "“引号”—…", "a\u0338=", "##字 ##a", "r\uf927b",
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny(bundle: TinyBundle) -> PhoneModel:
    """The tiny bundle's model."""
    return of_bundle(Bundle.open(bundle.path, load_trusted_keys([bundle.public_key])))


@pytest.fixture(scope="module")
def exported(tiny: PhoneModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle, exported."""
    out = tmp_path_factory.mktemp("onnx") / "out"
    export_onnx(tiny, out, lambda _: None)
    return out


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[PipelineSession, Tokenizer]:
    """The shipped bundle's graph, and its tokenizer."""
    model = of_bundle(Bundle.open(SHIPPED_BUNDLE))
    path = tmp_path_factory.mktemp("shipped") / "attune.onnx"
    onnx.save(pipeline_graph(model), str(path))
    return PipelineSession(path), model.tokenizer


def tokenizer_only(tokenizer: Tokenizer, folder: Path) -> Path:
    """The graph of a tokenizer, without a base behind it."""
    nodes, constants = tokenizer_nodes(read_wordpiece(tokenizer), 512)
    text = helper.make_tensor_value_info("text", TensorProto.STRING, [1])
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    graph = helper.make_graph(nodes, "tokenizer", [text], [ids], constants)
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), str(folder / "tokenizer.onnx"))
    return folder / "tokenizer.onnx"


def test_a_text_gets_the_answers_of_the_device(exported: Path, tiny: PhoneModel) -> None:
    session, encoder = PipelineSession(exported / "attune.onnx"), EncoderGraph(tiny.graph, tiny.tokenizer)
    for text in ("今天又要加班", "这家店的服务真糟糕。", ""):
        features, token_features, _ = encoder.features(text)
        for name, head in tiny.heads.items():
            rows = features[None] if head.task.kind == "sentence" else token_features
            right = head.parameters.probabilities(rows)
            np.testing.assert_allclose(session.run(text, [f"{name}.probabilities"])[0], right, atol=1e-6)
            if head.task.kind == "sentence":
                label = session.run(text, [f"{name}.label"])[0]
                assert label.tolist() == [head.task.labels[int(right[0].argmax())]]


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_gets_the_ids_of_the_tokenizers_library(
    shipped: tuple[PipelineSession, Tokenizer], text: str
) -> None:
    session, tokenizer = shipped
    assert session.run(text, ["input_ids"])[0][0].tolist() == tokenizer.encode(text).ids


def test_real_sentences_get_the_ids_of_the_tokenizers_library(shipped: tuple[PipelineSession, Tokenizer]) -> None:
    assert same_ids(*shipped, real_sentences(600)) == SameIds(len(real_sentences(600)), 0, ())


def test_texts_with_other_ids_are_counted_and_named(shipped: tuple[PipelineSession, Tokenizer]) -> None:
    # The binding of the runtime, not the graph, ends a text at NUL.
    assert same_ids(*shipped, ["好", "a\0b"]) == SameIds(2, 1, ("a\0b",))


@pytest.mark.skipif(DATA is None, reason="ATTUNE_TEST_DATA names no folder of training data")
def test_the_vectors_of_the_reference_get_its_ids(tmp_path: Path) -> None:
    folder = Path(str(DATA)) / "tokenizer"
    session = PipelineSession(tokenizer_only(framed(load_tokenizer(str(folder), 512)), tmp_path))
    vectors = [json.loads(line) for line in (folder / "vectors.jsonl").read_text("utf-8").splitlines()]
    found = {vector["text"]: session.run(vector["text"], ["input_ids"])[0][0].tolist() for vector in vectors}
    odd = {vector["text"] for vector in vectors if found[vector["text"]][1:-1] != vector["ids"]}
    # The binding of the runtime ends a text at NUL.
    assert odd == {vector["text"] for vector in vectors if "\0" in vector["text"]}


def test_a_personal_head_is_given_beside_the_text(exported: Path, tiny: PhoneModel) -> None:
    session, encoder = PipelineSession(exported / "attune.onnx"), EncoderGraph(tiny.graph, tiny.tokenizer)
    head = tiny.heads["sentiment"].parameters
    personal = HeadParameters(-head.weight, head.bias + np.float32(0.5))
    given = {"sentiment.weight": personal.weight, "sentiment.bias": personal.bias}
    answer = session.run("今天又要加班", ["sentiment.probabilities"], given)[0]
    right = personal.probabilities(encoder.features("今天又要加班")[0][None])
    np.testing.assert_allclose(answer, right, atol=1e-6)
    before = session.run("今天又要加班", ["sentiment.probabilities"])[0]
    assert np.abs(before - answer).max() > 0.01, "and without it the bundle's head answers"


def test_a_head_is_trained_from_the_files_laid_out(exported: Path, tiny: PhoneModel) -> None:
    from onnxruntime.training.api import CheckpointState, Module, Optimizer

    folder = exported / "training"
    layout = json.loads((folder / "layout.json").read_text("utf-8"))
    task, width = layout["tasks"]["sentiment"], layout["feature_width"]
    assert task["labels"] == list(tiny.heads["sentiment"].task.labels)
    rows, classes = task["rows"]["rehearsal"], len(task["labels"])
    place = folder / "sentiment"
    features = np.fromfile(place / "rehearsal-features.f32", "<f4").reshape(rows, width)
    targets = np.fromfile(place / "rehearsal-probabilities.f32", "<f4").reshape(rows, classes)
    assert np.fromfile(place / "yardstick-labels.i32", "<i4").size == task["rows"]["yardstick"]
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-5)

    state = CheckpointState.load_checkpoint(str(place / "checkpoint"))
    module = Module(str(place / "training_model.onnx"), state, str(place / "eval_model.onnx"))
    optimizer = Optimizer(str(place / "optimizer_model.onnx"), module)
    optimizer.set_learning_rate(task["parameters"]["learning_rate"]["default"])
    wished, weights = np.roll(targets, 1, axis=1), np.full(rows, 1 / rows, np.float32)
    losses = []
    for _ in range(20):
        module.train()
        losses.append(float(np.ravel(module(features, wished, weights)[0])[0]))
        optimizer.step()
        module.lazy_reset_grad()
    assert losses[-1] < losses[0]
    weight, bias = (state.parameters[f"head.{name}"].data for name in ("weight", "bias"))
    session = PipelineSession(exported / "attune.onnx")
    given = {"sentiment.weight": weight, "sentiment.bias": bias}
    answer = session.run("今天又要加班", ["sentiment.probabilities"], given)[0]
    assert np.abs(answer - session.run("今天又要加班", ["sentiment.probabilities"])[0]).max() > 1e-3

    # Or the trained head as a graph of its own, behind the features.
    module.export_model_for_inferencing(str(exported / "head.onnx"), ["logits"])
    head = onnxruntime.InferenceSession(str(exported / "head.onnx"))
    logits = head.run(["logits"], {"features": session.run("今天又要加班", ["features"])[0]})[0]
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), answer, atol=1e-5)


def test_the_graph_says_what_it_is(exported: Path, tiny: PhoneModel) -> None:
    graph = onnx.load(str(exported / "attune.onnx"))
    about = {entry.key: entry.value for entry in graph.metadata_props}
    assert about["version"] == tiny.version
    assert json.loads(about["tasks"])["sentiment"]["labels"] == list(tiny.heads["sentiment"].task.labels)
    report = json.loads((exported / "report.json").read_text("utf-8"))
    assert report["ids"]["others"] == 0
    assert max(report["parity"]["probabilities"].values()) < 1e-5


def test_the_command_exports_and_says_how_near_it_is(bundle: TinyBundle, tmp_path: Path) -> None:
    done = toolchain("export", "onnx", bundle.path, tmp_path / "out", "--trusted-key", bundle.public_key)
    assert done.returncode == 0, done.stderr
    assert "sentences get the same token ids as on the device; probabilities differ by at most" in done.stdout
    assert "appears in graph inputs" not in done.stderr, "the runtime's warnings are not the user's"
    again = toolchain("export", "onnx", bundle.path, tmp_path / "out", "--trusted-key", bundle.public_key)
    assert (again.returncode, "choose a new folder" in again.stderr) == (1, True)
    untrusted = toolchain("export", "onnx", bundle.path, tmp_path / "other")
    assert untrusted.returncode == 1
    assert not (tmp_path / "other").exists()


def test_of_a_checkpoint_the_base_goes_along(mobilebert: Path, bert: Path, tmp_path: Path) -> None:
    for checkpoint in (mobilebert, bert):
        out = tmp_path / checkpoint.name
        done = toolchain("export", "onnx", checkpoint, out)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in out.iterdir()) == ["attune.onnx", "report.json"]
        features = PipelineSession(out / "attune.onnx").run("今天又要加班", ["features"])[0]
        assert features.shape[0] == 1
        assert np.isfinite(features).all()
    wrong = toolchain("export", "onnx", tmp_path / "none", tmp_path / "out")
    assert wrong.returncode == 1
    assert "none" in wrong.stderr


def test_the_tables_alone_give_the_same_ids(shipped: tuple[PipelineSession, Tokenizer]) -> None:
    tokenizer = shipped[1]
    words = read_wordpiece(tokenizer)
    for text in (*ODD, *real_sentences(600), "a\0b"):
        assert words.ids(text, 256) == tokenizer.encode(text).ids


def test_special_tokens_beyond_the_vocabulary_have_their_ids(tmp_path: Path, mobilebert: Path) -> None:
    tokenizer = framed(load_tokenizer(str(mobilebert), 24))
    tokenizer.add_special_tokens(["[USER]", "<a>", "<a><b>", "two words"])
    path = tokenizer_only(tokenizer, tmp_path)
    for text in ("[USER] 好", "<a><b> <a>好", "two words 好 two", "好[UNK]"):
        assert PipelineSession(path).run(text, ["input_ids"])[0][0].tolist() == tokenizer.encode(text).ids


def bpe(said: dict[str, Any]) -> None:
    said["model"] = {"type": "BPE", "vocab": {"a": 0}, "merges": []}


def unframed(said: dict[str, Any]) -> None:
    said["post_processor"] = None


def spaced(said: dict[str, Any]) -> None:
    said["added_tokens"] = [{**said["added_tokens"][0], "lstrip": True}]


def overlapping(said: dict[str, Any]) -> None:
    token = {"special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False}
    said["added_tokens"] = [{**token, "id": 900, "content": "<a>"}, {**token, "id": 901, "content": ">b"}]


def composed(said: dict[str, Any]) -> None:
    said["normalizer"] = {"type": "NFC"}


def unsplit(said: dict[str, Any]) -> None:
    said["pre_tokenizer"] = {"type": "Whitespace"}


def patient(said: dict[str, Any]) -> None:
    said["model"]["max_input_chars_per_word"] = 200


def nameless(said: dict[str, Any]) -> None:
    said["model"]["unk_token"] = "[NOTHING]"
    said["post_processor"] = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (bpe, "the tokenizer is of the type BPE"),
        (unframed, "frames a text by 0 tokens"),
        (spaced, r"token \[PAD\] is lstrip"),
        (overlapping, "<a> and >b may overlap"),
        (composed, "a normalizer NFC"),
        (unsplit, "a pre_tokenizer Whitespace"),
        (patient, "words of up to 200 characters"),
        (nameless, r"lacks its own unknown token, \[NOTHING\]"),
    ],
)
def test_a_tokenizer_that_has_no_form_on_a_phone_is_refused(
    shipped: tuple[PipelineSession, Tokenizer], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    content = json.loads(shipped[1].to_str())
    change(content)
    with pytest.raises(ExportError, match=said):
        read_wordpiece(Tokenizer.from_str(json.dumps(content)))


def test_a_graph_that_the_runtime_does_not_take_is_told(tmp_path: Path) -> None:
    (tmp_path / "attune.onnx").write_bytes(b"nothing")
    with pytest.raises(ExportError, match=r"ONNX Runtime does not take attune\.onnx"):
        PipelineSession(tmp_path / "attune.onnx")


def test_an_export_goes_neither_into_the_bundle_nor_in_place_of_it(bundle: TinyBundle, tiny: PhoneModel) -> None:
    with pytest.raises(ExportError, match="which must stay as it is"):
        export_onnx(tiny, bundle.path / "out", lambda _: None)
    with pytest.raises(ExportError, match="choose a new folder"):
        export_onnx(tiny, bundle.path, lambda _: None)


@pytest.mark.skipif(DATA is None, reason="ATTUNE_TEST_DATA names no folder of training data")
def test_twenty_thousand_real_sentences_get_the_ids_of_the_tokenizers_library(
    shipped: tuple[PipelineSession, Tokenizer],
) -> None:
    with lzma.open(Path(str(DATA)) / "raw" / "zhihu_titles.txt.xz", "rt", encoding="utf-8") as lines:
        texts = [next(lines).strip() for _ in range(20_000)]
    found = same_ids(*shipped, texts)
    assert (found.texts, found.others) == (20_000, 0), found.first
