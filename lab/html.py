"""The report for people: one HTML file that needs nothing else."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from lab.results import Report
from lab.timeline import timeline


def write_html(report: Report, path: Path) -> None:
    """Write `report` to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another build may answer with half a character.
    path.write_text(render(report), encoding="utf-8", errors="backslashreplace")


def render(report: Report) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("lab"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        counts=report.counts,
        checks=sum(result.checks for result in report.results),
        timelines={result.name: timeline(result) for result in report.results},
    )
