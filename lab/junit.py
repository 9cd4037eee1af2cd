"""The report as JUnit XML, as Jenkins and GitLab read it: a suite a scenario, a case for what a step does and for each
expectation.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from lab.results import Report, ScenarioResult, Status, StepResult

# Characters that XML 1.0 can't hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(report: Report, path: Path) -> None:
    """Write `report` to `path`."""
    tree = ElementTree(junit(report))
    indent(tree)
    path.parent.mkdir(parents=True, exist_ok=True)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def junit(report: Report) -> Element:
    """The document."""
    suites = [_suite(result) for result in report.results]
    root = Element("testsuites", name="attune lab", time=f"{report.seconds:.3f}")
    for kind in ("tests", "failures", "errors", "skipped"):
        total = sum(int(suite.get(kind, "0")) for suite in suites)
        if kind != "skipped":  # the common schema has it at suites only
            root.set(kind, str(total))
    root.extend(suites)
    return root


def _suite(result: ScenarioResult) -> Element:
    cases = [case for step in result.steps for case in _cases(result, step)]
    suite = Element("testsuite", name=result.name, tests=str(len(cases)), time=f"{result.seconds:.3f}")
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(tag) is not None for case in cases)))
    properties = SubElement(suite, "properties")
    for name, value in (("about", result.about), ("seed", str(result.seed))):
        SubElement(properties, "property", name=name, value=_clean(value))
    suite.extend(cases)
    return suite


def _cases(result: ScenarioResult, step: StepResult) -> Iterator[Element]:
    """A case for what is done, and one for each expectation: as many in every run, whatever fails."""
    where = f"{step.number:02} at {step.at}"
    doing = _case(result, f"{where}: {'; '.join(one.told for one in step.actions) or 'nothing is done'}")
    cases = [doing]
    for index, check in enumerate(step.checks, start=1):
        case = _case(result, f"{where}, {index}: {check.name}: {check.expected}")
        if check.ok is False:
            said = f"expected {check.expected}, found {check.found}"
            failure = SubElement(case, "failure", message=_clean(said), type="Expectation")
            failure.text = _clean(f"{check.name}\nexpected: {check.expected}\nfound:    {check.found}")
        cases.append(case)
    unseen = [case for case, check in zip(cases[1:], step.checks, strict=True) if check.ok is None]
    all_done = all(one.status is Status.PASSED for one in step.actions)
    # A device may also die of being looked at: the case is then the expectation that was looked at.
    broken = unseen[0] if step.error and all_done and step.actions and unseen else doing
    if step.error and step.status is not Status.SKIPPED:
        error = SubElement(broken, "error", message=_clean(step.trouble), type="StepFailed")
        error.text = _clean(step.trouble)
    waiting = unseen if all_done and step.status is not Status.NOT_RUN else [doing, *unseen]
    for case in waiting:
        if case is not broken or not step.error or step.status is Status.SKIPPED:
            SubElement(case, "skipped", message=_clean(_why_not(result, step)))
    yield from cases


def _why_not(result: ScenarioResult, step: StepResult) -> str:
    if step.status is Status.SKIPPED:
        return step.trouble
    if result.status in (Status.INTERRUPTED, Status.NOT_RUN) or step.status is Status.INTERRUPTED:
        return "not run: the lab was interrupted"
    if step.error:
        return "not run: the step could not be carried out"
    return "not run: an earlier step " + ("was skipped" if result.status is Status.SKIPPED else "failed")


def _case(result: ScenarioResult, name: str) -> Element:
    # Only whole scenarios are measured.
    return Element("testcase", name=_clean(name), classname=f"attune.lab.{result.name}", time="0")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
