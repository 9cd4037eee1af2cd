"""Deleting samples, and what it means for the versions that learnt from them."""

from dataclasses import dataclass
from typing import Literal

from device_sim.audit import Audit
from device_sim.errors import DeviceError
from device_sim.models import Models
from device_sim.predictor import PredictionMemory
from device_sim.samples import delete_samples
from device_sim.state import State
from device_sim.updates import Updates
from model_store.versions import VersionTable

Then = Literal["keep", "retrain", "destroy"]


@dataclass(frozen=True)
class Deletion:
    """What was deleted, the (task, version) pairs that had learnt from it, and the retraining that began."""

    deleted: int
    affected_versions: tuple[tuple[str, int], ...]
    update_ids: tuple[str, ...]


class Deletions:
    """Deletes samples; `then` says what becomes of the affected versions.

    `keep` only names them: they still hold what they learnt. `destroy` wipes their parameters for good. `retrain`
    does that and trains anew, without the deleted samples, from what is left.
    """

    def __init__(self, state: State, models: Models, updates: Updates, memory: PredictionMemory, audit: Audit) -> None:
        self._state = state
        self._models = models
        self._updates = updates
        self._memory = memory
        self._audit = audit

    def delete(self, sample_id: int | None, then: Then = "keep") -> Deletion:
        """Delete one sample, or all of them with None.

        A running update is stopped first: it may hold the sample. Raises UnknownSample.
        """
        with self._updates.suspended("samples were deleted"), self._state.database.lock:
            with self._state.transaction() as connection:
                deleted = delete_samples(connection, sample_id)
                affected = VersionTable(connection).learnt_from(identity for identity, _ in deleted)
                detail = {"samples": len(deleted), "then": then, "affected": [f"{t} {n}" for t, n in affected]}
                self._audit.record(connection, "user", "delete-samples", detail=detail)
                if then != "keep":
                    self._models.destroy(connection, affected, "user")
            for task in {task for task, _ in affected}:
                self._models.refresh(task)
        self._memory.clear()
        return Deletion(len(deleted), tuple(affected), self._retrain(affected) if then == "retrain" else ())

    def _retrain(self, affected: list[tuple[str, int]]) -> tuple[str, ...]:
        started = []
        for task in sorted({task for task, _ in affected}):
            try:
                update = self._updates.start(task, trigger="deletion")
            except DeviceError:
                # Nothing left to learn from, or no consent any more: version 0 or an untouched ancestor serves.
                continue
            started.append(update.id)
            self._updates.wait(update.id)
        return tuple(started)
