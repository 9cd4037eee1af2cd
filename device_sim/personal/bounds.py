"""What an entry of the calendar, the contacts or the notes may hold: checked whichever way it comes in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, tzinfo

from device_sim.errors import InvalidEntry
from device_sim.personal.records import Contact, Event, Note

MOST_ENTRIES = 20_000  # of a kind
LONGEST_LINE = 500
LONGEST_PLACE = 1_000
LONGEST_BODY = 20_000
LONGEST_PHONE = 50
LONGEST_EMAIL = 254
LONGEST_UID = 400
MOST_VALUES = 200
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199


def check_event(event: Event, zone: tzinfo) -> Event:
    """`event` as it is kept: its times in `zone`, which naive ones are taken to mean.

    Raises:
        InvalidEntry: a field is empty, too long or no text; a time is out of range; the end is before the start; a
            whole-day event does not begin and end at midnight, or has no day.
    """
    start, end = moment(event.start, "start", zone), moment(event.end, "end", zone)
    # In UTC: Python compares times of one zone by what a clock on the wall shows, which is set back once a year.
    if end.astimezone(UTC) < start.astimezone(UTC):
        raise InvalidEntry("the end is before the start", field="end")
    if event.whole_day:
        if start.time() != time() or end.time() != time():
            raise InvalidEntry("a whole-day event begins and ends at midnight of the device's zone", field="start")
        if end == start:
            raise InvalidEntry("a whole-day event ends a day after it begins, at the earliest", field="end")
    return replace(
        event, title=_line(event.title, "title"), start=start, end=end, people=_lines(event.people, "people"),
        place=_optional(event.place, "place", LONGEST_PLACE), uid=_uid(event.uid),
    )  # fmt: skip


def check_contact(contact: Contact) -> Contact:
    """`contact` as it is kept. Raises InvalidEntry."""
    return replace(
        contact,
        name=_line(contact.name, "name"),
        aliases=_lines(contact.aliases, "aliases"),
        phones=_lines(contact.phones, "phones", LONGEST_PHONE),
        emails=_lines(contact.emails, "emails", LONGEST_EMAIL),
        organisation=_optional(contact.organisation, "organisation"),
        uid=_uid(contact.uid),
    )


def check_note(note: Note, zone: tzinfo) -> Note:
    """`note` as it is kept. Raises InvalidEntry."""
    body = _text(note.body.strip(), "body", LONGEST_BODY)
    return replace(note, title=_line(note.title, "title"), body=body, at=moment(note.at, "at", zone))


def moment(value: datetime, field: str, zone: tzinfo) -> datetime:
    """`value` in `zone`. Raises InvalidEntry: before 1900 or after 2199."""
    if not EARLIEST_YEAR < value.year < LATEST_YEAR:
        raise InvalidEntry(f"{field}: the year must be after {EARLIEST_YEAR} and before {LATEST_YEAR}", field=field)
    return value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)


def read_moment(text: str, field: str, zone: tzinfo) -> datetime:
    """An ISO 8601 time or date, in `zone`. Raises InvalidEntry: there is no such time."""
    try:
        return moment(datetime.fromisoformat(text), field, zone)
    except (ValueError, OverflowError):
        message = f"{field} is no time that there is; one is 2026-12-01T09:30, or 2026-12-01T09:30+08:00"
        raise InvalidEntry(message, field=field) from None


def _line(value: str, field: str, longest: int = LONGEST_LINE) -> str:
    line = " ".join(_text(value, field, longest).split())
    if not line:
        raise InvalidEntry(f"{field} is empty or blank", field=field)
    return line


def _optional(value: str | None, field: str, longest: int = LONGEST_LINE) -> str | None:
    return _line(value, field, longest) if value is not None and value.strip() else None


def _lines(values: Iterable[str], field: str, longest: int = LONGEST_LINE) -> tuple[str, ...]:
    lines = tuple(dict.fromkeys(_line(value, field, longest) for value in values))
    if len(lines) > MOST_VALUES:
        raise InvalidEntry(f"{field} has {len(lines)} values; at most {MOST_VALUES} are kept", field=field)
    return lines


def _uid(value: str | None) -> str | None:
    return None if value is None else _text(value, "uid", LONGEST_UID)


def _text(value: str, field: str, longest: int) -> str:
    if len(value) > longest:
        raise InvalidEntry(f"{field} has {len(value)} characters; at most {longest} are kept", field=field)
    if "\0" in value:
        raise InvalidEntry(f"{field} holds a NUL character (U+0000)", field=field)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidEntry(f"{field} holds half of a surrogate pair, which is no character", field=field) from None
    return value
