"""The stages of runs in one table and plot: size, latency, accuracy, what each lost, and what recovery brought back.

All latencies are measured anew, in turn with each other; accuracies are those that the stages measured themselves.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto
from pydantic import BaseModel, ValidationError

from model_store.manifest import ENCODER
from toolchain.checkpoint import load_encoder
from toolchain.errors import ToolchainError, WorkError
from toolchain.export import export_encoder
from toolchain.latency import TimedGraph, timings
from toolchain.model import MultiTaskModel
from toolchain.stages import LEDGER, Entry, read_ledger
from toolchain.training import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LENGTHS = (16, 32, 64)  # tokens
_FORMS = {TensorProto.INT8: "int8", TensorProto.UINT8: "int8", TensorProto.FLOAT16: "fp16"}
# The colours of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS = {
    "finetune": "#0072B2", "distill": "#E69F00", "prune": "#009E73", "sparsify": "#CC79A7", "qat": "#56B4E9",
    "quantize": "#D55E00",
}  # fmt: skip
_OTHER = "#999999"
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True, "axes.spines.right": False, "axes.spines.top": False, "font.size": 10,
    "svg.hashsalt": "compare",
}  # fmt: skip
_EXPLANATION = """\
Medians of processor time in ONNX Runtime on one thread, one text at a time, all rows in turn; in brackets, how many
times as fast as the first row. Accuracy (of spans, the mean F1 over types) as the stage measured it; in brackets, the
points gained or lost against the stage named in *against*."""


@dataclass(frozen=True)
class Step:
    """One round of pruning: accuracy on held-out text before the cut, after it, and after recovery. `removed` is the
    share of the parameters that is gone since the beginning.
    """

    parameters: int
    removed: float
    before: float
    cut: float
    recovered: float


@dataclass(frozen=True)
class Row:
    """One stage. `form` is the precision of its graph, `bytes` the graph's size, `milliseconds` medians by length, and
    `faster` how many times as long the first row's graph takes. What was not measured is None, or missing.

    `measures` holds each measure's main figure: accuracy, or of spans the mean F1 over their types. `lost` is by how
    much each is below that of the stage `against`: the one that it began with, or its teacher. `reached` says whether
    pruning came to its target. `largest` is the greatest value that any node gave on real texts, as a share of fp16's
    range; `not_finite` names what gave NaN or infinity.
    """

    work: str
    stage: str
    do: str
    start: str | None
    teacher: str | None
    form: str | None
    parameters: int | None
    bytes: int | None
    milliseconds: dict[int, float]
    faster: dict[int, float]
    measures: dict[str, float]
    against: str | None
    lost: dict[str, float]
    steps: tuple[Step, ...]
    reached: bool | None
    largest: float | None
    not_finite: tuple[str, ...]
    note: str = ""

    @property
    def verdict(self) -> str:
        """What was found of overflow and NaN."""
        if self.not_finite:
            return f"NaN or infinity: {', '.join(self.not_finite[:3])}"
        if self.largest is None:
            return "not looked for"
        return "finite" if self.largest <= 1 else "finite, fp16 would overflow"


@dataclass(frozen=True)
class Comparison:
    """The rows in the order of the runs; `lengths` were asked for."""

    rows: tuple[Row, ...]
    lengths: tuple[int, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures that any row has."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.measures))

    def label(self, row: Row) -> str:
        """The stage's name, with its working directory's where there are several."""
        works = {other.work for other in self.rows}
        if len(works) == 1:
            return row.stage
        names = [Path(work).name for work in works]
        return f"{Path(row.work).name if len(set(names)) == len(names) else row.work}/{row.stage}"

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        rows = [{**asdict(row), "verdict": row.verdict} for row in self.rows]
        content: dict[str, Any] = json.loads(json.dumps({"lengths": self.lengths, "rows": rows}))
        return content


class _Round(BaseModel):
    parameters: int
    removed: float
    cut_accuracy: float
    accuracy: float


class _Finite(BaseModel):
    share_of_fp16: float
    not_finite: tuple[str, ...]


class _Figures(BaseModel):
    """What is read of a stage's figures; it may have others."""

    parameters: int | None = None
    measures: dict[str, dict[str, float]] = {}
    finite: _Finite | None = None
    before: float = 0.0
    rounds: tuple[_Round, ...] = ()
    reached: bool | None = None


def compare(works: Sequence[Path], report: Report, lengths: Sequence[int] = LENGTHS, rounds: int = 30) -> Comparison:
    """Compare the finished stages of working directories; those without a model, a graph or measures are left out.

    `report` hears how many stages and lengths are done. A stage whose model can't be used any more keeps its figures,
    and its row says why it has no latency.

    Raises:
        WorkError: a directory is no working directory, has no finished stage, or its ledger is damaged.
    """
    ledgers = {work: _finished(work) for work in works}
    total = sum(map(len, ledgers.values())) + len(lengths)
    done = 0
    rows: list[Row] = []
    graphs: list[TimedGraph | None] = []
    with TemporaryDirectory() as folder:
        for work, stages in ledgers.items():
            known: dict[str, Row] = {}
            for stage, entry in stages.items():
                report(done, total, f"exporting {stage}")
                row, graph = _row(work, stage, entry, known, Path(folder) / f"{stage}-{done}.onnx")
                known[stage] = row
                if row.measures or row.note or graph is not None:
                    rows.append(row)
                    graphs.append(graph)
                done += 1
    if not rows:
        raise WorkError(f"{', '.join(map(str, works))}: no finished stage has a model to compare")
    for length in lengths:
        report(done, total, f"timing {length} tokens")
        rows = _timed(rows, graphs, length, rounds)
        done += 1
    report(done, total, "done")
    return Comparison(tuple(rows), tuple(lengths))


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


def _finished(work: Path) -> Mapping[str, Entry]:
    stages = read_ledger(work).stages
    if not stages:
        raise WorkError(f"{work} has no finished stage yet")
    return stages


def _row(
    work: Path, stage: str, entry: Entry, known: Mapping[str, Row], scratch: Path
) -> tuple[Row, TimedGraph | None]:  # fmt: skip
    """A stage's row but for its latency, and its graph, exported to `scratch` where it has but a model."""
    try:
        figures = _Figures.model_validate(entry.figures)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise WorkError(f"{work / LEDGER} is damaged: {place} in the figures of {stage}") from None
    measures = {name: main for name, found in figures.measures.items() if (main := _main(found)) is not None}
    references = (known[name] for name in (entry.start, entry.teacher) if name is not None and name in known)
    against = next((other for other in references if other.measures.keys() & measures.keys()), None)
    beginning = known.get(entry.start or "")
    graph, note = _graph(work / stage, scratch)
    row = Row(
        work=str(work), stage=stage, do=entry.do, start=entry.start, teacher=entry.teacher,
        form=_form(graph.path) if graph else None,
        parameters=figures.parameters or (beginning.parameters if beginning else None),
        bytes=graph.path.stat().st_size if graph else None,
        milliseconds={}, faster={}, measures=measures,
        against=against.stage if against else None,
        lost={name: against.measures[name] - value for name, value in measures.items() if name in against.measures}
        if against else {},
        steps=_steps(figures), reached=figures.reached,
        largest=figures.finite.share_of_fp16 if figures.finite else None,
        not_finite=figures.finite.not_finite if figures.finite else (),
        note=note,
    )  # fmt: skip
    return row, graph


def _graph(folder: Path, scratch: Path) -> tuple[TimedGraph | None, str]:
    """What a stage left to be timed, or why it can't be."""
    try:
        if (folder / ENCODER).is_file():
            return TimedGraph(folder / ENCODER), ""
        if (folder / "model" / "config.json").is_file():
            model = MultiTaskModel(load_encoder(str(folder / "model")), {})
            export_encoder(model, scratch)
            return TimedGraph(scratch), ""
    except ToolchainError as error:
        return None, str(error)
    return None, ""


def _form(graph: Path) -> str:
    """The lowest precision of a graph's constants of more than one dimension."""
    types = {tensor.data_type for tensor in onnx.load(str(graph)).graph.initializer if len(tensor.dims) > 1}
    return next((form for kind, form in _FORMS.items() if kind in types), "fp32")


def _main(figures: Mapping[str, float]) -> float | None:
    """A measure's main figure: accuracy, or the mean F1 over the types of spans."""
    of_spans = [value for name, value in figures.items() if name.endswith("_f1") and name != "macro_f1"]
    if "accuracy" in figures or not of_spans:
        return figures.get("accuracy")
    return sum(of_spans) / len(of_spans)


def _steps(figures: _Figures) -> tuple[Step, ...]:
    before = [figures.before, *(done.accuracy for done in figures.rounds)]
    return tuple(
        Step(done.parameters, done.removed, start, done.cut_accuracy, done.accuracy)
        for start, done in zip(before, figures.rounds, strict=False)
    )


def _timed(rows: Sequence[Row], graphs: Sequence[TimedGraph | None], length: int, rounds: int) -> list[Row]:
    """The rows with the time of a text of `length` tokens, where the graph has positions for it."""
    answers = {index: answer for index, graph in enumerate(graphs) if graph and (answer := graph.answers(length))}
    calls = {str(index): graph.call(length) for index, graph in enumerate(graphs) if graph and index in answers}
    found = timings(calls, rounds) if calls else {}
    first = next((str(index) for index, graph in enumerate(graphs) if graph), "")
    timed = list(rows)
    for name, timing in found.items():
        row = rows[int(name)]
        spoiled = not all(np.isfinite(value).all() for value in answers[int(name)])
        timed[int(name)] = replace(
            row,
            milliseconds={**row.milliseconds, length: timing.median},
            faster={**row.faster, length: timing.ratio} if first in found else row.faster,
            not_finite=(*row.not_finite, f"answers at {length} tokens") if spoiled else row.not_finite,
        )
    return timed


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


def draw(comparison: Comparison, out: Path) -> tuple[Path, ...]:
    """Draw compare.png and compare.svg into `out`: for each measure, latency against it with the graph's size as area;
    and what each round of pruning lost and won. Nothing where there is nothing to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # it takes its time, and needs no display

    length = _drawn_length(comparison)
    panels: list[Callable[[Axes], None]] = [
        partial(_draw_measure, comparison=comparison, measure=measure, length=length)
        for measure in comparison.measures if any(_drawable(row, measure, length) for row in comparison.rows)
    ]  # fmt: skip
    if any(row.steps for row in comparison.rows):
        panels.append(partial(_draw_steps, comparison=comparison))
    if not panels:
        return ()
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    paths = (out / "compare.png", out / "compare.svg")
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.5 * columns, 4.8 * lines), layout="constrained")
        places = figure.subplots(lines, columns, squeeze=False).flatten()
        for place, panel in zip(places, panels, strict=False):
            panel(place)
        for place in places[len(panels) :]:
            place.set_visible(False)
        for path in paths:
            figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths


def _drawn_length(comparison: Comparison) -> int:
    """The middle one of the lengths that most rows were timed at."""
    counts = {length: sum(length in row.milliseconds for row in comparison.rows) for length in comparison.lengths}
    most = [length for length, count in counts.items() if count == max(counts.values())]
    return most[len(most) // 2]


def _drawable(row: Row, measure: str, length: int) -> bool:
    return measure in row.measures and length in row.milliseconds and row.bytes is not None


def _draw_measure(axes: "Axes", comparison: Comparison, measure: str, length: int) -> None:
    rows = [row for row in comparison.rows if _drawable(row, measure, length)]
    places = {(row.work, row.stage): (row.milliseconds[length], 100 * row.measures[measure]) for row in rows}
    largest = max(row.bytes or 0 for row in rows)
    for row in rows:
        place = places[row.work, row.stage]
        area, colour = 700 * (row.bytes or 0) / largest, _COLOURS.get(row.do, _OTHER)
        before = places.get((row.work, row.against or ""))
        if before is not None:
            arrow = {"arrowstyle": "->", "color": "0.4", "linewidth": 1.2, "shrinkB": math.sqrt(area / math.pi) + 1}
            axes.annotate("", place, before, arrowprops=arrow, zorder=2)
        axes.scatter(*place, s=area, color=colour, alpha=0.75, edgecolors="black", linewidths=0.8, zorder=3)
    axes.margins(x=0.15, y=0.2)
    axes.set_xlim(left=0)
    axes.set_title(f"{measure}: accuracy against latency (area: size of the graph)", loc="left")
    axes.set_xlabel(f"median milliseconds for {length} tokens, one thread")
    axes.set_ylabel("accuracy or F1, %")
    axes.grid(visible=True, color="0.92")
    _label(axes, [
        (f"{comparison.label(row)}, {row.do}: {(row.bytes or 0) / 1e6:.1f} MB {row.form}", places[row.work, row.stage],
         _COLOURS.get(row.do, _OTHER)) for row in rows
    ])  # fmt: skip


def _label(axes: "Axes", labels: Sequence[tuple[str, tuple[float, float], str]]) -> None:
    """Write labels to the right of the panel, one under the other however close the points are, a line to each."""
    low, high = axes.get_ylim()
    gap = (high - low) * min(0.07, 1 / len(labels))
    order = sorted(labels, key=lambda label: label[1][1])
    height = low
    for number, (text, place, colour) in enumerate(order):
        room = high - gap * (len(order) - 1 - number)  # what those above it leave
        height = min(max(height, place[1]), max(room, height))
        line = {"arrowstyle": "-", "color": colour, "linewidth": 0.8, "relpos": (0, 0.5)}
        axes.annotate(
            text, place, (1.02, height), textcoords=("axes fraction", "data"), va="center", fontsize=9, zorder=1,
            annotation_clip=False, arrowprops=line,
        )  # fmt: skip
        height += gap


def _draw_steps(axes: "Axes", comparison: Comparison) -> None:
    lost, won = "#D55E00", "#0072B2"
    for row in (row for row in comparison.rows if row.steps):
        removed, before = 0.0, 100 * row.steps[0].before
        axes.plot(removed, before, "o", color="black")
        for step in row.steps:
            at, cut, recovered = 100 * step.removed, 100 * step.cut, 100 * step.recovered
            axes.plot([removed, at], [before, cut], "--v", color=lost, markevery=[1])
            axes.plot([at, at], [cut, recovered], "-^", color=won, markevery=[1], linewidth=2.5)
            notes = (
                (f"{cut - before:+.1f}", cut, lost, "top", -8),
                (f"{recovered - cut:+.1f}", recovered, won, "bottom", 8),
            )
            for text, height, colour, side, shift in notes:
                axes.annotate(
                    text, (at, height), (0, shift), textcoords="offset points", ha="center", va=side, color=colour
                )
            removed, before = at, recovered
        axes.annotate(comparison.label(row), (removed, before), (10, 0), textcoords="offset points", va="center")
    axes.plot([], [], "--v", color=lost, label="lost by the cut, points")
    axes.plot([], [], "-^", color=won, linewidth=2.5, label="brought back by recovery, points")
    axes.margins(x=0.2, y=0.2)
    axes.set_title("Pruning: what each round lost and recovered", loc="left")
    axes.set_xlabel("parameters removed, %")
    axes.set_ylabel("accuracy on held-out text, %")
    axes.grid(visible=True, color="0.92")
    axes.legend(loc="lower left", frameon=False)
