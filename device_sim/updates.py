"""Updates: samples in, a candidate out, and either a new version is served or nothing has changed."""

import logging
import math
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from device_sim.audit import Audit
from device_sim.candidate import Candidate, CandidateMaker, MakeTrainer
from device_sim.clock import Clock
from device_sim.conditions import SamplesAfter
from device_sim.consent import require_personalization
from device_sim.errors import (
    ConditionsNotMet,
    DeviceClosed,
    DeviceError,
    NothingToLearn,
    TaskNotUpdatable,
    UnknownUpdate,
    UpdateCancelled,
    UpdateFinished,
    UpdateRunning,
)
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoder
from device_sim.models import Models
from device_sim.samples import LearningSample, after_training, learning_samples
from device_sim.state import State
from device_sim.training_data import Replay
from device_sim.update_records import (
    LiveUpdate,
    Progress,
    Update,
    UpdateEvent,
    UpdatePage,
    fail_interrupted,
    find_update,
    finish_update,
    insert_update,
    tally_updates,
    update_page,
)
from device_sim.update_task import (
    Event,
    ProgressHandlers,
    Requested,
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

_LIVE_KEPT = 16
_EVENTS = frozenset(Event)


class Updates:
    """Starts, follows and stops updates; one runs at a time.

    `obstacles` tells why the device may not train now, `samples_after` what becomes of samples that were learnt from.
    """

    def __init__(
        self, state: State, bundle: Bundle, encoder: Encoder, heads: ServingHeads, models: Models, audit: Audit,
        clock: Clock, make_trainer: Callable[[str], MakeTrainer], obstacles: Callable[[], tuple[str, ...]],
        samples_after: Callable[[], SamplesAfter],
    ) -> None:  # fmt: skip
        self._state = state
        self._bundle = bundle
        self._encoder = encoder
        self._heads = heads
        self._models = models
        self._audit = audit
        self._clock = clock
        self._make_trainer = make_trainer
        self._obstacles = obstacles
        self._samples_after = samples_after
        self._replays: dict[str, Replay] = {}
        self._live: OrderedDict[str, LiveUpdate] = OrderedDict()
        self._running: LiveUpdate | None = None
        self._closed = False
        self._lock = threading.RLock()

    def start(
        self, task: str, parameters: Requested | None = None, force: bool = False, trigger: str = "request"
    ) -> Update:
        """Begin an update of `task` in the background.

        Unless forced it needs the device's conditions and at least one new sample, and expires when a condition is
        lost. Once a sample is deleted, a `deletion` retrains from those that are left.

        Raises:
            UnknownTask, TaskNotUpdatable, ParameterOutOfBounds, ConsentRequired, ConditionsNotMet, NothingToLearn,
            UpdateRunning, DeviceClosed.
        """
        spec = self._heads.spec(task)
        if not spec.updatable:
            raise TaskNotUpdatable(f"the bundle's head for {task} is not updatable", field="task")
        resolved = TrainingParameters.resolve(spec.parameters, parameters or {})
        forced = force or trigger == "deletion"
        with self._lock:
            if self._closed:
                raise DeviceClosed("the device is shutting down")
            if self._running is not None:
                raise UpdateRunning(f"update {self._running.id} is running; only one runs at a time")
            with self._state.transaction() as connection:
                require_personalization(connection)
                self._require_conditions(forced)
                _require_samples(connection, task, also_used=forced)
                update = Update(
                    id=uuid.uuid4().hex, task=task, trigger=trigger, state=TaskState.RUNNING.value, outcome=None,
                    version=None, parameters=asdict(resolved), metrics={}, reasons=(),
                    created_at=self._clock.stamp(), finished_at=None,
                )  # fmt: skip
                insert_update(connection, update)
            live = LiveUpdate(update.id, task, forced)
            self._running = self._live[update.id] = live
            while len(self._live) > _LIVE_KEPT:
                self._live.popitem(last=False)
        threading.Thread(target=self._work, args=(update, live, resolved), name="update", daemon=True).start()
        return update

    def get(self, update_id: str) -> Update:
        """An update as it stands. Raises UnknownUpdate."""
        with self._state.reading() as connection:
            update = find_update(connection, update_id)
        if update is None:
            raise UnknownUpdate("there is no update of that id")
        return self._with_progress(update)

    def page(self, after: int | None = None, limit: int = 50) -> UpdatePage:
        """Up to `limit` updates, newest first."""
        with self._state.reading() as connection:
            page = update_page(connection, after, limit)
        return UpdatePage(tuple(self._with_progress(update) for update in page.items), page.next_after)

    def events(self, update_id: str, after: int = 0) -> tuple[list[UpdateEvent], bool]:
        """Events of an update that follow `after`, and whether no more will come. Raises UnknownUpdate.

        Of an update that is no longer in memory only the end is told.
        """
        live = self._live.get(update_id)
        if live is not None:
            return live.events(after)
        update = self.get(update_id)
        last = UpdateEvent(1, "finished", _outcome(update))
        return ([last] if after < last.seq else []), True

    def cancel(self, update_id: str, reason: str = "cancelled by the user") -> Update:
        """Stop an update before its next step. Raises UnknownUpdate, UpdateFinished."""
        update = self.get(update_id)
        live = self._live.get(update_id)
        if live is None or not (live.stop((reason,)) or live.stopping):
            raise UpdateFinished(f"the update has ended: {update.state}")
        return self.get(update_id)

    def expire(self) -> None:
        """Stop a running update that needs conditions which no longer hold."""
        running = self._running
        if running is not None and not running.forced and (missing := self._obstacles()):
            running.stop(tuple(f"expired: {obstacle}" for obstacle in missing))

    def stop_running(self, reason: str) -> None:
        """Stop what is running and wait until it has ended."""
        running = self._running
        if running is not None:
            running.stop((reason,))
            running.finished.wait()

    @contextmanager
    def suspended(self, reason: str) -> Iterator[None]:
        """Stop what is running, and let nothing begin until the block ends."""
        with self._lock:
            self.stop_running(reason)
            yield

    def tally(self) -> dict[str, int]:
        """How many ended updates were published, rejected, or failed."""
        with self._state.reading() as connection:
            return tally_updates(connection)

    @property
    def running(self) -> bool:
        """Is an update running?"""
        return self._running is not None

    def wait(self, update_id: str, timeout: float | None = None) -> Update:
        """Wait for an update's end, at most `timeout` seconds, and return it as it stands then."""
        live = self._live.get(update_id)
        if live is not None:
            live.finished.wait(timeout)
        return self.get(update_id)

    def recover(self) -> None:
        """At start: mark what a stop of the device cut short."""
        with self._state.transaction() as connection:
            fail_interrupted(connection, self._clock.stamp())

    def forget(self) -> None:
        """Drop the events of past updates from memory; only while suspended."""
        self._live.clear()

    def close(self) -> None:
        """Take no more updates, and stop the running one."""
        with self._lock:
            self._closed = True
        self.stop_running("the device was shut down")

    def _require_conditions(self, forced: bool) -> None:
        missing = () if forced else self._obstacles()
        if missing:
            raise ConditionsNotMet(f"the device may not train now: {', '.join(missing)} (force overrides)")

    def _work(self, update: Update, live: LiveUpdate, parameters: TrainingParameters) -> None:
        try:
            ended = self._learn(update, live, parameters)
        except UpdateCancelled:
            ended = self._fail(update, live.stop_reasons or ("cancelled",))
        except (DeviceError, StoreError) as error:
            ended = self._fail(update, (str(error),))
        except Exception as error:  # noqa: BLE001  # a bug must end the run, not hang it; its message could quote a text, so its type
            _log.error("update %s failed: %s", update.id, type(error).__name__)
            ended = self._fail(update, (f"internal error: {type(error).__name__}",))
        live.state = TaskState(ended.state)
        live.emit("finished", _outcome(ended))
        self._running = None
        live.finished.set()

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

    def _handlers(self, live: LiveUpdate, parameters: TrainingParameters) -> ProgressHandlers:
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

        return ProgressHandlers(events=_EVENTS, progress=on_event)

    def _replay(self, task: str) -> Replay:
        if task not in self._replays:
            self._replays[task] = Replay.load(self._bundle, task)
        return self._replays[task]

    def _with_progress(self, update: Update) -> Update:
        live = self._live.get(update.id)
        if live is None:
            return update
        ended = update.finished_at is not None or live.state is TaskState.COMPLETED
        # A run past its point of no return still runs until its outcome is stored.
        return replace(update, state=update.state if ended else live.state.value, progress=live.progress)


def _run_unless_stopped(run: UpdateTask, live: LiveUpdate) -> HeadParameters:
    """Run an update task in this thread, cancelling it as soon as the update is asked to stop."""
    live.current = run
    if live.stopping:
        raise UpdateCancelled("the update was cancelled")
    return run.run()


def _require_samples(connection: Any, task: str, also_used: bool) -> None:
    states = ("new", "used") if also_used else ("new",)
    marks = ", ".join("?" for _ in states)
    row = connection.execute(
        f"SELECT COUNT(*) FROM samples WHERE task = ? AND state IN ({marks})", (task, *states)
    ).fetchone()
    if row[0] == 0:
        kind = "samples" if also_used else "new samples"
        raise NothingToLearn(f"there are no {kind} of {task} to learn from: send feedback first")


def _outcome(update: Update) -> dict[str, Any]:
    return {
        "state": update.state,
        "outcome": update.outcome,
        "version": update.version,
        "metrics": dict(update.metrics),
        "reasons": list(update.reasons),
    }
