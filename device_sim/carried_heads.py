"""Heads that come from elsewhere or go there: another device, a phone, the toolchain."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from device_sim.clock import Clock
from device_sim.consent import require_personalization
from device_sim.errors import HeadRejected, InvalidInput
from device_sim.gate import HeldOut, judge
from device_sim.heads import ServingHeads
from device_sim.models import Change, Models
from device_sim.samples import learning_samples, lessons
from device_sim.state import State
from device_sim.training_data import Replay
from model_store.bundle import Bundle
from model_store.errors import VersionNotServable
from model_store.head import HeadParameters, digest
from model_store.head_file import HeadFile
from model_store.versions import BASE_VERSION, Metrics, Version, VersionState, VersionTable


class CarriedHeads:
    """Gives a version away, sealed, and takes one in, judged."""

    def __init__(self, state: State, bundle: Bundle, heads: ServingHeads, models: Models, clock: Clock) -> None:
        self._state = state
        self._bundle = bundle
        self._heads = heads
        self._models = models
        self._clock = clock

    def export(self, task: str, number: int, passphrase: str) -> dict[str, Any]:
        """Version `number` of `task` as a document, its parameters sealed with the passphrase.

        Raises:
            UnknownTask, UnknownVersion. VersionNotServable: it has no parameters, or is another base's.
        """
        with self._state.versions() as versions:
            head = self._heads.load(versions, task, number)
        file = HeadFile(task, head.labels, self._heads.base_id, self._bundle.version, number, head.parameters)
        return file.sealed(passphrase)

    def import_(self, task: str, document: Mapping[str, Any], passphrase: str | None, actor: str = "user") -> Change:
        """Publish the head of a document as a new version, on trial, if the gate lets it in: no worse on the samples
        here that the active version has not learnt, and at most a point lost on the replay yardstick.

        A head that this device has itself is activated instead: what it learnt is known of that version.

        Raises:
            HeadFileInvalid: it does not open. InvalidInput: it is of another task. UnknownTask, TaskNotUpdatable.
            VersionNotServable: it is for another base or other labels. HeadInvalid: shapes, or values not finite.
            ConsentRequired: no consent to personalisation. HeadRejected: the gate, with its figures.
        """
        spec, _ = self._heads.spec(task), self._heads.terms(task)
        file = HeadFile.opened(document, passphrase)
        if file.task != task:
            raise InvalidInput("the head is of another task than the one that it is sent to", field="task")
        if file.base_id != self._heads.base_id or file.labels != spec.labels:
            raise VersionNotServable(f"the head can't serve {task}: it is for another base or other labels")
        file.parameters.check(len(spec.labels), self._bundle.manifest.feature_width)
        replay = Replay.load(self._bundle, task)
        with self._models.changing(task) as connection:
            require_personalization(connection)
            known = self._known(connection, file)
            if known is not None:
                return self._models.point_at(connection, task, known, actor)
            metrics = self._judged(connection, task, file.parameters, replay)
            versions, blob = VersionTable(connection), file.parameters.to_bytes()
            active = versions.active(task)
            version = Version(
                task=task, number=versions.next_number(task), parent=active, base_id=file.base_id, labels=file.labels,
                bundle_version=self._bundle.version, state=VersionState.TRYING, sha256=digest(blob), metrics=metrics,
                update_id="", created_at=self._clock.stamp(),
            )  # fmt: skip
            self._models.publish(connection, version, blob, [], actor)
        return Change(task, version.number, active)

    def _known(self, connection: Any, file: HeadFile) -> int | None:
        """The number of the version here that has these very parameters."""
        if file.parameters.to_bytes() == self._heads.base(file.task).parameters.to_bytes():
            return BASE_VERSION
        sha256, versions = digest(file.parameters.to_bytes()), VersionTable(connection).lineage(file.task)
        same = (version for version in versions if version.sha256 == sha256)
        return next((version.number for version in same if version.servable(file.base_id, file.labels)), None)

    def _judged(self, connection: Any, task: str, head: HeadParameters, replay: Replay) -> Metrics:
        active, base = self._heads.serving(task), self._heads.base(task)
        held_out = self._held_out(connection, task, head)
        before, now = replay.accuracy(base.parameters), replay.accuracy(head)
        verdict = judge(held_out, before, now, len(active.labels))
        if not verdict.accepted:
            raise HeadRejected("; ".join(verdict.reasons))
        return {
            "held_out": held_out.count,
            "held_out_right": held_out.candidate_right,
            "held_out_right_before": held_out.active_right,
            "replay_accuracy": round(now, 4),
            "replay_accuracy_base": round(before, 4),
        }

    def _held_out(self, connection: Any, task: str, head: HeadParameters) -> HeldOut:
        active = self._heads.serving(task)
        learnt = lessons(connection, task, VersionTable(connection).samples_learnt_by(task, active.version))
        stored = learning_samples(connection, task, active.labels, self._heads.base_id)
        samples = [sample for sample in stored if sample.id not in learnt]
        if not samples:
            return HeldOut(0, 0, 0, 0, 0)
        features = np.stack([sample.features for sample in samples])
        labels = np.array([active.labels.index(sample.label) for sample in samples])
        mine, theirs = (
            parameters.bulk_probabilities(features).argmax(axis=1) == labels for parameters in (head, active.parameters)
        )
        gained, lost = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
        return HeldOut(len(samples), int(mine.sum()), int(theirs.sum()), gained, lost)
