"""How entries lie in the database, each with its words in the index: in the caller's transaction."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Generic, TypeVar

from device_sim.errors import InvalidEntry, UnknownEntry
from device_sim.personal.bounds import MOST_ENTRIES, check_contact, check_event, check_note
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.words import indexed

R = TypeVar("R", Event, Contact, Note)


@dataclass(frozen=True)
class Table(Generic[R]):
    """One kind of entries. `words` gives what the full-text index `index` holds: of the title, and of the rest."""

    name: str
    columns: tuple[str, ...]
    row_of: Callable[[R], tuple[Any, ...]]
    record_of: Callable[[Sequence[Any], tzinfo], R]
    words: Callable[[R], tuple[str, str]]
    index: str | None = None

    def insert(self, connection: Any, record: R) -> int:
        """Keep a new entry; its id."""
        marks = ", ".join("?" for _ in self.columns)
        cursor = connection.execute(
            f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})", self.row_of(record)
        )
        self.reindex(connection, replace(record, id=int(cursor.lastrowid)))
        return int(cursor.lastrowid)

    def update(self, connection: Any, record: R) -> None:
        """Replace the entry of that id. Raises UnknownEntry."""
        # Whoever replaces an imported entry need not know what its file calls it.
        setting = ", ".join(f"{one} = COALESCE(?, uid)" if one == "uid" else f"{one} = ?" for one in self.columns)
        done = connection.execute(f"UPDATE {self.name} SET {setting} WHERE id = ?", (*self.row_of(record), record.id))
        if not done.rowcount:
            raise self._unknown()
        self.reindex(connection, record)

    def delete(self, connection: Any, entry_id: int) -> None:
        """Raises UnknownEntry."""
        if not connection.execute(f"DELETE FROM {self.name} WHERE id = ?", (entry_id,)).rowcount:
            raise self._unknown()
        if self.index:
            connection.execute(f"DELETE FROM {self.index} WHERE rowid = ?", (entry_id,))

    def clear(self, connection: Any) -> int:
        """Delete every entry; how many."""
        if self.index:
            empty(connection, self.index)
        return int(connection.execute(f"DELETE FROM {self.name}").rowcount)

    def find(self, connection: Any, entry_id: int, zone: tzinfo) -> R:
        """Raises UnknownEntry."""
        found = self.select(connection, zone, "WHERE id = ?", (entry_id,))
        if not found:
            raise self._unknown()
        return found[0]

    def select(self, connection: Any, zone: tzinfo, rest: str = "", values: Sequence[Any] = ()) -> list[R]:
        """Entries that the SQL `rest` chooses and orders."""
        rows = connection.execute(f"SELECT id, {', '.join(self.columns)} FROM {self.name} {rest}", values).fetchall()
        return [self.record_of(row, zone) for row in rows]

    def by_ids(self, connection: Any, ids: Iterable[int], zone: tzinfo) -> list[R]:
        """The entries of these ids, in that order; ids of none are left out."""
        wanted = list(ids)
        found = self.select(
            connection, zone, "WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)
        )  # fmt: skip
        known = {record.id: record for record in found}
        return [known[one] for one in wanted if one in known]

    def count(self, connection: Any) -> int:
        """How many there are."""
        return int(connection.execute(f"SELECT COUNT(*) FROM {self.name}").fetchone()[0])

    def room(self, connection: Any) -> int:
        """How many more entries are kept."""
        return MOST_ENTRIES - self.count(connection)

    def reindex(self, connection: Any, record: R) -> None:
        """Put the words of an entry into the index anew."""
        if self.index:
            title, rest = self.words(record)
            connection.execute(f"DELETE FROM {self.index} WHERE rowid = ?", (record.id,))
            connection.execute(
                f"INSERT INTO {self.index} (rowid, title, rest) VALUES (?, ?, ?)",
                (record.id, indexed(title), indexed(rest)),
            )

    def _unknown(self) -> UnknownEntry:
        return UnknownEntry(f"there is no entry of that id in the {self.name}", field="id")


def empty(connection: Any, index: str) -> None:
    """Take all words out of an index, by making it anew: one by one would take seconds."""
    (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    connection.execute(f"DROP TABLE {index}")
    connection.execute(made)
    connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('secure-delete', 1)")


def in_order(connection: Any, zone: tzinfo, condition: str, values: Sequence[Any]) -> list[int]:
    """Ids of the events that the SQL `condition` chooses, in the order in which they begin."""
    rows = connection.execute(f"SELECT id, starts, whole_day FROM calendar {condition}", values).fetchall()
    keys = ((stamp(_moment(starts, True, zone)) if whole_day else starts, number) for number, starts, whole_day in rows)
    return [number for _, number in sorted(keys)]


def stamp(moment: datetime) -> str:
    """An instant as it is kept: in UTC, so that text and time have one order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _bound(moment: datetime, whole_day: bool) -> str:
    return moment.date().isoformat() if whole_day else stamp(moment)


def _moment(text: str, whole_day: bool, zone: tzinfo) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), zone) if whole_day else _local(text, zone)


def _local(text: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _event(row: Sequence[Any], zone: tzinfo) -> Event:
    entry_id, uid, title, starts, ends, whole_day, place, people = row
    start, end = (_moment(text, bool(whole_day), zone) for text in (starts, ends))
    return Event(entry_id, title, start, end, bool(whole_day), place, tuple(json.loads(people)), uid)


def _contact(row: Sequence[Any], _zone: tzinfo) -> Contact:
    entry_id, uid, name, aliases, phones, emails, organisation = row
    called, numbers, addresses = (tuple(json.loads(values)) for values in (aliases, phones, emails))
    return Contact(entry_id, name, called, numbers, addresses, organisation, uid)


def _note(row: Sequence[Any], zone: tzinfo) -> Note:
    entry_id, title, body, at = row
    return Note(entry_id, title, body, _local(at, zone))


CALENDAR: Table[Event] = Table(
    "calendar", ("uid", "title", "starts", "ends", "whole_day", "place", "people"),
    lambda one: (
        one.uid, one.title, _bound(one.start, one.whole_day), _bound(one.end, one.whole_day), int(one.whole_day),
        one.place, _list(one.people),
    ),
    _event, lambda one: (one.title, " ".join((one.place or "", *one.people))), "calendar_words",
)  # fmt: skip
CONTACTS: Table[Contact] = Table(
    "contacts", ("uid", "name", "aliases", "phones", "emails", "organisation"),
    lambda one: (
        one.uid, one.name, _list(one.aliases), _list(one.phones), _list(one.emails), one.organisation,
    ),
    _contact, lambda one: (one.name, " ".join((*one.aliases, *one.phones, *one.emails, one.organisation or ""))),
)  # fmt: skip
NOTES: Table[Note] = Table(
    "notes", ("title", "body", "at"), lambda one: (one.title, one.body, stamp(one.at)),
    _note, lambda one: (one.title, one.body), "note_words",
)  # fmt: skip


def check_rows(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Check rows of an export, by table, as the entries that they stand for.

    Raises:
        InvalidEntry: naming the table and the field.
    """
    _check(CALENDAR, tables["calendar"], lambda one: check_event(one, UTC))
    _check(CONTACTS, tables["contacts"], check_contact)
    _check(NOTES, tables["notes"], lambda one: check_note(one, UTC))


def _check(table: Table[R], rows: Sequence[Mapping[str, Any]], check: Callable[[R], R]) -> None:
    if len(rows) > MOST_ENTRIES:
        raise InvalidEntry(f"{table.name}: there are {len(rows)}; at most {MOST_ENTRIES} are kept")
    for row in rows:
        values: tuple[Any, ...] = tuple(row[column] for column in table.columns)
        try:
            record = check(table.record_of((row["id"], *values), UTC))
        except InvalidEntry as error:
            raise InvalidEntry(f"{table.name}: {error}") from None
        except (ValueError, TypeError, OverflowError):
            raise InvalidEntry(f"{table.name}: a time is not what it should be") from None
        if table.row_of(record) != values:
            raise InvalidEntry(f"{table.name}: a value is not written as the device writes it")


def reindex_all(connection: Any) -> None:
    """Make the words of every entry anew: the entries were replaced."""
    for name in ("calendar_words", "note_words"):
        empty(connection, name)
    for event in CALENDAR.select(connection, UTC):
        CALENDAR.reindex(connection, event)
    for note in NOTES.select(connection, UTC):
        NOTES.reindex(connection, note)
