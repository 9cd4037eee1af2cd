"""What a run makes of devices that hang, die or never start, and of an interruption."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import psutil
import pytest

from app.cli.lab_progress import watching
from app.cli.lab_stopping import told_to_stop
from lab.campaign import Campaign
from lab.errors import StepFailed
from lab.player import Player
from lab.process import Processes
from lab.results import Status
from lab.user_actions import Erase
from tests.lab.playing import ATTUNE, Silent, build, played, written

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


def test_a_relative_folder_for_the_devices_is_the_same_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = "[{consent: true}, {correct: rain}, stop, {save_files: x}, start]"
    scenario = written(tmp_path, HEAD + f'  - {{at: "08:00", do: {do}, expect: {{no_trace: rain}}}}\n')
    monkeypatch.chdir(tmp_path)
    (result,) = Campaign(build(), keep=Path("kept")).run([scenario], Silent()).results
    assert result.status is Status.PASSED, result.reason
    (device,) = Path("kept").glob("*/phone")
    assert sorted(path.name for path in device.iterdir()) == ["copy-x", "state"]


def test_no_trace_does_not_hold_where_there_is_nothing_to_look_into(tmp_path: Path) -> None:
    program = (
        "import os, runpy, sys; os.environ['ATTUNE_STATE_DIR'] += '-elsewhere'; from app.cli.main import main; main()"
    )
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: look, expect: {no_trace: rain}}\n')
    (result,) = played(scenario, on=build((sys.executable, "-c", program))).results
    assert result.reason == "step 1 at 08:00: the device phone has no files to look into"


def test_an_unexpected_mistake_fails_its_scenario_and_no_other(tmp_path: Path) -> None:
    good = written(tmp_path, HEAD + "  - {at: day 2 08:00, do: look}\n")
    bad = good.model_copy(update={"name": "bad", "first_day": date(9999, 12, 31)})
    first, second = played(bad, good).results
    assert (first.status, second.status) == (Status.FAILED, Status.PASSED)
    assert "the lab could not carry this out (OverflowError: date value out of range)" in (first.reason or "")


def test_a_scenario_that_gets_no_folder_fails(tmp_path: Path) -> None:
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: look, expect: {version: 0}}\n')
    (result,) = Campaign(build(), keep=tmp_path / "scenario.yaml").run([scenario], Silent()).results
    assert (result.status, result.steps[0].status) == (Status.FAILED, Status.NOT_RUN)
    assert "the lab could not play it (FileExistsError: " in (result.reason or "")


def test_a_delay_ends_when_the_lab_is_told_to_stop(tmp_path: Path) -> None:
    scenario = written(
        tmp_path, HEAD + '  - {at: "08:00", do: [look, {kill: {after_ms: 10000}}], expect: {updates: 0}}\n'
    )
    stop = threading.Event()
    threading.Timer(4, stop.set).start()
    started = time.monotonic()
    report = Campaign(build()).run([scenario], Silent(), stop)
    assert time.monotonic() - started < 9
    assert (report.cut_short, report.passed, report.results[0].status) == (True, False, Status.INTERRUPTED)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_no_process_and_tells_what_is_known(tmp_path: Path, sent: signal.Signals) -> None:
    folder, temporary = tmp_path / "scenarios", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    long = "[{consent: true}, {correct: rain}, {update: {force: true, epochs: 5000, until: epoch 5}}, wait, look]"
    for name, do in (("a", "look"), ("b", long), ("c", "look")):
        steps = f'  - {{at: "08:00", do: look}}\n  - {{at: "09:00", do: {do}, expect: {{version: 0}}}}\n'
        (folder / f"{name}.yaml").write_text(HEAD.replace("mine", name) + steps, encoding="utf-8")
    reports = ["--report", str(tmp_path / "lab.html"), "--junit", str(tmp_path / "lab.xml")]
    lab = subprocess.Popen(
        [*ATTUNE, "lab", "run", str(folder), *reports],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    running = psutil.Process(lab.pid)
    assert lab.stderr is not None
    assert "ok a (" in lab.stderr.readline()
    while not (devices := running.children()):
        time.sleep(0.05)
        assert lab.poll() is None
    time.sleep(0.5)  # at any moment of its start or its work
    lab.send_signal(sent)
    told, said = lab.communicate(timeout=30)
    assert lab.returncode == 130
    assert not any(device.is_running() for device in devices)
    assert not list(temporary.glob("attune-lab-*"))
    assert (said.split()[:2], "Traceback" in said, "attune: interrupted" in said) == (["stopped", "b"], False, True)
    assert "b: interrupted: it\n    interrupted in step " in told
    assert "1 passed, 0 failed, 1 interrupted, 1 not run, " in told
    suites = fromstring((tmp_path / "lab.xml").read_text(encoding="utf-8"))  # noqa: S314  # our own
    assert [(suite.get("name"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("a", "0", "0"), ("b", "0", "0"), ("c", "0", "0"),
    ]  # fmt: skip
    assert [suite.get("skipped") for suite in suites][::2] == ["0", "3"]
    assert "– interrupted" in (tmp_path / "lab.html").read_text(encoding="utf-8")


def test_a_lab_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    steps = '  - {at: "08:00", do: [{consent: true}, {correct: rain}, {update: {force: true, epochs: 5000}}]}\n'
    scenario = tmp_path / "long.yaml"
    scenario.write_text(HEAD + steps, encoding="utf-8")
    lab = subprocess.Popen(
        [*ATTUNE, "lab", "run", str(scenario)],
        stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    running = psutil.Process(lab.pid)
    while len(processes := running.children()) < 2:  # the device, and the lab's guard
        time.sleep(0.05)
        assert lab.poll() is None
    time.sleep(0.5)
    lab.kill()
    lab.wait()
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive


class Gone(io.StringIO):
    """A terminal that was closed."""

    def write(self, _: str) -> int:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_is_gone_takes_no_result_with_it(tmp_path: Path) -> None:
    scenario = written(tmp_path, HEAD + '  - {at: "08:00", do: look, expect: {version: 0}}\n')
    with watching(1, Gone()) as watcher:
        report = Campaign(build()).run([scenario], watcher)
    assert report.passed


def test_what_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with told_to_stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.wait(5)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
