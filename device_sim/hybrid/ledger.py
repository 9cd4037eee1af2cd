"""The ledger of what left the device: every attempt to send, with its exact bytes, written before the first of them.

A row is committed as `sent` and closed when the outcome is known. After a crash between the two it stays `sent`, which
reads: it may have left, and nobody knows what came of it. A row is never changed otherwise.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from device_sim.clock import Clock
from device_sim.consent import cloud_consent_since
from device_sim.errors import ConsentRequired, StateError
from device_sim.hybrid.cloud import Outcome
from device_sim.state import State

_log = logging.getLogger(__name__)
_COLUMNS = "id, request_id, attempt, at, purpose, consent_since, host, model, body, outcome, status, answered_at"


@dataclass(frozen=True)
class Entry:
    """One attempt. `purpose` is why it was sent, `consent_since` when the user had agreed to a cloud model's help;
    `status` is HTTP's.
    """

    id: int
    request_id: str
    attempt: int
    at: str
    purpose: str
    consent_since: str
    host: str
    model: str
    body: bytes
    outcome: Outcome
    status: int | None
    answered_at: str | None


@dataclass(frozen=True)
class EntryPage:
    """Some entries, newest first; `next_after` is None on the last page."""

    items: tuple[Entry, ...]
    next_after: int | None


@dataclass(frozen=True)
class Destination:
    """Where a request goes."""

    host: str
    model: str


class Ledger:
    """Writes and shows the rows."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def open(self, request_id: str, attempt: int, purpose: str, to: Destination, body: bytes) -> int:
        """Commit the row of an attempt that may now leave; its id.

        Raises:
            ConsentRequired: the user does not agree to help from a cloud model; nothing may leave.
        """
        with self._state.transaction() as connection:
            since = cloud_consent_since(connection)
            if since is None:
                raise ConsentRequired("the user has not agreed to help from a cloud model")
            row = connection.execute(
                "INSERT INTO egress (request_id, attempt, at, purpose, consent_since, host, model, body, outcome) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (request_id, attempt, self._clock.stamp(), purpose, since, to.host, to.model, body, "sent"),
            ).fetchone()
        return int(row[0])

    def close(self, entry_id: int, request_id: str, outcome: Outcome, status: int | None = None) -> None:
        """Say what came of an attempt, once: of this request, since ids begin anew when data are erased.

        Where that can't be written the row stays as it was: it may have left.
        """
        try:
            with self._state.transaction() as connection:
                connection.execute(
                    "UPDATE egress SET outcome = ?, status = ?, answered_at = ? "
                    "WHERE id = ? AND request_id = ? AND answered_at IS NULL",
                    (outcome, status, self._clock.stamp(), entry_id, request_id),
                )
        except StateError as error:  # An answer that has come is not lost for it.
            _log.warning("the outcome of a request could not be written: %s", error)

    def page(self, after: int | None = None, limit: int = 50) -> EntryPage:
        """Up to `limit` entries that are older than entry `after`."""
        with self._state.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM egress WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?",
                (after, after, limit + 1),
            ).fetchall()
        items = tuple(Entry(*row) for row in rows[:limit])
        return EntryPage(items, items[-1].id if len(rows) > limit else None)

    def attempts(
        self, request_id: str, purpose: str, to: Destination, last_check: Callable[[bytes], None]
    ) -> "RecordedAttempts":
        """What a cloud client asks before and tells after each attempt of one request.

        `last_check` raises if the bytes must not leave; it runs before the row is written.
        """
        return RecordedAttempts(self, request_id, purpose, to, last_check)


class RecordedAttempts:
    """The attempts of one request: checked, then in the ledger, then sent. Implements `cloud.Attempts`."""

    def __init__(
        self, ledger: Ledger, request_id: str, purpose: str, to: Destination, last_check: Callable[[bytes], None]
    ) -> None:
        self._ledger = ledger
        self._request_id = request_id
        self._purpose = purpose
        self._to = to
        self._last_check = last_check
        self._open: dict[int, int] = {}
        self.left = False  # whether anything of the request may have left

    def before_send(self, attempt: int, body: bytes) -> None:
        """Let these bytes leave, or raise."""
        self._last_check(body)
        self._open[attempt] = self._ledger.open(self._request_id, attempt, self._purpose, self._to, body)

    def after(self, attempt: int, outcome: Outcome, status: int | None) -> None:
        """What came of it."""
        self.left = self.left or outcome != "not-sent"
        self._ledger.close(self._open.pop(attempt), self._request_id, outcome, status)
