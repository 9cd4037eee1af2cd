"""A comparison as a picture: latency against accuracy for each measure, and what each round of pruning did."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolchain.comparison import Comparison, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The colours of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS = {
    "finetune": "#0072B2", "distill": "#E69F00", "prune": "#009E73", "sparsify": "#CC79A7", "qat": "#56B4E9",
    "blend": "#000000", "calibrate": "#F0E442", "quantize": "#D55E00",
}  # fmt: skip
_OTHER = "#999999"
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True, "axes.spines.right": False, "axes.spines.top": False, "font.size": 10,
    "svg.hashsalt": "compare",
}  # fmt: skip


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
