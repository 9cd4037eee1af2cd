"""The sentences of notes and events that share telling words with a question, and how much each word tells."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from device_sim.hybrid.material import sentences
from device_sim.hybrid.private import telling
from device_sim.hybrid.private.asked import Asked, Telling
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.question_words import WEAK
from device_sim.hybrid.private.reading import Reading
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Event, Note

_CANDIDATES = 30  # of each kind, by each name that the question may mean
_NAME_WEIGHT = 2.5  # what a person tells, where a pair of characters that only one record holds tells some 3
_NOWHERE = (0.5, 0.15)  # what a pair that nothing holds counts; and one of which half asks
_NAMES_A_DAY = re.compile(r"\d[日号]|[今明昨前后]天|[今明昨]晚|周|星期|礼拜|月(?!份?以?来)")
_ENGLISH_STOP = re.compile(r"(?<=[a-z\d)][.?!]) (?=[A-Z\u4e00-\u9fff])")


@dataclass(frozen=True)
class Passage:
    """A sentence of a note, or an event; the words are those of the question."""

    record: Note | Event
    text: str
    held: frozenset[str]  # telling words in the sentence
    around: frozenset[str]  # and in all of the record
    has_value: bool
    titled: frozenset[str] = frozenset()  # things that the title of its note holds


def passages(desk: Desk, reading: Reading, told_by: Telling, asked: Asked, *, only_notes: bool) -> list[Passage]:
    """The passages of all records that may be about the question."""
    records = _candidates(desk, reading, told_by, only_notes=only_notes)
    return [one for record in records for one in _passages_of(desk, record, told_by.words, asked)]


def _candidates(desk: Desk, reading: Reading, told_by: Telling, *, only_notes: bool) -> Iterable[Note | Event]:
    forms = [reading.plain[:400]]
    for contact in reading.contacts[:3]:
        forms += [contact.name, *contact.aliases[:3]]
    forms += [english for word in told_by.words if not word.startswith("@") for english in word.split("|")[1:]]
    notes = {note.id: note for form in forms for note in desk.store.search_notes(form, _CANDIDATES)}
    yield from notes.values()
    if not only_notes:
        events = {one.id: one for form in forms for one in desk.store.search_events(form, _CANDIDATES)}
        yield from events.values()


def _passages_of(desk: Desk, record: Note | Event, words: Sequence[str], asked: Asked) -> Iterable[Passage]:
    if isinstance(record, Event):
        text = telling.say_event(record, desk.now)
        held = _held(desk, text, words)
        titled = _held(desk, record.title, words) if asked.name == "时间" else frozenset()
        titled = frozenset(word for word in titled if not word.startswith("@"))
        yield Passage(record, text, held, held, asked.held_by(text), titled)
        return
    said = [part.strip() for one in sentences(record.body) for part in _ENGLISH_STOP.split(one)] or [record.body]
    per_sentence = [_held(desk, one, words) for one in said]
    around = frozenset().union(_held(desk, record.title, words), *per_sentence)
    titled = frozenset(word for word in _held(desk, record.title, words) if not word.startswith("@"))
    for text, held in zip(said, per_sentence, strict=True):
        yield Passage(record, text, held, around, asked.held_by(text), titled)


def _held(desk: Desk, text: str, words: Sequence[str]) -> frozenset[str]:
    plain = half_width(text)
    named = {f"@{contact.id}" for mention in desk.people.find(text) for contact in mention.contacts}
    return frozenset(word for word in words if any(form in named or form in plain for form in word.split("|")))


def weights_of(words: Sequence[str], found: Sequence[Passage]) -> dict[str, float]:
    """Rare words tell more. A pair that nothing holds may span two words, and counts half."""
    records = {(type(one.record), one.record.id): one.around for one in found}
    counts = Counter(word for around in records.values() for word in around)
    size = len(records) + 1
    weights = {}
    for word in words:
        rare = math.log(1 + size / max(1, counts[word]))
        # A pair beside one that is held may span two words.
        spans_two = any(counts[other] and (other[0] == word[-1] or other[-1:] == word[0]) for other in words)
        unheld = _NOWHERE[spans_two or not WEAK.isdisjoint(word)]
        weights[word] = _NAME_WEIGHT if word.startswith("@") else rare * (1.0 if counts[word] else unheld)
    return weights


def covered_by(words: Iterable[str], weights: Mapping[str, float]) -> float:
    """What of the question's telling weight the words hold."""
    return sum(weights[word] for word in words)


def in_time(record: Note | Event, reading: Reading) -> bool:
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
