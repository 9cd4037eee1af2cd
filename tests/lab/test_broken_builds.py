"""A feature that is broken on purpose makes the scenario about it fail, and no other."""

import sys
from pathlib import Path

import pytest

from lab.results import Status
from tests.lab.playing import build, named, played

ABOUT = {
    "broken_gate": "poisoned-feedback-rejected",
    "broken_trial": "bad-version-rolled-back-in-trial",
    "broken_rollback": "rollback-to-parent",
}
SAYS = {
    "broken_gate": "update outcome: expected rejected, found published",
    "broken_trial": "version: expected 0, found 1",
    "broken_rollback": "version: expected 1, found 2",
}


@pytest.mark.parametrize("broken", ABOUT)
def test_the_scenario_about_a_broken_feature_fails_and_says_why(broken: str) -> None:
    launcher = str(Path(__file__).with_name(f"{broken}.py"))
    report = played(*map(named, ABOUT.values()), on=build((sys.executable, launcher)))
    failed = {result.name: result for result in report.results if result.status is not Status.PASSED}
    assert set(failed) == {ABOUT[broken]}
    said = [
        f"{check.name}: expected {check.expected}, found {check.found}"
        for step in failed[ABOUT[broken]].steps
        for check in step.checks
        if not check.ok
    ]
    assert SAYS[broken] in said
