"""A run's report: one page that needs nothing else, the same figures as JSON, and the plots as pictures."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fleet.config import RunConfig, read_config
from fleet.errors import NoResults, NoRoom, OtherRun
from fleet.figures import CLEARLY, Mean, Summary, VariantSummary
from fleet.files import replace
from fleet.plots import Plot, run_plots, variant_plots
from fleet.results import RESULTS_FILE, UserResult, failures, in_words, read_results
from fleet.summary import summarise

REPORT_FILE = "report.html"
SUMMARY_FILE = "summary.json"
PLOTS = "plots"


@dataclass(frozen=True, eq=False)
class Report:
    """What was written."""

    page: Path
    summary: Summary


def write_report(folder: Path) -> Report:
    """Make the report of what the folder's run has so far.

    Raises:
        NoResults: there is nothing yet. OtherRun: the folder is damaged. ExtraMissing, NoRoom.
    """
    config = read_config(folder)
    if config is None:
        raise NoResults(f"{folder} holds no fleet's run: make one with attune fleet run --out {folder}")
    results = _of_the_run(read_results(folder), config, folder)
    summary = summarise(config, results)
    if not summary.variants:
        raise NoResults(f"no user has finished in {folder} yet{_why(results)}")
    compared = run_plots(summary)
    by_variant = [variant_plots(variant, number) for number, variant in enumerate(summary.variants)]
    page = _page(summary, compared, by_variant)
    pictures = folder / PLOTS
    try:
        pictures.mkdir(exist_ok=True)
    except OSError as error:
        raise NoRoom(f"{pictures} can't be made: {error.strerror}") from error
    for plot in (*compared, *(plot for plots in by_variant for plot in plots)):
        replace(pictures / f"{plot.name}.png", plot.png())
    replace(folder / SUMMARY_FILE, (json.dumps(asdict(summary), indent=1) + "\n").encode())
    replace(folder / REPORT_FILE, page.encode())
    return Report(folder / REPORT_FILE, summary)


def _of_the_run(results: list[UserResult], config: RunConfig, folder: Path) -> list[UserResult]:
    """The results, if each is of a user and a variant of the run and has all its rounds. Raises OtherRun."""
    for result in results:
        known = 0 <= result.variant < len(config.variants) and 0 <= result.user < config.users
        if not known or (result.failed is None and len(result.rounds) != config.updates):
            raise OtherRun(
                f"{folder / RESULTS_FILE} is damaged: what it has of variant {result.variant}, user {result.user} is "
                f"not of this run ({len(config.variants)} variants, {config.users} users, {config.updates} rounds)"
            )
    return results


def _why(results: Sequence[UserResult]) -> str:
    reasons = in_words(failures(results))
    return f": {'; '.join(reasons)}" if reasons else ""


def headline(variant: VariantSummary, updates: int) -> str:
    """What a variant comes to, in a few sentences."""
    samples = variant.by_round[-1].samples
    shares = variant.shares
    return (
        f"After {updates} rounds and {samples:.0f} samples on average, users gain {points(variant.gain.mean)} points "
        f"({interval(variant.gain)}). {shares.better:.0%} are better off than with the bundle's head, "
        f"{shares.same:.0%} as good, {shares.worse:.0%} worse ({shares.clearly_worse:.0%} by more than "
        f"{100 * CLEARLY:.0f} points). "
        f"In general {variant.forgotten_mean:.2f} points are lost on average, {variant.forgotten_most:.2f} at most."
    )


def points(share: float) -> str:
    """A share as points, with its sign."""
    return f"{100 * share:+.1f}"


def interval(mean: Mean) -> str:
    """The 95 % interval of a mean share, in points."""
    if mean.low is None or mean.high is None:
        return "one user"
    return f"{100 * mean.low:+.1f} to {100 * mean.high:+.1f}"


def _page(summary: Summary, compared: list[Plot], by_variant: list[list[Plot]]) -> str:
    environment = Environment(
        loader=PackageLoader("fleet"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        points=points, interval=interval, in_words=in_words, percent=_percent, kilobytes=_kilobytes
    )
    environment.globals["svg"] = lambda plot: Markup(plot.svg())  # noqa: S704  # drawn by matplotlib, from figures
    environment.globals["headline"] = headline
    shown: dict[str, Any] = {
        "summary": summary,
        "compared": compared,
        "variants": list(zip(summary.variants, by_variant, strict=True)),
        "clearly": f"{100 * CLEARLY:.0f}",
    }
    return environment.get_template("report.html.j2").render(shown)


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _kilobytes(size: float) -> str:
    return f"{size / 1024:,.0f} KB" if size < 10 << 20 else f"{size / (1 << 20):,.0f} MB"
