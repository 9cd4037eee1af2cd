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

from fleet.ray_workers import RayWorkers


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


def test_a_cluster_that_is_not_there_is_told(workers: RayWorkers) -> None:
    workers.close()  # a process is part of one Ray at a time
    for address in ("auto", "127.0.0.1:1"):
        with pytest.raises(ClusterUnreachable, match=f"can't be reached at {address}"):
            RayWorkers(1, address)
