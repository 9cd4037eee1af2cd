"""What a private request is answered with."""

from dataclasses import dataclass

from device_sim.hybrid.material import Source
from device_sim.personal.records import Contact, Event, Note


@dataclass(frozen=True)
class PrivateAnswer:
    """`understood`: the phone's data held an answer, or the command was carried out. `changed`: the phone's data were.
    `sources` are the records that it rests on; `undo` says how to take a change back.
    """

    text: str
    sources: tuple[Source, ...]
    changed: bool
    understood: bool
    undo: str | None = None


def yes(text: str, *sources: Source, changed: bool = False, undo: str | None = None) -> PrivateAnswer:
    """An answer."""
    return PrivateAnswer(text, tuple(dict.fromkeys(sources)), changed, True, undo)


def no(text: str, *sources: Source) -> PrivateAnswer:
    """What can't be told or done, and what would help."""
    return PrivateAnswer(text, tuple(dict.fromkeys(sources)), False, False)


def source(record: Event | Contact | Note) -> Source:
    """The record as a source."""
    if isinstance(record, Event):
        return Source("event", record.id, record.title)
    if isinstance(record, Contact):
        return Source("contact", record.id, record.name)
    return Source("note", record.id, record.title)
