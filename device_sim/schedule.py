"""When the device trains by itself: the policy, the looks at it, and every decision with its reasons."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from device_sim.audit import Audit
from device_sim.clock import Clock
from device_sim.conditions import Decision, SchedulePolicy, TrainingParametersOverride, decide, obstacles
from device_sim.consent import read_consent
from device_sim.device import Device
from device_sim.errors import DeviceError, ParameterOutOfBounds
from device_sim.heads import ServingHeads
from device_sim.insights.journal import delete_expired_thoughts
from device_sim.sample_states import delete_expired
from device_sim.samples import newest_sample, pending_count, waiting_samples
from device_sim.scheduler import Ticker
from device_sim.settings_table import read_setting, write_setting
from device_sim.stages import happened
from device_sim.state import State
from device_sim.update_records import Attempt, in_turn, last_rejection
from device_sim.update_task import TrainingParameters
from device_sim.updates import Updates
from model_store.versions import VersionTable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScheduleState:
    """The policy, how many samples of each task that can learn wait to be learnt, when the next look comes (by the
    device's clock), and what the last one decided.
    """

    policy: SchedulePolicy
    pending: Mapping[str, int]
    next_look: str | None
    last_decision: Decision | None


class Schedule:
    """Holds the policy and looks whether to train."""

    def __init__(self, state: State, device: Device, heads: ServingHeads, audit: Audit, clock: Clock) -> None:
        self._state = state
        self._device = device
        self._heads = heads
        self._audit = audit
        self._clock = clock
        self._updates: Updates | None = None
        self._ticker = Ticker(self._scheduled_look)
        self.policy = SchedulePolicy()

    def attach(self, updates: Updates) -> None:
        """Give the schedule the updates that it starts; they in turn ask it for `obstacles`."""
        self._updates = updates

    def load(self) -> None:
        """Take up the stored policy, or the default."""
        with self._state.reading() as connection:
            self.policy = read_setting(connection, SchedulePolicy) or SchedulePolicy()
        self._ticker.every(self.policy.every_seconds)

    def start(self) -> None:
        """Begin to tick. A look that was missed while the device was off is made up for at once, but only once."""
        every = self.policy.every_seconds
        with self._state.reading() as connection:
            last = read_setting(connection, Decision)
        elapsed = (self._clock.now() - datetime.fromisoformat(last.at)).total_seconds() if last else 0.0
        self._ticker.start(every, first_in=min(max(every - elapsed, 0.0), every))

    def stop(self) -> None:
        """Stop ticking."""
        self._ticker.stop()

    def obstacles(self) -> tuple[str, ...]:
        """Why the device may not train now, by policy and conditions."""
        return obstacles(self.policy, self._device.conditions)

    def get(self) -> ScheduleState:
        """The schedule as it stands."""
        with self._state.reading() as connection:
            last = read_setting(connection, Decision)
            pending = {
                task: pending_count(connection, task, spec.labels, self._heads.base_id)
                for task, spec in self._heads.tasks.items()
                if spec.updatable
            }
        next_look = self._ticker.next_look
        # By the device's clock, like every other time that it tells.
        told = (next_look + self._clock.offset).isoformat(timespec="milliseconds") if next_look else None
        return ScheduleState(self.policy, pending, told, last)

    def put(self, changes: Mapping[str, Any]) -> ScheduleState:
        """Change some fields of the policy. Raises InvalidInput, ParameterOutOfBounds; then nothing has changed."""
        with self._state.database.lock:
            parameters = changes.get("parameters")
            override = self.policy.parameters if parameters is None else TrainingParametersOverride(**parameters)
            for spec in self._heads.tasks.values():
                if spec.terms is not None:
                    TrainingParameters.resolve(spec.terms.parameters, override.chosen())
            policy = replace(self.policy, **{**changes, "parameters": override}).check()
            with self._state.transaction() as connection:
                write_setting(connection, policy)
            rescheduled = policy.every_seconds != self.policy.every_seconds
            self.policy = policy
        if rescheduled:
            self._ticker.every(policy.every_seconds)
        self._device.on_change()
        return self.get()

    def tick(self, trigger: str = "request") -> Decision:
        """Look now: start what should be trained, keep the decision, and let expired samples go."""
        updates = self._updates
        if updates is None:
            raise RuntimeError("the schedule was not given its updates")
        with self._state.transaction() as connection:
            consent = read_consent(connection).personalization
            tasks = {task: spec for task, spec in self._heads.tasks.items() if spec.updatable}
            base_id = self._heads.base_id
            waiting = {task: waiting_samples(connection, task, spec.labels, base_id) for task, spec in tasks.items()}
            kept = [sample for samples in waiting.values() for sample in samples]
            days = self.policy.retention_days
            oldest = (self._clock.now() - timedelta(days=days)).isoformat(timespec="milliseconds")
            thoughts = delete_expired_thoughts(connection, oldest)
            expired = delete_expired(connection, self._clock, days, kept)
            if expired or thoughts:
                detail = {"samples": expired, "thoughts": thoughts, "retention_days": days}
                self._audit.record(connection, "schedule", "expire-samples", detail=detail)
            refused = [task for task in tasks if self._refused_already(connection, task)]
            turns = in_turn(connection, tuple(tasks))
        if expired or thoughts:
            self._state.database.checkpoint()
        new = {task: len(samples) for task, samples in waiting.items()}
        ready, reasons = decide(self.policy, self._device.conditions, consent, updates.running, new, refused)
        started: list[str] = []
        for task in [task for task in turns if task in ready]:
            try:
                started.append(updates.start(task, self.policy.parameters.chosen(), trigger="schedule").id)
            except DeviceError as error:
                reasons = (*reasons, f"{task}: {error}")
            else:
                break  # One update at a time: further tasks that are ready have their turn at the next look.
        decision = Decision(self._clock.stamp(), trigger, "train" if started else "wait", reasons, tuple(started))
        with self._state.transaction() as connection:
            write_setting(connection, decision)
        happened("look", action=decision.action, trigger=trigger)
        _log.log(logging.INFO if started else logging.DEBUG, "schedule decided", extra=vars(decision))
        return decision

    def _scheduled_look(self) -> None:
        try:
            self.tick("schedule")
        except DeviceError as error:
            _log.warning("the scheduled look failed: %s", error)

    def _refused_already(self, connection: Any, task: str) -> bool:
        """Would an update only repeat one that was rejected?"""
        try:
            bounds = self._heads.terms(task).parameters
            parameters = TrainingParameters.resolve(bounds, self.policy.parameters.chosen())
        except ParameterOutOfBounds:  # The policy was made for another bundle; starting the update will say so.
            return False
        now = Attempt(
            newest_sample(connection, task), VersionTable(connection).active(task), self._heads.base_id,
            self._heads.spec(task).labels, asdict(parameters),
        )  # fmt: skip
        return last_rejection(connection, task) == now
