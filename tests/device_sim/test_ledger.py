"""The ledger: no row without consent, no sending without a row, and what is left after a crash."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from device_sim.audit import Audit
from device_sim.clock import Clock
from device_sim.consent import ConsentBook
from device_sim.errors import ConsentRequired, DeviceClosed, NetworkRefused
from device_sim.hybrid.ledger import Destination, Ledger
from device_sim.settings import DeviceSettings
from device_sim.state import State

TO = Destination("cloud.example", "m")
BODY = '{"messages":[{"content":"请问 [PERSON_A] 😀"}]}'.encode()


@dataclass
class Book:
    """A ledger and what it rests on."""

    state: State
    ledger: Ledger
    consent: ConsentBook
    clock: Clock


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = opened(tmp_path)
    made.consent.put(personalization=False, cloud_assist=True)
    yield made
    made.state.close()


def opened(state_dir: Path) -> Book:
    """The ledger of a state directory."""
    state, clock = State.open(DeviceSettings(state_dir=state_dir)), Clock()
    return Book(state, Ledger(state, clock), ConsentBook(state, Audit(state, clock), clock), clock)


@pytest.mark.parametrize("personalization", [None, True, False])
def test_without_consent_to_the_cloud_there_is_no_row(tmp_path: Path, personalization: bool | None) -> None:
    book = opened(tmp_path)
    if personalization is not None:
        book.consent.put(personalization=personalization)
    with pytest.raises(ConsentRequired, match="not agreed"):
        book.ledger.open("r", 1, "mixed", TO, BODY)
    assert book.ledger.page().items == ()
    book.state.close()


def test_the_consent_told_is_that_to_the_cloud_whatever_else_was_agreed_to_since(book: Book) -> None:
    def decide(**purposes: bool) -> str | None:
        book.clock.offset += timedelta(hours=1)
        return book.consent.put(**purposes).since

    def agreed() -> str:
        book.ledger.open("r", 1, "mixed", TO, BODY)
        return book.ledger.page().items[0].consent_since

    first = book.consent.get().since
    decide(personalization=True)
    decide(personalization=False)
    assert agreed() == first
    decide(cloud_assist=False)
    again = decide(personalization=True, cloud_assist=True)
    decide(personalization=False)
    assert agreed() == again


def test_a_row_says_what_left_why_and_under_which_consent(book: Book) -> None:
    number = book.ledger.open("r", 2, "mixed", TO, BODY)
    since = book.consent.get().since
    book.consent.withdraw()
    book.ledger.close(number, "r", "answered", 200)
    (entry,) = book.ledger.page().items
    assert (entry.id, entry.request_id, entry.attempt, entry.purpose) == (number, "r", 2, "mixed")
    assert (entry.host, entry.model, entry.body, entry.consent_since) == ("cloud.example", "m", BODY, since)
    assert (entry.outcome, entry.status) == ("answered", 200)
    assert entry.answered_at is not None
    assert entry.answered_at >= entry.at


def test_an_outcome_is_written_once(book: Book) -> None:
    number = book.ledger.open("r", 1, "mixed", TO, BODY)
    book.ledger.close(number, "r", "timed-out")
    book.ledger.close(number, "r", "answered", 200)
    assert [(entry.outcome, entry.status) for entry in book.ledger.page().items] == [("timed-out", None)]


def test_after_a_crash_the_row_says_that_it_may_have_left(book: Book, tmp_path: Path) -> None:
    book.ledger.open("r", 1, "mixed", TO, BODY)
    for side in tmp_path.glob("attune.db*"):  # as the files are at the instant of the crash
        (tmp_path / "crashed").mkdir(exist_ok=True)
        (tmp_path / "crashed" / side.name).write_bytes(side.read_bytes())
    for name in ("keystore.json", "device.key"):
        (tmp_path / "crashed" / name).write_bytes((tmp_path / name).read_bytes())
        (tmp_path / "crashed" / name).chmod(0o600)
    later = opened(tmp_path / "crashed")
    assert [(entry.outcome, entry.answered_at, entry.body) for entry in later.ledger.page().items] == [
        ("sent", None, BODY)
    ]
    later.state.close()


def test_pages_go_from_the_newest_to_the_oldest(book: Book) -> None:
    numbers = [book.ledger.open("r", attempt, "mixed", TO, BODY) for attempt in range(1, 6)]
    seen, after = [], None
    while True:
        page = book.ledger.page(after, 2)
        seen += [entry.id for entry in page.items]
        after = page.next_after
        if after is None:
            break
    assert seen == numbers[::-1]


def test_what_the_last_check_stops_has_no_row(book: Book) -> None:
    def stop(body: bytes) -> None:
        assert body == BODY
        raise NetworkRefused("a secret is in it")

    attempts = book.ledger.attempts("r", "mixed", TO, stop)
    with pytest.raises(NetworkRefused):
        attempts.before_send(1, BODY)
    assert book.ledger.page().items == ()


def test_an_outcome_that_can_not_be_written_loses_no_answer(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    attempts = book.ledger.attempts("r", "mixed", TO, lambda _body: None)
    attempts.before_send(1, BODY)
    book.state.close()
    attempts.after(1, "answered", 200)
    assert "could not be written" in caplog.text
    assert "PERSON_A" not in caplog.text
    with pytest.raises(DeviceClosed):
        attempts.before_send(2, BODY)
