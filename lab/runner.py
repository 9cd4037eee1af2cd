"""Plays one scenario, step by step."""

import time
from collections.abc import Callable
from pathlib import Path

from lab.checker import Checker, masked
from lab.device import Build, Device
from lab.errors import CallRefused, CannotProduce, PhoneHung, StartRefused, StepFailed
from lab.player import Player
from lab.process import Processes
from lab.results import Check, ScenarioResult, Snapshot, Status, StepResult, first_failure
from lab.scenario import Scenario, Step

Progress = Callable[[int], None]


def play(
    scenario: Scenario, seed: int | None, folder: Path, build: Build, processes: Processes, progress: Progress
) -> ScenarioResult:
    """Play `scenario` in `folder` against real processes of `build`; `progress` hears how many steps are over.

    A failed expectation lets the rest go on; a step that can't be carried out ends the scenario. Nothing is raised but
    by the lab's own mistakes, and no process is left.
    """
    started = time.monotonic()
    used_seed = scenario.seed if seed is None else seed
    player = Player(scenario, used_seed, folder, build, processes)
    steps: list[StepResult] = []
    stopped: Status | None = None
    try:
        for number, step in enumerate(scenario.steps, start=1):
            result = _result(number, step, Status.NOT_RUN) if stopped else _play_step(scenario, player, number, step)
            steps.append(result)
            if result.error is not None:
                stopped = result.status
            progress(number)
    finally:
        for device in player.devices.values():
            device.end()
    failed = any(step.status is Status.FAILED for step in steps)
    status = Status.FAILED if failed else stopped or Status.PASSED
    seconds = round(time.monotonic() - started, 3)
    return ScenarioResult(
        scenario.name, scenario.about, used_seed, status, tuple(steps), first_failure(steps), seconds
    )  # fmt: skip


def _play_step(scenario: Scenario, player: Player, number: int, step: Step) -> StepResult:
    device = player.device(step.device)
    refusal: StepFailed | None = None
    checks: tuple[Check, ...] = ()
    try:
        player.turn_to(step.moment)
        if not device.was_started and not step.do:
            player.start(device, scenario.settings.passphrase)
        refusal = _do(player, device, step)
        checks = tuple(Checker(scenario, player, device, refusal).check(step.expect))
        snapshot = _snapshot(device, scenario.task)
    except CannotProduce as error:
        return _result(number, step, Status.SKIPPED, error=str(error))
    except StepFailed as error:
        if isinstance(error, PhoneHung):
            device.end()
        return _result(number, step, Status.FAILED, error=masked(str(error)), snapshot=Snapshot(on=device.running))
    except OSError as error:
        told = f"the lab's own files can't be used: {error.strerror or type(error).__name__}"
        return _result(number, step, Status.FAILED, error=told, snapshot=Snapshot(on=device.running))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        # Another build may answer anything.
        told = f"an answer of the device is not what the contract says ({type(error).__name__}: {error})"
        return _result(number, step, Status.FAILED, error=masked(told), snapshot=Snapshot(on=device.running))
    status = Status.PASSED if all(check.ok for check in checks) else Status.FAILED
    return _result(number, step, status, checks, snapshot=snapshot)


def _do(player: Player, device: Device, step: Step) -> StepFailed | None:
    """Carry out the step's actions; how the last of them was refused, where that is expected."""
    for index, action in enumerate(step.do, start=1):
        try:
            player.do(device, action)
        except (CallRefused, StartRefused) as error:
            expected = step.expect.start_refused if isinstance(error, StartRefused) else step.expect.refused
            if expected is None or index < len(step.do):
                raise
            return error
    return None


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


def _result(
    number: int, step: Step, status: Status, checks: tuple[Check, ...] = (), *, error: str | None = None,
    snapshot: Snapshot | None = None,
) -> StepResult:  # fmt: skip
    done = tuple(action.told() for action in step.do)
    marks = tuple(dict.fromkeys(mark for action in step.do if (mark := action.mark())))
    return StepResult(
        number, step.at, step.moment.minutes, step.device, step.why, done, marks, status, checks, error, snapshot
    )  # fmt: skip
