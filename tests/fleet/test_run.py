"""Runs on this machine: the same figures whoever does the work, and nothing is lost that is finished."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from fleet.config import check_folder, read_config, settle_config
from fleet.errors import FleetError, InvalidTexts, NoRoom, OtherRun
from fleet.features import keep_rows, kept_rows
from fleet.local_workers import LocalWorkers
from fleet.prepare import Request
from fleet.results import RESULTS_FILE, ResultsFile, UserResult, read_results
from fleet.run import STATES, run_fleet
from fleet.texts import Text
from fleet.work import Done, Encode, Failure, Job, Setup, Worker, perform
from model_store.bundle import SHIPPED_BUNDLE
from tests.fleet.conftest import USERS, figures, prepared_in, room_for, run_in
from tests.support.command_line import START


def test_every_user_has_every_round_of_every_variant(finished: Path) -> None:
    results = read_results(finished)
    assert [(result.variant, result.user) for result in results] == [(v, u) for v in range(2) for u in range(USERS)]
    for result in results:
        assert [entry.round for entry in result.rounds] == [1, 2]
        assert result.rounds[1].samples == sum(entry.given for entry in result.rounds)
        assert result.measured is not None
        assert result.measured.bytes > 50_000
        assert result.measured.worker_peak_bytes > 50 << 20
    assert {result.persona for result in results} == {"gloomy", "turncoat"}


def test_without_the_gate_nothing_is_refused_and_with_it_poison_is(finished: Path) -> None:
    rounds = {(r.variant, r.user): r.rounds for r in read_results(finished) if r.persona == "turncoat"}
    assert {entry.outcome for (variant, _), each in rounds.items() if variant == 1 for entry in each} == {"published"}
    gated = [each[1] for (variant, _), each in rounds.items() if variant == 0]
    assert all(entry.wrong == entry.given for entry in gated)
    assert any(entry.outcome == "rejected" and entry.reasons for entry in gated)


def test_variants_have_the_same_users(finished: Path) -> None:
    results = read_results(finished)
    for gated, ungated in zip(results[:USERS], results[USERS:], strict=True):
        assert gated.persona == ungated.persona
        assert gated.rounds[0].right_base == ungated.rounds[0].right_base
        assert gated.rounds[0].given == ungated.rounds[0].given
        assert gated.rounds[0].seen == ungated.rounds[0].seen


def test_states_and_features_are_gone_when_it_is_done(finished: Path) -> None:
    assert sorted(path.name for path in finished.iterdir()) == [RESULTS_FILE, "run.json"]


def test_results_hold_no_text(finished: Path, sentences: tuple[Text, ...]) -> None:
    content = (finished / RESULTS_FILE).read_text("utf-8")
    assert content.isascii()
    assert not any(text.text in content for text in sentences)


def test_one_worker_has_the_figures_of_two_also_when_killed_in_the_middle(
    finished: Path, small: Request, tmp_path: Path
) -> None:
    workers, folder = LocalWorkers(1), tmp_path / "run"
    killed: list[int] = []
    for progress in run_fleet(prepared_in(folder, small), folder, workers, folder / STATES, False):
        if progress.stage == "simulate" and progress.done == 2 and not killed:
            process = multiprocessing.active_children()[0]
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.pid)
    assert workers.replaced == 1
    assert [r.measured.attempts for r in read_results(folder) if r.measured].count(2) == 1
    assert figures(read_results(folder)) == figures(read_results(finished))
    assert not multiprocessing.active_children()


def test_a_killed_run_goes_on_and_ends_with_the_same_figures(finished: Path, small: Request, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = [
        "--out", folder, "--users", small.users, "--updates", small.updates, "--judged", small.judged,
        "--texts", small.texts, "--group", small.group, "--personas", small.personas, "--vary", small.varied[0],
        "--vary", small.varied[1], "--workers", 2,
    ]  # fmt: skip
    started = subprocess.Popen(
        [sys.executable, "-c", START, "fleet", "run", *map(str, asked)], stderr=subprocess.DEVNULL
    )
    try:
        results = folder / RESULTS_FILE
        deadline = time.monotonic() + 120
        while not (results.exists() and results.read_bytes().count(b"\n") >= 2):
            assert started.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        started.kill()
        started.wait()
    with results.open("ab") as file:
        file.write(b'{"variant": 1, "user"')
    before = results.read_bytes().splitlines()[:2]
    retried = run_in(folder, Request(small.bundle), LocalWorkers(2))  # nothing but the folder is told
    assert figures(retried) == figures(read_results(finished))
    assert results.read_bytes().splitlines()[:2] == before
    assert not (folder / STATES).exists()


def test_no_more_workers_are_started_than_there_is_work(small: Request, tmp_path: Path) -> None:
    folder, few = tmp_path / "run", Request(**{**vars(small), "users": 1, "varied": ("epochs=1",), "updates": 1})
    most = {"encode": 0, "simulate": 0}
    for progress in run_fleet(prepared_in(folder, few), folder, LocalWorkers(3), folder / STATES, False):
        most[progress.stage] = max(most[progress.stage], len(multiprocessing.active_children()))
    assert most == {"encode": 3, "simulate": 1}


def test_workers_end_when_their_parent_is_killed(small: Request, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = [
        "--out", folder, "--users", 1, "--updates", 1000, "--judged", small.judged, "--texts", small.texts,
        "--group", small.group, "--personas", small.personas, "--workers", 1,
    ]  # fmt: skip
    started = psutil.Popen([sys.executable, "-c", START, "fleet", "run", *map(str, asked)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not (folder / STATES / "0-0").exists():
            assert started.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        children = started.children()
    finally:
        started.kill()
        started.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    for process in alive:
        process.kill()
    assert children
    assert not alive


def test_another_run_in_the_folder_is_refused(finished: Path, small: Request, tmp_path: Path) -> None:
    def refusal(**changes: object) -> str:
        with pytest.raises(OtherRun) as error:
            run_in(finished, Request(small.bundle, **changes), LocalWorkers(1))  # type: ignore[arg-type]
        return str(error.value)

    assert "holds a run with seed 0, not 1: give the same, or another --out" in refusal(seed=1)
    assert "users 4, not 5" in refusal(users=5)
    assert "other personas" in refusal(personas="any")
    assert "varied" in refusal(varied=("gate=on",))
    (tmp_path / "photo").touch()
    with pytest.raises(OtherRun, match="holds other files"):
        run_in(tmp_path, small, LocalWorkers(1))


def test_a_run_of_the_shipped_texts_does_not_go_on_with_others(small: Request, tmp_path: Path) -> None:
    settle_config(tmp_path, prepared_in(tmp_path, Request(SHIPPED_BUNDLE)).config)
    with pytest.raises(OtherRun, match="holds a run with other texts"):
        prepared_in(tmp_path, Request(SHIPPED_BUNDLE, texts=small.texts, group="topic"))


def test_texts_may_lie_elsewhere_when_a_run_goes_on(finished: Path, small: Request, tmp_path: Path) -> None:
    assert small.texts
    moved = Path(shutil.copy(small.texts, tmp_path / "elsewhere.jsonl"))
    assert len(run_in(finished, Request(small.bundle, texts=moved), LocalWorkers(1))) == 2 * USERS


def test_no_user_of_the_texts_is_counted_twice(small: Request, tmp_path: Path) -> None:
    real = {**vars(small), "each": "user", "personas": "own"}
    with pytest.raises(InvalidTexts, match="--users 4: only 2 users of the texts"):
        prepared_in(tmp_path, Request(**real))
    assert prepared_in(tmp_path, Request(**{**real, "users": None})).config.users == 2


def test_one_process_at_a_time_adds_to_a_run(finished: Path) -> None:
    held = ResultsFile.open(finished)
    try:
        with pytest.raises(OtherRun, match="another process is running the fleet"):
            ResultsFile.open(finished)
    finally:
        held.close()


def test_damaged_results_are_told(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    with (folder / RESULTS_FILE).open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(OtherRun, match="line 9: is no result"):
        read_results(folder)


class Told:
    """Workers that say what they were told to."""

    replaced = 0
    description = "nobody"

    def __init__(self, failure: Failure) -> None:
        self.failure = failure

    def work(self, setup: Setup, features_in: Path | None, jobs: Iterable[Job]) -> Iterator[Done]:
        for job in jobs:
            if isinstance(job, Encode):
                yield Done(job, np.zeros((job.end - job.start, 256), dtype=np.float32))
            else:
                yield Done(job, None, self.failure, 3)

    def close(self) -> None:
        pass


def test_failed_devices_are_kept_as_such_and_tried_again(finished: Path, small: Request, tmp_path: Path) -> None:
    few = Request(**{**vars(small), "users": 1, "varied": ("epochs=1",), "updates": 1})
    failed = run_in(tmp_path / "run", few, Told(Failure("the device broke")))
    assert [result.failed for result in failed] == ["the device broke"]
    again = run_in(tmp_path / "run", few, LocalWorkers(1))
    assert [result.failed for result in again] == [None]


def test_a_full_disk_stops_the_run_and_says_what_to_do(small: Request, tmp_path: Path) -> None:
    few = Request(**{**vars(small), "users": 1, "varied": ("epochs=1",), "updates": 1})
    with pytest.raises(FleetError, match="make room"):
        run_in(tmp_path / "run", few, Told(Failure("full: make room", fatal=True)))


def test_features_that_find_no_room_are_told(tmp_path: Path) -> None:
    with room_for(1000), pytest.raises(NoRoom, match="can't be written"):
        keep_rows(tmp_path, np.zeros((10, 256), dtype=np.float32))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("left", [b"", b"\x93NUMPY"])
def test_features_that_a_crash_cut_short_are_made_again(left: bytes, tmp_path: Path) -> None:
    (tmp_path / "features.npy").write_bytes(left)
    assert kept_rows(tmp_path, 10) is None


def test_a_start_that_finds_no_room_does_not_block_its_folder(small: Request, tmp_path: Path) -> None:
    folder, few = tmp_path / "run", Request(**{**vars(small), "users": 1, "varied": ("epochs=1",), "updates": 1})
    with room_for(10), pytest.raises(NoRoom, match="can't be written"):
        run_in(folder, few, Told(Failure("the device broke")))
    assert [path.name for path in folder.iterdir()] == [RESULTS_FILE]
    (folder / "run.json.tmp").touch()  # as a power cut leaves it
    assert len(run_in(folder, few, Told(Failure("the device broke")))) == 1


def test_results_without_their_config_are_not_added_to(finished: Path, small: Request, tmp_path: Path) -> None:
    shutil.copy(finished / RESULTS_FILE, tmp_path)
    with pytest.raises(OtherRun, match="holds other files"):
        run_in(tmp_path, small, LocalWorkers(1))


def test_of_two_runs_into_a_new_folder_one_is_refused(small: Request, tmp_path: Path) -> None:
    folder, other = tmp_path / "run", Request(**{**vars(small), "seed": 5})
    prepared = prepared_in(folder, small), prepared_in(folder, other)
    check_folder(folder, prepared[0].config)
    held = ResultsFile.open(folder)  # The first has the folder, and has not kept its config yet.
    try:
        with pytest.raises(OtherRun, match="another process is running the fleet"):
            list(run_fleet(prepared[1], folder, LocalWorkers(1), None, False))
        assert read_config(folder) is None
    finally:
        held.close()


def test_results_that_find_no_room_are_told_and_do_not_spoil_the_file(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    size = (folder / RESULTS_FILE).stat().st_size
    file = ResultsFile.open(folder)
    with room_for(size + 50):
        with pytest.raises(NoRoom, match="what is finished is kept"):
            file.add(file.found[0])
        file.close()
    assert figures(read_results(folder)) == figures(read_results(finished))
    ResultsFile.open(folder).close()
    assert (folder / RESULTS_FILE).stat().st_size == size


def test_states_that_were_kept_stay_when_the_run_goes_on_without(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    kept, left = folder / STATES / "0-0", folder / STATES / "1-3"  # of a finished user, and of a killed worker's
    rows = (folder / RESULTS_FILE).read_bytes().splitlines(keepends=True)
    (folder / RESULTS_FILE).write_bytes(b"".join(row for row in rows if b'"variant":1,"user":3' not in row))
    kept.mkdir(parents=True)
    left.mkdir()
    run_in(folder, Request(SHIPPED_BUNDLE), Told(Failure("the device broke")))
    assert [path.name for path in (folder / STATES).iterdir()] == ["0-0"]


def test_work_that_fails_is_tried_three_times_and_only_its_kind_is_told() -> None:
    class Breaks:
        tries = 0

        def run(self, worker: Worker) -> UserResult:
            self.tries += 1
            raise ValueError("秘密")

    job = Breaks()
    done = perform(None, job)  # type: ignore[arg-type]  # it does not get so far
    assert (job.tries, done.attempts) == (3, 3)
    assert done.failure == Failure("internal error: ValueError")


def test_no_room_is_not_tried_again() -> None:
    class Full:
        def run(self, worker: Worker) -> UserResult:
            raise NoRoom("x")

    done = perform(None, Full())  # type: ignore[arg-type]  # it does not get so far
    assert done.attempts == 1
    assert done.failure is not None
    assert done.failure.fatal
