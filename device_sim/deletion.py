"""Deleting samples, and what it means for the versions that learnt from them."""

from dataclasses import dataclass
from typing import Literal

from device_sim.audit import Audit
from device_sim.errors import ConsentRequired, NothingToLearn, TaskNotUpdatable, UnknownTask
from device_sim.models import Models
from device_sim.predictor import PredictionMemory
from device_sim.sample_states import delete_samples, sample_text
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

        A running update is stopped first: it may hold the sample. Of all samples every trained version is affected:
        what it learnt from may have been deleted by policy before. Raises UnknownSample.
        """
        text = None
        if sample_id is not None:
            with self._state.reading() as connection:
                text = sample_text(connection, sample_id)
        with self._updates.suspended("samples were deleted"):
            deleted, affected = self._delete(sample_id, then)
            self._memory.forget(text)
            update_ids = self._retrain(affected) if then == "retrain" else ()
        return Deletion(deleted, tuple(affected), update_ids)

    def _delete(self, sample_id: int | None, then: Then) -> tuple[int, list[tuple[str, int]]]:
        with self._state.database.lock:
            with self._state.transaction() as connection:
                versions = VersionTable(connection)
                deleted = delete_samples(connection, sample_id)
                if sample_id is None:
                    affected = versions.trained()
                else:
                    affected = versions.learnt_from(identity for identity, _ in deleted)
                detail = {"samples": len(deleted), "then": then, "affected": [f"{t} {n}" for t, n in affected]}
                self._audit.record(connection, "user", "delete-samples", detail=detail)
                if then != "keep":
                    self._models.destroy(connection, affected, "user")
            self._state.database.checkpoint()
            for task in {task for task, _ in affected}:
                self._models.refresh(task)
        return len(deleted), affected

    def _retrain(self, affected: list[tuple[str, int]]) -> tuple[str, ...]:
        started = []
        for task in sorted({task for task, _ in affected}):
            try:
                update = self._updates.start(task, trigger="deletion")
            except (NothingToLearn, ConsentRequired, UnknownTask, TaskNotUpdatable):
                # Nothing left to learn from, no consent any more, or a task of another bundle: version 0 or an
                # untouched ancestor serves.
                continue
            started.append(update.id)
            self._updates.wait(update.id)
        return tuple(started)
