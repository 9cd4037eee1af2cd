"""What came of a run, as values. All but the seconds follows from the scenario, its seed and the build under test."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a step or a scenario ended. `skipped`: this machine can't produce it; `not_run`: an earlier step failed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Check:
    """One expectation, and what was found."""

    name: str
    expected: str
    found: str
    ok: bool


@dataclass(frozen=True)
class Snapshot:
    """A device after a step; all but `on` is unknown while it is off."""

    on: bool
    version: int | None = None
    serving: int | None = None
    state: str | None = None
    ready: str | None = None
    training: bool = False
    charging: bool = False
    wifi: bool = False
    idle: bool = False


@dataclass(frozen=True)
class StepResult:
    """A step of a scenario. `error` says why it could not be carried out."""

    number: int
    at: str
    minutes: int
    device: str
    why: str | None
    done: tuple[str, ...]
    marks: tuple[str, ...]
    status: Status
    checks: tuple[Check, ...] = ()
    error: str | None = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario. `reason` says why it was skipped, or what its first failure is."""

    name: str
    about: str
    seed: int
    status: Status
    steps: tuple[StepResult, ...]
    reason: str | None
    seconds: float = field(compare=False)

    @property
    def checks(self) -> int:
        """How many expectations were looked at."""
        return sum(len(step.checks) for step in self.steps)


@dataclass(frozen=True)
class Report:
    """A whole run."""

    results: tuple[ScenarioResult, ...]
    seconds: float = field(compare=False)

    def count(self, status: Status) -> int:
        """How many scenarios ended so."""
        return sum(result.status is status for result in self.results)

    @property
    def passed(self) -> bool:
        """Did none fail?"""
        return self.count(Status.FAILED) == 0

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        counts = {status.value: self.count(status) for status in (Status.PASSED, Status.FAILED, Status.SKIPPED)}
        return {"schema": "attune-lab-report/1", "ok": self.passed, **counts, **asdict(self)}


def first_failure(steps: Sequence[StepResult]) -> str | None:
    """The first thing that went wrong, in a sentence."""
    for step in steps:
        where = f"step {step.number} at {step.at}"
        if step.error:
            return f"{where}: {step.error}"
        for check in step.checks:
            if not check.ok:
                return f"{where}: {check.name}: expected {check.expected}, found {check.found}"
    return None
