"""The phone's calendar, contacts and notes: kept, changed, looked up.

They are what the user wrote down on purpose. They need no consent and are never learnt from; they are in the export,
and go with `DELETE /v1/user-data`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Generic, TypeVar

from device_sim.clock import Clock
from device_sim.errors import InvalidEntry, InvalidInput
from device_sim.inference import Encoder
from device_sim.personal import people
from device_sim.personal.bounds import check_contact, check_event, check_note, moment
from device_sim.personal.files import ImportReport, Kind, read_file
from device_sim.personal.importing import add_entries
from device_sim.personal.people import Secrets
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.search import NoteSearch, best_by_words, found_exactly
from device_sim.personal.tables import CALENDAR, CONTACTS, NOTES, Table, in_order, stamp
from device_sim.personal.words import telling
from device_sim.state import State

_LOOKED_AT = 3  # notes, and events, that a question is compared with
_SHARED, _SHARE = 2, 0.4  # telling words in common, and their share of the question's

R = TypeVar("R", Event, Contact, Note)

_ANY_TIME = (None, None, None, None)


@dataclass(frozen=True)
class RecordPage(Generic[R]):
    """Some entries; `total` counts all that match, `next_after` is None on the last page."""

    items: tuple[R, ...]
    next_after: int | None
    total: int


class PersonalStore:
    """Safe to use from several threads. Times are in `zone`, which naive ones that are given are taken to mean; the
    `id` of an entry that is added is ignored. `revision` rises with every change.

    Every method raises InvalidEntry for what can't be kept and UnknownEntry for an id that there is not.
    """

    def __init__(self, state: State, clock: Clock, encoder: Encoder | None, zone: tzinfo) -> None:
        self.zone = zone
        self.revision = 0
        self._state = state
        self._clock = clock
        self._notes = NoteSearch(state, encoder)
        self._secrets: Secrets | None = None

    def now(self) -> datetime:
        """The device's time, in its zone."""
        return self._clock.now().astimezone(self.zone)

    # The calendar.

    def events(
        self, start: datetime | None = None, end: datetime | None = None, limit: int | None = None
    ) -> tuple[Event, ...]:
        """Events that are under way at some time from `start` until before `end`, in the order in which they begin."""
        return self.event_page(start, end, limit=limit).items

    def event_page(
        self, start: datetime | None = None, end: datetime | None = None, after: int | None = None,
        limit: int | None = None,
    ) -> RecordPage[Event]:  # fmt: skip
        """As `events`; those that follow the event `after`. Raises InvalidInput: that one is gone, or out of range."""
        with self._state.reading() as connection:
            found = in_order(connection, self.zone, *self._under_way(start, end))
            if after is not None and after not in found:
                raise InvalidInput("after: that event is gone or was moved; begin again without it", field="after")
            place = 0 if after is None else found.index(after) + 1
            chosen = found[place : None if limit is None else place + limit]
            items = tuple(CALENDAR.by_ids(connection, chosen, self.zone))
        return RecordPage(items, chosen[-1] if chosen and place + len(chosen) < len(found) else None, len(found))

    def event(self, event_id: int) -> Event:
        """The event of that id."""
        return self._find(CALENDAR, event_id)

    def add_event(self, event: Event) -> Event:
        """Put an event into the calendar."""
        return self._add(CALENDAR, check_event(event, self.zone))

    def change_event(self, event: Event) -> Event:
        """Replace the event of that id."""
        return self._change(CALENDAR, check_event(event, self.zone))

    def delete_event(self, event_id: int) -> None:
        """Take an event out of the calendar."""
        self._delete(CALENDAR, event_id)

    def clear_events(self) -> int:
        """Empty the calendar; how many there were."""
        return self._clear(CALENDAR)

    def search_events(
        self, query: str, limit: int = 10, start: datetime | None = None, end: datetime | None = None
    ) -> tuple[Event, ...]:
        """Events whose title, place or people hold words of `query`, best first; under way as those of `events`."""
        condition, values = self._under_way(start, end)
        with self._state.reading() as connection:
            ids = best_by_words(connection, "calendar_words", query)
            if values != _ANY_TIME:
                there = set(in_order(connection, self.zone, condition, values))
                ids = [one for one in ids if one in there]
            return tuple(CALENDAR.by_ids(connection, ids[:limit], self.zone))

    # Contacts.

    def contacts(self) -> tuple[Contact, ...]:
        """All contacts, in the order in which they were added."""
        return self.secrets().contacts

    def contact_page(self, after: int | None = None, limit: int = 50) -> RecordPage[Contact]:
        """Up to `limit` contacts that follow the contact `after`."""
        return self._page(CONTACTS, after, limit)

    def contact(self, contact_id: int) -> Contact:
        """The contact of that id."""
        return self._find(CONTACTS, contact_id)

    def find_contacts(self, name: str) -> tuple[Contact, ...]:
        """Contacts that `name` may mean: exactly, in part, or by surname and title, whichever comes first."""
        return people.called(self.secrets(), name)

    def add_contact(self, contact: Contact) -> Contact:
        """Keep a contact."""
        return self._add(CONTACTS, check_contact(contact))

    def change_contact(self, contact: Contact) -> Contact:
        """Replace the contact of that id."""
        return self._change(CONTACTS, check_contact(contact))

    def delete_contact(self, contact_id: int) -> None:
        """Forget a contact."""
        self._delete(CONTACTS, contact_id)

    def clear_contacts(self) -> int:
        """Forget all contacts; how many there were."""
        return self._clear(CONTACTS)

    def search_contacts(self, query: str, limit: int = 10) -> tuple[Contact, ...]:
        """Contacts that `query` names, or that hold it in some field."""
        found = (*self.find_contacts(query), *people.holding(self.contacts(), query))
        return tuple(dict.fromkeys(found))[:limit]

    # Notes.

    def notes(
        self, start: datetime | None = None, end: datetime | None = None, limit: int | None = None
    ) -> tuple[Note, ...]:
        """Notes about a time from `start` until before `end`, the latest first."""
        bounds = [None if one is None else stamp(moment(one, "at", self.zone)) for one in (start, end)]
        with self._state.reading() as connection:
            return tuple(
                NOTES.select(
                    connection, self.zone,
                    "WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2) ORDER BY at DESC, id DESC LIMIT ?3",
                    (*bounds, -1 if limit is None else limit),
                )
            )  # fmt: skip

    def note_page(self, after: int | None = None, limit: int = 50) -> RecordPage[Note]:
        """Up to `limit` notes that follow the note `after`, in the order in which they were added."""
        return self._page(NOTES, after, limit)

    def note(self, note_id: int) -> Note:
        """The note of that id."""
        return self._find(NOTES, note_id)

    def add_note(self, note: Note) -> Note:
        """Keep a note, with the features that searches use."""
        return self._add(NOTES, check_note(note, self.zone))

    def change_note(self, note: Note) -> Note:
        """Replace the note of that id."""
        return self._change(NOTES, check_note(note, self.zone))

    def delete_note(self, note_id: int) -> None:
        """Forget a note and its features."""
        self._delete(NOTES, note_id)

    def clear_notes(self) -> int:
        """Forget all notes; how many there were."""
        return self._clear(NOTES)

    def search_notes(self, query: str, limit: int = 10, *, guess: bool = False) -> tuple[Note, ...]:
        """Notes that hold words of `query` or are much like it, best first. Where none holds many of them and a `guess`
        is wanted, the few that are nearest in meaning are among them: often what was meant, and often not.
        """
        ids = self._notes.ranked(query, guess)[:limit]
        with self._state.reading() as connection:
            return tuple(NOTES.by_ids(connection, ids, self.zone))

    # All of it.

    def answers(self, question: str) -> bool:
        """Whether a note or an event shares so many telling words with a question that it may hold the answer."""
        wanted = set(telling(question))
        found = [f"{one.title}。{one.body}" for one in self.search_notes(question, _LOOKED_AT)]
        found += [f"{one.title}。{one.place or ''}" for one in self.search_events(question, _LOOKED_AT)]
        shared = max((len(wanted & set(telling(text))) for text in found), default=0)
        return bool(wanted) and shared >= min(_SHARED, len(wanted)) and shared >= _SHARE * len(wanted)

    def holds(self, phrase: str) -> bool:
        """Whether a note or an event has `phrase` in it as it stands."""
        with self._state.reading() as connection:
            return any(found_exactly(connection, index, phrase) for index in ("note_words", "calendar_words"))

    def import_file(self, kind: Kind, content: str) -> ImportReport:
        """Add what an .ics, .vcf or Markdown file holds, all of it or, if it fails, nothing; what was imported before
        is known by its uid, or by its content, and not added again.

        Raises:
            InvalidFile: it is no such file.
        """
        reading = read_file(kind, content, self.zone, self.now())
        with self._state.database.lock:
            report = add_entries(self._state, self._notes, kind, reading)
            self.forget()
        return report

    def secrets(self) -> Secrets:
        """What must not leave the device; read again only after a change."""
        with self._state.reading() as connection:
            if self._secrets is None:
                named: dict[str, None] = {}
                places: dict[str, None] = {}
                for listed, place in connection.execute("SELECT people, place FROM calendar ORDER BY id").fetchall():
                    named.update(dict.fromkeys(json.loads(listed)))
                    places.update({place: None} if place else {})
                contacts = CONTACTS.select(connection, self.zone, "ORDER BY id")
                self._secrets = Secrets(self.revision, tuple(contacts), tuple(named), tuple(places))
            return self._secrets

    def forget(self) -> None:
        """Read everything again when it is next asked for: it was replaced or erased."""
        with self._state.database.lock:
            self.revision += 1
            self._secrets = None
            self._notes.forget()

    def _under_way(self, start: datetime | None, end: datetime | None) -> tuple[str, Sequence[str | None]]:
        bounds = [None if one is None else moment(one, name, self.zone) for one, name in ((start, "from"), (end, "to"))]
        instants = [None if one is None else stamp(one) for one in bounds]
        # A day is under way from its first instant on, so a range that ends within it holds it.
        days = [None if one is None else one.date().isoformat() for one in bounds]
        if end is not None and bounds[1] is not None:
            days[1] = (bounds[1] - timedelta(microseconds=1)).date().isoformat()
        condition = (
            "WHERE IIF(whole_day, (?3 IS NULL OR ends > ?3) AND (?4 IS NULL OR starts <= ?4), "
            "(?1 IS NULL OR ends > ?1 OR starts >= ?1) AND (?2 IS NULL OR starts < ?2))"
        )
        return condition, (*instants, *days)

    def _page(self, table: Table[R], after: int | None, limit: int) -> RecordPage[R]:
        with self._state.reading() as connection:
            rows = table.select(connection, self.zone, "WHERE id > ? ORDER BY id LIMIT ?", (after or 0, limit + 1))
            total = table.count(connection)
        items = tuple(rows[:limit])
        return RecordPage(items, items[-1].id if len(rows) > limit else None, total)

    def _find(self, table: Table[R], entry_id: int) -> R:
        with self._state.reading() as connection:
            return table.find(connection, entry_id, self.zone)

    def _add(self, table: Table[R], record: R) -> R:
        features = self._notes.features(record) if isinstance(record, Note) else None
        with self._state.database.lock:
            with self._state.transaction() as connection:
                if table.room(connection) < 1:
                    raise InvalidEntry(f"there is no room in the {table.name}: no more entries are kept")
                entry_id = table.insert(connection, record)
                self._notes.keep(connection, entry_id, features)
                added = table.find(connection, entry_id, self.zone)
            self.forget()
        return added

    def _change(self, table: Table[R], record: R) -> R:
        features = self._notes.features(record) if isinstance(record, Note) else None
        with self._state.database.lock:
            with self._state.transaction() as connection:
                table.update(connection, record)
                self._notes.keep(connection, record.id, features)
                changed = table.find(connection, record.id, self.zone)
            self.forget()
        return changed

    def _delete(self, table: Table[R], entry_id: int) -> None:
        with self._state.database.lock:
            with self._state.transaction() as connection:
                table.delete(connection, entry_id)
            self.forget()

    def _clear(self, table: Table[R]) -> int:
        with self._state.database.lock:
            with self._state.transaction() as connection:
                cleared = table.clear(connection)
            self.forget()
        return cleared
