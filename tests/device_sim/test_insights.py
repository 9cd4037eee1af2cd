"""The knowledge base and the ranking: what is refused and by what name, and what counts."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from device_sim.errors import KnowledgeInvalid
from device_sim.insights.analysis import Analysis, Choice
from device_sim.insights.knowledge import SHIPPED, Insight, shipped_knowledge
from device_sim.insights.ranking import History, Likeness, Ranked, choose, rank

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
NOTHING = History({}, {}, {})
Change = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what ships, to break."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "knowledge"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("[[insight]]", "[[insight", 1), r"career\.toml is no TOML"),
        (lambda text: text.replace('direction = "career"', 'direction = "luck"'), "there is no such direction"),
        (lambda text: text.replace('id = "career-', 'id = "Career ', 1), r"career\.toml: entry 1: the id must be"),
        (lambda text: text.replace("intents = [", 'intents = ["other", ', 1), "intents may be goal_setting,"),
        (lambda text: text.replace("feelings = [", 'feelings = ["sad", ', 1), "feelings may be negative,"),
        (lambda text: text.replace("title =", "headline =", 1), "wrong or missing: headline, title"),
        (lambda text: text.replace('title = "', 'title = " ', 1), "title must have 2 to 40 characters on one line"),
        (lambda text: text.replace("topics = [", "topics = [1, ", 1), "a part of topics must be text"),
        (lambda text: text + text[text.index("[[insight]]") :], "the id is there twice"),
        (lambda text: text + "\n[more]\nx = 1\n", "must hold a direction and"),
    ],
)
def test_a_broken_entry_is_named_with_what_is_wrong(folder: Path, change: Change, said: str) -> None:
    path = folder / "career.toml"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(KnowledgeInvalid, match=said) as told:
        shipped_knowledge(folder)
    assert "career" in str(told.value)


def test_a_knowledge_base_without_a_version_or_entries_is_refused(folder: Path) -> None:
    (folder / "version.toml").write_text("version = 1\n", "utf-8")
    with pytest.raises(KnowledgeInvalid, match="the version of the knowledge base"):
        shipped_knowledge(folder)
    (folder / "version.toml").unlink()
    with pytest.raises(KnowledgeInvalid, match=r"version\.toml can't be read"):
        shipped_knowledge(folder)
    for path in folder.glob("*.toml"):
        path.unlink()
    (folder / "version.toml").write_text('version = "1"\n', "utf-8")
    with pytest.raises(KnowledgeInvalid, match="between 1 and"):
        shipped_knowledge(folder)


def entry(name: str, direction: str, *topics: str, **more: tuple[str, ...]) -> Insight:
    """An insight that fits anything but by direction and topics."""
    fits = {"intents": ("goal_setting",), "feelings": ("neutral",), **more}
    return Insight(
        name, direction, "一个标题", "一段正文，说一件有用的事。", ("做一件事", "再做一件"), topics=topics, **fits
    )


def thought(text: str, direction: str, own: str | None = None, **more: str) -> Analysis:
    """What a text says, surely."""
    said = {"intent": "goal_setting", "sentiment": "neutral", **more}
    choices = {name: Choice(label, 1.0, {label: 1.0}) for name, label in said.items()}
    topic, mine = (Choice(label, 1.0, {label: 1.0}) for label in (direction, own or direction))
    return Analysis(text, choices["intent"], choices["sentiment"], mine, topic, (), (), np.ones(2, np.float32), 0)


def order(analysis: Analysis, entries: list[Insight], history: History = NOTHING, seed: str = "a") -> list[Ranked]:
    """The entries in their order; all are equally like the thought."""
    alike = np.full(len(entries), np.float32(0.7))
    return rank(analysis, entries, Likeness(alike, alike), history, NOW, seed)


def test_words_direction_intent_and_feeling_count() -> None:
    entries = [
        entry("other", "health", "跑步"), entry("same-direction", "expression"), entry("words", "expression", "演讲"),
        entry("sad", "expression", "演讲", feelings=("negative",)),
        entry("advice", "expression", "演讲", intents=("advice_seeking",)),
    ]  # fmt: skip
    names = [one.insight.id for one in order(thought("想练演讲", "expression"), entries)]
    assert names == ["words", "sad", "advice", "same-direction", "other"]


def test_what_likes_have_taught_comes_before_what_anybody_would_say() -> None:
    entries = [entry("for-anybody", "career"), entry("for-me", "health")]
    assert order(thought("一个字", "career"), entries)[0].insight.id == "for-anybody"
    found = order(thought("一个字", "career", own="health"), entries)[0]
    assert found.insight.id == "for-me"
    assert "你近来更在意健康" in found.why


def test_what_was_seen_dismissed_or_done_lately_waits() -> None:
    entries = [entry("one", "career", "加班"), entry("two", "career", "加班")]
    analysis = thought("又加班", "career")
    for name in ("seen", "dismissed", "done"):
        for days, first in ((0, "two"), (400, order(analysis, entries)[0].insight.id)):
            history = History(**{**vars(NOTHING), name: {"one": NOW - timedelta(days=days)}})
            assert order(analysis, entries, history)[0].insight.id == first, (name, days)


def test_chance_decides_between_equals_and_the_same_thought_is_answered_the_same() -> None:
    entries = [entry(f"n{number}", "career", "加班") for number in range(12)]
    analysis = thought("又加班", "career")
    firsts = {order(analysis, entries, seed=str(seed))[0].insight.id for seed in range(40)}
    assert len(firsts) > 5
    assert order(analysis, entries, seed="x") == order(analysis, entries, seed="x")


def test_nothing_is_chosen_that_does_not_fit_and_not_all_of_one_direction() -> None:
    entries = [entry("one", "career", "加班"), entry("two", "career", "加班"), entry("three", "career", "加班"),
               entry("health", "health", "加班"), entry("none", "time")]  # fmt: skip
    chosen = choose(order(thought("又加班", "career"), entries), 3)
    assert [one.insight.direction for one in chosen] == ["career", "career", "health"]
    assert choose(order(thought("天气", "meaning", intent="other", sentiment="x"), entries), 3) == []
