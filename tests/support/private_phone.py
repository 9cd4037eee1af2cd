"""The sample phone of `sample_phone.json` in a real encrypted state, and the short ways to ask it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from device_sim.clock import Clock
from device_sim.hybrid.private import PrivateAnswers
from device_sim.hybrid.private.said import PrivateAnswer
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore
from device_sim.settings import DeviceSettings
from device_sim.state import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)  # a Wednesday
SAMPLE = Path(__file__).parent / "sample_phone.json"


class StoppedClock(Clock):
    """A clock that shows what it was set to."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)


class Phone:
    """The sample phone, and the short ways to look at it."""

    def __init__(self, state: State) -> None:
        self.clock = StoppedClock(NOW)
        self.store = PersonalStore(state, self.clock, None, SHANGHAI)
        self.answers = PrivateAnswers(self.store, self.clock, SHANGHAI)

    def ask(self, text: str) -> PrivateAnswer:
        return self.answers.answer(text)

    def titled(self, title: str) -> list[Event]:
        return [event for event in self.store.events() if event.title == title]

    def everything(self) -> tuple[tuple[object, ...], ...]:
        return self.store.events(), self.store.contacts(), self.store.notes()


@contextmanager
def opened(directory: Path) -> Iterator[Phone]:
    state = State.open(DeviceSettings(directory, directory, ()))
    try:
        yield Phone(state)
    finally:
        state.close()


def fill(directory: Path) -> Path:
    """The sample in a state of its own."""
    data = json.loads(SAMPLE.read_text())
    with opened(directory) as phone:
        for one in data["contacts"]:
            aliases, phones, emails = (tuple(one[key]) for key in ("aliases", "phones", "emails"))
            phone.store.add_contact(Contact(0, one["name"], aliases, phones, emails, one["organisation"]))
        for one in data["calendar"]:
            start, end = (datetime.fromisoformat(one[key]) for key in ("start", "end"))
            phone.store.add_event(Event(0, one["title"], start, end, False, one["place"], tuple(one["people"])))
        for one in data["notes"]:
            phone.store.add_note(Note(0, one["title"], one["body"], datetime.fromisoformat(one["at"])))
    return directory
