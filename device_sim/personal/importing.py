"""What a file holds, put into the database: what was imported before is left as it is."""

from typing import Any

from device_sim.personal.bounds import LONGEST_UID
from device_sim.personal.files import Entry, ImportReport, Kind, Reading, Rejection, digest
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.search import NoteSearch
from device_sim.personal.tables import CALENDAR, CONTACTS, NOTES, Table
from device_sim.state import State

# More notes get their features when searches come by, or an import would take minutes.
_ENCODED_AT_ONCE = 64

_TABLES: dict[Kind, Table[Any]] = {Kind.CALENDAR: CALENDAR, Kind.CONTACTS: CONTACTS, Kind.NOTES: NOTES}


def add_entries(
    state: State, search: NoteSearch, kind: Kind, reading: Reading[Event] | Reading[Contact] | Reading[Note]
) -> ImportReport:
    """Add the entries that are not known, in one transaction."""
    table = _TABLES[kind]
    with state.reading() as connection:
        known = {row[0] for row in connection.execute(f"SELECT uid FROM {table.name} WHERE uid IS NOT NULL")}
        room = table.room(connection)
    fresh: dict[str, Entry[Any]] = {}
    for entry in reading.entries:
        uid = _kept(entry.uid)
        if uid not in known:
            fresh.setdefault(uid, entry)
    added = dict(list(fresh.items())[:room])
    features = [
        search.features(entry.record) if kind is Kind.NOTES else None
        for entry in list(added.values())[:_ENCODED_AT_ONCE]
    ]
    with state.transaction() as connection:
        for place, (uid, entry) in enumerate(added.items()):
            entry_id = table.insert(connection, entry.record)
            connection.execute(f"UPDATE {table.name} SET uid = ? WHERE id = ?", (uid, entry_id))
            search.keep(connection, entry_id, features[place] if place < len(features) else None)
    no_room = f"there is no room in the {table.name}"
    full = [Rejection(entry.line, no_room) for uid, entry in fresh.items() if uid not in added]
    rejected = sorted((*reading.rejected, *full), key=lambda one: one.line)
    return ImportReport(len(added), len(reading.entries) - len(fresh), tuple(rejected))


def _kept(uid: str) -> str:
    """A uid that can be stored: one that is too long, or no text, is known by its digest."""
    try:
        fits = len(uid.encode()) <= LONGEST_UID and "\0" not in uid
    except UnicodeEncodeError:
        fits = False
    return uid if fits else digest(uid)
