"""The reports: the same in every run, whole, and readable by the tools that they are for."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from lab.html import render
from lab.junit import junit, write_junit
from lab.phone_actions import Schedule
from lab.results import ActionResult, Check, Report, ScenarioResult, Snapshot, Status, StepResult
from lab.runner import not_played
from lab.timeline import timeline
from tests.lab.playing import played, written

SCENARIO = """
name: mine
about: A <b>bold</b> claim & more
seed: 5
texts:
  odd: {正面: ["<script>alert(1)</script> 你好", 天气真好]}
steps:
  - at: "08:00"
    do:
      - consent: true
      - correct: {texts: odd, as: random}
    expect: {pending: 4, version: 0}
  - at: day 2 09:00
    why: No such version.
    do: {activate: 9}
  - at: day 2 10:00
    do: look
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Report]:
    """The same scenario, played twice."""
    scenario = written(tmp_path_factory.mktemp("scenario"), SCENARIO)
    return played(scenario), played(scenario)


def _done(*told: str) -> tuple[ActionResult, ...]:
    return tuple(ActionResult(one, Status.PASSED) for one in told)


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": [0-9.]+|time="[0-9.]+"|[0-9.]+ s<|<b>[0-9.]+</b>seconds', "", text)


def test_the_same_scenario_and_seed_give_the_same_reports(reports: tuple[Report, Report]) -> None:
    one, other = reports
    assert one == other
    for written_ in (lambda report: json.dumps(report.document()), render, lambda report: tostring(junit(report))):
        first, second = (str(written_(report)) for report in reports)
        assert without_seconds(first) == without_seconds(second)


def test_a_failure_gives_what_was_expected_and_what_was_found(reports: tuple[Report, Report]) -> None:
    (result,) = reports[0].results
    first, second, third = result.steps
    assert result.reason == "step 1 at 08:00: pending: expected 4, found 2"
    assert first.checks == (Check("version", "0", "0", True), Check("pending", "4", "2", False))
    assert second.error == "refused with 404 unknown-version: sentiment has no version 9"
    assert (first.status, second.status, third.status) == (Status.FAILED, Status.FAILED, Status.NOT_RUN)


class Page(HTMLParser):
    """The tags and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.links += [given[name] or "" for name in ("href", "src") if name in given]
        self.ids |= {given["id"] or ""} if "id" in given else set()

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_holds_all_escapes_all_and_loads_nothing(reports: tuple[Report, Report]) -> None:
    page = Page(render(reports[0]))
    assert "script" not in page.tags
    assert "A <b>bold</b> claim & more" in page.words
    for words in (
        "expected 4, found 2",
        "✗ failed",
        "– not run",
        "No such version.",
        "day 2 09:00",
        "v0 base",
        "random",
    ):
        assert words in page.words
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_the_page_shows_versions_as_a_lane_and_a_device_that_is_off() -> None:
    on = Snapshot(on=True, version=2, serving=1, state="trying", ready="degraded", charging=True)
    steps = (
        StepResult(1, "08:00", 480, "phone", None, _done("x"), ("kill",), Status.PASSED, snapshot=on),
        StepResult(2, "day 2 08:00", 1920, "second", None, (), (), Status.PASSED, snapshot=Snapshot(on=False)),
    )
    words = Page(render(Report((ScenarioResult("a", "b", 1, Status.PASSED, steps, None, 0.1),), 0.1))).words
    for told in ("v1 for v2 trying", "degraded", "charging", "off", "day 2", "phone: version", "second: power", "kill"):
        assert told in words


SUITE = {"name", "tests", "time", "failures", "errors", "skipped"}


def test_junit_is_what_jenkins_and_gitlab_read(reports: tuple[Report, Report], tmp_path: Path) -> None:
    write_junit(reports[0], tmp_path / "new" / "junit.xml")
    root = fromstring((tmp_path / "new" / "junit.xml").read_text(encoding="utf-8"))  # noqa: S314  # our own
    assert (root.tag, set(root.attrib)) == ("testsuites", {"name", "time", "tests", "failures", "errors"})
    (suite,) = root
    assert (suite.tag, set(suite.attrib)) == ("testsuite", SUITE)
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "1", "1", "1"]
    properties, *cases = suite
    assert {one.get("name"): one.get("value") for one in properties}["seed"] == "5"
    assert [case.tag for case in cases] == ["testcase"] * 5
    assert len({case.get("name") for case in cases}) == 5
    assert {case.get("classname") for case in cases} == {"attune.lab.mine"}
    kinds: list[str] = [child.tag for case in cases for child in case]
    assert kinds == ["failure", "error", "skipped"]
    failure = _only(cases[2])
    assert failure.get("message") == "expected 4, found 2"
    assert failure.text == "pending\nexpected: 4\nfound:    2"


def _only(element: Element) -> Element:
    (child,) = element
    return child


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    steps = (StepResult(1, "08:00", 480, "phone", None, _done("a\x00b"), (), Status.FAILED, error="c\x1bd"),)
    text = tostring(junit(Report((ScenarioResult("a", "b", 1, Status.FAILED, steps, None, 0.0),), 0.0)), "unicode")
    assert "\x00" not in text
    root = fromstring(text)  # noqa: S314  # our own
    assert "a�b" in str([case.get("name") for case in root.iter("testcase")])


REFUSED = """
name: mine
about: it
steps:
  - at: "08:00"
    do: [{consent: true}, {phone: resting}, {correct: rain}, rollback, {update: {force: true}}]
    expect: {version: 1, samples: 20, update: {state: completed, reasons: [better]}}
"""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A step whose third action is refused."""
    return played(written(tmp_path_factory.mktemp("scenario"), REFUSED))


def test_a_refused_action_is_named_and_what_comes_after_it_is_not_told_as_done(refused: Report) -> None:
    (result,) = refused.results
    (step,) = result.steps
    statuses = [*[Status.PASSED] * 3, Status.FAILED, Status.NOT_RUN]
    assert [one.status for one in step.actions] == statuses
    assert step.actions[3].told == "rolls back to the parent"
    assert step.marks == ("consent", "phone", "correct", "rollback (failed)")
    said = "step 1 at 08:00: rolls back to the parent: refused with 409 nothing-to-roll-back"
    assert (result.reason or "").startswith(said)
    words = Page(render(refused)).words
    for told in ("presses “train now” (not run)", "version: 1 (not looked at)", "rollback (failed)"):
        assert told in words


def test_expectations_that_were_not_reached_are_in_the_report_as_such(refused: Report) -> None:
    (step,) = refused.results[0].steps
    assert step.checks == (
        Check("version", "1", None, None),
        Check("samples", "20", None, None),
        Check("update state", "completed", None, None),
        Check("update reasons", "one with “better”", None, None),
    )
    assert refused.results[0].checks == 0


def test_after_a_failed_step_the_device_is_shown_as_it_is(refused: Report) -> None:
    snapshot = refused.results[0].steps[0].snapshot
    assert snapshot is not None
    assert (snapshot.on, snapshot.version, snapshot.training) == (True, 0, False)
    assert (snapshot.charging, snapshot.wifi, snapshot.idle) == (True, True, True)
    assert "resting" in Page(render(refused)).words


def test_what_a_device_did_not_tell_is_not_known() -> None:
    steps = (StepResult(1, "08:00", 480, "phone", None, (), (), Status.FAILED, snapshot=Snapshot(on=True)),)
    lanes = {lane.name: lane.cells[0].text for lane in timeline(_result(steps)).lanes}
    assert (lanes["version"], lanes["conditions"]) == ("not known", "not known")


def _result(steps: tuple[StepResult, ...]) -> ScenarioResult:
    return ScenarioResult("a", "b", 1, Status.PASSED, steps, None, 0.1)


def test_junit_has_the_same_cases_whatever_fails(
    tmp_path: Path, reports: tuple[Report, Report], refused: Report
) -> None:
    for text, report in ((SCENARIO, reports[0]), (REFUSED, refused)):
        unplayed = not_played(written(tmp_path, text), None, Status.NOT_RUN, "why")
        names = [[case.get("name") for case in junit(one).iter("testcase")] for one in (report, Report((unplayed,), 0))]
        assert names[0] == names[1]
    tags = [[child.tag for child in case] for case in junit(refused).iter("testcase")]
    assert tags == [["error"], ["skipped"], ["skipped"], ["skipped"], ["skipped"]]


def test_junit_tells_a_device_that_dies_of_a_look_at_the_expectation_that_was_looked_at() -> None:
    checks = (Check("version", "0", "0", True), Check("serving", "0", None, None), Check("pending", "0", None, None))
    steps = (StepResult(1, "08:00", 480, "phone", None, _done("x"), (), Status.FAILED, checks, "gone"),)
    cases = junit(Report((_result(steps),), 0.0)).iter("testcase")
    assert [[child.tag for child in case] for case in cases] == [[], [], ["error"], ["skipped"]]


@pytest.mark.parametrize("count", [6, 74, 400])
def test_a_step_of_the_timeline_is_as_wide_as_its_time_however_many_there_are(count: int) -> None:
    steps = tuple(
        StepResult(one, f"day {one} 08:00", one * 1440, "phone", None, (), (), Status.PASSED)
        for one in range(1, count + 1)
    )
    line = timeline(_result(steps))
    assert (len(line.widths), min(line.widths) >= 5.5, line.is_long) == (count, True, count > 6)
    assert f"min-width:{7.5 + sum(line.widths):.2f}rem" in render(Report((_result(steps),), 0.1))


def test_the_schedule_is_told_in_words() -> None:
    given = {"min_new_samples": 9, "enabled": False, "parameters": {"epochs": 4000}}
    told = Schedule.model_validate({"schedule": given}).told()
    assert told == "the schedule: enabled no, min_new_samples 9, epochs 4000"
