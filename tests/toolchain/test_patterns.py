"""Sentences drawn from patterns: marked, labelled, balanced, and the same for the same seed."""

from collections import Counter
from pathlib import Path

import pytest

from toolchain.errors import DataError
from toolchain.patterns import draw
from toolchain.recipe import load_recipe
from toolchain.sources import read_source


@pytest.fixture
def patterns(tmp_path: Path) -> Path:
    files = {
        "frames.tsv": "# a comment\ngoal_setting\tact\t明年{X}，开搞\nadvice_seeking\tact\t{X}咋整\n",
        "topics.tsv": "career\tact\t跳槽\nhealth\tact\t戒烟\n",
        "request-frames.tsv": "private\t{PERSON}{TIME}的会\ngeneral\t{SUBJECT}是啥\n",
        "names.tsv": "PERSON\t王总\n",
        "fillers.tsv": "TIME\t周四\nSUBJECT\t光合作用\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def test_every_line_is_marked_and_each_kind_as_likely_as_any_other(patterns: Path) -> None:
    lines = draw(patterns, 400, 1)
    assert lines == draw(patterns, 400, 1)
    assert lines != draw(patterns, 400, 2)
    assert set(lines) == {
        *(f"goal_setting\t{d}\t-\t明年[{t}](TOPIC)，开搞" for d, t in (("career", "跳槽"), ("health", "戒烟"))),
        *(f"advice_seeking\t{d}\t-\t[{t}](TOPIC)咋整" for d, t in (("career", "跳槽"), ("health", "戒烟"))),
        "-\t-\tprivate\t[王总](PERSON)周四的会",
        "-\t-\tgeneral\t光合作用是啥",
    }
    thoughts = Counter(line.split("\t")[0] for line in lines)
    assert thoughts["-"] == 200
    assert min(thoughts.values()) > 70


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("topics.tsv", "career\tskill\t口才\n", "has no act of career"),
        ("request-frames.tsv", "private\t{ORG}的会\n", r"nothing fills the slot \{ORG\}"),
        ("frames.tsv", "goal_setting\t{X}\n", "line 1: 2 columns; 3 are needed"),
    ],
)
def test_patterns_that_do_not_fit_together_are_refused(patterns: Path, name: str, content: str, message: str) -> None:
    (patterns / name).write_text(content, "utf-8")
    with pytest.raises(DataError, match=message):
        draw(patterns, 1, 0)
    (patterns / name).unlink()
    with pytest.raises(DataError, match="can't be read"):
        draw(patterns, 1, 0)


def test_the_patterns_that_ship_give_sentences_that_the_tasks_can_read() -> None:
    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / "tasks.yaml")
    (source,) = [source for source in recipe.sources if source.drawn]
    examples = read_source(Path("nowhere"), source.model_copy(update={"drawn": 3_000}), recipe.tasks)
    assert len(examples) == 3_000
    for task in ("intent", "insight", "route"):
        assert len(Counter(e.labels[task] for e in examples if task in e.labels)) >= 3
    assert all("{" not in example.text for example in examples)
