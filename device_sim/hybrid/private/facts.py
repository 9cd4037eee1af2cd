"""What notes and events say of a question: the sentences that share its telling words, quoted as they were written.

A quotation is no answer of the phone's own: it names its note and date, and what of the question it lacks is said.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from device_sim.hybrid.material import sentences
from device_sim.hybrid.private import telling
from device_sim.hybrid.private.asked import WEAK, Asked, Telling, asked_value, pairs_of, telling_words
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.reading import Reading
from device_sim.hybrid.private.said import PrivateAnswer, source, yes
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Event, Note

_CANDIDATES = 30
_MOST_QUOTED = 3
_LEAST_COVERED = 0.4  # of the question's telling weight, what a record must hold
_LEAST_AT_ANOTHER_TIME = 0.7  # as much, of one that is of another time than the question names
_CLOSE = 0.85  # of the best sentence's score: what is quoted beside it
_ADDS = 0.12  # of the question's weight: what a further sentence must hold that those before do not
_NAME_WEIGHT = 2.5  # what a person tells, where a pair of characters that only one record holds tells some 3
_THINGS_COVERED = 0.7
_THINGS_ALONE = 2  # of a record that lacks a person who is named: so many other words at least
_CONTEXT_NAME = 0.8  # who is named in a note is mostly whom its other sentences are about
_CONTEXT = 0.4  # what the rest of its note holds counts so much for a sentence
_HOLDS_ASKED = 0.35  # of the question's weight: the bonus of a sentence that holds a value of the kind asked for
_IN_TIME = 0.15
_AS_SAID = 0.8  # a person named by the very word of the question
_NOWHERE = (0.5, 0.15)  # what a pair that nothing holds counts; and one of which half asks
_EVENT_TELLS = 0.25  # of the question's weight: an event knows when it is
_TITLED = 0.5  # what a word in the title counts besides
_LONGEST_MISSING = 6
_CHARACTER = 0.3  # a single character that a sentence shares beside its words: 请 and 邀请
_COMMON = frozenset(
    "的了吗呢是在有我你他她它和跟与这那个一不就都也还什么哪谁多少几怎会要能好说过上下里到去来人大小年月日天点号，。？！：；、,.?!:; "
)
_HAN = frozenset(map(chr, range(0x4E00, 0xA000)))
_NAMES_A_DAY = re.compile(r"\d[日号]|[今明昨前后]天|[今明昨]晚|周|星期|礼拜|月(?!份?以?来)")
_NUMERALS = re.compile("[一二三四五六七八九十两几]")
_ENGLISH_STOP = re.compile(r"(?<=[a-z\d)][.?!]) (?=[A-Z\u4e00-\u9fff])")


@dataclass(frozen=True)
class Quotation:
    """`covered`: the share of the question's telling weight that the records hold, 0 to 1."""

    answer: PrivateAnswer
    covered: float


@dataclass(frozen=True)
class _Passage:
    record: Note | Event
    text: str
    held: frozenset[str]  # telling words in the sentence
    around: frozenset[str]  # and in all of the record
    has_value: bool
    titled: frozenset[str] = frozenset()  # things that the title of its note holds


def quote(desk: Desk, reading: Reading, *, only_notes: bool = False) -> Quotation | None:
    """The one to three best sentences for a question; None where nothing holds enough of it."""
    told_by = telling_words(reading, desk.store.contacts())
    words, asked = told_by.words, asked_value(reading.plain)
    if not words:
        return None
    records = list(_candidates(desk, reading, only_notes=only_notes))
    passages = [passage for record in records for passage in _passages(desk, record, words, asked)]
    weights = _weights(words, passages)
    fitting = [one for one in passages if _fits(one, told_by, weights, reading)]
    fitting = fitting or [one for one in passages if _answers(one, told_by)]
    scores = {one: _score(one, weights, reading, asked) for one in fitting}
    if not scores:
        return None
    chosen = _chosen(scores, weights)
    beside = None if any(one.has_value for one in chosen) else _value_beside(passages, chosen, told_by)
    return _told(desk, chosen, beside, told_by, weights, asked)


def _fits(passage: _Passage, told_by: Telling, weights: dict[str, float], reading: Reading) -> bool:
    """Whether a record is about the question: it holds enough of its words, some of them things, and where it lacks a
    person who is named, all the more things. What its title holds counts more.
    """
    things = told_by.things & passage.around
    if not (passage.held or passage.titled) or (told_by.things and not things):
        return False
    lacks_somebody = any(word.startswith("@") and word not in passage.around for word in told_by.words)
    if lacks_somebody:
        enough = _covered(things, weights) >= _THINGS_COVERED * _covered(told_by.things, weights)
        return enough and len(things) >= _THINGS_ALONE
    least = _LEAST_COVERED if _in_time(passage.record, reading) else _LEAST_AT_ANOTHER_TIME
    held = _covered(passage.around, weights) + _TITLED * _covered(passage.titled, weights)
    return held >= least * sum(weights.values())


def _answers(passage: _Passage, told_by: Telling) -> bool:
    """Whether a sentence names whom the question names, holds the kind of value that it asks for, and shares at least a
    character of its things: 拓谱报了多少, 拓谱报价97万元.
    """
    names = {word for word in told_by.words if word.startswith("@")}
    characters = set("".join(told_by.runs)) - WEAK - _COMMON
    as_said = all(word.split("|")[-1] in passage.text for word in names)
    return bool(names) and as_said and passage.has_value and not characters.isdisjoint(passage.text)


def _in_time(record: Note | Event, reading: Reading) -> bool:
    """Whether a record is of the time that the question names, if any."""
    span = reading.span
    if (
        span is None
        or not _NAMES_A_DAY.search(reading.plain, span.begin, span.stop)
        or (span.moment and span.start <= reading.now < span.end)
    ):
        return True
    at = record.at if isinstance(record, Note) else record.start
    return span.start <= at < span.end


def _chosen(scores: dict[_Passage, float], weights: dict[str, float]) -> list[_Passage]:
    """The best sentence, those nearly as good, and those that hold what it lacks."""
    ranked = sorted(scores, key=lambda one: -scores[one])
    total = sum(weights.values())
    chosen = ranked[:1]
    for one in ranked[1:]:
        held = frozenset[str]().union(*(other.held for other in chosen))
        adds = _covered((word for word in one.held - held if not word.startswith("@")), weights)
        # A sentence that only names the same person says something else.
        alike = scores[one] >= _CLOSE * scores[ranked[0]] and (_things(one) or not _things(ranked[0]))
        if len(chosen) < _MOST_QUOTED and (adds >= _ADDS * total or alike):
            chosen.append(one)
    return chosen


def _things(passage: _Passage) -> bool:
    return any(not word.startswith("@") for word in passage.held)


def _value_beside(passages: Sequence[_Passage], chosen: Sequence[_Passage], told_by: Telling) -> _Passage | None:
    """A sentence of the same record that holds a value of the kind asked for, though none of the question's words."""
    characters = set("".join(told_by.runs))
    records = [one.record for one in chosen]
    valued = [one for one in passages if one.has_value and one.record in records]
    return max(valued, key=lambda one: len(characters & set(one.text)), default=None)


def _candidates(desk: Desk, reading: Reading, *, only_notes: bool) -> Iterable[Note | Event]:
    forms = [reading.plain[:400]]
    for contact in reading.contacts[:3]:
        forms += [contact.name, *contact.aliases[:3]]
    notes = {note.id: note for form in forms for note in desk.store.search_notes(form, _CANDIDATES)}
    yield from notes.values()
    if not only_notes:
        events = {one.id: one for form in forms for one in desk.store.search_events(form, _CANDIDATES)}
        yield from events.values()


def _passages(desk: Desk, record: Note | Event, words: Sequence[str], asked: Asked) -> Iterable[_Passage]:
    if isinstance(record, Event):
        text = telling.say_event(record, desk.now)
        held = _held(desk, text, words)
        titled = _held(desk, record.title, words) if asked.name == "时间" else frozenset()
        titled = frozenset(word for word in titled if not word.startswith("@"))
        yield _Passage(record, text, held, held, asked.held_by(text), titled)
        return
    said = [part.strip() for one in sentences(record.body) for part in _ENGLISH_STOP.split(one)] or [record.body]
    per_sentence = [_held(desk, one, words) for one in said]
    around = frozenset().union(_held(desk, record.title, words), *per_sentence)
    titled = frozenset(word for word in _held(desk, record.title, words) if not word.startswith("@"))
    for text, held in zip(said, per_sentence, strict=True):
        yield _Passage(record, text, held, around, asked.held_by(text), titled)


def _held(desk: Desk, text: str, words: Sequence[str]) -> frozenset[str]:
    plain = half_width(text)
    named = {f"@{contact.id}" for mention in desk.people.find(text) for contact in mention.contacts}
    return frozenset(word for word in words if any(form in named or form in plain for form in word.split("|")))


def _weights(words: Sequence[str], passages: Sequence[_Passage]) -> dict[str, float]:
    """Rare words tell more. A pair that nothing holds may span two words, and counts half."""
    records = {(type(one.record), one.record.id): one.around for one in passages}
    counts = Counter(word for around in records.values() for word in around)
    size = len(records) + 1
    weights = {}
    for word in words:
        rare = math.log(1 + size / max(1, counts[word]))
        weights[word] = (
            _NAME_WEIGHT
            if word.startswith("@")
            else rare * (1.0 if counts[word] else _NOWHERE[not WEAK.isdisjoint(word)])
        )
    return weights


def _covered(words: Iterable[str], weights: dict[str, float]) -> float:
    return sum(weights[word] for word in words)


def _score(passage: _Passage, weights: dict[str, float], reading: Reading, asked: Asked) -> float:
    total = sum(weights.values())
    score = _covered(passage.held, weights) + _TITLED * _covered(passage.titled, weights)
    for word in passage.around - passage.held:
        score += (_CONTEXT_NAME if word.startswith("@") else _CONTEXT) * weights[word]
    score += sum(_AS_SAID for word in passage.held if word.startswith("@") and word.split("|")[-1] in passage.text)
    forms = "".join(word for word in passage.held if not word.startswith("@"))
    score += _CHARACTER * len((set(reading.plain) & set(half_width(passage.text)) & _HAN) - set(forms) - _COMMON)
    score += _HOLDS_ASKED * total if passage.has_value else 0.0
    score += _EVENT_TELLS * total if asked.name == "时间" and isinstance(passage.record, Event) else 0.0
    span = reading.span
    if span is not None:
        score += _IN_TIME * total if _in_time(passage.record, reading) else 0.0
    elif reading.past and isinstance(passage.record, Note) and passage.record.at <= reading.now:
        score += _IN_TIME * total
    return score


def _told(
    desk: Desk,
    chosen: Sequence[_Passage],
    beside: _Passage | None,
    told_by: Telling,
    weights: dict[str, float],
    asked: Asked,
) -> Quotation:
    records: dict[tuple[type, int], list[_Passage]] = {}
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
    return Quotation(yes(told, *sources), _covered(around, weights) / (sum(weights.values()) or 1.0))


def _quoted(desk: Desk, found: Sequence[_Passage]) -> str:
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
