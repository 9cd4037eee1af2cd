"""A run's report: what each stage did, how long it took, what it measured, and from what data."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolchain.errors import WorkError
from toolchain.recipe import Recipe
from toolchain.stages import Entry, Stages


def write_report(path: Path, recipe: Recipe, stages: Stages) -> None:
    """Write the report as Markdown.

    Raises:
        WorkError: it can't be written.
    """
    lines = [
        f"# {recipe.name}",
        "",
        f"Version {recipe.version}, seed {recipe.seed}.",
        "",
        "| stage | does | begins with | seconds |",
    ]
    lines += ["|---|---|---|---|"]
    for name, entry in stages.finished.items():
        lines.append(f"| {name} | {entry.do} | {entry.start or '-'} | {entry.seconds:,.0f} |")
    for name, entry in stages.finished.items():
        lines += ["", f"## {name}", "", *_figures(entry)]
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise WorkError(f"{path} can't be written: {error.strerror}") from error


def _figures(entry: Entry) -> Iterator[str]:
    yield "| figure | value |"
    yield "|---|---|"
    for name, value in _flat(entry.figures):
        yield f"| {name} | {value} |"
    inputs: Any = entry.inputs
    yield ""
    yield "Settings and inputs:"
    yield ""
    yield "```json"
    yield json.dumps(inputs, ensure_ascii=False, indent=1)
    yield "```"


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", value
