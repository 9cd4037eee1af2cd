"""Plays several scenarios, some at a time, and leaves no process behind however it ends."""

import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.device import Build
from lab.process import Processes
from lab.results import Report, ScenarioResult, Status
from lab.runner import not_played, play
from lab.scenario import Scenario


class Watcher(Protocol):
    """Hears of the scenarios as they run, from several threads."""

    def begun(self, scenario: Scenario) -> None:
        """One begins."""

    def went_on(self, scenario: Scenario, steps: int) -> None:
        """So many of its steps are over."""

    def ended(self, scenario: Scenario, result: ScenarioResult) -> None:
        """It is over."""


@dataclass(frozen=True)
class Campaign:
    """How scenarios are played: what against, how many at a time, with which seed instead of their own, and whether
    their folders are kept.
    """

    build: Build
    jobs: int = 1
    seed: int | None = None
    keep: Path | None = None

    def run(self, scenarios: Sequence[Scenario], watcher: Watcher, stop: threading.Event | None = None) -> Report:
        """Play them all; their results in the order given. When `stop` is set, the devices are killed, and the report
        tells what is known by then. A scenario that can't be played for whatever reason fails; the others go on.
        """
        started = time.monotonic()
        processes = Processes()
        told_to_stop = stop or threading.Event()

        def one(scenario: Scenario) -> ScenarioResult:
            if processes.stopping:
                return not_played(scenario, self.seed, Status.NOT_RUN, "not run: the lab was interrupted before")
            watcher.begun(scenario)
            try:
                with _Folder(self.keep, scenario.name) as folder:
                    result = play(
                        scenario, self.seed, folder, self.build, processes,
                        lambda steps: watcher.went_on(scenario, steps),
                    )  # fmt: skip
            except Exception as error:  # noqa: BLE001  # its trouble must not take the others' results with it
                said = f"the lab could not play it ({type(error).__name__}: {error})"
                result = not_played(scenario, self.seed, Status.FAILED, said)
            watcher.ended(scenario, result)
            return result

        pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="scenario")
        try:
            futures = [pool.submit(one, scenario) for scenario in scenarios]
            pending = set(futures)
            while pending and not told_to_stop.is_set():  # in short turns, so that a signal is heard
                _, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        finally:
            processes.kill_all()
            pool.shutdown(wait=True)
        results = tuple(future.result() for future in futures)
        return Report(results, round(time.monotonic() - started, 3), cut_short=bool(pending))


class _Folder:
    """A scenario's folder: kept below `keep`, or gone at the end."""

    def __init__(self, keep: Path | None, name: str) -> None:
        self._keep = keep
        self._name = name
        self._path = Path()

    def __enter__(self) -> Path:
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            folder = tempfile.mkdtemp(prefix=f"{self._name}-", dir=self._keep)
        else:
            folder = tempfile.mkdtemp(prefix="attune-lab-")
        # The devices run in folders of their own, where a relative path means another place.
        self._path = Path(folder).absolute()
        return self._path

    def __exit__(self, *_: object) -> None:
        if self._keep is None:
            shutil.rmtree(self._path, ignore_errors=True)
