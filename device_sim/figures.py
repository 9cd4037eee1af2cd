"""What the device holds, counted for whoever watches over it. Counts of past events last as long as the data does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from device_sim.consent import Consent, read_consent
from device_sim.database import DATABASE_FILE
from device_sim.state import State

CAUSES = ("automatic", "manual", "deletion", "bundle")

# Which changes took a task back to an earlier version, by what caused them.
_ROLLBACKS = """
SELECT task, CASE
    WHEN action = 'automatic-rollback' THEN 'automatic'
    WHEN actor = 'bundle' THEN 'bundle'
    WHEN json_extract(detail, '$.reason') IS NOT NULL THEN 'deletion'
    ELSE 'manual' END AS cause, COUNT(*)
FROM audit WHERE action IN ('rollback', 'automatic-rollback') GROUP BY task, cause
"""
# For each active version: its own time, and that of the oldest sample that it was the first to learn.
_FIRST_LEARNT = """
SELECT versions.task, MIN(samples.created_at), versions.created_at
FROM active_versions JOIN versions USING (task, number) JOIN version_samples USING (task, number)
JOIN samples ON samples.id = version_samples.sample_id
WHERE NOT EXISTS (
    SELECT 1 FROM version_samples AS earlier
    WHERE earlier.task = versions.task AND earlier.number = versions.parent AND earlier.sample_id = samples.id
)
GROUP BY versions.task
"""


@dataclass(frozen=True)
class Figures:
    """`updates` by (task, outcome), `versions` and `samples` by (task, state), `rollbacks` by (task, cause), `egress`
    as (requests, bytes) by outcome; `waited` are the seconds from the oldest sample that the active version of a task
    was the first to learn until that version was published, by the device's clock.
    """

    updates: Mapping[tuple[str, str], int]
    versions: Mapping[tuple[str, str], int]
    samples: Mapping[tuple[str, str], int]
    rollbacks: Mapping[tuple[str, str], int]
    egress: Mapping[str, tuple[int, int]]
    waited: Mapping[str, float]
    consent: Consent
    database_bytes: int
    wal_bytes: int


def read_figures(state: State) -> Figures:
    """Count. Raises DeviceError where the state can't be read."""
    with state.reading() as connection:
        return Figures(
            updates=_pairs(
                connection,
                "SELECT task, COALESCE(outcome, 'failed'), COUNT(*) FROM updates WHERE finished_at IS NOT NULL "
                "GROUP BY 1, 2",
            ),
            versions=_pairs(connection, "SELECT task, state, COUNT(*) FROM versions GROUP BY 1, 2"),
            samples=_pairs(connection, "SELECT task, state, COUNT(*) FROM samples GROUP BY 1, 2"),
            rollbacks=_pairs(connection, _ROLLBACKS),
            egress={
                outcome: (requests, sent)
                for outcome, requests, sent in connection.execute(
                    "SELECT outcome, COUNT(*), SUM(LENGTH(body)) FROM egress GROUP BY 1"
                ).fetchall()
            },
            waited={
                task: (datetime.fromisoformat(published) - datetime.fromisoformat(said)).total_seconds()
                for task, said, published in connection.execute(_FIRST_LEARNT).fetchall()
            },
            consent=read_consent(connection),
            database_bytes=_size(state, DATABASE_FILE),
            wal_bytes=_size(state, f"{DATABASE_FILE}-wal"),
        )


def _pairs(connection: Any, query: str) -> dict[tuple[str, str], int]:
    return {(first, second): count for first, second, count in connection.execute(query).fetchall()}


def _size(state: State, name: str) -> int:
    try:
        return (state.directory / name).stat().st_size
    except OSError:
        return 0
