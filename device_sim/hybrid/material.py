"""What the phone knows that a request needs: the notes and entries about it, cut to their key points.

Extractive: the points are sentences as the user wrote them, chosen by their features and their words. They are private
until the redactor has had them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from device_sim.personal.records import Event, Note
from device_sim.personal.words import telling
from model_store.head import Float32

MOST_SOURCES = 4
MOST_POINTS = 8
MOST_CHARACTERS = 600
MOST_SENTENCES = 60  # of a note that are looked at
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_LIST_MARK = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）])\s*")
_LEAST = 4  # characters of a sentence that says something
_ABOUT = 2  # telling words that a record shares with a request to be about it
_ALSO_ABOUT = 0.45  # of what the record that shares most does, a share; what shares less is about something else
_NAMED = 0.6  # of a title's telling words, a share
_WORDS_COUNT = 0.7  # how much of a sentence's score is words in common, the rest being likeness of features
_LEAST_SCORE = 0.35  # of the best sentence of a record, a share; what scores less is not needed

Kind = Literal["note", "event", "contact"]


@dataclass(frozen=True)
class Source:
    """A record that an answer rests on; its title stays on the device."""

    kind: Kind
    id: int
    title: str


@dataclass(frozen=True)
class Material:
    """The key points in the order of their sources, private as they are."""

    points: tuple[str, ...]
    sources: tuple[Source, ...]


def material(
    request: str,
    notes: Sequence[Note],
    events: Sequence[Event],
    dated: Sequence[Event],
    features: Callable[[str], Float32],
    say_time: Callable[[datetime], str],
) -> Material:
    """The points of `notes` and `events`, the best found first, that `request` needs, after all `dated` events: those
    of a time that it names.

    A record is needed if it shares telling words with the request, and of its sentences those that come near the best.
    """
    wanted, unit = set(telling(request)), _unit(features(request))
    records = [_of_note(note, say_time) for note in notes] + [_of_event(event, say_time) for event in events]
    shared = [len(wanted & set(telling(heading + "".join(said)))) for _, heading, said in records]
    enough = max(_ABOUT, _ALSO_ABOUT * max(shared, default=0))
    points: list[str] = []
    sources: list[Source] = []
    room = MOST_CHARACTERS
    for event in dict.fromkeys(dated):
        source, heading, _ = _of_event(event, say_time)
        points.append(heading)
        sources.append(source)
        room -= len(heading)
    for (source, heading, said), about in zip(records, shared, strict=True):
        if about < enough or len(sources) >= MOST_SOURCES or source in sources:
            continue
        scores = {sentence: _score(sentence, wanted, unit, features) for sentence in said[:MOST_SENTENCES]}
        least = 0.0 if _is_named(source, wanted) else _LEAST_SCORE * max(scores.values(), default=0.0)
        needed = [sentence for sentence in scores if scores[sentence] >= least]
        for point in [heading, *needed][: max(0, MOST_POINTS - len(points))]:
            if len(point) <= room:
                points.append(point)
                room -= len(point)
        sources.append(source)
    return Material(tuple(points), tuple(sources))


def _is_named(source: Source, wanted: set[str]) -> bool:
    """Whether the request says the record's title: then it is about all of it."""
    title = set(telling(source.title))
    return len(title & wanted) >= _NAMED * max(1, len(title))


def _score(sentence: str, wanted: set[str], unit: Float32, features: Callable[[str], Float32]) -> float:
    shared = min(1.0, 3 * len(wanted & set(telling(sentence))) / max(1, len(wanted)))
    return _WORDS_COUNT * shared + (1 - _WORDS_COUNT) * max(0.0, float(unit @ _unit(features(sentence))))


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and list items of a note, without their marks; those that say next to nothing are left out."""
    found = (_LIST_MARK.sub("", match[0]).strip() for match in _SENTENCE.finditer(text))
    return tuple(sentence for sentence in found if len(sentence) >= _LEAST)


def _of_note(note: Note, say_time: Callable[[datetime], str]) -> tuple[Source, str, tuple[str, ...]]:
    return Source("note", note.id, note.title), f"{say_time(note.at)}，{note.title}", sentences(note.body)


def _of_event(event: Event, say_time: Callable[[datetime], str]) -> tuple[Source, str, tuple[str, ...]]:
    parts = [say_time(event.start), event.title]
    if event.place:
        parts.append(f"地点{event.place}")
    if event.people:
        parts.append(f"参加的有{'、'.join(event.people)}")
    return Source("event", event.id, event.title), "，".join(parts), ()


def _unit(vector: Float32) -> Float32:
    unit: Float32 = vector / np.maximum(np.linalg.norm(vector), np.float32(1e-9))
    return unit
