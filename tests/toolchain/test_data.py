"""Labelled text: its formats, what is kept out of training, and what is refused."""

import json
import lzma
import marshal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.tiny_bundle import tiny_recipe, write_data
from toolchain.data import file_hash, same_text_key, training_data
from toolchain.errors import DataError, RecipeError
from toolchain.examples import Example, Span
from toolchain.formats import unmark
from toolchain.recipe import Recipe, load_recipe, parse_recipe
from toolchain.sources import Source, read_source
from toolchain.tasks import Task
from toolchain.words import KINDS, _dictionary, words_of

_TRAIN = "sentiment/train.jsonl.xz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data that a test may change."""
    write_data(tmp_path)
    return tmp_path


def add_row(folder: Path, row: object, name: str = _TRAIN) -> None:
    with lzma.open(folder / name, "at", encoding="utf-8") as file:
        file.write((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n")


def everything(recipe: Recipe, folder: Path, **held_out: int) -> tuple[list[Example], list[Example]]:
    found = training_data(
        folder, recipe.tasks, recipe.sources, list(recipe.measures.values()), held_out or recipe.held_out, 0
    )
    return list(found.train), [example for kept in found.held_out.values() for example in kept]


def test_nothing_that_is_measured_is_trained_on_and_nothing_twice(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    leaked = [read_source(folder, m.source, recipe.tasks)[0].text for m in recipe.measures.values()]
    for text in leaked:
        add_row(folder, {"text": f"  {text}！！", "label": "negative"})
    for text in ("Ａ重复的话", "a 重复的话。"):
        add_row(folder, {"text": text, "label": "neutral"})
    train, held_out = everything(recipe, folder)
    sentiment = [same_text_key(e.text) for e in (*train, *held_out) if "sentiment" in e.labels]
    assert len(set(sentiment)) == len(sentiment)
    assert sentiment.count("a重复的话") == 1
    assert not {same_text_key(text) for text in leaked} & {same_text_key(e.text) for e in (*train, *held_out)}


def test_what_is_held_out_is_trained_on_for_no_task(folder: Path) -> None:
    train, held_out = everything(tiny_recipe(folder), folder, sentiment=40, route=30)
    assert len(held_out) == 70
    assert not {e.text for e in held_out} & {e.text for e in train}


def test_what_is_drawn_from_patterns_is_never_held_out_nor_a_copy_of_what_is() -> None:
    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / "tasks.yaml")
    once = {"times": 1, "swaps": 1}
    written = [s.model_copy(update=once) for s in recipe.sources if s.path == "corpora:written"]
    sources = [*written, *(s for s in recipe.sources if s.drawn)]
    tasks = {name: recipe.tasks[name] for name in ("intent", "insight", "route", "entities")}
    found = training_data(Path(), tasks, sources, [], {"route": 200}, 0)
    kept = found.held_out["route"]
    assert {example.source for example in kept} == {s.name for s in sources if not s.drawn}
    assert not {same_text_key(e.text) for e in kept} & {same_text_key(e.text) for e in found.train}


def test_words_are_those_of_the_dictionary_and_of_every_text_that_is_trained_on(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    words = Task(kind="token", labels=KINDS, segmented=True)
    recipe = recipe.model_copy(update={"tasks": {**recipe.tasks, "words": words}})
    train, _ = everything(recipe, folder)
    assert all("words" in example.spans for example in train)
    found = words_of("朝阳医院的王医生🙂说 ok")
    assert [(span.start, span.end, span.type) for span in found][:2] == [(0, 4, "organization"), (4, 5, "other")]
    assert "".join("朝阳医院的王医生🙂说 ok"[span.start : span.end] for span in found) == "朝阳医院的王医生说ok"


def test_what_words_are_depends_on_nothing_but_the_dictionary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps(({"新买的手机": 1_000_000}, 1_000_000)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _dictionary.cache_clear()
    assert [span.end for span in words_of("新买的手机")][-2:] == [3, 5]


def test_words_have_one_source_only(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    content = recipe.model_dump(mode="json")
    content["tasks"]["words"] = {"kind": "token", "labels": list(KINDS), "segmented": True}
    measured = {**content["measures"]["topics"]["source"], "task": "words"}
    with pytest.raises(RecipeError, match="words is segmented, and no source can say its spans"):
        parse_recipe({**content, "sources": [*content["sources"], measured]}, "here")
    with pytest.raises(RecipeError, match="there is no task words"):
        parse_recipe({**content, "measures": {"cut": {"task": "words", "source": measured}}}, "here")


@pytest.mark.parametrize("said", [{"labels": ["a", "b"]}, {"kind": "token", "labels": ["noun", "verb"]}])
def test_a_segmented_task_marks_all_kinds_of_words(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="its labels are person, place"):
        Task(segmented=True, **said)


def test_labels_without_a_mapping_are_left_out(folder: Path) -> None:
    add_row(folder, {"text": "哎呀没想到", "label": "surprise"})
    assert all(example.text != "哎呀没想到" for example in everything(tiny_recipe(folder), folder)[0])


def test_marks_in_a_text_become_spans() -> None:
    text, spans = unmark("把和[王总](PERSON)的会改到[望京](ADDRESS)😀[b](未完")
    assert text == "把和王总的会改到望京😀[b](未完"
    assert spans == [Span(2, 4, "PERSON"), Span(8, 10, "ADDRESS")]


def test_a_sentence_may_have_labels_of_several_tasks_and_lack_those_of_others(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    (folder / "requests.tsv").write_text("# a comment\n\nasking\t-\t[手机](TOPIC)怎么做\n", "utf-8")
    (example,) = read_source(folder, recipe.sources[1], recipe.tasks)
    assert example.labels == {"intent": 0}
    assert example.spans["entities"].spans == (Span(0, 2, "TOPIC"),)


def test_labels_of_text_that_is_not_copied_are_put_to_it(folder: Path) -> None:
    turns = [["client", "最近  总睡不着"], ["counselor", "多久了"]]
    (folder / "talks.jsonl").write_text(json.dumps({"id": 7, "turns": turns}) + "\n", "utf-8")
    (folder / "labels.tsv").write_text("asking\t-\t7 3-6\n", "utf-8")
    said = {"path": "labels.tsv", "licence": "CC0-1.0", "task": "entities", "columns": ["intent", "route"]}
    source = Source.model_validate({**said, "texts": "talks.jsonl"})
    tasks = tiny_recipe(folder).tasks
    (example,) = read_source(folder, source, tasks)
    assert example.text == "最近 总睡不着"
    assert example.spans["entities"].spans == (Span(3, 6, "TOPIC"),)
    (folder / "labels.tsv").write_text("asking\t-\t7 3-60\n", "utf-8")
    with pytest.raises(DataError, match="no such place"):
        read_source(folder, source, tasks)


def test_names_are_swapped_for_others_of_their_type_and_all_else_stays(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    with (folder / "requests.tsv").open("a", encoding="utf-8") as file:
        file.writelines(f"asking\t-\t第{number}次[弹钢琴](TOPIC)\n" for number in "一二三四五")
    swapping = recipe.sources[1].model_copy(update={"swaps": 2, "swapped": ("TOPIC",)})
    plain, _ = everything(recipe, folder)
    more, kept = everything(recipe.model_copy(update={"sources": (recipe.sources[0], swapping)}), folder)
    copies = more[len(plain) :]
    assert 100 < len(copies) <= 2 * sum("entities" in example.spans for example in plain)
    judging = {e.text for m in recipe.measures.values() for e in read_source(folder, m.source, recipe.tasks)}
    judging |= {example.text for example in kept}
    assert not judging & {example.text for example in copies}, "a swapped copy may say what judges"
    names = {e.text[s.start : s.end] for e in plain if e.spans for s in e.spans["entities"].spans}
    for example in copies:
        (span,) = example.spans["entities"].spans
        assert example.text[span.start : span.end] in names
        assert example.labels
    assert len({e.text for e in copies if e.text.startswith("第") and "弹钢琴" not in e.text}) > 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "not JSON"),
        ({"text": 1, "label": "negative"}, "text must be a string"),
        ({"text": "好", "label": 1}, "label must be a string"),
        ("[]", "text must be a string"),
    ],
)
def test_malformed_rows_name_their_file_and_line(folder: Path, row: object, message: str) -> None:
    add_row(folder, row)
    with pytest.raises(DataError, match=message) as raised:
        everything(tiny_recipe(folder), folder)
    assert f"{_TRAIN}, line " in str(raised.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("asking\t手机怎么做", "2 columns; 3 are needed"),
        ("begging\t-\t手机怎么做", "intent has no such label; allowed: asking, telling"),
        ("asking\t-\t[手机](PHONE)怎么做", "no such type of span: PHONE; allowed: TOPIC"),
    ],
)
def test_malformed_lines_say_what_is_allowed(folder: Path, line: str, message: str) -> None:
    (folder / "requests.tsv").write_text(line + "\n", "utf-8")
    with pytest.raises(DataError, match=message):
        everything(tiny_recipe(folder), folder)


def test_the_files_of_a_folder_are_one_source_in_the_order_of_their_names(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    rows = (folder / "requests.tsv").read_text("utf-8").splitlines(keepends=True)
    (folder / "asked").mkdir()
    (folder / "asked" / "two.tsv").write_text("".join(rows[5:]), "utf-8")
    (folder / "asked" / "one.tsv").write_text("# comment\n" + "".join(rows[:5]), "utf-8")
    whole = recipe.sources[1]
    parts = whole.model_copy(update={"path": "asked"})
    texts = [[e.text for e in read_source(folder, source, recipe.tasks)] for source in (whole, parts)]
    assert texts[0] == texts[1]
    before = file_hash(folder / "asked")
    (folder / "asked" / ".two.tsv.swp").write_bytes(b"\xff")
    (folder / "asked" / "two.tsv~").write_text("an editor's copy", "utf-8")
    assert file_hash(folder / "asked") == before
    assert len(read_source(folder, parts.model_copy(update={"skip": 3, "most": 4}), recipe.tasks)) == 4
    (folder / "asked" / "two.tsv").rename(folder / "asked" / "zwei.tsv")
    assert file_hash(folder / "asked") != before
    (folder / "asked" / "two.tsv").write_text("wrong\n", "utf-8")
    with pytest.raises(DataError, match=r"asked/two\.tsv, line 1: 1 columns"):
        read_source(folder, parts, recipe.tasks)


def test_missing_empty_foreign_and_one_class_files_are_named(folder: Path) -> None:
    recipe, path = tiny_recipe(folder), folder / _TRAIN
    rows = [json.dumps({"text": f"好{n}", "label": "positive"}) for n in range(300)]
    for content, message in (
        (lzma.compress("\n".join(rows).encode()), "nothing is left to train sentiment on that is labelled 负面, 中性"),
        (lzma.compress(b""), "holds no row with a label of sentiment"),
        (lzma.compress("好".encode("gb18030")), "can't be read as UTF-8"),
        (b"no xz", "can't be read as UTF-8"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            everything(recipe, folder)
    path.unlink()
    with pytest.raises(DataError, match=r"train\.jsonl\.xz is missing"):
        everything(recipe, folder)


def test_labels_that_the_task_does_not_have_are_refused(folder: Path) -> None:
    recipe = tiny_recipe(folder)
    wrong = recipe.sources[0].model_copy(update={"labels": {"negative": "坏"}})
    with pytest.raises(DataError, match="sentiment has no label 坏; allowed: 负面, 中性, 正面"):
        read_source(folder, wrong, recipe.tasks)


def test_the_text_that_comes_with_the_toolchain_is_well_formed_and_the_held_out_part_apart() -> None:
    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / "tasks.yaml")
    held_out = read_written(recipe.tasks, recipe.measures["entities"].source)
    assert len(held_out) >= 400
    written = [s for s in recipe.sources if s.path.startswith("corpora:") and s.texts is None]
    train = [example for source in written for example in read_written(recipe.tasks, source)]
    assert len(train) >= 8_000
    shared = {same_text_key(e.text) for e in held_out} & {same_text_key(e.text) for e in train}
    assert len(shared) < 20, "whoever wrote the training text must not have read the held-out text"


def read_written(tasks: Mapping[str, Task], source: Source) -> list[Example]:
    return read_source(Path("nowhere"), source, tasks)
