"""The records of the simulated phone. Times are aware, in the device's zone; `id` is given by the database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """An entry of the calendar. `end` is exclusive; a whole-day event starts and ends at midnight. `uid` is what an
    imported file calls it, so that importing twice adds nothing.
    """

    id: int
    title: str
    start: datetime
    end: datetime
    whole_day: bool
    place: str | None
    people: tuple[str, ...]
    uid: str | None = None


@dataclass(frozen=True)
class Contact:
    """A person that the user knows. `aliases` are other names that the user gives them, such as 王总."""

    id: int
    name: str
    aliases: tuple[str, ...]
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    organisation: str | None
    uid: str | None = None


@dataclass(frozen=True)
class Note:
    """A note, such as the minutes of a meeting; `at` is the time that it is about."""

    id: int
    title: str
    body: str
    at: datetime
