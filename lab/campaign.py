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
from lab.results import Report, ScenarioResult
from lab.runner import play
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

    def run(self, scenarios: Sequence[Scenario], watcher: Watcher) -> Report:
        """Play them all; their results in the order given."""
        started = time.monotonic()
        processes = Processes()
        stop = threading.Event()

        def one(scenario: Scenario) -> ScenarioResult | None:
            if stop.is_set():
                return None
            watcher.begun(scenario)
            with _Folder(self.keep, scenario.name) as folder:
                result = play(
                    scenario, self.seed, folder, self.build, processes, lambda steps: watcher.went_on(scenario, steps)
                )
            watcher.ended(scenario, result)
            return result

        pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="scenario")
        try:
            futures = [pool.submit(one, scenario) for scenario in scenarios]
            pending = set(futures)
            while pending:  # in short turns, so that a signal is heard
                done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        finally:
            stop.set()
            processes.kill_all()
            pool.shutdown(wait=True, cancel_futures=True)
        results = tuple(result for future in futures if (result := future.result()) is not None)
        return Report(results, round(time.monotonic() - started, 3))


class _Folder:
    """A scenario's folder: kept below `keep`, or gone at the end."""

    def __init__(self, keep: Path | None, name: str) -> None:
        self._keep = keep
        self._name = name
        self._path = Path()

    def __enter__(self) -> Path:
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            self._path = Path(tempfile.mkdtemp(prefix=f"{self._name}-", dir=self._keep))
        else:
            self._path = Path(tempfile.mkdtemp(prefix="attune-lab-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        if self._keep is None:
            shutil.rmtree(self._path, ignore_errors=True)
