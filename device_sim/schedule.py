"""When the device trains by itself: the policy, the looks at it, and every decision with its reasons."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from device_sim.clock import Clock
from device_sim.conditions import SchedulePolicy, TrainingParametersOverride, decide, obstacles
from device_sim.consent import read_consent
from device_sim.device import Device
from device_sim.errors import DeviceError
from device_sim.heads import ServingHeads
from device_sim.samples import delete_expired, pending_count
from device_sim.scheduler import Ticker
from device_sim.settings_table import read_setting, write_setting
from device_sim.state import State
from device_sim.update_task import TrainingParameters
from device_sim.updates import Updates

_log = logging.getLogger(__name__)

_POLICY = "schedule"
_DECISION = "last_decision"


@dataclass(frozen=True)
class Decision:
    """What a look decided. `action` is `train` or `wait`; `at` is the device's time."""

    at: str
    trigger: str
    action: str
    reasons: tuple[str, ...]
    update_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScheduleState:
    """The policy, when the next look comes (machine's clock), and what the last one decided."""

    policy: SchedulePolicy
    next_look: str | None
    last_decision: Decision | None


class Schedule:
    """Holds the policy and looks whether to train."""

    def __init__(self, state: State, device: Device, heads: ServingHeads, clock: Clock) -> None:
        self._state = state
        self._device = device
        self._heads = heads
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
            stored = read_setting(connection, _POLICY)
        self.policy = policy_from(stored) if stored else SchedulePolicy()

    def start(self) -> None:
        """Begin to tick."""
        self._ticker.start(self.policy.every_seconds)

    def stop(self) -> None:
        """Stop ticking."""
        self._ticker.stop()

    def obstacles(self) -> tuple[str, ...]:
        """Why the device may not train now, by policy and conditions."""
        return obstacles(self.policy, self._device.conditions)

    def get(self) -> ScheduleState:
        """The schedule as it stands."""
        with self._state.reading() as connection:
            stored = read_setting(connection, _DECISION)
        next_look = self._ticker.next_look
        return ScheduleState(
            self.policy,
            next_look.isoformat(timespec="milliseconds") if next_look else None,
            _decision_from(stored) if stored else None,
        )

    def put(self, changes: Mapping[str, Any]) -> ScheduleState:
        """Change some fields of the policy. Raises InvalidInput, ParameterOutOfBounds; then nothing has changed."""
        parameters = changes.get("parameters")
        override = self.policy.parameters if parameters is None else TrainingParametersOverride(**parameters)
        for spec in self._heads.tasks.values():
            TrainingParameters.resolve(spec.parameters, override.chosen())
        policy = replace(self.policy, **{**changes, "parameters": override}).check()
        with self._state.transaction() as connection:
            write_setting(connection, _POLICY, asdict(policy))
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
            delete_expired(connection, self._clock, self.policy.retention_days)
            new = {task: pending_count(connection, task) for task, spec in self._heads.tasks.items() if spec.updatable}
        ready, reasons = decide(self.policy, self._device.conditions, consent, updates.running, new)
        started: list[str] = []
        # One update at a time: further tasks that are ready have their turn at the next look.
        for task in ready[:1]:
            try:
                started.append(updates.start(task, self.policy.parameters.chosen(), trigger="schedule").id)
            except DeviceError as error:
                reasons = (*reasons, str(error))
        action = "train" if started else "wait"
        decision = Decision(self._clock.stamp(), trigger, action, reasons, tuple(started))
        with self._state.transaction() as connection:
            write_setting(connection, _DECISION, asdict(decision))
        return decision

    def _scheduled_look(self) -> None:
        try:
            self.tick("schedule")
        except DeviceError as error:
            _log.warning("the scheduled look failed: %s", error)


def policy_from(stored: Mapping[str, Any]) -> SchedulePolicy:
    """The policy that `asdict` wrote. Raises TypeError or InvalidInput for anything else."""
    parameters = TrainingParametersOverride(**stored["parameters"])
    return SchedulePolicy(**{**stored, "parameters": parameters}).check()


def _decision_from(stored: Mapping[str, Any]) -> Decision:
    return Decision(
        stored["at"], stored["trigger"], stored["action"], tuple(stored["reasons"]), tuple(stored["update_ids"])
    )
