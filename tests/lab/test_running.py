"""What a run makes of devices that hang, die or never start, and of an interruption."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lab.errors import StepFailed
from lab.player import Player
from lab.process import Processes
from lab.results import Status
from lab.user_actions import Erase
from tests.lab.playing import ATTUNE, build, played, written

HEAD = "name: mine\nabout: it\nsteps:\n"
HANGING = (sys.executable, str(Path(__file__).with_name("broken_hanging.py")))


@pytest.fixture
def no_process_left() -> Iterator[None]:
    """Fails a test that leaves a process; those that earlier tests need (multiprocessing's tracker) may stay."""
    before = psutil.Process().children()
    yield
    assert not set(psutil.Process().children()).difference(before)


@pytest.mark.usefixtures("no_process_left")
def test_a_device_that_hangs_or_dies_fails_the_step_and_is_gone(tmp_path: Path) -> None:
    hangs = written(tmp_path, HEAD + '  - {at: "08:00", do: rollback}\n  - {at: "09:00", do: look}\n')
    dies = written(tmp_path, HEAD.replace("mine", "other") + '  - {at: "08:00", do: {activate: 1}}\n')
    hung, died = played(hangs, dies, on=build(HANGING, patience=2, start_patience=60)).results
    assert hung.status is died.status is Status.FAILED
    assert hung.steps[0].error == "the device did not answer POST /v1/models/sentiment/rollback within 2 s"
    assert hung.steps[0].snapshot is not None
    assert not hung.steps[0].snapshot.on
    assert hung.steps[1].status is Status.NOT_RUN
    assert "the device is gone: POST /v1/models/sentiment/activate got no answer" in (died.steps[0].error or "")


@pytest.mark.usefixtures("no_process_left")
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(600)", "the device did not serve within 1 s of its start, and was killed"),
        ("import sys; sys.exit('attune: no')", "the device did not start: exit code 1: attune: no"),
        ("", "the device did not start: exit code 0: it said nothing"),
    ],
)
def test_a_device_that_never_serves(tmp_path: Path, program: str, said: str) -> None:
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: look}\n')
    (result,) = played(scenario, on=build((sys.executable, "-c", program), patience=1)).results
    assert result.steps[0].error == said


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: look}\n')
    (result,) = played(scenario, on=build((str(tmp_path / "none"),))).results
    assert "No such file" in (result.reason or "")


def test_a_scenario_that_this_machine_cannot_produce_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: [look, {disk: full}]}\n  - {at: "09:00", do: look}\n')
    (result,) = played(scenario).results
    assert [result.status, *(step.status for step in result.steps)] == [Status.SKIPPED, Status.SKIPPED, Status.NOT_RUN]
    assert "needs Linux" in (result.reason or "")


def test_a_command_that_starts_the_service_as_another_process_is_killed_with_it(tmp_path: Path) -> None:
    script = "import subprocess, sys; sys.exit(subprocess.call([*sys.argv[1:]]))"
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: [look, kill, start], expect: {updates: 0}}\n')
    (result,) = played(scenario, on=build((sys.executable, "-c", script, *ATTUNE))).results
    assert result.status is Status.PASSED, result.reason


def test_a_device_has_the_seed_also_after_an_erasure_and_its_copies_have_names(tmp_path: Path) -> None:
    processes = Processes()
    player = Player(written(tmp_path, HEAD + '  - {at: "08:00", do: look}\n'), 9, tmp_path, build(), processes)
    device = player.device("phone")
    try:
        with pytest.raises(StepFailed, match="no files to copy: it was never started"):
            device.save_files("early")
        player.do(device, Erase.model_validate({"erase": None}))
        assert device.phone.call("GET", "/v1/schedule")["policy"]["parameters"]["seed"] == 9
        device.stop()
        device.save_files("evening")
        with pytest.raises(StepFailed, match="there is a copy evening already"):
            device.save_files("evening")
    finally:
        processes.kill_all()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interruption_leaves_no_process(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    steps = '  - {at: "08:00", do: [{consent: true}, {correct: rain}, {update: {force: true, epochs: 5000}}]}\n'
    (tmp_path / "long.yaml").write_text(HEAD + steps, encoding="utf-8")
    lab = subprocess.Popen([*ATTUNE, "lab", "run", str(tmp_path / "long.yaml")], stderr=subprocess.PIPE, text=True)
    running = psutil.Process(lab.pid)
    while not (devices := running.children()):
        time.sleep(0.05)
        assert lab.poll() is None
    time.sleep(0.5)  # at any moment of its start or its work
    lab.send_signal(sent)
    _, said = lab.communicate(timeout=30)
    assert lab.returncode == code
    assert "Traceback" not in said
    assert not any(device.is_running() for device in devices)
