"""Personalised versions of a task's head: what they are, and the table that holds them.

Version 0 is the bundle's own head. It has no row, so nothing that happens to the table can lose it. All methods of
`VersionTable` run inside the caller's transaction: a version, the marks on its samples, the active pointer and the
audit row appear together or not at all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from model_store.errors import HeadInvalid, UnknownVersion, VersionNotServable
from model_store.head import HeadParameters, digest

BASE_VERSION = 0
Metrics = Mapping[str, float | int | None]


class VersionState(StrEnum):
    """Where a version stands. Only `TRYING` and `GOOD` may answer predictions."""

    TRYING = "trying"
    GOOD = "good"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"
    DESTROYED = "destroyed"


class Cursor(Protocol):
    """What a query gives back."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """The part of a database connection that is used here."""

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Cursor: ...


@dataclass(frozen=True)
class Version:
    """One row of the lineage. `parent` is the version whose head the training began from, `labels` what its outputs
    mean, in their order. `update_id` is empty where it came from elsewhere.
    """

    task: str
    number: int
    parent: int
    base_id: str
    labels: tuple[str, ...]
    bundle_version: str
    state: VersionState
    sha256: str | None
    metrics: Metrics
    update_id: str
    created_at: str

    def fits(self, base_id: str, labels: Sequence[str]) -> bool:
        """Was it trained on this base, for these labels?"""
        return self.base_id == base_id and self.labels == tuple(labels)

    def servable(self, base_id: str, labels: Sequence[str]) -> bool:
        """May it be activated on a base? A rolled-back version may: that is how one rolls forward."""
        states = (VersionState.TRYING, VersionState.GOOD, VersionState.ROLLED_BACK)
        return self.state in states and self.sha256 is not None and self.fits(base_id, labels)


_COLUMNS = "task, number, parent, base_id, labels, bundle_version, state, sha256, metrics, update_id, created_at"


class VersionTable:
    """The versions and active pointers as one connection sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self, task: str) -> int:
        """The number after the highest ever used for `task`: numbers are never given twice."""
        row = self._connection.execute("SELECT MAX(number) FROM versions WHERE task = ?", (task,)).fetchone()
        return int(row[0] or BASE_VERSION) + 1

    def add(self, version: Version, parameters: bytes | None, sample_ids: Iterable[int]) -> None:
        """Store a version with its parameters (None where it was rejected) and the samples it learnt from."""
        self._connection.execute(
            f"INSERT INTO versions ({_COLUMNS}, parameters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                version.task,
                version.number,
                version.parent,
                version.base_id,
                json.dumps(version.labels, ensure_ascii=False),
                version.bundle_version,
                version.state.value,
                version.sha256,
                json.dumps(dict(version.metrics)),
                version.update_id,
                version.created_at,
                parameters,
            ),
        )
        for sample_id in sample_ids:
            self._connection.execute(
                "INSERT INTO version_samples (task, number, sample_id) VALUES (?, ?, ?)",
                (version.task, version.number, sample_id),
            )

    def find(self, task: str, number: int) -> Version:
        """The version of that number (1 or more).

        Raises:
            UnknownVersion: there is none.
        """
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM versions WHERE task = ? AND number = ?", (task, number)
        ).fetchone()
        if row is None:
            raise UnknownVersion(f"{task} has no version {number}")
        return _version(row)

    def lineage(self, task: str) -> list[Version]:
        """All versions of `task`, oldest first, without version 0."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM versions WHERE task = ? ORDER BY number", (task,))
        return [_version(row) for row in rows.fetchall()]

    def ancestors(self, task: str, number: int, base_id: str, labels: Sequence[str]) -> Iterator[Version]:
        """The versions that `number` descends from and that may answer in its place, nearest first. A rolled-back one
        may not: it is served again only when someone says so.
        """
        lineage = {version.number: version for version in self.lineage(task)}
        while number in lineage:
            number = lineage[number].parent
            ancestor = lineage.get(number)
            if ancestor is None or ancestor.state is VersionState.ROLLED_BACK:
                continue
            if ancestor.servable(base_id, labels):
                yield ancestor

    def samples_learnt_by(self, task: str, number: int) -> set[int]:
        """Ids of the samples that version `number` or one that it descends from was trained on."""
        rows = self._connection.execute(
            "WITH RECURSIVE line (number) AS (SELECT ? UNION SELECT parent FROM versions JOIN line USING (number) "
            "WHERE task = ?) SELECT sample_id FROM version_samples JOIN line USING (number) WHERE task = ?",
            (number, task, task),
        )
        return {row[0] for row in rows.fetchall()}

    def trained(self) -> list[tuple[str, int]]:
        """(task, number) of every version that still has parameters."""
        rows = self._connection.execute("SELECT task, number FROM versions WHERE sha256 IS NOT NULL ORDER BY 1, 2")
        return [(row[0], row[1]) for row in rows.fetchall()]

    def parameters(self, version: Version) -> HeadParameters:
        """The head of `version`, checked against the hash it was published with.

        Raises:
            VersionNotServable: its parameters are gone. HeadInvalid: they are not the published bytes.
        """
        row = self._connection.execute(
            "SELECT parameters FROM versions WHERE task = ? AND number = ?", (version.task, version.number)
        ).fetchone()
        if row is None or row[0] is None:
            raise VersionNotServable(f"version {version.number} of {version.task} has no parameters any more")
        if digest(row[0]) != version.sha256:
            raise HeadInvalid(f"the parameters of version {version.number} of {version.task} are not those published")
        return HeadParameters.from_bytes(row[0])

    def active(self, task: str) -> int:
        """The number that the active pointer names; 0 where nothing was ever activated."""
        row = self._connection.execute("SELECT number FROM active_versions WHERE task = ?", (task,)).fetchone()
        return BASE_VERSION if row is None else int(row[0])

    def activate(self, task: str, number: int) -> None:
        """Move the active pointer and advance the generation, which the key store's counter follows."""
        self._connection.execute(
            "INSERT INTO active_versions (task, number) VALUES (?, ?) "
            "ON CONFLICT (task) DO UPDATE SET number = excluded.number",
            (task, number),
        )
        self._connection.execute("UPDATE generation SET value = value + 1")

    def set_state(self, task: str, number: int, state: VersionState) -> None:
        """Record where a version stands now."""
        self._connection.execute(
            "UPDATE versions SET state = ? WHERE task = ? AND number = ?", (state.value, task, number)
        )

    def destroy(self, task: str, number: int) -> None:
        """Forget a version's parameters for good; the row stays in the lineage."""
        self._connection.execute(
            "UPDATE versions SET state = ?, parameters = NULL, sha256 = NULL WHERE task = ? AND number = ?",
            (VersionState.DESTROYED.value, task, number),
        )

    def learnt_from(self, sample_ids: Iterable[int]) -> list[tuple[str, int]]:
        """Versions whose parameters hold something of any of these samples: those that trained on one, and every
        version that was trained onwards from such a version. Destroyed and rejected ones hold nothing.
        """
        tainted: set[tuple[str, int]] = set()
        for sample_id in sample_ids:
            rows = self._connection.execute(
                "SELECT task, number FROM version_samples WHERE sample_id = ?", (sample_id,)
            )
            tainted.update((task, number) for task, number in rows.fetchall())
        affected = []
        for task in sorted({task for task, _ in tainted}):
            for version in self.lineage(task):
                if (task, version.parent) in tainted:
                    tainted.add((task, version.number))
                if (task, version.number) in tainted and version.sha256 is not None:
                    affected.append((task, version.number))
        return affected


def _version(row: Sequence[Any]) -> Version:
    task, number, parent, base, labels, bundle, state, sha256, metrics, update_id, created_at = row
    return Version(
        task, number, parent, base, tuple(json.loads(labels)), bundle, VersionState(state), sha256,
        json.loads(metrics), update_id, created_at,
    )  # fmt: skip
