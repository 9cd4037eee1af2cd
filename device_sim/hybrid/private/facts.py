"""What notes and events say of a question: the sentences that share its telling words, quoted as they were written.

A quotation is no answer of the phone's own: it names its note and date, and what of the question it lacks is said.
"""

from collections.abc import Mapping, Sequence

from device_sim.hybrid.private.asked import Asked, Telling, asked_value, telling_words
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.passages import Passage, covered_by, in_time, passages, weights_of
from device_sim.hybrid.private.question_words import GENERIC, WEAK
from device_sim.hybrid.private.quotation import Quotation, tell
from device_sim.hybrid.private.reading import Reading
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Event, Note

_MOST_QUOTED = 3
_LEAST_COVERED = 0.4  # of the question's telling weight, what a record must hold
_LEAST_AT_ANOTHER_TIME = 0.7  # as much, of one that is of another time than the question names
_CLOSE = 0.85  # of the best sentence's score: what is quoted beside it
_ADDS = 0.12  # of the question's weight: what a further sentence must hold that those before do not
_THINGS_COVERED = 0.7
_THINGS_ALONE = 2  # of a record that lacks a person who is named: so many other words at least
_CONTEXT_NAME = 0.8  # who is named in a note is mostly whom its other sentences are about
_CONTEXT = 0.4  # what the rest of its note holds counts so much for a sentence
_HOLDS_ASKED = 0.35  # of the question's weight: the bonus of a sentence that holds a value of the kind asked for
_IN_TIME = 0.15
_AS_SAID = 0.8  # a person named by the very word of the question
_EVENT_TELLS = 0.25  # of the question's weight: an event knows when it is
_TITLED = 0.5  # what a word in the title counts besides
_CHARACTER = 0.3  # a single character that a sentence shares beside its words: 请 and 邀请
_COMMON = frozenset(
    "的了吗呢是在有我你他她它和跟与这那个一不就都也还什么哪谁多少几怎会要能好说过上下里到去来人"
    "大小年月日天点号，。？！：；、,.?!:; "
)
_HAN = frozenset(map(chr, range(0x4E00, 0xA000)))


def quote(desk: Desk, reading: Reading, *, only_notes: bool = False) -> Quotation | None:
    """The one to three best sentences for a question; None where nothing holds enough of it."""
    told_by = telling_words(reading, desk.store.contacts())
    words, asked = told_by.words, asked_value(reading.plain)
    if not words:
        return None
    found = passages(desk, reading, told_by, asked, only_notes=only_notes)
    weights = weights_of(words, found)
    fitting = [one for one in found if _fits(one, told_by, weights, reading)]
    fitting = fitting or [one for one in found if _answers(one, told_by)]
    scores = {one: _score(one, weights, reading, asked) for one in fitting}
    if not scores:
        return None
    chosen = _chosen(scores, weights)
    beside = None if any(one.has_value for one in chosen) else _value_beside(found, chosen, told_by)
    return tell(desk, chosen, beside, told_by, weights, asked)


def _fits(passage: Passage, told_by: Telling, weights: Mapping[str, float], reading: Reading) -> bool:
    """Whether a record is about the question: it holds enough of its words, some of them things, and where it lacks a
    person who is named, all the more things. What its title holds counts more.
    """
    things = told_by.things & passage.around
    if not (passage.held or passage.titled) or (told_by.things and not things):
        return False
    if told_by.things and GENERIC.issuperset(things):
        return False  # 驾照什么时候到期 is not answered by what else expires
    lacks_somebody = any(word.startswith("@") and word not in passage.around for word in told_by.words)
    if lacks_somebody:
        enough = covered_by(things, weights) >= _THINGS_COVERED * covered_by(told_by.things, weights)
        return enough and len(things) >= _THINGS_ALONE
    held, total = covered_by(passage.around, weights), sum(weights.values())
    if not in_time(passage.record, reading):
        return held >= _LEAST_AT_ANOTHER_TIME * total
    return held + _TITLED * covered_by(passage.titled, weights) >= _LEAST_COVERED * total


def _answers(passage: Passage, told_by: Telling) -> bool:
    """Whether a sentence names whom the question names, holds the kind of value that it asks for, and shares at least a
    character of its things: 拓谱报了多少, 拓谱报价97万元.
    """
    names = {word for word in told_by.words if word.startswith("@")}
    characters = set("".join(told_by.runs)) - WEAK - _COMMON
    as_said = all(word.split("|")[-1] in passage.text for word in names)
    return bool(names) and as_said and passage.has_value and not characters.isdisjoint(passage.text)


def _chosen(scores: Mapping[Passage, float], weights: Mapping[str, float]) -> list[Passage]:
    """The best sentence, those nearly as good, and those that hold what it lacks."""
    ranked = sorted(scores, key=lambda one: -scores[one])
    total = sum(weights.values())
    chosen = ranked[:1]
    for one in ranked[1:]:
        held = frozenset[str]().union(*(other.held for other in chosen))
        adds = covered_by((word for word in one.held - held if not word.startswith("@")), weights)
        # A sentence that only names the same person says something else.
        alike = scores[one] >= _CLOSE * scores[ranked[0]] and (_things(one) or not _things(ranked[0]))
        if len(chosen) < _MOST_QUOTED and (adds >= _ADDS * total or alike):
            chosen.append(one)
    return chosen


def _things(passage: Passage) -> bool:
    return any(not word.startswith("@") for word in passage.held)


def _value_beside(found: Sequence[Passage], chosen: Sequence[Passage], told_by: Telling) -> Passage | None:
    """A sentence of the same record that holds a value of the kind asked for, though none of the question's words."""
    characters = set("".join(told_by.runs))
    records = [one.record for one in chosen]
    valued = [one for one in found if one.has_value and one.record in records]
    return max(valued, key=lambda one: len(characters & set(one.text)), default=None)


def _score(passage: Passage, weights: Mapping[str, float], reading: Reading, asked: Asked) -> float:
    total = sum(weights.values())
    score = covered_by(passage.held, weights) + _TITLED * covered_by(passage.titled, weights)
    for word in passage.around - passage.held:
        score += (_CONTEXT_NAME if word.startswith("@") else _CONTEXT) * weights[word]
    score += sum(_AS_SAID for word in passage.held if word.startswith("@") and word.split("|")[-1] in passage.text)
    forms = "".join(word for word in passage.held if not word.startswith("@"))
    score += _CHARACTER * len((set(reading.plain) & set(half_width(passage.text)) & _HAN) - set(forms) - _COMMON)
    score += _HOLDS_ASKED * total if passage.has_value else 0.0
    score += _EVENT_TELLS * total if asked.name == "时间" and isinstance(passage.record, Event) else 0.0
    span = reading.span
    if span is not None:
        score += _IN_TIME * total if in_time(passage.record, reading) else 0.0
    elif reading.past and isinstance(passage.record, Note) and passage.record.at <= reading.now:
        score += _IN_TIME * total
    return score
