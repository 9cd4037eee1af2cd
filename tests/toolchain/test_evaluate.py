"""What is measured and told of a model: figures of spans, a bundle's fp32 figures, and its card."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from model_store.bundle import Bundle
from model_store.signing import load_trusted_keys
from model_store.spans import TextSpan
from tests.support.changed_bundle import changed
from tests.support.tiny_bundle import TinyBundle, tiny_recipe
from toolchain.card import write_card
from toolchain.checkpoint import load_encoder
from toolchain.data import SourceRecord, TrainingData
from toolchain.evaluate import Answerer, Figures, TextAnswer, measure
from toolchain.quality import recorded_fp32
from toolchain.sources import Measure, Source
from toolchain.structure import parameter_count
from toolchain.tasks import Task

TEXT = "张三在北大学画画"
NAMES = Task(kind="token", labels=("TOPIC", "PERSON", "ORG"))
PERSON, ORG, TOPIC = ({"start": 0, "end": 2}, {"start": 3, "end": 5}, {"start": 6, "end": 8})


def finds(*spans: tuple[dict[str, int], str]) -> Answerer:
    """Finds these spans in any text."""

    def answer(texts: Sequence[str]) -> list[TextAnswer]:
        found = tuple(TextSpan(span["start"], span["end"], kind, 1.0) for span, kind in spans)
        return [TextAnswer({}, {"names": found}) for _ in texts]

    return answer


def span_figures(
    folder: Path, annotated: Sequence[str], spans: Sequence[dict[str, Any]], answerer: Answerer
) -> Figures:
    """Figures on one text that is annotated for these types."""
    (folder / "names.jsonl").write_text(json.dumps({"text": TEXT, "spans": spans}) + "\n", "utf-8")
    source = Source(path="names.jsonl", licence="MIT", task="names", labels={kind: kind for kind in annotated})
    return measure(answerer, folder, {"names": NAMES}, {"m": Measure(source=source, task="names")})["m"]


def test_what_is_found_of_a_type_that_a_set_does_not_annotate_is_no_error(tmp_path: Path) -> None:
    spans = [{**PERSON, "type": "PERSON"}, {**ORG, "type": "ORG"}]
    figures = span_figures(
        tmp_path, ("PERSON", "ORG"), spans, finds((PERSON, "PERSON"), (ORG, "PERSON"), (TOPIC, "TOPIC"))
    )
    assert figures == {
        "PERSON_f1": 0.6667, "PERSON_recall": 1.0, "PERSON_covered": 1.0,
        "ORG_f1": 0.0, "ORG_recall": 0.0, "ORG_covered": 1.0,
    }  # fmt: skip


def test_a_type_without_a_true_span_has_no_figures(tmp_path: Path) -> None:
    spans = [{**PERSON, "type": "PERSON"}]
    found = finds((PERSON, "PERSON"), (TOPIC, "TOPIC"))
    assert set(span_figures(tmp_path, NAMES.labels, spans, found)) == {
        "PERSON_f1", "PERSON_recall", "PERSON_covered"
    }  # fmt: skip


def test_the_fp32_figures_of_a_bundle_are_those_of_the_graph_that_it_holds(bundle: TinyBundle, tmp_path: Path) -> None:
    other = {"everyday": {"accuracy": 0.123}}

    def two_routes(manifest: dict[str, Any]) -> None:
        manifest["provenance"]["metrics"] |= {"a-first": {"fp32": other}, "zz-last": {"fp32": other}}

    def without(manifest: dict[str, Any]) -> None:
        manifest["provenance"]["metrics"].pop("int8")

    def fp32_of(edition: TinyBundle) -> dict[str, Figures]:
        return recorded_fp32(Bundle.open(edition.path, load_trusted_keys([edition.public_key])))

    ledger = json.loads((bundle.path.parent / "work" / "stages.json").read_text("utf-8"))
    assert fp32_of(bundle) == ledger["stages"]["int8"]["figures"]["fp32"]
    assert fp32_of(changed(bundle, tmp_path / "routes", two_routes)) == fp32_of(bundle)
    assert fp32_of(changed(bundle, tmp_path / "without", without)) == {}


def card(folder: Path, checkpoint: Path, **changes: Any) -> str:
    """The card of a checkpoint's encoder after two stages, the first of which is another model's."""
    recipe = tiny_recipe(checkpoint, **changes)
    rows = (SourceRecord("reviews", "0" * 64, "MIT", 7), SourceRecord("requests", "1" * 64, "CC0-1.0", 8))
    graph = {
        "graph": {"nodes": 9},
        "fp32": {"everyday": {"accuracy": 0.9}},
        "measures": {"everyday": {"accuracy": 0.8}},
    }
    stages = {"tuned": {"parameters": 4321, "reached": True}, "other": {"parameters": 1234}, "int8": graph}
    write_card(folder / "CARD.md", load_encoder(str(checkpoint)), recipe, TrainingData((), {}, rows), stages, graph)
    return (folder / "CARD.md").read_text("utf-8")


def test_a_card_tells_the_parameters_of_its_own_model(mobilebert: Path, tmp_path: Path) -> None:
    text = card(tmp_path, mobilebert)
    assert f"MobileBERT encoder ({parameter_count(load_encoder(str(mobilebert))):,} parameters, 9 graph" in text
    assert "1,234" not in text


@pytest.mark.parametrize(("said", "told"), [({}, "frozen BERT"), ({"architecture": "BERT of ours"}, "BERT of ours")])
def test_a_card_names_the_architecture_of_its_model(
    said: dict[str, str], told: str, bert: Path, tmp_path: Path
) -> None:
    text = card(tmp_path, bert, **said)
    assert f"{told} encoder" in text
    assert "MobileBERT" not in text


def test_a_card_says_of_its_text_what_the_sources_say(mobilebert: Path, tmp_path: Path) -> None:
    text = card(tmp_path, mobilebert)
    assert "Text of 2 sources; their licences: CC0-1.0, MIT." in text
    assert "replay.npz" in text
    assert not [word for word in ("Chinese", "Public", "this project") if word in text]
    frozen = {"sentiment": {"labels": ["负面", "中性", "正面"]}}
    sources = [{"path": "x.jsonl", "licence": "MIT", "task": "sentiment"}]
    alone = {"tasks": frozen, "sources": sources, "measures": {}, "held_out": {}, "replay": {}, "updates": {}}
    recipe = {**alone, "measures": {"everyday": {"task": "sentiment", "source": sources[0]}}}
    assert "replay.npz" not in card(tmp_path, mobilebert, **recipe)


def test_a_card_shows_numbers_as_the_outcome_of_a_stage(mobilebert: Path, tmp_path: Path) -> None:
    assert "| tuned | finetune | parameters 4,321 |" in card(tmp_path, mobilebert)
