"""Calendars (.ics), address books (.vcf) and notes (Markdown) as files: their bytes as text, and what is found in them.

A part of a file that can't be used never spoils the rest: it is named, with its line and the reason. No reason ever
quotes the file.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Generic, TypeVar

from device_sim.personal.records import Contact, Event, Note

R = TypeVar("R", Event, Contact, Note)


class Kind(StrEnum):
    """Which of the three collections."""

    CALENDAR = "calendar"
    CONTACTS = "contacts"
    NOTES = "notes"


@dataclass(frozen=True)
class Entry(Generic[R]):
    """An entry that begins in `line`. `uid` names it, so that it is known when it comes again."""

    line: int
    uid: str
    record: R


@dataclass(frozen=True)
class Rejection:
    """What begins in `line` can't be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Reading(Generic[R]):
    """All that a file holds."""

    entries: tuple[Entry[R], ...]
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True)
class ImportReport:
    """How many entries were added, how many were known already, and what could not be used."""

    added: int
    skipped: int
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True)
class Block:
    """Lines of a file from a BEGIN to its END; `whole` is False where the END is missing."""

    line: int
    lines: tuple[str, ...]
    whole: bool


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 as its first bytes or its form say, otherwise GB 18030, which GBK and GB 2312
    are parts of.

    Raises:
        UnicodeDecodeError: it is none of them.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def lines_of(content: str) -> list[str]:
    """The lines of a file. `str.splitlines` also breaks at characters that these formats have within a line."""
    return re.split(r"\r\n|\n|\r", content)


def blocks(lines: Sequence[str], name: str) -> Iterable[Block]:
    """The parts BEGIN:`name` to END:`name`."""
    begin, end = f"BEGIN:{name}", f"END:{name}"
    start: int | None = None
    for place, line in enumerate(lines):
        word = line.strip().upper()
        if word == begin:
            if start is not None:
                yield Block(start + 1, tuple(lines[start:place]), whole=False)
            start = place
        elif word == end and start is not None:
            yield Block(start + 1, tuple(lines[start : place + 1]), whole=True)
            start = None
    if start is not None:
        yield Block(start + 1, tuple(lines[start:]), whole=False)


def digest(*parts: str) -> str:
    """A uid for what has none: the same for the same content."""
    return "sha256:" + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def read_file(
    kind: Kind, content: str, zone: tzinfo, now: datetime
) -> Reading[Event] | Reading[Contact] | Reading[Note]:
    """What a file of that kind holds; naive times mean `zone`, and what has no time of its own is of `now`.

    Raises:
        InvalidFile: it is no such file.
    """
    # Each of these loads what only it needs.
    if kind is Kind.CALENDAR:
        from device_sim.personal.calendar_file import read_calendar

        return read_calendar(content, zone, now)
    if kind is Kind.CONTACTS:
        from device_sim.personal.contacts_file import read_contacts

        return read_contacts(content)
    from device_sim.personal.notes_file import read_notes

    return read_notes(content, zone, now)
