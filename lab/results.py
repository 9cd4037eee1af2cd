"""What came of a run, as values. All but the seconds follows from the scenario, its seed and the build under test."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How an action, a step or a scenario ended. `skipped`: this machine can't produce it; `interrupted`: the lab was
    told to stop in the middle of it; `not_run`: something before it failed, or the lab was told to stop.
    """

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class ActionResult:
    """An action in words, and what came of it; a refusal that was expected is no failure."""

    told: str
    status: Status


@dataclass(frozen=True)
class Check:
    """One expectation, and what was found; both `found` and `ok` are None where nobody looked."""

    name: str
    expected: str
    found: str | None
    ok: bool | None


@dataclass(frozen=True)
class Snapshot:
    """A device after a step. What is None is not known: the device is off, or gave no answer."""

    on: bool
    version: int | None = None
    serving: int | None = None
    state: str | None = None
    ready: str | None = None
    training: bool | None = None
    charging: bool | None = None
    wifi: bool | None = None
    idle: bool | None = None


@dataclass(frozen=True)
class StepResult:
    """A step of a scenario. `error` says why it could not be carried out, `marks` are what happened, for a timeline."""

    number: int
    at: str
    minutes: int
    device: str
    why: str | None
    actions: tuple[ActionResult, ...]
    marks: tuple[str, ...]
    status: Status
    checks: tuple[Check, ...] = ()
    error: str | None = None
    snapshot: Snapshot | None = None

    @property
    def failures(self) -> list[str]:
        """All that went wrong, a sentence each: the action that could not be carried out, and what was found instead
        of what was expected.
        """
        where = f"step {self.number} at {self.at}"
        found = [
            f"{where}: {one.name}: expected {one.expected}, found {one.found}" for one in self.checks if one.ok is False
        ]
        return [*found, *([f"{where}: {self.trouble}"] if self.error else [])]

    @property
    def trouble(self) -> str:
        """`error`, after the action that it is about."""
        failed = [one.told for one in self.actions if one.status in (Status.FAILED, Status.SKIPPED)]
        return ": ".join([*failed, self.error or ""])


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario. `reason` says why it was skipped, where it was interrupted, or what its first failure is."""

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
        return sum(check.ok is not None for step in self.steps for check in step.checks)


@dataclass(frozen=True)
class Report:
    """A whole run; `cut_short` if the lab was told to stop before its end."""

    results: tuple[ScenarioResult, ...]
    seconds: float = field(compare=False)
    cut_short: bool = False

    def count(self, status: Status) -> int:
        """How many scenarios ended so."""
        return sum(result.status is status for result in self.results)

    @property
    def counts(self) -> dict[Status, int]:
        """How many scenarios ended in which way."""
        return {status: self.count(status) for status in Status}

    @property
    def passed(self) -> bool:
        """Was all played, and did none fail?"""
        return self.count(Status.FAILED) == 0 and not self.cut_short

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        counts = {status.value: count for status, count in self.counts.items()}
        return {"schema": "attune-lab-report/1", "ok": self.passed, **counts, **asdict(self)}


def first_failure(steps: Sequence[StepResult]) -> str | None:
    """The first thing that went wrong, in a sentence."""
    return next((failure for step in steps for failure in step.failures), None)
