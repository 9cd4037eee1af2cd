"""The phone's own calendar, contacts and notes. They need no consent: the user wrote them, and nothing is learnt."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.routes.answers import reads, writes
from app.schemas.base import LARGEST_INTEGER
from app.schemas.personal import (
    CalendarQuery,
    ClearedAnswer,
    ContactAnswer,
    ContactRequest,
    ContactsAnswer,
    EventAnswer,
    EventRequest,
    EventsAnswer,
    FileAnswer,
    FileRequest,
    NoteAnswer,
    NoteRequest,
    NotesAnswer,
    SearchablePage,
)
from app.services import Device
from device_sim.personal.bounds import read_moment
from device_sim.personal.files import ImportReport, Kind
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore

router = APIRouter(prefix="/v1/personal", tags=["personal"])

EntryId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER)]


@router.get("/calendar", responses=reads())
def events(query: Annotated[CalendarQuery, Query()], device: Device) -> EventsAnswer:
    """Events in the order in which they begin; with `q`, those that match."""
    store = device.personal
    start, end = (_optional(text, name, store) for text, name in ((query.from_, "from"), (query.to, "to")))
    if query.q is not None:
        found = store.search_events(query.q, query.limit, start, end)
        return EventsAnswer(items=_events(found), next_after=None, total=len(found))
    page = store.event_page(start, end, query.after, query.limit)
    return EventsAnswer(items=_events(page.items), next_after=page.next_after, total=page.total)


@router.post("/calendar", status_code=201, responses=writes())
def add_event(body: EventRequest, device: Device) -> EventAnswer:
    """Put an event into the calendar."""
    return _event(device.personal.add_event(_event_of(body, 0, device.personal)))


@router.delete("/calendar", responses=writes())
def clear_events(device: Device) -> ClearedAnswer:
    """Empty the calendar."""
    return ClearedAnswer(deleted=device.personal.clear_events())


@router.post("/calendar/import", response_model=FileAnswer, responses=writes())
def import_events(body: FileRequest, device: Device) -> ImportReport:
    """Add the events of an iCalendar file. Repeated ones become their occurrences until two years from now."""
    return device.personal.import_file(Kind.CALENDAR, body.content)


@router.get("/calendar/{entry_id:int}", responses=reads(404))
def event(entry_id: EntryId, device: Device) -> EventAnswer:
    """One event."""
    return _event(device.personal.event(entry_id))


@router.put("/calendar/{entry_id:int}", responses=writes(404))
def change_event(entry_id: EntryId, body: EventRequest, device: Device) -> EventAnswer:
    """Replace an event."""
    return _event(device.personal.change_event(_event_of(body, entry_id, device.personal)))


@router.delete("/calendar/{entry_id:int}", status_code=204, responses=writes(404))
def delete_event(entry_id: EntryId, device: Device) -> None:
    """Take an event out of the calendar."""
    device.personal.delete_event(entry_id)


@router.get("/contacts", responses=reads())
def contacts(query: Annotated[SearchablePage, Query()], device: Device) -> ContactsAnswer:
    """Contacts in the order in which they were added; with `q`, those that it names or that hold it."""
    if query.q is not None:
        found = device.personal.search_contacts(query.q, query.limit)
        return ContactsAnswer(items=_contacts(found), next_after=None, total=len(found))
    page = device.personal.contact_page(query.after, query.limit)
    return ContactsAnswer(items=_contacts(page.items), next_after=page.next_after, total=page.total)


@router.post("/contacts", status_code=201, responses=writes())
def add_contact(body: ContactRequest, device: Device) -> ContactAnswer:
    """Keep a contact."""
    return _contact(device.personal.add_contact(_contact_of(body, 0)))


@router.delete("/contacts", responses=writes())
def clear_contacts(device: Device) -> ClearedAnswer:
    """Forget all contacts."""
    return ClearedAnswer(deleted=device.personal.clear_contacts())


@router.post("/contacts/import", response_model=FileAnswer, responses=writes())
def import_contacts(body: FileRequest, device: Device) -> ImportReport:
    """Add the cards of a vCard file (2.1, 3.0 or 4.0)."""
    return device.personal.import_file(Kind.CONTACTS, body.content)


@router.get("/contacts/{entry_id:int}", responses=reads(404))
def contact(entry_id: EntryId, device: Device) -> ContactAnswer:
    """One contact."""
    return _contact(device.personal.contact(entry_id))


@router.put("/contacts/{entry_id:int}", responses=writes(404))
def change_contact(entry_id: EntryId, body: ContactRequest, device: Device) -> ContactAnswer:
    """Replace a contact."""
    return _contact(device.personal.change_contact(_contact_of(body, entry_id)))


@router.delete("/contacts/{entry_id:int}", status_code=204, responses=writes(404))
def delete_contact(entry_id: EntryId, device: Device) -> None:
    """Forget a contact."""
    device.personal.delete_contact(entry_id)


@router.get("/notes", responses=reads())
def notes(query: Annotated[SearchablePage, Query()], device: Device) -> NotesAnswer:
    """Notes in the order in which they were added; with `q`, those that hold its words, or are like it."""
    if query.q is not None:
        found = device.personal.search_notes(query.q, query.limit, guess=True)
        return NotesAnswer(items=_notes(found), next_after=None, total=len(found))
    page = device.personal.note_page(query.after, query.limit)
    return NotesAnswer(items=_notes(page.items), next_after=page.next_after, total=page.total)


@router.post("/notes", status_code=201, responses=writes())
def add_note(body: NoteRequest, device: Device) -> NoteAnswer:
    """Keep a note."""
    return _note(device.personal.add_note(_note_of(body, 0, device.personal)))


@router.delete("/notes", responses=writes())
def clear_notes(device: Device) -> ClearedAnswer:
    """Forget all notes."""
    return ClearedAnswer(deleted=device.personal.clear_notes())


@router.post("/notes/import", response_model=FileAnswer, responses=writes())
def import_notes(body: FileRequest, device: Device) -> ImportReport:
    """Add the notes of a Markdown file: each heading of the first level begins one."""
    return device.personal.import_file(Kind.NOTES, body.content)


@router.get("/notes/{entry_id:int}", responses=reads(404))
def note(entry_id: EntryId, device: Device) -> NoteAnswer:
    """One note."""
    return _note(device.personal.note(entry_id))


@router.put("/notes/{entry_id:int}", responses=writes(404))
def change_note(entry_id: EntryId, body: NoteRequest, device: Device) -> NoteAnswer:
    """Replace a note."""
    return _note(device.personal.change_note(_note_of(body, entry_id, device.personal)))


@router.delete("/notes/{entry_id:int}", status_code=204, responses=writes(404))
def delete_note(entry_id: EntryId, device: Device) -> None:
    """Forget a note."""
    device.personal.delete_note(entry_id)


def _optional(text: str | None, field: str, store: PersonalStore) -> datetime | None:
    return None if text is None else read_moment(text, field, store.zone)


def _event_of(body: EventRequest, entry_id: int, store: PersonalStore) -> Event:
    start = read_moment(body.start, "start", store.zone)
    # A day by the calendar, an hour by the clock: they differ when summer time begins.
    default = start + timedelta(days=1) if body.whole_day else start.astimezone(UTC) + timedelta(hours=1)
    end = _optional(body.end, "end", store) or default
    return Event(entry_id, body.title, start, end, body.whole_day, body.place, tuple(body.people))


def _contact_of(body: ContactRequest, entry_id: int) -> Contact:
    return Contact(
        entry_id, body.name, tuple(body.aliases), tuple(body.phones), tuple(body.emails), body.organisation
    )  # fmt: skip


def _note_of(body: NoteRequest, entry_id: int, store: PersonalStore) -> Note:
    """Without a time a new note is of now, and a changed one stays where it is."""
    at = _optional(body.at, "at", store) or (store.note(entry_id).at if entry_id else store.now())
    return Note(entry_id, body.title, body.body, at)


def _event(one: Event) -> EventAnswer:
    start, end = (
        at.date().isoformat() if one.whole_day else at.isoformat(timespec="seconds") for at in (one.start, one.end)
    )
    return EventAnswer(
        id=one.id, title=one.title, start=start, end=end, whole_day=one.whole_day, place=one.place,
        people=list(one.people),
    )  # fmt: skip


def _events(found: Sequence[Event]) -> list[EventAnswer]:
    return [_event(one) for one in found]


def _contact(one: Contact) -> ContactAnswer:
    return ContactAnswer(
        id=one.id, name=one.name, aliases=list(one.aliases), phones=list(one.phones), emails=list(one.emails),
        organisation=one.organisation,
    )  # fmt: skip


def _contacts(found: Sequence[Contact]) -> list[ContactAnswer]:
    return [_contact(one) for one in found]


def _note(one: Note) -> NoteAnswer:
    return NoteAnswer(id=one.id, title=one.title, body=one.body, at=one.at.isoformat(timespec="seconds"))


def _notes(found: Sequence[Note]) -> list[NoteAnswer]:
    return [_note(one) for one in found]
