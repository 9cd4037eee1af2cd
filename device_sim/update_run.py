"""What one update does, from its samples to a version that serves or to nothing changed."""

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from device_sim.audit import Audit
from device_sim.candidate import Candidate, CandidateMaker, MakeTrainer
from device_sim.clock import Clock
from device_sim.conditions import SamplesAfter
from device_sim.consent import require_personalization
from device_sim.errors import DeviceError, InvalidText, NothingToLearn, UpdateCancelled
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoder
from device_sim.judges import Gate
from device_sim.models import Models
from device_sim.sample_states import after_training
from device_sim.samples import LearningSample, learning_samples, lessons, newest_sample, store_features, texts_to_encode
from device_sim.stages import stage
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
from model_store.head import HeadParameters, digest
from model_store.versions import Version, VersionState, VersionTable

_log = logging.getLogger(__name__)


_ENCODED_AT_A_TIME = 50


@dataclass(frozen=True, eq=False)
class _Offer:
    """What a run trains on: `samples`, the head of `parent`, while version `active` is the active one. `newest` is the
    highest id among the task's samples, `learnt` the ids of those that say what the parent has learnt.
    """

    samples: list[LearningSample]
    parent: Head
    active: int
    newest: int
    learnt: set[int]


class UpdateRunner:
    """Carries one update through, in the caller's thread. `samples_after` tells what becomes of the samples then."""

    def __init__(
        self, state: State, bundle: Bundle, encoder: Encoder, heads: ServingHeads, models: Models, audit: Audit,
        clock: Clock, make_trainer: Callable[[str], MakeTrainer], samples_after: Callable[[], SamplesAfter],
        gate: Gate,
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
        self._gate = gate
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
        with stage("gather", task=update.task):
            offer = self._offer(update.task, live)
        maker = CandidateMaker(
            spec=self._heads.spec(update.task),
            terms=self._heads.terms(update.task),
            width=self._encoder.width,
            replay=self._replay(update.task),
            base=self._heads.base(update.task).parameters,
            active=offer.parent.parameters,
            make_trainer=self._make_trainer(update.task),
            parameters=parameters,
            run=lambda run: _run_unless_stopped(run, live),
            learnt=offer.learnt,
            gate=self._gate,
        )
        with stage("make", task=update.task):
            candidate = maker.make(offer.samples, self._handlers(live, parameters))
        with stage("conclude", task=update.task), self._models.changing(update.task) as connection:
            return self._conclude(connection, update, live, candidate, offer)

    def _offer(self, task: str, live: LiveUpdate) -> "_Offer":
        """The samples and the head to train from, as they stand together.

        The head is the one that serves: where the active version can't be loaded, its ancestor.
        """
        self._encode_for_this_base(task, live)
        with self._state.reading() as connection:
            labels = self._heads.spec(task).labels
            samples = learning_samples(connection, task, labels, self._encoder.base_id)
            if not samples:
                raise NothingToLearn(f"no sample of {task} can be learnt from with this bundle")
            versions, parent = VersionTable(connection), self._heads.serving(task)
            return _Offer(
                samples, parent, versions.active(task), newest_sample(connection, task),
                lessons(connection, task, versions.samples_learnt_by(task, parent.version)),
            )  # fmt: skip

    def _encode_for_this_base(self, task: str, live: LiveUpdate) -> None:
        """Give samples that another base's features were stored for those of this one."""
        with self._state.reading() as connection:
            waiting = texts_to_encode(connection, task, self._encoder.base_id)
        # Encoded with no transaction open, some at a time: the device answers meanwhile, and nothing is done twice.
        for start in range(0, len(waiting), _ENCODED_AT_A_TIME):
            encoded = []
            for sample_id, text in waiting[start : start + _ENCODED_AT_A_TIME]:
                if live.stopping:
                    raise UpdateCancelled("the update was cancelled")
                # Imported text, or text of another tokenizer, may hold nothing that this one reads: it is left out.
                with suppress(InvalidText):
                    encoded.append((sample_id, self._encoder.encode(text)))
            with self._state.transaction() as connection:
                for sample_id, features in encoded:
                    store_features(connection, sample_id, features, self._encoder.base_id)

    def _conclude(
        self, connection: Any, update: Update, live: LiveUpdate, candidate: Candidate, offer: "_Offer"
    ) -> Update:  # fmt: skip
        """Publish or reject in one transaction, unless the run was stopped meanwhile."""
        versions = VersionTable(connection)
        task = update.task
        require_personalization(connection)
        reasons = candidate.verdict.reasons
        if versions.active(task) != offer.active:
            reasons = (*reasons, f"the active version changed from {offer.active} while it trained")
        accepted = not reasons
        if not live.commit():
            raise UpdateCancelled("the update was cancelled")
        blob = candidate.head.to_bytes() if accepted else None
        version = Version(
            task=task, number=versions.next_number(task), parent=offer.parent.version, base_id=self._encoder.base_id,
            labels=offer.parent.labels, bundle_version=self._bundle.version,
            state=VersionState.TRYING if accepted else VersionState.REJECTED, sha256=digest(blob) if blob else None,
            metrics=candidate.metrics, update_id=update.id, created_at=self._clock.stamp(),
        )  # fmt: skip
        if blob is not None:
            self._models.publish(connection, version, blob, [sample.id for sample in offer.samples], update.trigger)
            after_training(connection, task, version.labels, version.base_id, offer.newest, self._samples_after())
        else:
            versions.add(version, None, [])
            detail = {"version": version.number, "reasons": list(reasons), **candidate.metrics}
            self._audit.record(connection, update.trigger, "reject", task=task, detail=detail)
        ended = replace(
            update, state=TaskState.COMPLETED.value, outcome="published" if accepted else "rejected",
            version=version.number, metrics=candidate.metrics, reasons=reasons, finished_at=self._clock.stamp(),
            up_to=offer.newest,
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
    with stage("train", task=live.task):
        return run.run()
