"""How sentences of notes and events are quoted, and what of the question they lack is said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.asked import Asked, Telling, pairs_of
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.passages import Passage, covered_by
from device_sim.hybrid.private.question_words import WEAK
from device_sim.hybrid.private.said import PrivateAnswer, source, yes
from device_sim.personal.records import Event

_LONGEST_MISSING = 6
_NUMERALS = re.compile("[一二三四五六七八九十两几]")


@dataclass(frozen=True)
class Quotation:
    """`covered`: the share of the question's telling weight that the records hold, 0 to 1."""

    answer: PrivateAnswer
    covered: float


def tell(
    desk: Desk,
    chosen: Sequence[Passage],
    beside: Passage | None,
    told_by: Telling,
    weights: Mapping[str, float],
    asked: Asked,
) -> Quotation:
    """The quotation of the chosen sentences, and of one `beside` them in their record."""
    records: dict[tuple[type, int], list[Passage]] = {}
    for one in chosen:
        records.setdefault((type(one.record), one.record.id), []).append(one)
    told = "\n".join(_quoted(desk, found) for found in records.values())
    around = frozenset[str]().union(*(one.around for one in chosen))
    if asked.name and not any(one.has_value for one in chosen):
        told = f"没有直接写{asked.name}，有关的是：\n{told}"
        told += f"\n同一条里还写着：\n· {beside.text}" if beside is not None else ""
    lacking = _missing(told_by, around)
    if lacking:
        told += f"\n（没有提到「{'」「'.join(lacking)}」）"
    sources = [source(found[0].record) for found in records.values()]
    return Quotation(yes(told, *sources), covered_by(around, weights) / (sum(weights.values()) or 1.0))


def _quoted(desk: Desk, found: Sequence[Passage]) -> str:
    record = found[0].record
    if isinstance(record, Event):
        return f"日历：{found[0].text}"
    in_order = sorted(found, key=lambda one: record.body.find(one.text))
    said = "\n".join(f"· {one.text}" for one in in_order)
    return f"笔记《{record.title}》（{telling.say_day(record.at.date(), desk.now)}）里写着：\n{said}"


def _missing(told_by: Telling, around: frozenset[str]) -> list[str]:
    """Who is not named, and the stretches of the question of which no character is in a pair that is there."""
    forms = {form for word in around for form in word.split("|")}
    found = [word.split("|")[-1] for word in told_by.words if word.startswith("@") and word not in around]
    for run in told_by.runs:
        pairs = pairs_of(run)
        if run.isascii():
            found += [] if run in forms else [run]
            continue
        there = {at + step for at, pair in enumerate(pairs) if pair in forms for step in (0, 1)}
        bare = "".join(" " if at in there else character for at, character in enumerate(run))
        weak = "".join(WEAK)
        found += [one.strip(weak) for one in re.findall("[\u4e00-\u9fff]{2,}", bare)]
    return [one for one in found if 2 <= len(one) <= _LONGEST_MISSING and not _NUMERALS.search(one)][:2]
