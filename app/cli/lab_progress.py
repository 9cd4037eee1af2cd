"""What `attune lab run` shows while it runs: on a terminal a line that moves, elsewhere a line a scenario."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from app.cli.output import shown
from lab.campaign import Watcher
from lab.results import ScenarioResult, Status
from lab.scenario import Scenario

_SIGNS = {
    Status.PASSED: ("ok", "green"),
    Status.FAILED: ("FAILED", "bold red"),
    Status.SKIPPED: ("skipped", "yellow"),
    Status.INTERRUPTED: ("stopped", "yellow"),
}


class _Shown(Watcher):
    def __init__(self, progress: Progress, console: Console, count: int) -> None:
        self._progress = progress
        self._console = console
        self._all = progress.add_task("scenarios", total=count)
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def begun(self, scenario: Scenario) -> None:
        with self._lock:
            self._tasks[scenario.name] = self._progress.add_task(scenario.name, total=len(scenario.steps))

    def went_on(self, scenario: Scenario, steps: int) -> None:
        with self._lock:
            self._progress.update(self._tasks[scenario.name], completed=steps)

    def ended(self, scenario: Scenario, result: ScenarioResult) -> None:
        sign, style = _SIGNS[result.status]
        with self._lock:
            self._progress.remove_task(self._tasks.pop(scenario.name))
            self._progress.advance(self._all)
            with suppress(OSError):  # A terminal that is gone must not take the result with it.
                self._console.print(f"{sign:>7}", style=style, end=" ", highlight=False)
                self._console.print(shown(f"{scenario.name} ({result.seconds:.1f} s)"), markup=False, highlight=False)


@contextmanager
def watching(count: int, stream: TextIO) -> Iterator[Watcher]:
    """Show the progress of `count` scenarios on `stream`."""
    console = Console(file=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Shown(progress, console, count)
