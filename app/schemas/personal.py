"""Shapes of the phone's own data: calendar, contacts, notes, and files of them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from app.schemas.base import LARGEST_INTEGER, AnswerModel, Page, RequestModel
from device_sim.personal.bounds import (
    LONGEST_BODY,
    LONGEST_EMAIL,
    LONGEST_LINE,
    LONGEST_PHONE,
    LONGEST_PLACE,
    MOST_VALUES,
)

_FILLED = {"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}

_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"


def _in_iso_form(value: str) -> str:
    if not re.fullmatch(_MOMENT, value):
        raise ValueError("must be a date as 2026-12-01, or a time as 2026-12-01T09:30 or 2026-12-01T01:30:00Z")
    return value


Moment = Annotated[
    str,
    AfterValidator(_in_iso_form),
    Field(
        json_schema_extra={"pattern": _MOMENT},
        description="an ISO 8601 date or time; without an offset it means the device's time zone",
        examples=["2026-12-01T09:30", "2026-12-01T01:30:00Z", "2026-12-01"],
    ),
]
Line = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE, json_schema_extra=_FILLED)]
Phone = Annotated[str, Field(min_length=1, max_length=LONGEST_PHONE, json_schema_extra=_FILLED)]
Email = Annotated[str, Field(min_length=1, max_length=LONGEST_EMAIL, json_schema_extra=_FILLED)]
Query = Annotated[
    str | None,
    Field(min_length=1, max_length=LONGEST_LINE, description="words to look for; the best match comes first"),
]
EntryId = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


class SearchablePage(Page):
    """Which part of a list, or what to look for."""

    q: Query = None

    @model_validator(mode="after")
    def _one_way(self) -> "SearchablePage":
        if self.q is not None and self.after is not None:
            raise ValueError("what is found by `q` has one page: `after` goes without it")
        return self


class CalendarQuery(SearchablePage):
    """Events under way at some time from `from` until before `to`."""

    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None


class EventRequest(RequestModel):
    """An event. Without an `end` it takes an hour, or the day."""

    title: Line = Field(description="what it is")
    start: Moment = Field(description="when it begins: ISO 8601; without an offset, in the device's zone")
    end: Moment | None = Field(None, description="when it is over; of a whole-day event, the day after")
    whole_day: bool = Field(False, description="it begins and ends at midnight, whatever the zone")
    place: Annotated[str, Field(max_length=LONGEST_PLACE)] | None = Field(None, description="where")
    people: list[Line] = Field([], max_length=MOST_VALUES, description="who takes part")


class EventAnswer(AnswerModel):
    """An event; times are in the device's zone, and dates where it takes whole days."""

    id: int = Field(description="its id")
    title: str = Field(description="what it is")
    start: str = Field(description="a moment or, of a whole day, a date")
    end: str = Field(description="a moment or, of a whole day, the date after")
    whole_day: bool = Field(description="whether it takes whole days")
    place: str | None = Field(description="where")
    people: list[str] = Field(description="who takes part")


class EventsAnswer(AnswerModel):
    """Some events, in the order in which they begin, or as they match."""

    items: list[EventAnswer] = Field(description="in the order in which they begin, or as they match")
    next_after: int | None = Field(description="for the next page; null on the last")
    total: int = Field(description="on all pages")


class ContactRequest(RequestModel):
    """A contact. `aliases` are other names that the user gives them."""

    name: Line = Field(description="in full")
    aliases: list[Line] = Field([], max_length=MOST_VALUES, description="other names that the user gives them")
    phones: list[Phone] = Field([], max_length=MOST_VALUES, description="numbers, kept as they are written")
    emails: list[Email] = Field([], max_length=MOST_VALUES, description="addresses")
    organisation: Annotated[str, Field(max_length=LONGEST_LINE)] | None = Field(None, description="where they work")


class ContactAnswer(AnswerModel):
    """A contact."""

    id: int = Field(description="its id")
    name: str = Field(description="in full")
    aliases: list[str] = Field(description="other names that the user gives them")
    phones: list[str] = Field(description="as they were written")
    emails: list[str] = Field(description="addresses")
    organisation: str | None = Field(description="where they work")


class ContactsAnswer(AnswerModel):
    """Some contacts, in the order in which they were added, or as they match."""

    items: list[ContactAnswer] = Field(description="in the order in which they were added, or as they match")
    next_after: int | None = Field(description="for the next page; null on the last")
    total: int = Field(description="on all pages")


class NoteRequest(RequestModel):
    """A note. Without an `at` it is about now."""

    title: Line = Field(description="its heading")
    body: str = Field("", max_length=LONGEST_BODY, description="the rest")
    at: Moment | None = Field(None, description="what moment it is about; by default now")


class NoteAnswer(AnswerModel):
    """A note; `at` is in the device's zone."""

    id: int = Field(description="its id")
    title: str = Field(description="its heading")
    body: str = Field(description="the rest")
    at: str = Field(description="what moment it is about")


class NotesAnswer(AnswerModel):
    """Some notes, in the order in which they were added, or as they match."""

    items: list[NoteAnswer] = Field(description="in the order in which they were added, or as they match")
    next_after: int | None = Field(description="for the next page; null on the last")
    total: int = Field(description="on all pages")


class FileRequest(RequestModel):
    """A file's text."""

    content: str = Field(description="the text of an .ics, .vcf or Markdown file")


class RejectionAnswer(AnswerModel):
    """What begins in this line of the file could not be used, and why."""

    line: int = Field(description="where it begins, from 1")
    reason: str = Field(description="in a sentence")


class FileAnswer(AnswerModel):
    """`skipped` entries were known already."""

    added: int = Field(description="entries that are new")
    skipped: int = Field(description="entries that were known already")
    rejected: list[RejectionAnswer] = Field(description="what could not be used")


class ClearedAnswer(AnswerModel):
    """How many entries were removed."""

    deleted: int = Field(description="entries that were removed")
