"""Plays one scenario, step by step."""

import time
from collections.abc import Callable
from pathlib import Path

from lab.checker import masked, probes
from lab.device import Build, Device
from lab.errors import CallRefused, CannotProduce, Interrupted, PhoneHung, StartRefused, StepFailed
from lab.player import Player
from lab.process import Processes
from lab.results import ActionResult, Check, ScenarioResult, Snapshot, Status, StepResult, first_failure
from lab.scenario import Scenario, Step
from lab.scene import Scene

Progress = Callable[[int], None]

# What comes of an answer that is not what the contract says: another build may answer anything.
_ODD_ANSWER = (AttributeError, KeyError, TypeError, ValueError, IndexError)


def play(
    scenario: Scenario, seed: int | None, folder: Path, build: Build, processes: Processes, progress: Progress
) -> ScenarioResult:
    """Play `scenario` in `folder` against real processes of `build`; `progress` hears how many steps are over.

    A failed expectation lets the rest go on; a step that can't be carried out ends the scenario, and so does an end of
    all `processes`. No mistake of a step is raised, and no process is left.
    """
    started = time.monotonic()
    used_seed = scenario.seed if seed is None else seed
    player = Player(scenario, used_seed, folder, build, processes)
    steps: list[StepResult] = []
    stopped: Status | None = None
    try:
        for number, step in enumerate(scenario.steps, start=1):
            if stopped is None and processes.stopping:
                stopped = Status.INTERRUPTED
            result = _Course(number, step).not_run() if stopped else _play_step(scenario, player, number, step)
            steps.append(result)
            if result.status is Status.INTERRUPTED or result.error is not None:
                stopped = result.status
            progress(number)
    finally:
        for device in player.devices.values():
            device.end()
    failed = any(step.status is Status.FAILED for step in steps)
    status = Status.FAILED if failed else stopped or Status.PASSED
    reason = first_failure(steps)
    if status is Status.INTERRUPTED:
        last = next(step for step in steps if step.status in (Status.INTERRUPTED, Status.NOT_RUN))
        reason = f"interrupted in step {last.number} at {last.at}"
    seconds = round(time.monotonic() - started, 3)
    return ScenarioResult(scenario.name, scenario.about, used_seed, status, tuple(steps), reason, seconds)


def not_played(scenario: Scenario, seed: int | None, status: Status, reason: str) -> ScenarioResult:
    """The result of a scenario of which no step was begun."""
    steps = tuple(_Course(number, step).not_run() for number, step in enumerate(scenario.steps, start=1))
    used_seed = scenario.seed if seed is None else seed
    return ScenarioResult(scenario.name, scenario.about, used_seed, status, steps, reason, 0.0)


class _Course:
    """How far a step has come: `done` counts its actions, `checks` are the looks at what it expects."""

    def __init__(self, number: int, step: Step) -> None:
        self._number = number
        self._step = step
        self._probes = probes(step.expect)
        self.done = 0
        self.acting = False
        self.checks: list[Check] = []

    def go(self, scenario: Scenario, player: Player, device: Device, processes: Processes) -> None:
        """Carry out the actions, then look. Raises what an action or a look raises, and Interrupted."""
        step = self._step
        player.turn_to(step.moment)
        if not device.was_started and not step.do:
            player.start(device, scenario.settings.passphrase)
        scene = Scene(scenario, player, device, self._act(player, device, processes))
        for probe in self._probes:
            check = probe.check(scene)
            if processes.stopping:
                raise Interrupted
            self.checks.append(check)

    def _act(self, player: Player, device: Device, processes: Processes) -> StepFailed | None:
        """Carry out the actions; how the last of them was refused, where that is expected."""
        refusal: StepFailed | None = None
        for action in self._step.do:
            self.acting = True
            try:
                player.do(device, action)
            except (CallRefused, StartRefused) as error:
                wish = self._step.expect
                expected = wish.start_refused if isinstance(error, StartRefused) else wish.refused
                if expected is None or self.done + 1 < len(self._step.do):
                    raise
                refusal = error
            if processes.stopping:
                raise Interrupted
            self.done += 1
            self.acting = False
        return refusal

    def not_run(self) -> StepResult:
        """The result of a step that was never begun."""
        return self.result(Status.NOT_RUN)

    def result(self, status: Status, error: str | None = None, snapshot: Snapshot | None = None) -> StepResult:
        """What came of the step: what was done, what was looked at, and what was not any more."""
        step, actions, marks = self._step, [], []
        for index, action in enumerate(step.do):
            begun = index == self.done and self.acting
            came_to = Status.PASSED if index < self.done else status if begun else Status.NOT_RUN
            actions.append(ActionResult(action.told(), came_to))
            if (mark := action.mark()) and came_to is not Status.NOT_RUN:
                marks.append(mark if came_to is Status.PASSED else f"{mark} ({came_to})")
        checks = (*self.checks, *(probe.unseen() for probe in self._probes[len(self.checks) :]))
        if any(check.ok is False for check in self.checks):
            status = Status.FAILED
        return StepResult(
            self._number, step.at, step.moment.minutes, step.device, step.why, tuple(actions),
            tuple(dict.fromkeys(marks)), status, checks, error, snapshot,
        )  # fmt: skip


def _play_step(scenario: Scenario, player: Player, number: int, step: Step) -> StepResult:
    course = _Course(number, step)
    device: Device | None = None
    processes = player.processes
    try:
        device = player.device(step.device)
        course.go(scenario, player, device, processes)
        snapshot = _snapshot(device, scenario.task)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with a step, the other scenarios go on
        if processes.stopping:
            return course.result(Status.INTERRUPTED)
        if isinstance(error, PhoneHung) and device is not None:
            device.end()
        status = Status.SKIPPED if isinstance(error, CannotProduce) else Status.FAILED
        return course.result(status, masked(_sentence(error)), _what_it_says(device, scenario.task))
    return course.result(Status.INTERRUPTED if processes.stopping else Status.PASSED, snapshot=snapshot)


def _sentence(error: Exception) -> str:
    if isinstance(error, StepFailed | CannotProduce):
        return str(error)
    if isinstance(error, OSError):
        return f"the lab's own files can't be used: {error.strerror or type(error).__name__}"
    if isinstance(error, _ODD_ANSWER):
        return f"an answer of the device is not what the contract says ({type(error).__name__}: {error})"
    return f"the lab could not carry this out ({type(error).__name__}: {error})"


def _what_it_says(device: Device | None, task: str) -> Snapshot | None:
    """The device after a step that failed, as far as it still answers."""
    if device is None:
        return None
    try:
        return _snapshot(device, task)
    except (StepFailed, *_ODD_ANSWER) as error:
        if isinstance(error, PhoneHung):
            device.end()
        return Snapshot(on=device.running)


def _snapshot(device: Device, task: str) -> Snapshot:
    if not device.running:
        return Snapshot(on=False)
    phone = device.phone
    model, ready = phone.model(task), phone.call("GET", "/readyz")["status"]
    conditions, update = phone.call("GET", "/v1/device"), phone.newest_update()
    return Snapshot(
        on=True,
        version=model["version"],
        serving=model["serving"],
        state=model["state"],
        ready=ready,
        training=update is not None and update["finished_at"] is None,
        charging=conditions["charging"],
        wifi=conditions["wifi"],
        idle=conditions["idle"],
    )
