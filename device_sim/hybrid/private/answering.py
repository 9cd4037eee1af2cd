"""Private requests, answered from the phone's own data; commands change it.

Nothing here reaches a network. What the phone does not know is said to be unknown: never guessed, never asked of
others.
"""

import threading
from collections.abc import Callable
from datetime import tzinfo

from device_sim.clock import Clock
from device_sim.errors import InvalidEntry
from device_sim.hybrid.private import (
    contact_commands,
    contact_copies,
    event_changes,
    event_entry,
    event_moves,
    note_changes,
    note_commands,
    reminders,
)
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.questions import answer_question
from device_sim.hybrid.private.said import PrivateAnswer, no
from device_sim.hybrid.private.wording import LONGEST_COMMAND, Said, hesitates, said
from device_sim.personal.mentions import People
from device_sim.personal.store import PersonalStore

# The first that reads a request carries it out: those that say most plainly what they want go first.
_READERS: tuple[Callable[[Said], Command | None], ...] = (
    contact_copies.read,
    note_changes.read,
    note_commands.read,
    reminders.read,
    contact_commands.read,
    event_entry.read_first,
    event_changes.read,
    event_moves.read,
    event_entry.read,
)
# They change or delete what is there; the others only add.
_OF_WHAT_IS_THERE = (note_changes.read, contact_commands.read, event_changes.read, event_moves.read)
_LONG_READERS = (note_commands.read_new, event_entry.read_first)


class PrivateAnswers:
    """Answers private requests. Thread-safe: commands are carried out one after the other, each in one transaction."""

    def __init__(self, store: PersonalStore, clock: Clock, zone: tzinfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._commands = threading.Lock()
        self._people: tuple[int, People] | None = None

    def answer(self, text: str) -> PrivateAnswer:
        """Answer one request, or carry it out. Linear in its length."""
        command = _command(text)
        try:
            if command is None:
                return answer_question(self._desk(text))
            with self._commands:
                return command(self._desk(text))
        except (InvalidEntry, OverflowError):
            return no("这超出了手机能存的：时间在日历的范围之外，或者文字太长。什么都没有改。")

    def would_change(self, text: str) -> bool:
        """Whether a request asks for the phone's data to be changed: true for every one whose answer may change it."""
        return _command(text) is not None

    def _desk(self, text: str) -> Desk:
        """The contacts as they are now, indexed once for each state of them."""
        secrets = self._store.secrets()
        if self._people is None or self._people[0] != secrets.revision:
            self._people = (secrets.revision, People(secrets.contacts))
        return Desk(self._store, self._people[1], self._clock.now().astimezone(self._zone), text)


def _command(text: str) -> Command | None:
    """The command that a text gives; None: it asks something."""
    request = said(text)
    readers = _READERS if len(request.plain) <= LONGEST_COMMAND else _LONG_READERS
    if hesitates(request.plain):
        readers = tuple(read for read in readers if read not in _OF_WHAT_IS_THERE)
    return next((command for read in readers if (command := read(request)) is not None), None)
