"""Notes as Markdown: every heading of the first level begins one; a file without any is one note.

A date is read off the front matter (`date: 2026-11-20`), the heading, or a line 日期：/时间：/Date: of the note.
"""

import re
from collections.abc import Sequence
from datetime import datetime, time, tzinfo

from device_sim.errors import InvalidEntry, InvalidFile
from device_sim.personal.bounds import LONGEST_LINE, check_note
from device_sim.personal.files import Entry, Reading, Rejection, digest, lines_of
from device_sim.personal.records import Note

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_DATE = re.compile(
    r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*日?(?:[T\s]*(\d{1,2})[:：](\d{2}))?"
)
_DATED_LINE = re.compile(r"\s*[*_>\-\s]*(?:日期|时间|会议时间|date|time)[*_\s]*[:：]", re.IGNORECASE)
_MARKS = "#*_>-` \t"


def read_notes(content: str, zone: tzinfo, now: datetime) -> Reading[Note]:
    """The notes of a file; those that say no date are of `now`.

    Raises:
        InvalidFile: it holds no text, or is an address book or a calendar.
    """
    for begin, kind in (("BEGIN:VCARD", "contacts"), ("BEGIN:VCALENDAR", "calendar")):
        if content.lstrip("\ufeff \t\r\n")[: len(begin)].upper() == begin:
            raise InvalidFile(f"it begins with {begin}: import it as {kind}", field="content")
    lines = lines_of(content)
    begins, title, date = _front_matter(lines)
    entries: list[Entry[Note]] = []
    rejected: list[Rejection] = []
    for place, heading, body in _sections(lines, begins):
        text = "\n".join(body).strip()
        if not heading and not text:
            continue
        named = heading or title or next(line.strip(_MARKS) for line in body if line.strip())[:LONGEST_LINE]
        uid = digest(named, text)
        try:
            at = _date(named[:LONGEST_LINE], zone) or _dated_line(body, zone) or _date(date[:LONGEST_LINE], zone) or now
            entries.append(Entry(place + 1, uid, check_note(Note(0, named or "-", text, at), zone)))
        except InvalidEntry as error:
            rejected.append(Rejection(place + 1, str(error)))
    if not entries and not rejected:
        raise InvalidFile("it holds no text: there is no note in it", field="content")
    return Reading(tuple(entries), tuple(rejected))


def _front_matter(lines: Sequence[str]) -> tuple[int, str, str]:
    """The first line of the text, and the title and date that stand before it between two lines `---`."""
    fields = {"title": "", "date": ""}
    ends = [place for place, line in enumerate(lines) if line.strip() == "---"][:2]
    if len(ends) < 2 or ends[0] != 0:
        return 0, "", ""
    for line in lines[1 : ends[1]]:
        name, _, value = line.partition(":")
        if name.strip().lower() in fields:
            fields[name.strip().lower()] = value.strip(" \t\"'")
    return ends[1] + 1, fields["title"], fields["date"]


def _sections(lines: Sequence[str], begins: int) -> list[tuple[int, str, list[str]]]:
    """Line, heading (none for what stands before the first) and body of each; a # in a block of code is no heading."""
    sections: list[tuple[int, str, list[str]]] = [(begins, "", [])]
    fence = ""
    for place, line in enumerate(lines[begins:], start=begins):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        heading = line[1:].strip().rstrip("#").strip() if not fence and line.startswith(("# ", "#\t")) else ""
        if heading:
            sections.append((place, heading, []))
        else:
            sections[-1][2].append(line)
    return sections


def _dated_line(body: Sequence[str], zone: tzinfo) -> datetime | None:
    first = (line[:LONGEST_LINE] for line in body[:10])
    found = (_date(line, zone) for line in first if _DATED_LINE.match(line))
    return next((at for at in found if at), None)


def _date(text: str, zone: tzinfo) -> datetime | None:
    for found in _DATE.finditer(text):
        year, month, day, hour, minute = (int(part or 0) for part in found.groups())
        try:
            return datetime.combine(datetime(year, month, day), time(hour, minute), zone)  # noqa: DTZ001  # gets its zone here
        except ValueError:
            continue
    return None
