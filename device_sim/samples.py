"""The user's samples: what feedback leaves on the device, inside the encrypted database."""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from device_sim.clock import Clock
from device_sim.heads import ServingHeads
from device_sim.state import State
from model_store.head import Float32

Source = Literal["prediction", "text"]

# A head of a few thousand parameters learns nothing more from older ones, and an update must stay short.
_MOST_TRAINED_ON = 2_000

# A condition on samples, of one value: can the base of that id learn from it? There are features of that base, or the
# text to make them from. What it can't learn from lies aside until its own base is back, whatever its state.
LEARNABLE = "(text IS NOT NULL OR base_id = ?)"


@dataclass(frozen=True)
class Sample:
    """One piece of feedback. `text` is None where the policy kept only features; `learned_by` are version numbers.

    `state` is `new` while it waits to be learnt, by this bundle or by one that can; `used` after; `set_aside` where
    only the features of another base are left of it.
    """

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
    """Reads pages of samples, and counts them."""

    def __init__(self, state: State, heads: ServingHeads) -> None:
        self._state = state
        self._heads = heads

    def page(self, task: str | None = None, after: int | None = None, limit: int = 50) -> SamplePage:
        """Up to `limit` samples (of one task) that follow sample `after`."""
        with self._state.reading() as connection:
            total = connection.execute(
                "SELECT COUNT(*) FROM samples WHERE task = COALESCE(?, task)", (task,)
            ).fetchone()[0]
            rows = connection.execute(
                f"SELECT id, task, text, label, source, IIF({LEARNABLE}, state, 'set_aside'), created_at FROM samples "
                "WHERE task = COALESCE(?, task) AND id > ? ORDER BY id LIMIT ?",
                (self._heads.base_id, task, after or 0, limit + 1),
            ).fetchall()
            items = tuple(Sample(*(*row, _learned_by(connection, row[0]))) for row in rows[:limit])
        return SamplePage(items, items[-1].id if len(rows) > limit else None, total)

    def pending(self) -> dict[str, int]:
        """How many new samples wait for this bundle to learn from them, by task; tasks with none are left out."""
        updatable = {task: spec.labels for task, spec in self._heads.tasks.items() if spec.updatable}
        with self._state.reading() as connection:
            counts = {
                task: pending_count(connection, task, labels, self._heads.base_id) for task, labels in updatable.items()
            }
        return {task: count for task, count in counts.items() if count}


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


def pending_count(connection: Any, task: str, labels: Sequence[str], base_id: str) -> int:
    """How many new samples of `task` with one of `labels` wait for this base to learn from them."""
    return len(waiting_samples(connection, task, labels, base_id))


def waiting_samples(
    connection: Any, task: str, labels: Sequence[str], base_id: str, states: Sequence[str] = ("new",)
) -> set[int]:
    """Ids of the samples of `task` in one of `states` with one of `labels` that this base can learn from."""
    rows = connection.execute(
        f"SELECT id FROM samples WHERE task = ? AND state IN ({_marks(states)}) AND label IN ({_marks(labels)}) "
        f"AND {LEARNABLE}",
        (task, *states, *labels, base_id),
    )
    return {row[0] for row in rows.fetchall()}


def newest_sample(connection: Any, task: str) -> int:
    """The highest id among the samples of `task`; 0 where there are none."""
    row = connection.execute("SELECT COALESCE(MAX(id), 0) FROM samples WHERE task = ?", (task,)).fetchone()
    return int(row[0])


def lessons(connection: Any, task: str, learnt: Set[int]) -> set[int]:
    """Of a head that has `learnt` these samples of `task`, the ids of all that say what it was taught: those, and
    others with the last word on their text, as far as what it learnt is kept. On them it can only look good.
    """
    rows = connection.execute(
        "SELECT id, text_digest, label FROM samples WHERE task = ? ORDER BY id", (task,)
    ).fetchall()
    taught = {digest: label for sample_id, digest, label in rows if sample_id in learnt}
    return {sample_id for sample_id, digest, label in rows if sample_id in learnt or taught.get(digest) == label}


def text_digest(text: str) -> bytes:
    """What makes two samples corrections of the same text, also when the text itself is no longer kept."""
    return hashlib.sha256(text.strip().encode()).digest()


_LATEST_WORDS = (
    f"FROM samples WHERE id IN (SELECT MAX(id) FROM samples WHERE task = ? AND {LEARNABLE} GROUP BY text_digest) "
    "ORDER BY id DESC LIMIT ?"
)


def learning_samples(connection: Any, task: str, labels: Sequence[str], base_id: str) -> list[LearningSample]:
    """What an update of `task` learns from, oldest first: the latest word on each text, new and kept, with features of
    this base.
    """
    rows = connection.execute(
        f"SELECT id, label, state, features, base_id {_LATEST_WORDS}", (task, base_id, _MOST_TRAINED_ON)
    ).fetchall()
    return [
        LearningSample(sample_id, label, np.frombuffer(blob, dtype="<f4").astype(np.float32), state == "new")
        for sample_id, label, state, blob, made_for in reversed(rows)
        if label in labels and made_for == base_id
    ]


def texts_to_encode(connection: Any, task: str, base_id: str) -> list[tuple[int, str]]:
    """(id, text) of what `learning_samples` leaves out because its features are another base's."""
    rows = connection.execute(f"SELECT id, text, base_id {_LATEST_WORDS}", (task, base_id, _MOST_TRAINED_ON)).fetchall()
    return [(sample_id, text) for sample_id, text, made_for in rows if made_for != base_id and text is not None]


def store_features(connection: Any, sample_id: int, features: Float32, base_id: str) -> None:
    """Replace a sample's features by those of another base."""
    connection.execute(
        "UPDATE samples SET features = ?, base_id = ? WHERE id = ?",
        (features.astype("<f4").tobytes(), base_id, sample_id),
    )


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def _learned_by(connection: Any, sample_id: int) -> tuple[int, ...]:
    rows = connection.execute("SELECT number FROM version_samples WHERE sample_id = ? ORDER BY number", (sample_id,))
    return tuple(row[0] for row in rows.fetchall())
