"""The plots of a report, each with the sentence that says what it shows to who can't see it."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from device_sim.gate import MAX_REPLAY_LOSS
from fleet.errors import ExtraMissing
from fleet.figures import Step, Summary, VariantSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart.
_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8A8A8A"
_LINES = (_BLUE, _ORANGE, _GREEN, _RED, "#CC79A7", "#56B4E9", "#000000", _GREY)
_STROKES = ("-", "--", ":")
# A range of samples with fewer users is in the table alone.
_FEWEST = 5
# A number beneath an axis takes so much of its length.
_LABEL_WIDTH = 0.05
_SAMPLES = "samples that a user has given (mean of each range)"
_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "attune", "font.family": "sans-serif", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True,
    "figure.constrained_layout.use": True,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plot:
    """`name` is that of its files; `alt` stands in for it."""

    name: str
    title: str
    alt: str
    figure: "Figure"

    def svg(self) -> str:
        """The plot to put into a page, hidden from screen readers, who are given `alt`."""
        written = io.StringIO()
        with _styled():
            self.figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
        content = written.getvalue()
        content = content[content.index("<svg") :].replace("<svg ", '<svg aria-hidden="true" ', 1)
        # Names are unique in a plot, and must be so in a page of many.
        return re.sub(r'( id="|url\(#|href="#)', lambda found: f"{found[0]}{self.name}-", content)

    def png(self) -> bytes:
        """The plot as a picture for documents."""
        written = io.BytesIO()
        with _styled():
            self.figure.savefig(written, format="png", dpi=150, metadata={"Software": None})
        return written.getvalue()


def run_plots(summary: Summary) -> list[Plot]:
    """What compares the variants, if there are several. Raises ExtraMissing."""
    if len(summary.variants) < 2:
        return []
    return [_compare_by_samples(summary), _compare_at_end(summary)]


def variant_plots(variant: VariantSummary, number: int) -> list[Plot]:
    """What shows one variant. Raises ExtraMissing."""
    made = [
        _gain_by_samples(variant), _shares_by_round(variant), _gains(variant), _outcomes(variant), _forgotten(variant),
        _personas(variant),
    ]  # fmt: skip
    return [Plot(f"{number}-{plot.name}" if number else plot.name, plot.title, plot.alt, plot.figure) for plot in made]


def _gain_by_samples(variant: VariantSummary) -> Plot:
    figure, axes = _axes()
    steps = _telling(variant)
    _band(axes, steps, _BLUE, variant.name)
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.set(xlabel=_SAMPLES, ylabel="points gained by the user", xscale="log")
    _plain_ticks(axes, steps)
    told = "; ".join(f"{step.name} samples: {_points(step.gain.mean)}" for step in steps)
    return Plot("gain-by-samples", "Gain by samples", f"Mean gain in points with its 95 % band: {told}.", figure)


def _compare_by_samples(summary: Summary) -> Plot:
    figure, axes = _axes()
    for number, variant in enumerate(summary.variants):
        turn, colour = divmod(number, len(_LINES))
        _band(axes, _telling(variant), _LINES[colour], variant.name, _STROKES[turn % len(_STROKES)])
    axes.axhline(0, color=_GREY, linewidth=1)
    axes.set(xlabel=_SAMPLES, ylabel="points gained by the user", xscale="log")
    _plain_ticks(axes, [step for variant in summary.variants for step in _telling(variant)])
    axes.legend(frameon=False, fontsize=8)
    told = "; ".join(f"{v.name}: {_points(v.gain.mean)} at the end" for v in summary.variants)
    return Plot("variants-by-samples", "Gain by samples, by variant", f"Mean gain in points: {told}.", figure)


def _compare_at_end(summary: Summary) -> Plot:
    figure, axes = _axes(height=1.6 + 0.45 * len(summary.variants))
    names = [variant.name for variant in summary.variants]
    _stacked(axes, names, [variant.shares for variant in summary.variants])
    told = "; ".join(f"{v.name}: {v.shares.better:.0%} better, {v.shares.worse:.0%} worse" for v in summary.variants)
    return Plot("variants-at-end", "Users at the end, by variant", f"Shares of users: {told}.", figure)


def _shares_by_round(variant: VariantSummary) -> Plot:
    figure, axes = _axes()
    names = [f"round {step.name}" for step in variant.by_round]
    _stacked(axes, names, [step.shares for step in variant.by_round])
    told = "; ".join(
        f"round {s.name}: {s.shares.better:.0%} better, {s.shares.worse:.0%} worse" for s in variant.by_round
    )
    return Plot("users-by-round", "Users better and worse off than with the bundle's head", f"Shares: {told}.", figure)


def _gains(variant: VariantSummary) -> Plot:
    figure, axes = _axes()
    points = [100 * gain for gain in variant.gains]
    lost, kept, gained = ([p for p in points if test(p)] for test in (_below, _at, _above))
    width = max(2.5, round((points[-1] - points[0]) / 30))
    axes.hist(lost, bins=_edges(lost, width), color=_RED, label=f"worse: {len(lost)}")
    axes.bar([0], [len(kept)], width=width / 3, color=_GREY, label=f"as good: {len(kept)}")
    axes.hist(gained, bins=_edges(gained, width), color=_BLUE, label=f"better: {len(gained)}")
    axes.legend(frameon=False, fontsize=8)
    axes.set(xlabel="points gained at the end", ylabel="users")
    alt = (
        f"Gains of {len(points)} users: from {_points(variant.gains[0])} to {_points(variant.gains[-1])}, "
        f"the median {_points(median(variant.gains))}."
    )
    return Plot("gains", "Gains of users at the end", alt, figure)


def _outcomes(variant: VariantSummary) -> Plot:
    figure, axes = _axes()
    rounds = [str(entry.round) for entry in variant.outcomes]
    bottom = [0.0] * len(rounds)
    for name, colour in (("published", _GREEN), ("rejected", _ORANGE), ("waiting", "#CFCFCF")):
        counts = [float(getattr(entry, name)) for entry in variant.outcomes]
        axes.bar(rounds, counts, bottom=bottom, color=colour, label=name)
        bottom = [low + count for low, count in zip(bottom, counts, strict=True)]
    rolled = [entry.rolled_back for entry in variant.outcomes]
    axes.plot(rounds, rolled, color=_RED, marker="o", label="rolled back by the trial")
    axes.set(xlabel="round", ylabel="updates")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.16))
    alt = (
        f"Updates by round: {variant.published} published, {variant.rejected} rejected, {variant.rolled_back} rolled "
        "back by the trial."
    )
    return Plot("outcomes", "What became of the updates", alt, figure)


def _forgotten(variant: VariantSummary) -> Plot:
    figure, axes = _axes()
    axes.hist(variant.forgotten, bins=min(30, max(6, len(variant.forgotten) // 8)), color=_BLUE)
    axes.axvline(100 * MAX_REPLAY_LOSS, color=_RED, linestyle="--", linewidth=1.2, label="the gate's bound")
    axes.set(xlabel="points lost on the general yardstick at the end (below 0: gained)", ylabel="users")
    axes.legend(frameon=False, fontsize=8)
    alt = f"Points lost in general: {variant.forgotten_mean:.2f} on average, {variant.forgotten_most:.2f} at most."
    return Plot("forgetting", "Forgetting", alt, figure)


def _personas(variant: VariantSummary) -> Plot:
    ordered = sorted(variant.personas, key=lambda persona: persona.gain.mean)
    figure, axes = _axes(height=1.2 + 0.32 * len(ordered))
    means = [100 * persona.gain.mean for persona in ordered]
    spans = [_drawn(persona.gain.high) - mean for persona, mean in zip(ordered, means, strict=True)]
    colours = [_BLUE if mean >= 0 else _RED for mean in means]
    names = [persona.name for persona in ordered]
    axes.barh(names, means, xerr=spans, color=colours, error_kw={"elinewidth": 1, "ecolor": "#444444"})
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel="points gained at the end (mean, 95 % interval)")
    told = "; ".join(f"{persona.name} {_points(persona.gain.mean)}" for persona in reversed(ordered))
    return Plot("personas", "Gain by persona", f"Mean gain in points: {told}.", figure)


def _telling(variant: VariantSummary) -> Sequence[Step]:
    """Ranges of samples without those of so few users that their bands would hide the others; all where all are so."""
    return [step for step in variant.by_samples if step.gain.count >= _FEWEST] or variant.by_samples


def _band(axes: "Axes", steps: Sequence[Step], colour: str, name: str, stroke: str = "-") -> None:
    samples, means = [step.samples for step in steps], [100 * step.gain.mean for step in steps]
    axes.plot(samples, means, color=colour, linestyle=stroke, marker="o", markersize=4, label=name)
    low, high = [_drawn(step.gain.low) for step in steps], [_drawn(step.gain.high) for step in steps]
    axes.fill_between(samples, low, high, color=colour, alpha=0.15, linewidth=0)


def _stacked(axes: "Axes", names: Sequence[str], shares: Sequence[Any]) -> None:
    left = [0.0] * len(names)
    for kind, colour in (("better", _BLUE), ("same", "#CFCFCF"), ("worse", _RED)):
        widths = [100 * getattr(share, kind) for share in shares]
        axes.barh(names, widths, left=left, color=colour, label=kind)
        for row, (start, width) in enumerate(zip(left, widths, strict=True)):
            if width >= 6:
                light = kind != "same"
                axes.text(
                    start + width / 2, row, f"{width:.0f} %", ha="center", va="center", fontsize=8,
                    color="white" if light else "black",
                )  # fmt: skip
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel="share of users in %", xlim=(0, 100))
    axes.grid(visible=False)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _plain_ticks(axes: "Axes", steps: Sequence[Step]) -> None:
    """A tick at every point, with its number where that does not touch the one before."""
    places = sorted({step.samples for step in steps})
    apart = (places[-1] / places[0]) ** _LABEL_WIDTH
    labels, last = [], 0.0
    for place in places:
        shown = place >= last * apart
        labels.append(f"{place:.0f}" if shown else "")
        last = place if shown else last
    axes.set_xticks(places, labels)
    axes.minorticks_off()


def _edges(points: Sequence[float], width: float) -> list[float]:
    """Ends of bins that begin or end at 0."""
    first, last = (math.floor(min(points) / width), math.ceil(max(points) / width)) if points else (0, 1)
    return [step * width for step in range(first, max(last, first + 1) + 1)]


def _below(point: float) -> bool:
    return round(point, 3) < 0


def _at(point: float) -> bool:
    return round(point, 3) == 0


def _above(point: float) -> bool:
    return round(point, 3) > 0


def _drawn(share: float | None) -> float:
    """A share as points; not a number, which is not drawn, where there is none."""
    return math.nan if share is None else 100 * share


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _axes(height: float = 3.4) -> "tuple[Figure, Axes]":
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ExtraMissing("matplotlib is not installed: run `pip install -e '.[fleet]'` in Attune's folder") from error
    with _styled():
        figure = Figure(figsize=(6.6, height))
        return figure, figure.subplots()


def _styled() -> Any:
    import matplotlib as mpl

    return mpl.rc_context(_STYLE)  # type: ignore[arg-type]  # names are checked by the library
