"""Updates as they are told: the record of each, in the database, and the live events of the recent ones."""

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from device_sim.update_task import TaskState, UpdateTask

_EVENTS_KEPT = 4_000

Metrics = Mapping[str, float | int | None]


@dataclass(frozen=True)
class Progress:
    """How far the training of the candidate is: epochs done of all, and the last loss. Judging it comes after."""

    epoch: int = 0
    epochs: int = 0
    loss: float | None = None


@dataclass(frozen=True)
class Update:
    """One run of the update task, with what came of it. `up_to` is the newest sample that it was offered."""

    id: str
    task: str
    trigger: str
    state: str
    outcome: str | None
    version: int | None
    parameters: Mapping[str, int | float | bool]
    metrics: Metrics
    reasons: tuple[str, ...]
    created_at: str
    finished_at: str | None
    up_to: int | None = None
    progress: Progress = Progress()


@dataclass(frozen=True)
class Attempt:
    """What an update begins with, and what alone decides its outcome: the samples up to `newest_sample`, the version
    that it trains from, the base and the labels, and the parameters.
    """

    newest_sample: int
    parent: int
    base_id: str
    labels: tuple[str, ...]
    parameters: Mapping[str, int | float | bool]


@dataclass(frozen=True)
class UpdatePage:
    """Some updates, newest first; `next_after` is the sequence number to go on from, None on the last page."""

    items: tuple[Update, ...]
    next_after: int | None


@dataclass(frozen=True)
class UpdateEvent:
    """One progress event; `seq` rises by one."""

    seq: int
    event: str
    data: Mapping[str, Any]


@dataclass
class LiveUpdate:
    """A run in memory: what is asked of it, how far it is, its recent events, and how it `ended`. Thread-safe."""

    id: str
    task: str
    forced: bool
    state: TaskState = TaskState.RUNNING
    stop_reasons: tuple[str, ...] = ()
    progress: Progress = Progress()
    current: UpdateTask | None = None
    ended: Update | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    _events: deque[UpdateEvent] = field(default_factory=lambda: deque(maxlen=_EVENTS_KEPT))
    _next: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, reasons: tuple[str, ...]) -> bool:
        """Ask the run to end without an outcome; False if it has ended, or is past the point of no return."""
        with self._lock:
            if self.state is not TaskState.RUNNING:
                return False
            self.state, self.stop_reasons = TaskState.CANCELLING, reasons
        running = self.current
        if running is not None:
            running.cancel()
        return True

    def commit(self) -> bool:
        """Pass the point of no return, just before publishing; False if the run was stopped before it."""
        with self._lock:
            if self.state is not TaskState.RUNNING:
                return False
            self.state = TaskState.COMPLETED
            return True

    @property
    def stopping(self) -> bool:
        """Was the run asked to end?"""
        return self.state is TaskState.CANCELLING

    def emit(self, event: str, data: Mapping[str, Any]) -> None:
        """Add an event; the oldest make room."""
        with self._lock:
            self._events.append(UpdateEvent(self._next, event, data))
            self._next += 1

    def events(self, after: int) -> tuple[list[UpdateEvent], bool]:
        """Events that follow `after`, and whether no more will come."""
        finished = self.finished.is_set()
        with self._lock:
            return [event for event in self._events if event.seq > after], finished


_COLUMNS = (
    "seq, id, task, trigger, state, outcome, version, parameters, metrics, reasons, created_at, finished_at, up_to"
)


def insert_update(connection: Any, update: Update) -> None:
    """Record that an update has begun."""
    connection.execute(
        "INSERT INTO updates (id, task, trigger, state, outcome, version, parameters, metrics, reasons, created_at, "
        "finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            update.id, update.task, update.trigger, update.state, update.outcome, update.version,
            json.dumps(dict(update.parameters)), json.dumps(dict(update.metrics)),
            json.dumps(update.reasons, ensure_ascii=False), update.created_at, update.finished_at,
        ),
    )  # fmt: skip


def finish_update(connection: Any, update: Update) -> None:
    """Record how an update ended."""
    connection.execute(
        "UPDATE updates SET state = ?, outcome = ?, version = ?, metrics = ?, reasons = ?, finished_at = ?, up_to = ? "
        "WHERE id = ?",
        (
            update.state, update.outcome, update.version, json.dumps(dict(update.metrics)),
            json.dumps(update.reasons, ensure_ascii=False), update.finished_at, update.up_to,
            update.id,
        ),
    )  # fmt: skip


def find_update(connection: Any, update_id: str) -> Update | None:
    """The record of an update."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM updates WHERE id = ?", (update_id,)).fetchone()
    return None if row is None else _update(row)


def update_page(connection: Any, after: int | None, limit: int) -> UpdatePage:
    """Up to `limit` updates older than sequence number `after`, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM updates WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        (after if after is not None else 2**62, limit + 1),
    ).fetchall()
    items = tuple(_update(row) for row in rows[:limit])
    return UpdatePage(items, rows[limit - 1][0] if len(rows) > limit else None)


def last_rejection(connection: Any, task: str) -> Attempt | None:
    """What the last update of `task` that was judged began with, if it was rejected."""
    row = connection.execute(
        "SELECT updates.outcome, updates.up_to, versions.parent, versions.base_id, versions.labels, updates.parameters "
        "FROM updates JOIN versions ON versions.task = updates.task AND versions.number = updates.version "
        "WHERE updates.task = ? AND updates.outcome IS NOT NULL ORDER BY updates.seq DESC LIMIT 1",
        (task,),
    ).fetchone()
    if row is None or row[0] != "rejected":
        return None
    _, newest, parent, base_id, labels, parameters = row
    return Attempt(newest or 0, parent, base_id, tuple(json.loads(labels)), json.loads(parameters))


def in_turn(connection: Any, tasks: Sequence[str]) -> list[str]:
    """`tasks` in the order in which they have their turn: those whose last update failed after the others, and among
    both that first whose last update is longest ago. So none that fails, or is always ready, keeps others waiting.
    """
    rows = connection.execute(
        "SELECT task, outcome IS NULL, seq FROM updates WHERE seq IN (SELECT MAX(seq) FROM updates GROUP BY task)"
    )
    last = {task: (failed, seq) for task, failed, seq in rows.fetchall()}
    return sorted(tasks, key=lambda task: last.get(task, (0, 0)))


def fail_interrupted(connection: Any, at: str) -> int:
    """Give runs an end whose own could not be recorded, because the device stopped or its disk was full; how many."""
    return int(
        connection.execute(
            "UPDATE updates SET state = 'failed', reasons = ?, finished_at = ? WHERE finished_at IS NULL",
            (json.dumps(["interrupted: the device stopped, or its disk was full"]), at),
        ).rowcount
    )


def _update(row: tuple[Any, ...]) -> Update:
    _, identity, task, trigger, state, outcome, version, parameters, metrics, reasons, created, finished, up_to = row
    return Update(
        identity, task, trigger, state, outcome, version, json.loads(parameters), json.loads(metrics),
        tuple(json.loads(reasons)), created, finished, up_to,
    )  # fmt: skip
