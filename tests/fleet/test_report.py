"""The report: its figures are right, it needs nothing else, and everybody can read it."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fleet.config import read_config, settle_config
from fleet.errors import NoResults, NoRoom, OtherRun
from fleet.plots import run_plots, variant_plots
from fleet.report import write_report
from fleet.results import RESULTS_FILE, Measured, ResultsFile, Round, UserResult, failures, in_words
from fleet.summary import student_t, summarise
from tests.fleet.conftest import room_for


def round_of(number: int, samples: int, base: float, after: float, **changes: object) -> Round:
    fields: dict[str, object] = {
        "round": number, "seen": 50, "given": 10, "wrong": 0, "samples": samples, "rolled_back": 0,
        "outcome": "published", "version": number, "right_base": base, "right_before": base, "right_after": after,
        "general_base": 0.86, "general_before": 0.86, "general_after": 0.86,
    }  # fmt: skip
    return Round.model_validate({**fields, **changes})


def result(user: int, rounds: tuple[Round, ...], variant: int = 0, seconds: float = 1.0) -> UserResult:
    measured = Measured(
        seconds=seconds, cpu_seconds=seconds / 2, training=(0.1, 0.3), bytes=4096 * (user + 1),
        worker_peak_bytes=200 << 20, attempts=1 + (user == 2),
    )  # fmt: skip
    return UserResult(
        variant=variant, user=user, persona="gloomy", judged=20, rounds=rounds, measured=measured
    )  # fmt: skip


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A run of four users with results that are made up: +10 and +20 points, none, and -10 points."""
    config = read_config(finished)
    assert config is not None
    settle_config(tmp_path / "run", config)
    file = ResultsFile.open(tmp_path / "run")
    for variant in range(2):
        for user, gain in enumerate((0.1, 0.2, 0.0, -0.1)):
            last = round_of(
                2, 25, 0.5, 0.5 + gain - 0.1 * variant, general_after=0.86 - 0.01 * user, rolled_back=int(user == 3),
                version=0 if user == 2 else 2, outcome="rejected" if user == 2 else "published",
                reasons=("worse", "forgets") if user == 2 else (),
            )  # fmt: skip
            file.add(result(user, (round_of(1, 12, 0.5, 0.5), last), variant))
    file.close()
    return tmp_path / "run"


def test_figures_are_those_of_the_results(folder: Path) -> None:
    written = write_report(folder)
    first, second = written.summary.variants
    assert written.summary.complete
    assert (first.users, first.failed) == (4, 0)
    assert first.gain.mean == pytest.approx(0.05)
    # The deviation of 10, 20, 0 and -10 points is 12.91, its standard error of four 6.45, and Student's t of them 3.18.
    assert first.gain.high == pytest.approx(0.05 + 3.18 * 0.0645, rel=0.01)
    assert (first.shares.better, first.shares.same, first.shares.worse) == (0.5, 0.25, 0.25)
    assert first.shares.clearly_worse == 0.25
    assert first.own_version == 0.75
    assert (first.published, first.rejected, first.rolled_back) == (7, 1, 1)
    assert first.made_worse == 1
    assert first.reasons == {"worse": 1, "forgets": 1}
    assert first.forgotten == (0.0, 1.0, 2.0, 3.0)
    assert [(step.name, step.gain.count) for step in first.by_samples] == [("10-19", 4), ("20-39", 4)]
    assert first.against_first is None
    assert second.against_first is not None
    assert second.against_first.mean == pytest.approx(-0.1)
    assert first.costs is not None
    assert (first.costs.seconds, first.costs.bytes_most, first.costs.tried_again) == (1.0, 4 * 4096, 1)
    assert json.loads((folder / "summary.json").read_text("utf-8"))["variants"][0]["gain"]["mean"] == 0.05


def test_what_most_updates_take_at_most_is_no_more_than_the_longest(finished: Path) -> None:
    config = read_config(finished)
    assert config is not None
    costs = summarise(config, [result(0, (round_of(1, 9, 0.5, 0.6), round_of(2, 18, 0.5, 0.6)))]).variants[0].costs
    assert costs is not None
    assert (costs.update_median, costs.update_p95) == (0.2, 0.29)  # of 0.1 and 0.3 seconds


def test_the_median_of_an_even_number_of_users_lies_between_the_two_in_the_middle(folder: Path) -> None:
    plots = {plot.name: plot for plot in variant_plots(write_report(folder).summary.variants[0], 0)}
    assert plots["gains"].alt == "Gains of 4 users: from -10.0 to +20.0, the median +5.0."


def test_the_points_of_every_variant_have_a_tick(finished: Path) -> None:
    config = read_config(finished)
    assert config is not None
    given = {0: (12, 25), 1: (30, 90)}
    results = [
        result(user, (round_of(1, first, 0.5, 0.5), round_of(2, last, 0.5, 0.6)), variant)
        for variant, (first, last) in given.items()
        for user in range(3)
    ]
    axes = run_plots(summarise(config, results))[0].figure.axes[0]
    assert list(axes.get_xticks()) == [12, 25, 30, 90]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["12", "25", "30", "90"]


def test_a_run_that_is_not_complete_says_so(folder: Path) -> None:
    results = folder / RESULTS_FILE
    results.write_bytes(b"".join(results.read_bytes().splitlines(keepends=True)[:3]))
    assert not write_report(folder).summary.complete
    assert "The run is not complete" in (folder / "report.html").read_text("utf-8")


def test_failed_users_are_counted_and_left_out_of_the_figures(folder: Path) -> None:
    config = read_config(folder)
    assert config is not None
    good = result(0, (round_of(1, 9, 0.5, 0.6), round_of(2, 18, 0.5, 0.6)))
    summary = summarise(config, [good, UserResult(variant=0, user=1, persona="", failed="it broke")])
    assert (summary.variants[0].users, summary.variants[0].failed) == (1, 1)
    assert summary.variants[0].failures == {"it broke": 1}
    assert summary.variants[0].gain.mean == pytest.approx(0.1)


def test_of_many_reasons_the_commonest_are_told() -> None:
    reasons = [f"reason {number}" for number in range(1, 8) for _ in range(9 - number)]
    failed = [UserResult(variant=0, user=n, persona="", failed=reason) for n, reason in enumerate(reasons)]
    told = in_words(failures(failed))
    assert (told[0], told[-1], len(told)) == ("8 failed: reason 1", "5 failed for 2 other reasons", 6)


def test_the_page_says_why_users_failed(folder: Path) -> None:
    file = ResultsFile.open(folder)
    file.add(UserResult(variant=0, user=3, persona="", failed="it broke"))
    file.close()
    write_report(folder)
    assert "1 failed: it broke" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("freedom", "exact"), [(1, 12.706), (2, 4.303), (3, 3.182), (9, 2.262), (54, 2.005)])
def test_intervals_are_as_wide_as_few_users_make_them(freedom: int, exact: float) -> None:
    assert student_t(freedom) == pytest.approx(exact, rel=0.01)


def test_one_user_alone_has_no_interval(folder: Path) -> None:
    results = folder / RESULTS_FILE
    results.write_bytes(results.read_bytes().splitlines(keepends=True)[0])
    gain = write_report(folder).summary.variants[0].gain
    assert (gain.low, gain.high, gain.count) == (None, None, 1)
    assert "users gain +10.0 points (one user)" in (folder / "report.html").read_text("utf-8")


class Page(HTMLParser):
    """What a test wants to know of the page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.alternatives: list[str] = []
        self.ids: list[str] = []
        self.drawings = 0
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.ids += [given["id"] or ""] if "id" in given else []
        self.drawings += tag == "svg"
        if given.get("role") == "img":
            self.alternatives.append(given.get("aria-label") or "")


def test_the_page_needs_nothing_else_and_every_plot_has_words(folder: Path) -> None:
    write_report(folder)
    content = (folder / "report.html").read_text("utf-8")
    page = Page(content)
    assert not re.search(r"<script|@import|url\((?!#)", content)
    assert all(link.startswith("#") for link in page.links)
    assert page.drawings == len(page.alternatives) == 14
    assert len(set(page.ids)) == len(page.ids), "two plots would share what they refer to"
    assert "Mean gain in points: gloomy +5.0." in page.alternatives
    assert "users gain +5.0 points" in content
    assert "50% are better off" in content
    assert sorted(path.name for path in (folder / "plots").iterdir())[:2] == [
        "1-forgetting.png",
        "1-gain-by-samples.png",
    ]


def test_a_report_that_finds_no_room_leaves_the_one_before(folder: Path) -> None:
    write_report(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with room_for((folder / "report.html").stat().st_size // 2), pytest.raises(NoRoom, match=r"report\.html can't"):
        write_report(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("variant", "user", "rounds"), [(7, 0, 2), (-1, 0, 2), (0, 4, 2), (0, 0, 1)])
def test_results_that_are_not_of_the_run_are_told(variant: int, user: int, rounds: int, folder: Path) -> None:
    file = ResultsFile.open(folder)
    file.add(result(user, tuple(round_of(number, 9 * number, 0.5, 0.6) for number in range(1, rounds + 1)), variant))
    file.close()
    with pytest.raises(OtherRun, match=rf"is damaged: what it has of variant {variant}, user {user}"):
        write_report(folder)


def test_a_folder_without_results_is_told(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(NoResults, match="holds no fleet's run"):
        write_report(tmp_path)
    shutil.copy(finished / "run.json", tmp_path)
    with pytest.raises(NoResults, match="no user has finished"):
        write_report(tmp_path)
