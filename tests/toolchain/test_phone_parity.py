"""Parity: every export beside the device, by one command, and in a bundle's card."""

import json
import lzma
from pathlib import Path

import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle, tiny_recipe
from tests.toolchain.test_cli import toolchain
from toolchain.card import write_card
from toolchain.coreml.base import write_base
from toolchain.coreml.parity import parity
from toolchain.coreml.reference import unrounded_encoder, write_reference
from toolchain.coreml.unrounded import without_rounded_activations
from toolchain.data import TrainingData
from toolchain.errors import ExportError
from toolchain.exports import real_sentences, texts_of
from toolchain.model import MultiTaskModel
from toolchain.phone_model import PhoneModel, of_bundle
from toolchain.phone_parity import PhoneParity, parity_table, phone_parity


@pytest.fixture(scope="module")
def tiny(bundle: TinyBundle) -> PhoneModel:
    """The tiny bundle's model."""
    return of_bundle(Bundle.open(bundle.path, load_trusted_keys([bundle.public_key])))


@pytest.fixture(scope="module")
def found(tiny: PhoneModel) -> PhoneParity:
    """All of it, measured."""
    return phone_parity(tiny, ["再来一句", "And one more"], lambda _: None)


def test_every_form_is_near_and_the_wider_the_nearer(found: PhoneParity) -> None:
    differences = [found.bases[precision].parity.unrounded for precision in ("fp32", "fp16", "int8")]
    assert differences[0] < 1e-5 < differences[1]
    assert differences == sorted(differences)
    assert differences[-1] < 0.05 * found.bases["fp32"].parity.size
    assert set(found.heads) == {"sentiment", "route", "intent"}
    assert max(found.heads.values()) < 1e-5
    assert max(found.pipeline.probabilities.values()) < 1e-5
    assert (found.ids.texts, found.ids.others) == (202, 0)


def test_the_table_tells_each_figure(found: PhoneParity) -> None:
    lines = list(parity_table(found))
    assert {line.count("|") for line in lines} == {6}, "all rows have the columns of the first"
    assert sum("Core ML base in" in line for line in lines) == 3
    assert f"{found.bases['fp16'].parity.unrounded:.1e}" in "\n".join(lines)
    assert "202 texts | | 0 differ" in lines[-1]


def test_a_wrong_weight_in_a_base_shows(tiny: PhoneModel, tmp_path: Path) -> None:
    graph = onnx.load(str(tiny.graph))
    matrix = next(
        tensor for tensor in graph.graph.initializer if tensor.name.endswith("_quantized") and len(tensor.dims) == 2
    )
    values = onnx.numpy_helper.to_array(matrix).copy()
    values[0] = -values[0]
    matrix.CopyFrom(onnx.numpy_helper.from_array(values, matrix.name))
    write_base(graph, 24, tmp_path / "Base.mlpackage", "fp32")
    assert parity(tmp_path / "Base.mlpackage", tiny, real_sentences(20)).unrounded > 1e-3


def test_without_rounding_nothing_but_rounding_is_gone(tiny: PhoneModel) -> None:
    graph = without_rounded_activations(onnx.load(str(tiny.graph)))
    kinds = {node.op_type for node in graph.graph.node}
    assert "MatMulInteger" not in kinds
    assert "DynamicQuantizeLinear" in {node.op_type for node in onnx.load(str(tiny.graph)).graph.node}
    again = without_rounded_activations(graph)
    assert again == graph


def test_a_mac_gets_sentences_with_what_it_should_find(tiny: PhoneModel, tmp_path: Path) -> None:
    write_reference(tiny, real_sentences(), tmp_path / "reference.json")
    content = json.loads((tmp_path / "reference.json").read_text("utf-8"))
    assert len(content["sentences"]) == 20
    row = content["sentences"][3]
    assert row["input_ids"] == tiny.tokenizer.encode(row["text"]).ids
    with unrounded_encoder(tiny) as encoder:
        np.testing.assert_allclose(row["features"], encoder.features(row["text"])[0], atol=1e-5)
    assert len(row["probabilities"]["sentiment"]) == len(content["labels"]["sentiment"])


def test_the_command_measures_texts_of_ones_own(bundle: TinyBundle, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl.xz"
    with lzma.open(texts, "wt", encoding="utf-8") as lines:
        lines.write('{"text": "一句", "label": "x"}\n["两句", {"more": "三句"}]\n')
    done = toolchain("parity", bundle.path, "--trusted-key", bundle.public_key, "--texts", texts, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["ids"]["texts"], said["ids"]["others"]) == (204, 0)
    assert set(said["bases"]) == {"fp32", "fp16", "int8"}
    missing = toolchain("parity", bundle.path, "--trusted-key", bundle.public_key, "--texts", tmp_path / "none")
    assert (missing.returncode, "none can't be read" in missing.stderr) == (1, True)


def test_texts_are_read_from_lines_and_json_lines(tmp_path: Path) -> None:
    plain, broken = tmp_path / "plain.txt", tmp_path / "broken.jsonl"
    plain.write_text("一\n\n二\n三\n", "utf-8")
    broken.write_text('{"text": "一"}\n{', "utf-8")
    assert texts_of(plain, 2) == ["一", "二"]
    assert texts_of(broken, 1) == ["一"]
    with pytest.raises(ExportError, match=r"broken.jsonl can't be read"):
        texts_of(broken, 5)
    plain.write_bytes("天气不错".encode("gb18030"))
    with pytest.raises(ExportError, match=r"plain.txt can't be read"):
        texts_of(plain, 5)


def test_a_card_tells_it(
    found: PhoneParity,
    tuned: tuple[MultiTaskModel, Tokenizer],
    examples: TrainingData,
    mobilebert: Path,
    tmp_path: Path,
) -> None:
    measured = {"graph": {"nodes": 1}, "fp32": {}, "measures": {}}
    for phones in ((), tuple(parity_table(found))):
        write_card(tmp_path / "CARD.md", tuned[0].encoder, tiny_recipe(mobilebert), examples, {}, measured, phones)
        text = (tmp_path / "CARD.md").read_text("utf-8")
        assert ("## On phones" in text) == bool(phones)
        assert all(line in text for line in phones)
