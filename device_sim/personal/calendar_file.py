"""Calendars as files (RFC 5545). A repeated event becomes its occurrences, each an entry of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

import icalendar
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from device_sim.errors import InvalidEntry, InvalidFile
from device_sim.personal.bounds import check_event
from device_sim.personal.files import Block, Entry, Reading, Rejection, blocks, digest, lines_of
from device_sim.personal.records import Event

# Occurrences of a repeated event are kept until this long from now, and of them the latest so many.
HORIZON = timedelta(days=731)
MOST_OCCURRENCES = 1_000
# A file may ask for years of occurrences in a line; so many are reckoned for all of it.
_MOST_RECKONED = 300_000

_NAMELESS = "无标题"
_RHYTHMS = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def read_calendar(content: str, zone: tzinfo, now: datetime) -> Reading[Event]:
    """The events of a calendar, repeated ones as their occurrences.

    Raises:
        InvalidFile: it is no calendar, or only the first part of one.
    """
    lines = lines_of(content)
    _check_whole(lines)
    _learn_zones(lines)
    rejected: list[Rejection] = []
    parsed: list[tuple[Block, Any]] = []
    for block in blocks(lines, "VEVENT"):
        try:
            parsed.append((block, _parsed(block)))
        except InvalidEntry as error:
            rejected.append(Rejection(block.line, str(error)))
    moved = _moved(component for _, component in parsed)
    left = iter(range(_MOST_RECKONED))
    entries: list[Entry[Event]] = []
    for block, component in parsed:
        try:
            entries.extend(_entries(block.line, component, zone, now, moved, left))
        except InvalidEntry as error:
            rejected.append(Rejection(block.line, str(error)))
    return Reading(tuple(entries), tuple(sorted(rejected, key=lambda one: one.line)))


def _check_whole(lines: Sequence[str]) -> None:
    words = [line.strip().upper() for line in lines]
    if "BEGIN:VCALENDAR" not in words:
        raise InvalidFile("there is no BEGIN:VCALENDAR: it is no calendar", field="content")
    # The last calendar: a file may hold several.
    last = len(words) - words[::-1].index("BEGIN:VCALENDAR") - 1
    if "END:VCALENDAR" in words[last:]:
        return
    open_events = [block.line for block in blocks(lines, "VEVENT") if not block.whole]
    where = f", inside the event of line {open_events[-1]}" if open_events else ""
    raise InvalidFile(f"the file is cut short: it ends without END:VCALENDAR{where}", field="content")


def _learn_zones(lines: Sequence[str]) -> None:
    """Let the library know the zones that the file defines; it keeps them by their names."""
    for block in blocks(lines, "VTIMEZONE"):
        wrapped = "\n".join(("BEGIN:VCALENDAR", *block.lines, "END:VCALENDAR"))
        try:
            icalendar.Calendar.from_ical(wrapped)
        except Exception:  # noqa: BLE001, S112  # the library raises what it meets; events in that zone are named later
            continue


def _parsed(block: Block) -> Any:
    if not block.whole:
        raise InvalidEntry("the event has no END:VEVENT")
    try:
        component: Any = icalendar.Event.from_ical("\n".join(block.lines))
    except Exception:  # noqa: BLE001  # the library raises what it meets, and quotes the file in it
        raise InvalidEntry("the event can't be read") from None
    broken = sorted({str(name) for name, _ in component.errors if name in _NEEDED})
    if broken:
        raise InvalidEntry(f"{', '.join(broken)} can't be read")
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        value = component.get(name)
        if value is not None and "TZID" in value.params and getattr(value.dt, "tzinfo", None) is None:
            raise InvalidEntry(f"{name} is in a time zone that the file does not define and nobody knows")
    return component


_NEEDED = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})


def _moved(components: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    """Occurrences of repeated events, by the uid, that the file tells of on their own."""
    moved: dict[str, set[str]] = {}
    for component in components:
        if "RECURRENCE-ID" in component:
            moved.setdefault(str(component.get("UID", "")), set()).add(_name(component["RECURRENCE-ID"].dt))
    return {uid: frozenset(names) for uid, names in moved.items()}


def _entries(
    line: int, component: Any, zone: tzinfo, now: datetime, moved: Mapping[str, frozenset[str]], left: Iterator[int]
) -> Iterator[Entry[Event]]:
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        raise InvalidEntry("the event is cancelled")
    start, end = _bounds(component)
    event = check_event(
        Event(
            0, " ".join(str(component.get("SUMMARY", "")).split()) or _NAMELESS, _at(start, zone), _at(end, zone),
            not isinstance(start, datetime), str(component.get("LOCATION", "")) or None, tuple(_people(component)),
        ),
        zone,
    )  # fmt: skip
    uid = str(component.get("UID", "")) or digest(event.title, _name(start), _name(end))
    if "RECURRENCE-ID" in component:
        yield Entry(line, f"{uid} {_name(component['RECURRENCE-ID'].dt)}", event)
    elif "RRULE" in component or "RDATE" in component:
        length = end - start
        for begin in _occurrences(component, start, zone, now, left):
            if _name(begin) not in moved.get(uid, frozenset()):
                times = check_event(replace(event, start=_at(begin, zone), end=_at(begin + length, zone)), zone)
                yield Entry(line, f"{uid} {_name(begin)}", times)
    else:
        yield Entry(line, uid, event)


def _bounds(component: Any) -> tuple[date, date]:
    try:
        start, end = component.start, component.end
    except Exception:  # noqa: BLE001  # as above
        raise InvalidEntry("the event has no times that go together") from None
    if not isinstance(start, datetime) and end <= start:
        end = start + timedelta(days=1)
    if isinstance(start, datetime) and (start.tzinfo is None) != (end.tzinfo is None):
        raise InvalidEntry("the end and the start are not in comparable zones")
    return start, end


def _occurrences(component: Any, start: date, zone: tzinfo, now: datetime, left: Iterator[int]) -> list[date]:
    """When a repeated event begins: as its first time, a date or a time in the zone of the file, in order.

    Reckoned by the clock on the wall, as people do: a meeting at ten stays at ten when summer time begins.
    """
    first = start if isinstance(start, datetime) else datetime.combine(start, time())
    wall = first.replace(tzinfo=None)
    last = (now + HORIZON).astimezone(first.tzinfo or zone).replace(tzinfo=None)
    found = {wall, *(_wall(one, first) for one, _ in component.rdates)}
    for rule in _rules(component):
        repeated = islice(_repeated(rule, wall, last, first), rule["COUNT"][0] if "COUNT" in rule else None)
        for one in repeated:
            if next(left, None) is None:
                raise InvalidEntry("the events of the file repeat too often")
            found.add(one)
    found -= {_wall(one, first) for one in component.exdates}
    kept = sorted(one for one in found if one <= max(last, wall))[-MOST_OCCURRENCES:]
    if not kept:
        raise InvalidEntry("the event repeats, and never takes place")
    if isinstance(start, datetime):
        return [one.replace(tzinfo=first.tzinfo) for one in kept]
    return [one.date() for one in kept]


def _rules(component: Any) -> list[Any]:
    rules = component.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    for rule in rules:
        if str(rule.get("FREQ", [""])[0]).upper() not in _RHYTHMS:
            raise InvalidEntry("the event repeats in a rhythm other than days, weeks, months or years")
        if not all(1 <= number < _MOST_RECKONED for name in ("INTERVAL", "COUNT") for number in rule.get(name, [1])):
            raise InvalidEntry("RRULE has an INTERVAL or a COUNT that can't be")
    return rules


def _repeated(rule: Any, wall: datetime, last: datetime, first: datetime) -> Iterator[datetime]:
    until = rule.get("UNTIL", [None])[0]
    if until is not None:
        ends = _wall(until, first) if isinstance(until, datetime) else datetime.combine(until, time.max)
        last = min(last, ends)
    text = icalendar.vRecur({key: value for key, value in rule.items() if key not in ("UNTIL", "COUNT")})
    try:
        rhythm = rrulestr(text.to_ical().decode(), dtstart=wall)  # type: ignore[no-untyped-call]
        yield from rhythm.replace(until=last)
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidEntry("RRULE can't be read") from None


def _wall(value: Any, first: datetime) -> datetime:
    """What a clock on the wall shows where the event takes place."""
    if isinstance(value, tuple):  # a period
        value = value[0]
    if not isinstance(value, datetime):
        return datetime.combine(value, first.time())
    local = value.astimezone(first.tzinfo) if value.tzinfo and first.tzinfo else value
    return local.replace(tzinfo=None)


def _at(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), zone)
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _name(value: date) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(UTC)
    return value.isoformat()


def _people(component: Any) -> Iterator[str]:
    for address in (component.organizer, *component.attendees):
        if address is not None:
            name = " ".join(str(address.params.get("CN", "")).split())
            yield name or str(address).removeprefix("mailto:").removeprefix("MAILTO:")
