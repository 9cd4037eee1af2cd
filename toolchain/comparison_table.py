"""A comparison on disk: as a table in Markdown, as JSON, and its plots."""

import json
from collections.abc import Sequence
from pathlib import Path

from toolchain.comparison import Comparison, Row, Step
from toolchain.comparison_plot import draw
from toolchain.errors import WorkError

_EXPLANATION = """\
Medians of processor time in ONNX Runtime on one thread, one text at a time, all rows in turn; in brackets, how many
times as fast as the first row. Accuracy (of spans, the mean F1 over types) as the stage measured it; in brackets, the
points gained or lost against the stage named in *against*."""


def write_comparison(comparison: Comparison, out: Path) -> tuple[Path, ...]:
    """Write compare.md, compare.json, and, where there is something to draw, compare.png and compare.svg.

    Raises:
        WorkError: they can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        plots = draw(comparison, out)
        text, data = out / "compare.md", out / "compare.json"
        text.write_text(markdown(comparison, plots[0].name if plots else None), "utf-8")
        data.write_text(json.dumps(comparison.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise WorkError(f"{out} can't be written: {error.strerror}") from error
    return (text, data, *plots)


def markdown(comparison: Comparison, plot: str | None = None) -> str:
    """The comparison as Markdown; `plot` is the file of its plot."""
    heads = [
        "stage", "does", "parameters", "MB", "form", *(f"ms at {length}" for length in comparison.lengths),
        *comparison.measures, "against", "overflow, NaN",
    ]  # fmt: skip
    lines = _table(heads, [_cells(comparison, row) for row in comparison.rows])
    lines += ["", _EXPLANATION]
    steps = [(row, *step) for row in comparison.rows for step in enumerate(row.steps, start=1)]
    if steps:
        heads = ["pruning", "parameters", "removed", "before", "cut", "lost", "recovered", "brought back", "still lost"]
        lines += ["", "## What each round of pruning lost, and what recovery brought back", ""]
        lines += _table(heads, [_step_cells(comparison, *step) for step in steps])
        lines += ["", "Accuracy on held-out text; losses in points, *still lost* against the model before pruning."]
        lines += [
            f"{comparison.label(row)} did not reach its target: its last round lost too much, and was not kept."
            for row in comparison.rows if row.steps and row.reached is False
        ]  # fmt: skip
    notes = [f"- {comparison.label(row)}: {row.note}" for row in comparison.rows if row.note]
    if notes:
        lines += ["", "Without latency:", "", *notes]
    if plot is not None:
        lines += ["", f"![Latency against accuracy, and the rounds of pruning]({plot})"]
    return "\n".join(["# Comparison", "", *lines]) + "\n"


def _cells(comparison: Comparison, row: Row) -> list[str]:
    times = [
        f"{row.milliseconds[length]:.2f} ({row.faster[length]:.2f} x)" if length in row.faster
        else f"{row.milliseconds[length]:.2f}" if length in row.milliseconds else "-"
        for length in comparison.lengths
    ]  # fmt: skip
    measures = [
        f"{row.measures[name]:.4f} ({-100 * row.lost[name]:+.2f})" if name in row.lost
        else f"{row.measures[name]:.4f}" if name in row.measures else "-"
        for name in comparison.measures
    ]  # fmt: skip
    parameters = f"{row.parameters:,}" if row.parameters else "-"
    size = f"{row.bytes / 1e6:.2f}" if row.bytes else "-"
    return [
        comparison.label(row), row.do, parameters, size, row.form or "-", *times, *measures, row.against or "-",
        row.verdict,
    ]  # fmt: skip


def _step_cells(comparison: Comparison, row: Row, number: int, step: Step) -> list[str]:
    return [
        f"{comparison.label(row)}, round {number}", f"{step.parameters:,}", f"{step.removed:.1%}",
        f"{step.before:.4f}", f"{step.cut:.4f}", f"{100 * (step.before - step.cut):.2f}",
        f"{step.recovered:.4f}", f"{100 * (step.recovered - step.cut):.2f}",
        f"{100 * (row.steps[0].before - step.recovered):.2f}",
    ]  # fmt: skip


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    return [line(heads), f"|{'---|' * len(heads)}", *map(line, rows)]
