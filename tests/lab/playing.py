"""Scenarios as the tests play them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lab.campaign import Campaign, Watcher
from lab.device import Build
from lab.reading import read, shipped
from lab.results import Report, ScenarioResult, Status
from lab.scenario import Scenario
from model_store.bundle import SHIPPED_BUNDLE

ATTUNE = (sys.executable, "-c", "from app.cli.main import main; main()")
SHIPPED = [path.stem for path in shipped()]


class Silent(Watcher):
    """Tells nobody."""

    def begun(self, scenario: Scenario) -> None: ...

    def went_on(self, scenario: Scenario, steps: int) -> None: ...

    def ended(self, scenario: Scenario, result: ScenarioResult) -> None: ...


def build(command: Sequence[str] = ATTUNE, patience: float = 60.0, start_patience: float | None = None) -> Build:
    """What is tested."""
    return Build(tuple(command), SHIPPED_BUNDLE, None, patience, start_patience)


def named(name: str) -> Scenario:
    """A scenario that ships."""
    return read(next(path for path in shipped() if path.stem == name))


def written(folder: Path, text: str) -> Scenario:
    """A scenario of a test's own."""
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def played(*scenarios: Scenario, seed: int | None = None, on: Build | None = None) -> Report:
    """What came of them."""
    return Campaign(on or build(), seed=seed).run(scenarios, Silent())


def assert_passes(name: str) -> None:
    """A shipped scenario passes."""
    (result,) = played(named(name)).results
    assert result.status is Status.PASSED, result.reason
    assert result.checks > 0
