"""Which version of a task's head is served: published, rolled back, activated."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from device_sim.audit import Action, Audit, Detail
from device_sim.errors import NothingToRollBack
from device_sim.heads import Head, ServingHeads
from device_sim.sample_states import learn_again, learn_anew, mark_learnt
from device_sim.samples import waiting_samples
from device_sim.state import State
from model_store.bundle import Bundle
from model_store.errors import UnknownVersion, VersionNotServable
from model_store.manifest import ParameterBounds
from model_store.versions import BASE_VERSION, Metrics, Version, VersionState, VersionTable


@dataclass(frozen=True)
class ActiveModel:
    """What a task of a `kind`, sentence or token, serves. `serving` differs from `version` only while degraded, and
    `degraded` says why; `parameters` are there where the head is updatable.
    """

    task: str
    kind: str
    version: int
    state: str
    serving: int
    labels: tuple[str, ...]
    updatable: bool
    parameters: ParameterBounds | None
    bundle: str
    degraded: str | None


@dataclass(frozen=True)
class VersionInfo:
    """One entry of a lineage. `state` is `base` for version 0; `sample_count` is how many samples it learnt from, and
    `update_id` None where no update of this device made it.
    """

    number: int
    parent: int | None
    state: str
    active: bool
    servable: bool
    base_id: str
    bundle: str
    metrics: Metrics
    sample_count: int
    update_id: str | None
    created_at: str | None


@dataclass(frozen=True)
class Change:
    """A moved pointer."""

    task: str
    version: int
    previous: int


class Models:
    """The active pointers and the lineage behind them."""

    def __init__(self, state: State, bundle: Bundle, heads: ServingHeads, audit: Audit) -> None:
        self._state = state
        self._bundle = bundle
        self._heads = heads
        self._audit = audit
        self._base_id = bundle.manifest.base_id

    def list(self) -> tuple[ActiveModel, ...]:
        """Every task's active model."""
        with self._state.versions() as versions:
            return tuple(self._active_model(versions, task) for task in self._heads.tasks)

    def versions(self, task: str) -> tuple[VersionInfo, ...]:
        """The lineage of `task`, from version 0 on. Raises UnknownTask."""
        spec = self._heads.spec(task)
        with self._state.reading() as connection:
            versions = VersionTable(connection)
            active = versions.active(task)
            base = VersionInfo(
                BASE_VERSION, None, "base", active == BASE_VERSION, True, self._base_id, self._bundle.version,
                spec.metrics, 0, None, None,
            )  # fmt: skip
            counts = dict(
                connection.execute(
                    "SELECT number, COUNT(*) FROM version_samples WHERE task = ? GROUP BY number", (task,)
                ).fetchall()
            )
            rest = [
                VersionInfo(
                    version.number, version.parent, version.state.value, version.number == active,
                    self._heads.misfit(version) is None and version.servable(self._base_id, spec.labels),
                    version.base_id, version.bundle_version,
                    version.metrics, counts.get(version.number, 0), version.update_id or None, version.created_at,
                )
                for version in versions.lineage(task)
            ]  # fmt: skip
        return (base, *rest)

    def head(self, task: str, number: int) -> Head:
        """Version `number`, to be asked beside the one that serves: any whose parameters are kept, whatever its state.

        Raises:
            UnknownTask, UnknownVersion. VersionError: it was destroyed, is damaged, or is of another base.
        """
        with self._state.versions() as versions:
            return self._heads.load(versions, task, number)

    @contextmanager
    def changing(self, task: str) -> Iterator[Any]:
        """A transaction that may move the pointer of `task`; what is served follows before it returns."""
        with self._state.database.lock:
            with self._state.transaction() as connection:
                yield connection
            self.refresh(task)

    def refresh(self, task: str) -> None:
        """Serve what the pointer of `task` names, if the bundle has that task."""
        if task not in self._heads.tasks:
            return
        with self._state.versions() as versions:
            self._heads.refresh(versions, task)

    def rollback(self, task: str, to: int | None = None, actor: str = "user") -> Change:
        """Serve an earlier version: the nearest servable ancestor, or `to` (0 is the bundle).

        Raises:
            UnknownTask, UnknownVersion, VersionNotServable.
            NothingToRollBack: version 0 is active, or `to` does not lie before the active version.
        """
        self._heads.spec(task)
        with self.changing(task) as connection:
            versions = VersionTable(connection)
            active = versions.active(task)
            if active == BASE_VERSION:
                raise NothingToRollBack(f"{task} is at version 0, the bundle's own: there is nothing before it")
            target = self.ancestor(versions, task, active) if to is None else to
            if target > BASE_VERSION:
                versions.find(task, target)  # Raises where there is none.
            if target >= active:
                raise NothingToRollBack(f"version {target} is not before the active version {active}: activate it")
            self.require_servable(versions, task, target)
            return self.roll_back(connection, task, target, actor)

    def activate(self, task: str, number: int, actor: str = "user") -> Change:
        """Serve any servable version, older or newer. One that had been rolled back is on trial again.

        Raises:
            UnknownTask, UnknownVersion, VersionNotServable.
        """
        self._heads.spec(task)
        with self.changing(task) as connection:
            return self.point_at(connection, task, number, actor)

    def point_at(self, connection: Any, task: str, number: int, actor: str) -> Change:
        """Activate version `number`, in the caller's `changing` transaction. Raises as `activate` does."""
        versions = VersionTable(connection)
        previous = versions.active(task)
        self.require_servable(versions, task, number)
        if number != previous:
            _point_at(connection, task, number)
            self._audit.record(connection, actor, "activate", task=task, change=(previous, number))
        return Change(task, number, previous)

    def publish(
        self, connection: Any, version: Version, parameters: bytes, sample_ids: Sequence[int], actor: str
    ) -> None:
        """Store an accepted candidate and point at it, in the caller's `changing` transaction."""
        versions = VersionTable(connection)
        previous = versions.active(version.task)
        versions.add(version, parameters, sample_ids)
        versions.activate(version.task, version.number)
        origin: Detail = {"update": version.update_id} if version.update_id else {"imported": True}
        detail = {**origin, **version.metrics}
        self._audit.record(
            connection, actor, "publish", task=version.task, change=(previous, version.number), detail=detail
        )

    def roll_back(
        self,
        connection: Any,
        task: str,
        target: int,
        actor: str,
        detail: Detail | None = None,
        action: Action = "rollback",
    ) -> Change:
        """Point at `target` instead of the active version, in the caller's `changing` transaction."""
        versions = VersionTable(connection)
        active = versions.active(task)
        if active != BASE_VERSION and versions.find(task, active).state in (VersionState.TRYING, VersionState.GOOD):
            versions.set_state(task, active, VersionState.ROLLED_BACK)
        _point_at(connection, task, target)
        self._audit.record(connection, actor, action, task=task, change=(active, target), detail=detail)
        return Change(task, target, active)

    def destroy(self, connection: Any, affected: Sequence[tuple[str, int]], actor: str) -> None:
        """Forget the parameters of these versions; a pointer at one of them moves to its nearest servable ancestor."""
        versions = VersionTable(connection)
        for task, number in affected:
            versions.destroy(task, number)
            learn_again(connection, task, number, self._base_id)
            self._audit.record(connection, actor, "destroy", task=task, detail={"version": number})
        for task in sorted({task for task, _ in affected}):
            active = versions.active(task)
            if (task, active) in affected:
                target = self.ancestor(versions, task, active)
                self.roll_back(connection, task, target, actor, {"reason": "the active version was destroyed"})

    def adopt_bundle(self, connection: Any) -> None:
        """Point tasks back at version 0 whose active version is for another base or other labels, or is not there. The
        samples that it had learnt wait to be learnt again: by this bundle or, where it can't (their labels are no more,
        only features are left, the head is fixed), by a later one. A record says why, and how many this one can.

        That version stays in the lineage: with the earlier bundle it can be activated again.
        """
        versions = VersionTable(connection)
        for task, spec in self._heads.tasks.items():
            active = versions.active(task)
            if active == BASE_VERSION:
                continue
            try:
                reason = self._heads.misfit(versions.find(task, active))
            except UnknownVersion as error:
                reason = str(error)
            if reason is None:
                continue
            learnt = versions.samples_learnt_by(task, active)
            learn_anew(connection, task, learnt)
            again = waiting_samples(connection, task, spec.labels, self._base_id) & learnt if spec.updatable else ()
            versions.activate(task, BASE_VERSION)
            detail: Detail = {"reason": reason, "bundle": self._bundle.version, "samples_to_learn_again": len(again)}
            self._audit.record(
                connection, "bundle", "rollback", task=task, change=(active, BASE_VERSION), detail=detail
            )

    def ancestor(self, versions: VersionTable, task: str, number: int) -> int:
        """The nearest ancestor of version `number` that may serve; at the last 0."""
        spec = self._heads.tasks.get(task)
        if spec is None:
            return BASE_VERSION
        found = versions.ancestors(task, number, self._base_id, spec.labels)
        return next((ancestor.number for ancestor in found), BASE_VERSION)

    def require_servable(self, versions: VersionTable, task: str, number: int) -> None:
        """Raises UnknownVersion or VersionNotServable if version `number` must not be activated."""
        if number < BASE_VERSION:
            raise UnknownVersion(f"{task} has no version {number}")
        if number == BASE_VERSION:
            return
        version = versions.find(task, number)
        misfit = self._heads.misfit(version)
        if misfit is not None:
            raise VersionNotServable(f"version {number} of {task} can't be served: {misfit}")
        if not version.servable(self._base_id, version.labels):
            raise VersionNotServable(f"version {number} of {task} is {version.state.value} and can't be activated")
        self._heads.load(versions, task, number)

    def _active_model(self, versions: VersionTable, task: str) -> ActiveModel:
        spec = self._heads.spec(task)
        active = versions.active(task)
        degraded = self._heads.degraded(task)
        return ActiveModel(
            task=task,
            kind=spec.kind,
            version=active,
            state="base" if active == BASE_VERSION else versions.find(task, active).state.value,
            serving=self._heads.serving(task).version,
            labels=spec.labels,
            updatable=spec.updatable,
            parameters=spec.parameters,
            bundle=self._bundle.version,
            degraded=str(degraded[0]) if degraded else None,
        )


def _point_at(connection: Any, task: str, number: int) -> None:
    """Move the pointer; a version that had been rolled back is on trial again, with a clean slate. What it has learnt
    need not wait to be learnt, as it does where another bundle was served meanwhile.
    """
    versions = VersionTable(connection)
    mark_learnt(connection, task, versions.samples_learnt_by(task, number))
    if number != BASE_VERSION and versions.find(task, number).state is VersionState.ROLLED_BACK:
        versions.set_state(task, number, VersionState.TRYING)
        connection.execute("DELETE FROM trials WHERE task = ? AND number = ?", (task, number))
    versions.activate(task, number)
