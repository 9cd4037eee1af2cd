"""Updates: samples in, a candidate out, and either a new version is served or nothing has changed."""

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from device_sim.clock import Clock
from device_sim.consent import require_personalization
from device_sim.errors import (
    ConditionsNotMet,
    DeviceClosed,
    NothingToLearn,
    UnknownUpdate,
    UpdateFinished,
    UpdateRunning,
)
from device_sim.heads import ServingHeads
from device_sim.memory import give_back_free_memory
from device_sim.samples import waiting_samples
from device_sim.stages import stage
from device_sim.state import State
from device_sim.update_records import (
    LiveUpdate,
    Update,
    UpdateEvent,
    UpdatePage,
    fail_interrupted,
    find_update,
    insert_update,
    update_page,
)
from device_sim.update_run import UpdateRunner
from device_sim.update_task import (
    Requested,
    TaskState,
    TrainingParameters,
)
from model_store.versions import VersionTable

_log = logging.getLogger(__name__)

_LIVE_KEPT = 4


class Updates:
    """Starts, follows and stops updates; one runs at a time.

    `obstacles` tells why the device may not train now.
    """

    def __init__(
        self, state: State, heads: ServingHeads, clock: Clock, runner: UpdateRunner,
        obstacles: Callable[[], tuple[str, ...]],
    ) -> None:  # fmt: skip
        self._state = state
        self._heads = heads
        self._clock = clock
        self._runner = runner
        self._obstacles = obstacles
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
        resolved = TrainingParameters.resolve(self._heads.terms(task).parameters, parameters or {})
        forced = force or trigger == "deletion"
        with self._lock:
            if self._closed:
                raise DeviceClosed("the device is shutting down")
            if self._running is not None:
                raise UpdateRunning(f"update {self._running.id} is running; only one runs at a time")
            with self._state.transaction() as connection:
                # None is running, so a record without an end is one that there was no room to write.
                fail_interrupted(connection, self._clock.stamp())
                require_personalization(connection)
                self._require_conditions(forced)
                _require_samples(connection, task, self._heads, forced)
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
        _log.info("update started", extra={"update_id": update.id, "task": task, "trigger": trigger})
        self.expire()  # A condition that was lost since it was asked for found no update to stop.
        self._begin(update, live, resolved)
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
        # Whoever was cut off has numbers of a run that is forgotten: the end follows whatever came last.
        return [UpdateEvent(after + 1, "finished", _outcome(self.get(update_id)))], True

    def cancel(self, update_id: str, reason: str = "cancelled by the user") -> Update:
        """Stop an update before its next step. Raises UnknownUpdate, UpdateFinished."""
        update = self.get(update_id)
        live = self._live.get(update_id)
        if live is None or not (live.stop((reason,)) or live.stopping):
            ended = update.finished_at is not None
            state = (
                f"the update has ended: {update.state}"
                if ended
                else "the update is judged; its outcome is being stored"
            )
            raise UpdateFinished(f"{state}. It can't be cancelled any more")
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

    def _begin(self, update: Update, live: LiveUpdate, parameters: TrainingParameters) -> None:
        work = partial(copy_context().run, self._work, update, live, parameters)  # the log tells which request began it
        try:
            threading.Thread(target=work, name="update", daemon=True).start()
        except RuntimeError as error:  # the machine has no thread left
            self._running = None
            live.finished.set()
            self._live.pop(update.id, None)
            self.recover()
            raise UpdateRunning("the machine can start no thread now; try again") from error

    def _work(self, update: Update, live: LiveUpdate, parameters: TrainingParameters) -> None:
        try:
            with stage("update", update_id=update.id, task=update.task, trigger=update.trigger) as told:
                live.ended = ended = self._runner.run(update, live, parameters)
                told.facts["outcome"] = ended.outcome or "failed"
            live.state = TaskState(ended.state)
            live.emit("finished", _outcome(ended))
            fields = {"task": ended.task, "version": ended.version, "reasons": ended.reasons, **told.facts}
            _log.info("update ended", extra={"duration_s": round(told.seconds, 3), **fields})
        finally:
            self._running = live.current = None  # The task holds its trainer and its rows: megabytes.
            live.finished.set()
            give_back_free_memory()  # Training frees buffers of megabytes, which would add up from thread to thread.

    def _with_progress(self, update: Update) -> Update:
        live = self._live.get(update.id)
        if live is None:
            return update
        if live.ended is not None:
            # Its record may say less: there may have been no room for the end.
            return replace(live.ended, progress=live.progress)
        ended = update.finished_at is not None or live.state is TaskState.COMPLETED
        # A run past its point of no return still runs until its outcome is stored.
        return replace(update, state=update.state if ended else live.state.value, progress=live.progress)


def _require_samples(connection: Any, task: str, heads: ServingHeads, forced: bool) -> None:
    """New samples or, where it is forced, used ones that the active version has not learnt, after a rollback say."""
    states = ("new", "used") if forced else ("new",)
    found = waiting_samples(connection, task, heads.spec(task).labels, heads.base_id, states)
    versions = VersionTable(connection)
    active = versions.active(task)
    if not found:
        kind = "samples" if forced else "new samples"
        raise NothingToLearn(f"there are no {kind} of {task} to learn from: send feedback first")
    if found <= versions.samples_learnt_by(task, active):
        raise NothingToLearn(f"version {active} of {task} has learnt from all samples: send feedback first")


def _outcome(update: Update) -> dict[str, Any]:
    return {
        "state": update.state,
        "outcome": update.outcome,
        "version": update.version,
        "metrics": dict(update.metrics),
        "reasons": list(update.reasons),
    }
