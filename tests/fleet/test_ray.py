"""The same fleet through Ray: the same figures, also where a process of Ray's is killed in the middle."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fleet.errors import ClusterUnreachable
from fleet.prepare import Request
from fleet.results import read_results
from fleet.run import STATES, run_fleet
from tests.fleet.conftest import figures, prepared_in

pytest.importorskip("ray", reason="the extra `fleet` is not installed")

from fleet.ray_workers import RayWorkers, reason_of


@pytest.fixture(scope="module")
def workers() -> Iterator[RayWorkers]:
    local = RayWorkers(2)
    yield local
    local.close()


def busy_processes() -> list[psutil.Process]:
    """Ray's processes that do a piece of work now; their names say so."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if any("ray::_perform" in part for part in process.cmdline())
    ]


def test_ray_has_the_figures_of_local_workers_also_when_a_process_is_killed(
    workers: RayWorkers, finished: Path, small: Request, tmp_path: Path
) -> None:
    folder, killed = tmp_path / "run", 0
    for progress in run_fleet(prepared_in(folder, small), folder, workers, folder / STATES, False):
        if progress.stage == "simulate" and progress.done == 2 and not killed:
            killed = busy_processes()[0].pid
            os.kill(killed, signal.SIGKILL)
    assert killed
    assert progress.failed == 0
    assert figures(read_results(folder)) == figures(read_results(finished))
    assert not (folder / STATES).exists()


def test_a_stopped_run_leaves_no_process_and_no_state(workers: RayWorkers, small: Request, tmp_path: Path) -> None:
    workers.close()
    folder = tmp_path / "run"
    running = run_fleet(prepared_in(folder, small), folder, RayWorkers(2), folder / STATES, False)
    for progress in running:
        if progress.stage == "simulate" and progress.done == 1:
            break
    assert busy_processes()
    running.close()  # type: ignore[attr-defined]  # a generator
    left = [process for process in psutil.Process().children(recursive=True) if "ray::" in process.name()]
    assert not psutil.wait_procs(left, timeout=30)[1]
    assert not (folder / STATES).exists()


def test_a_ray_of_its_own_is_started_where_another_cluster_is_named(
    workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.close()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    own = RayWorkers(1)
    assert own.description == "1 worker of Ray on this machine"
    own.close()


def test_a_head_that_does_not_let_us_in_may_need_a_token() -> None:
    error = ConnectionError("Failed to connect to Ray cluster at 192.0.2.2:6379\nmore")  # as Ray 2.60 says it
    assert "192.0.2.2:6379; a cluster with tokens needs RAY_AUTH_MODE=token" in reason_of(error)
    assert reason_of(OSError("nobody listens")) == "nobody listens"


def test_a_cluster_that_is_not_there_is_told(workers: RayWorkers) -> None:
    workers.close()  # a process is part of one Ray at a time
    # Not "auto": that would find whatever Ray runs on the machine, also one that is only just ending.
    with pytest.raises(ClusterUnreachable, match=r"can't be reached at 127\.0\.0\.1:1"):
        RayWorkers(1, "127.0.0.1:1")
