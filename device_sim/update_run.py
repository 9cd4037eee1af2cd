"""What one update does, from its samples to a version that serves or to nothing changed."""

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from device_sim.audit import Audit
from device_sim.candidate import Candidate, CandidateMaker, MakeTrainer
from device_sim.clock import Clock
from device_sim.conditions import SamplesAfter
from device_sim.consent import require_personalization
from device_sim.errors import DeviceError, NothingToLearn, UpdateCancelled
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoder
from device_sim.models import Models
from device_sim.samples import LearningSample, after_training, learning_samples
from device_sim.state import State
from device_sim.training_data import Replay
from device_sim.update_records import LiveUpdate, Progress, Update, finish_update
from device_sim.update_task import (
    Event,
    ProgressHandlers,
    TaskState,
    TrainingParameters,
    UpdateContext,
    UpdateTask,
)
from model_store.bundle import Bundle
from model_store.errors import StoreError
from model_store.head import Float32, HeadParameters, digest
from model_store.versions import Version, VersionState, VersionTable

_log = logging.getLogger(__name__)


class UpdateRunner:
    """Carries one update through, in the caller's thread. `samples_after` tells what becomes of the samples then."""

    def __init__(
        self, state: State, bundle: Bundle, encoder: Encoder, heads: ServingHeads, models: Models, audit: Audit,
        clock: Clock, make_trainer: Callable[[str], MakeTrainer], samples_after: Callable[[], SamplesAfter],
    ) -> None:  # fmt: skip
        self._state = state
        self._bundle = bundle
        self._encoder = encoder
        self._heads = heads
        self._models = models
        self._audit = audit
        self._clock = clock
        self._make_trainer = make_trainer
        self._samples_after = samples_after
        self._replays: dict[str, Replay] = {}

    def run(self, update: Update, live: LiveUpdate, parameters: TrainingParameters) -> Update:
        """Learn, judge, publish or reject; the record of how it ended. Nothing is raised."""
        try:
            return self._learn(update, live, parameters)
        except UpdateCancelled:
            return self._fail(update, live.stop_reasons or ("cancelled",))
        except (DeviceError, StoreError) as error:
            return self._fail(update, (str(error),))
        except Exception as error:  # noqa: BLE001  # a bug must end the run, not hang it
            # Its message could quote a text, so only its type is told.
            _log.error("update %s failed: %s", update.id, type(error).__name__)
            return self._fail(update, (f"internal error: {type(error).__name__}",))

    def _learn(self, update: Update, live: LiveUpdate, parameters: TrainingParameters) -> Update:
        task = update.task
        samples, parent, active = self._snapshot(task, live)
        last_id = max(sample.id for sample in samples)
        maker = CandidateMaker(
            spec=self._heads.spec(task),
            width=self._encoder.width,
            replay=self._replay(task),
            base=self._heads.base(task).parameters,
            active=parent.parameters,
            make_trainer=self._make_trainer(task),
            parameters=parameters,
            run=lambda run: _run_unless_stopped(run, live),
        )
        candidate = maker.make(samples, self._handlers(live, parameters))
        with self._models.changing(task) as connection:
            return self._conclude(connection, update, live, candidate, samples, parent, active, last_id)

    def _snapshot(self, task: str, live: LiveUpdate) -> tuple[list[LearningSample], Head, int]:
        """The samples, the head to train from and the active number, as they stand together.

        The head is the one that serves: where the active version can't be loaded, its ancestor.
        """

        def encode(text: str) -> Float32:
            if live.stopping:
                raise UpdateCancelled("the update was cancelled")
            return self._encoder.encode(text)

        with self._state.transaction() as connection:
            labels = self._heads.spec(task).labels
            samples = learning_samples(connection, task, labels, self._encoder.base_id, encode)
            if not samples:
                raise NothingToLearn(f"no sample of {task} can be learnt from with this bundle")
            return samples, self._heads.serving(task), VersionTable(connection).active(task)

    def _conclude(
        self, connection: Any, update: Update, live: LiveUpdate, candidate: Candidate, samples: list[LearningSample],
        parent: Head, active: int, last_id: int,
    ) -> Update:  # fmt: skip
        """Publish or reject in one transaction, unless the run was stopped meanwhile."""
        versions = VersionTable(connection)
        task = update.task
        require_personalization(connection)
        reasons = candidate.verdict.reasons
        if versions.active(task) != active:
            reasons = (*reasons, f"the active version changed from {active} while it trained")
        accepted = not reasons
        if not live.commit():
            raise UpdateCancelled("the update was cancelled")
        blob = candidate.head.to_bytes() if accepted else None
        version = Version(
            task=task, number=versions.next_number(task), parent=parent.version, base_id=self._encoder.base_id,
            bundle_version=self._bundle.version, state=VersionState.TRYING if accepted else VersionState.REJECTED,
            sha256=digest(blob) if blob else None, metrics=candidate.metrics, update_id=update.id,
            created_at=self._clock.stamp(),
        )  # fmt: skip
        if blob is not None:
            self._models.publish(connection, version, blob, [sample.id for sample in samples], update.trigger)
            after_training(connection, task, last_id, self._samples_after())
        else:
            versions.add(version, None, [])
            detail = {"version": version.number, "reasons": list(reasons), **candidate.metrics}
            self._audit.record(connection, update.trigger, "reject", task=task, detail=detail)
        ended = replace(
            update, state=TaskState.COMPLETED.value, outcome="published" if accepted else "rejected",
            version=version.number, metrics=candidate.metrics, reasons=reasons, finished_at=self._clock.stamp(),
        )  # fmt: skip
        finish_update(connection, ended)
        return ended

    def _fail(self, update: Update, reasons: tuple[str, ...]) -> Update:
        ended = replace(update, state=TaskState.FAILED.value, reasons=reasons, finished_at=self._clock.stamp())
        try:
            with self._state.transaction() as connection:
                finish_update(connection, ended)
                detail = {"update": update.id, "reasons": list(reasons)}
                self._audit.record(connection, update.trigger, "update-failed", task=update.task, detail=detail)
        except DeviceError as error:
            # Nothing can be stored now; at the next start the record is closed as interrupted.
            _log.warning("the end of update %s could not be recorded: %s", update.id, error)
        return ended

    @staticmethod
    def _handlers(live: LiveUpdate, parameters: TrainingParameters) -> ProgressHandlers:
        def on_event(context: UpdateContext) -> None:
            metrics = context.metrics
            loss = metrics.loss_value if math.isfinite(metrics.loss_value) else None
            done = metrics.epoch_index + (context.event is Event.EPOCH_END)
            live.progress = Progress(done, parameters.epochs, loss)
            live.emit(
                context.event.value,
                {
                    "epoch_index": metrics.epoch_index,
                    "mini_batch_index": metrics.mini_batch_index,
                    "loss_value": loss,
                    "learning_rate": context.parameters.learning_rate,
                },
            )

        return ProgressHandlers(events=frozenset(Event), progress=on_event)

    def _replay(self, task: str) -> Replay:
        if task not in self._replays:
            self._replays[task] = Replay.load(self._bundle, task)
        return self._replays[task]


def _run_unless_stopped(run: UpdateTask, live: LiveUpdate) -> HeadParameters:
    """Run an update task in this thread, cancelling it as soon as the update is asked to stop."""
    live.current = run
    if live.stopping:
        raise UpdateCancelled("the update was cancelled")
    return run.run()
