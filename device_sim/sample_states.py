"""What becomes of samples: once they were learnt, when what learnt them is gone, and when they are deleted."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from device_sim.clock import Clock
from device_sim.conditions import SamplesAfter
from device_sim.errors import UnknownSample
from device_sim.samples import LEARNABLE


def wait_where_set_aside(connection: Any) -> None:
    """Let wait what the first edition, or an export of it, marked as set aside: that follows from the base now, and
    what was marked could have been learnt on no other.
    """
    connection.execute("UPDATE samples SET state = 'new' WHERE state = 'set_aside'")


def after_training(
    connection: Any, task: str, labels: Sequence[str], base_id: str, up_to: int, policy: SamplesAfter
) -> None:
    """Mark the samples of `task` up to id `up_to` as used, and keep, thin out or delete them as the policy says. Those
    with none of `labels`, or that lie aside on this base, were not learnt from, and stay as they are.
    """
    marks = ", ".join("?" for _ in labels)
    where = f"task = ? AND id <= ? AND label IN ({marks}) AND {LEARNABLE}"
    values = (task, up_to, *labels, base_id)
    connection.execute(f"UPDATE samples SET state = 'used' WHERE {where}", values)
    if policy == "keep_features":
        connection.execute(f"UPDATE samples SET text = NULL WHERE {where}", values)
    elif policy == "delete":
        connection.execute(f"DELETE FROM samples WHERE {where}", values)
    _forget_keys(connection)


def learn_again(connection: Any, task: str, number: int, base_id: str) -> None:
    """Make those samples new again that version `number`, now destroyed, had learnt and no other of this base has."""
    connection.execute(
        "UPDATE samples SET state = 'new' WHERE task = ? AND state = 'used' "
        "AND id IN (SELECT sample_id FROM version_samples WHERE task = ? AND number = ?) "
        "AND id NOT IN (SELECT sample_id FROM version_samples JOIN versions USING (task, number) "
        "WHERE task = ? AND sha256 IS NOT NULL AND versions.base_id = ?)",
        (task, task, number, task, base_id),
    )


def learn_anew(connection: Any, task: str, sample_ids: Iterable[int]) -> None:
    """Make those of `sample_ids` new again that were used, also those that only another bundle can learn from."""
    connection.execute(
        "UPDATE samples SET state = 'new' WHERE task = ? AND state = 'used' AND id IN (SELECT value FROM json_each(?))",
        (task, json.dumps(list(sample_ids))),
    )


def mark_learnt(connection: Any, task: str, sample_ids: Iterable[int]) -> None:
    """Mark those of `sample_ids` as used that were new: the version that is served now has learnt them."""
    connection.execute(
        "UPDATE samples SET state = 'used' WHERE task = ? AND state = 'new' AND id IN (SELECT value FROM json_each(?))",
        (task, json.dumps(list(sample_ids))),
    )


def delete_expired(connection: Any, clock: Clock, retention_days: int, waiting: Iterable[int]) -> int:
    """Delete samples that are kept longer than the policy says; how many. Those of the ids `waiting` stay: this bundle
    will learn from them. What waits for another bundle, that may never come, is deleted like the rest.
    """
    oldest = (clock.now() - timedelta(days=retention_days)).isoformat(timespec="milliseconds")
    gone = connection.execute(
        "DELETE FROM samples WHERE created_at < ? AND id NOT IN (SELECT value FROM json_each(?))",
        (oldest, json.dumps(list(waiting))),
    ).rowcount
    if gone:
        _forget_keys(connection)
    return int(gone)


def sample_text(connection: Any, sample_id: int) -> str | None:
    """A sample's text; None where only its features are kept. Raises UnknownSample."""
    row = connection.execute("SELECT text FROM samples WHERE id = ?", (sample_id,)).fetchone()
    if row is None:
        raise UnknownSample(f"there is no sample {sample_id}")
    text: str | None = row[0]
    return text


def delete_samples(connection: Any, sample_id: int | None) -> list[tuple[int, str]]:
    """Delete one sample, or all; (id, task) of each that was there. Raises UnknownSample for one that was not."""
    condition, values = ("1", ()) if sample_id is None else ("id = ?", (sample_id,))
    rows = connection.execute(f"SELECT id, task FROM samples WHERE {condition}", values).fetchall()
    if sample_id is not None:
        sample_text(connection, sample_id)
    connection.execute(f"DELETE FROM samples WHERE {condition}", values)
    connection.execute("UPDATE offers SET sample_id = NULL WHERE sample_id NOT IN (SELECT id FROM samples)")
    _forget_keys(connection)
    return [(row[0], row[1]) for row in rows]


def _forget_keys(connection: Any) -> None:
    """Drop idempotency keys whose text is gone: their fingerprint is a digest of it."""
    connection.execute("DELETE FROM idempotency WHERE sample_id NOT IN (SELECT id FROM samples WHERE text IS NOT NULL)")
