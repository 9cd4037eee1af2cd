"""What the phone knows that a request needs: the notes and entries about it, cut to their key points.

Extractive: the points are sentences as the user wrote them, chosen by their features and their words. They are private
until the redactor has had them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

import numpy as np

from device_sim.personal.records import Event, Note
from model_store.head import Float32

MOST_SOURCES = 4
MOST_POINTS = 8
MOST_CHARACTERS = 600
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_LIST_MARK = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）])\s*")
_LEAST = 4  # characters of a sentence that says something
_LEAST_SCORE = 0.15  # below that, of 1, a sentence has nothing to do with the request
_WORDS_COUNT = 0.5  # how much of a sentence's score is words in common, the rest being likeness of features

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
    features: Callable[[str], Float32],
    say_time: Callable[[datetime], str],
) -> Material:
    """The points of `notes` and `events`, the best found first, that `request` needs."""
    chosen: list[tuple[float, int, Source, str]] = []
    wanted, unit = _pairs(request), _unit(features(request))
    records = [*((note, None) for note in notes), *((None, event) for event in events)][:MOST_SOURCES]
    for note, event in records:
        source, sentences = _of_note(note, say_time) if note else _of_event(event, say_time)  # type: ignore[arg-type]  # one of the two is there
        for sentence in sentences:
            likeness = max(0.0, float(unit @ _unit(features(sentence))))
            score = _WORDS_COUNT * _in_common(wanted, sentence) + (1 - _WORDS_COUNT) * likeness
            if score >= _LEAST_SCORE:
                chosen.append((score, len(chosen), source, sentence))
    best = sorted(chosen, key=lambda one: -one[0])[:MOST_POINTS]
    kept, room = [], MOST_CHARACTERS
    for one in best:
        if len(one[3]) <= room:
            kept.append(one)
            room -= len(one[3])
    kept.sort(key=lambda one: one[1])
    sources = tuple(dict.fromkeys(source for _, _, source, _ in kept))
    return Material(tuple(point for *_, point in kept), sources)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and list items of a note, without their marks; those that say next to nothing are left out."""
    found = (_LIST_MARK.sub("", match[0]).strip() for match in _SENTENCE.finditer(text))
    return tuple(sentence for sentence in found if len(sentence) >= _LEAST)


def _of_note(note: Note, say_time: Callable[[datetime], str]) -> tuple[Source, tuple[str, ...]]:
    said = sentences(note.body)
    heading = f"{say_time(note.at)}，{note.title}"
    return Source("note", note.id, note.title), (heading, *said)


def _of_event(event: Event, say_time: Callable[[datetime], str]) -> tuple[Source, tuple[str, ...]]:
    parts = [say_time(event.start), event.title]
    if event.place:
        parts.append(f"地点{event.place}")
    if event.people:
        parts.append(f"参加的有{'、'.join(event.people)}")
    return Source("event", event.id, event.title), ("，".join(parts),)


def _in_common(wanted: set[str], sentence: str) -> float:
    """Share of the request's pairs of characters that the sentence holds, stretched: a third of them is plenty."""
    return min(1.0, 3 * len(wanted & _pairs(sentence)) / max(1, len(wanted)))


def _pairs(text: str) -> set[str]:
    letters = [letter for letter in text.casefold() if letter.isalnum()]
    return {first + second for first, second in pairwise(letters)}


def _unit(vector: Float32) -> Float32:
    unit: Float32 = vector / np.maximum(np.linalg.norm(vector), np.float32(1e-9))
    return unit
