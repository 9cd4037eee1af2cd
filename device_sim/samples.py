"""The user's samples: what feedback leaves on the device, inside the encrypted database."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np

from device_sim.clock import Clock
from device_sim.conditions import SamplesAfter
from device_sim.errors import UnknownSample
from device_sim.state import State
from model_store.head import Float32

Source = Literal["prediction", "text"]

# A head of a few thousand parameters learns nothing more from older ones, and an update must stay short.
_MOST_TRAINED_ON = 2_000


@dataclass(frozen=True)
class Sample:
    """One piece of feedback. `text` is None where the policy kept only features; `learned_by` are version numbers."""

    id: int
    task: str
    text: str | None
    label: str
    source: str
    state: str
    created_at: str
    learned_by: tuple[int, ...] = ()


@dataclass(frozen=True)
class SamplePage:
    """Some samples, oldest first; `total` counts all that match, `next_after` is None on the last page."""

    items: tuple[Sample, ...]
    next_after: int | None
    total: int


@dataclass(frozen=True, eq=False)
class LearningSample:
    """What training needs of a sample: features [D] of the present base, and whether it is new."""

    id: int
    label: str
    features: Float32
    new: bool


class SampleBook:
    """Reads pages of samples."""

    def __init__(self, state: State) -> None:
        self._state = state

    def page(self, task: str | None = None, after: int | None = None, limit: int = 50) -> SamplePage:
        """Up to `limit` samples (of one task) that follow sample `after`."""
        with self._state.reading() as connection:
            total = connection.execute(
                "SELECT COUNT(*) FROM samples WHERE task = COALESCE(?, task)", (task,)
            ).fetchone()[0]
            rows = connection.execute(
                "SELECT id, task, text, label, source, state, created_at FROM samples "
                "WHERE task = COALESCE(?, task) AND id > ? ORDER BY id LIMIT ?",
                (task, after or 0, limit + 1),
            ).fetchall()
            items = tuple(Sample(*(*row, _learned_by(connection, row[0]))) for row in rows[:limit])
        return SamplePage(items, items[-1].id if len(rows) > limit else None, total)

    def pending(self) -> dict[str, int]:
        """How many new samples wait, by task."""
        with self._state.reading() as connection:
            rows = connection.execute("SELECT task, COUNT(*) FROM samples WHERE state = 'new' GROUP BY task")
            return dict(rows.fetchall())


def add_sample(
    connection: Any, clock: Clock, *, task: str, text: str, label: str, source: Source, features: Float32, base_id: str
) -> int:
    """Store a new sample in the caller's transaction and return its id."""
    cursor = connection.execute(
        "INSERT INTO samples (task, text, text_digest, label, source, state, features, base_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, 'new', ?, ?, ?)",
        (task, text, text_digest(text), label, source, features.astype("<f4").tobytes(), base_id, clock.stamp()),
    )
    return int(cursor.lastrowid)


def pending_count(connection: Any, task: str, labels: Sequence[str]) -> int:
    """How many new samples of `task` with one of `labels` wait to be learnt from."""
    marks = ", ".join("?" for _ in labels)
    row = connection.execute(
        f"SELECT COUNT(*) FROM samples WHERE task = ? AND state = 'new' AND label IN ({marks})", (task, *labels)
    ).fetchone()
    return int(row[0])


def newest_sample(connection: Any, task: str) -> int:
    """The highest id among the samples of `task`; 0 where there are none."""
    row = connection.execute("SELECT COALESCE(MAX(id), 0) FROM samples WHERE task = ?", (task,)).fetchone()
    return int(row[0])


def text_digest(text: str) -> bytes:
    """What makes two samples corrections of the same text, also when the text itself is no longer kept."""
    return hashlib.sha256(text.strip().encode()).digest()


_LATEST_WORDS = (
    "FROM samples WHERE id IN (SELECT MAX(id) FROM samples WHERE task = ? AND state != 'set_aside' GROUP BY "
    "text_digest) ORDER BY id DESC LIMIT ?"
)


def learning_samples(connection: Any, task: str, labels: Sequence[str], base_id: str) -> list[LearningSample]:
    """What an update of `task` learns from, oldest first: the latest word on each text, new and kept, with features of
    this base.
    """
    rows = connection.execute(
        f"SELECT id, label, state, features, base_id {_LATEST_WORDS}", (task, _MOST_TRAINED_ON)
    ).fetchall()
    return [
        LearningSample(sample_id, label, np.frombuffer(blob, dtype="<f4").astype(np.float32), state == "new")
        for sample_id, label, state, blob, made_for in reversed(rows)
        if label in labels and made_for == base_id
    ]


def texts_to_encode(connection: Any, task: str, base_id: str) -> list[tuple[int, str]]:
    """(id, text) of what `learning_samples` leaves out because its features are another base's."""
    rows = connection.execute(f"SELECT id, text, base_id {_LATEST_WORDS}", (task, _MOST_TRAINED_ON)).fetchall()
    return [(sample_id, text) for sample_id, text, made_for in rows if made_for != base_id and text is not None]


def store_features(connection: Any, sample_id: int, features: Float32, base_id: str) -> None:
    """Replace a sample's features by those of another base."""
    connection.execute(
        "UPDATE samples SET features = ?, base_id = ? WHERE id = ?",
        (features.astype("<f4").tobytes(), base_id, sample_id),
    )


def set_aside_for_base(connection: Any, base_id: str) -> int:
    """Set aside what can't be learnt from on this base (features of another one, and no text to make new ones from),
    take back what can again; how many lie aside now.
    """
    connection.execute(
        "UPDATE samples SET state = 'used' WHERE state = 'set_aside' AND (text IS NOT NULL OR base_id = ?)", (base_id,)
    )
    connection.execute("UPDATE samples SET state = 'set_aside' WHERE text IS NULL AND base_id != ?", (base_id,))
    return int(connection.execute("SELECT COUNT(*) FROM samples WHERE state = 'set_aside'").fetchone()[0])


def after_training(connection: Any, task: str, up_to: int, policy: SamplesAfter) -> None:
    """Mark the samples of `task` up to id `up_to` as used, and keep, thin out or delete them as the policy says."""
    where = "task = ? AND id <= ? AND state != 'set_aside'"
    connection.execute(f"UPDATE samples SET state = 'used' WHERE {where}", (task, up_to))
    if policy == "keep_features":
        connection.execute(f"UPDATE samples SET text = NULL WHERE {where}", (task, up_to))
    elif policy == "delete":
        connection.execute(f"DELETE FROM samples WHERE {where}", (task, up_to))
    _forget_keys(connection)


def learn_again(connection: Any, task: str, number: int) -> None:
    """Make those samples new again that only version `number`, now destroyed, had learnt."""
    connection.execute(
        "UPDATE samples SET state = 'new' WHERE task = ? AND state = 'used' "
        "AND id IN (SELECT sample_id FROM version_samples WHERE task = ? AND number = ?) "
        "AND id NOT IN (SELECT sample_id FROM version_samples JOIN versions USING (task, number) "
        "WHERE task = ? AND sha256 IS NOT NULL)",
        (task, task, number, task),
    )


def delete_expired(connection: Any, clock: Clock, retention_days: int) -> int:
    """Delete samples that are kept longer than the policy says; how many. Those that wait to be learnt from stay."""
    oldest = (clock.now() - timedelta(days=retention_days)).isoformat(timespec="milliseconds")
    gone = connection.execute("DELETE FROM samples WHERE created_at < ? AND state != 'new'", (oldest,)).rowcount
    if gone:
        _forget_keys(connection)
    return int(gone)


def require_sample(connection: Any, sample_id: int) -> None:
    """Raises UnknownSample."""
    if connection.execute("SELECT 1 FROM samples WHERE id = ?", (sample_id,)).fetchone() is None:
        raise UnknownSample(f"there is no sample {sample_id}")


def delete_samples(connection: Any, sample_id: int | None) -> list[tuple[int, str]]:
    """Delete one sample, or all; (id, task) of each that was there. Raises UnknownSample for one that was not."""
    condition, values = ("1", ()) if sample_id is None else ("id = ?", (sample_id,))
    rows = connection.execute(f"SELECT id, task FROM samples WHERE {condition}", values).fetchall()
    if sample_id is not None:
        require_sample(connection, sample_id)
    connection.execute(f"DELETE FROM samples WHERE {condition}", values)
    _forget_keys(connection)
    return [(row[0], row[1]) for row in rows]


def _forget_keys(connection: Any) -> None:
    """Drop idempotency keys whose text is gone: their fingerprint is a digest of it."""
    connection.execute("DELETE FROM idempotency WHERE sample_id NOT IN (SELECT id FROM samples WHERE text IS NOT NULL)")


def _learned_by(connection: Any, sample_id: int) -> tuple[int, ...]:
    rows = connection.execute("SELECT number FROM version_samples WHERE sample_id = ? ORDER BY number", (sample_id,))
    return tuple(row[0] for row in rows.fetchall())
