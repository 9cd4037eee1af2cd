"""`attune fleet`: many simulated users, each on a device of their own."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.options import Json
from app.cli.output import note, print_fields, print_json, say
from app.cli.refusal import Refusal
from app.settings import load_settings

if TYPE_CHECKING:
    from fleet.run import Progress, Workers

fleet = typer.Typer(
    no_args_is_help=True, help="Simulate many users with a device each, and see what personalisation does."
)

NONE_FINISHED = "no user finished: change what the reasons tell of first; other personas or texts need a new --out"

Out = Annotated[Path, typer.Option("--out", help="The run's folder; a run that is there is gone on with.")]


@fleet.command()
def run(
    out: Out = Path("fleet-run"),
    users: Annotated[
        int | None, typer.Option(min=1, help="How many users. Default: 100, or each user of the texts.")
    ] = None,
    updates: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Rounds of feedback, an update after each. Default: 5.")
    ] = None,
    personas: Annotated[
        str | None, typer.Option(metavar="FILE", help="Who they are: a YAML file, or default, any or own (shipped).")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="What they write: JSON lines with text and label, also .xz. Default: shipped.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="FIELD", help="The field of the texts with their topic or user.")
    ] = None,
    each: Annotated[
        Literal["topic", "user"] | None, typer.Option(help="What each group of the texts is. Default: a topic.")
    ] = None,
    most_texts: Annotated[
        int | None, typer.Option(min=100, help="So many texts at most, evenly by group. Default: 5000; of users 20000.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="The same users under each value, as in learning_rate=0.001,0.003 or gate=on,off; repeat it for every "
            "combination. One value alone is for all users.",
        ),
    ] = None,
    judged: Annotated[
        int | None, typer.Option(min=5, max=5000, help="Texts of each user that judge. Default: 60.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="The task of the bundle. Default: sentiment.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same figures. Default: 0.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes. Default: one for each core.")] = None,
    use_ray: Annotated[bool, typer.Option("--ray", help="Let Ray run the devices.")] = False,
    address: Annotated[
        str | None, typer.Option(help="Ray's cluster, as HOST:6379, or auto; implies --ray.")
    ] = None,
    keep_states: Annotated[
        bool, typer.Option("--keep-states", help="Leave the devices' encrypted states in the folder.")
    ] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Run the fleet: every user teaches a device of their own, in rounds, and each round is judged.

    The results are added to the folder as users finish. The same command goes on where it was stopped; attune fleet
    report makes a page of them.
    """
    from fleet.config import read_config
    from fleet.prepare import Request, prepare
    from fleet.run import STATES, run_fleet

    device = load_settings().device()
    request = Request(
        device.bundle, device.trusted_keys, users=users, updates=updates, seed=seed, judged=judged, task=task,
        personas=personas, texts=texts, group=group, each=each, most=most_texts, varied=tuple(vary or ()),
    )  # fmt: skip
    with _refusing():
        prepared = prepare(request, read_config(out))
        crew = _workers(workers, use_ray, address, keep_states)
        config = prepared.config
        note(
            f"{config.users} users x {config.updates} updates"
            f"{f' x {len(config.variants)} variants' if len(config.variants) > 1 else ''}, {crew.description}, in {out}"
        )
        if prepared.left_out:
            note(f"{prepared.left_out} texts hold nothing that the model can read; they are left out")
        states = None if address else out.resolve() / STATES
        with closing(crew):
            last = _watch(run_fleet(prepared, out, crew, states, keep_states), out)
    _tell(out, last, crew, as_json)


def _tell(out: Path, last: "Progress", crew: "Workers", as_json: bool) -> None:
    from fleet.results import failures, in_words, read_results

    done = last.done - last.failed
    reasons = failures(read_results(out)) if last.failed else {}
    answer = {"folder": str(out), "done": done, "failed": last.failed, "replaced_workers": crew.replaced}
    if as_json:
        print_json({**answer, "reasons": reasons})
    else:
        print_fields(answer)
        if done:
            say(f"Next: attune fleet report {out}")
    for sentence in in_words(reasons):
        note(sentence)
    if last.failed:
        note("the failed ones are tried again by the same command" if done else NONE_FINISHED)
        raise typer.Exit(1)


def _workers(count: int | None, use_ray: bool, address: str | None, keep_states: bool) -> "Workers":
    if address and keep_states:
        raise typer.BadParameter("--keep-states: with --address the states lie on the machines of the cluster")
    if address and count is not None:
        raise typer.BadParameter("--workers: with --address the cluster says how many there are")
    if use_ray or address:
        from fleet.errors import ExtraMissing

        try:
            from fleet.ray_workers import RayWorkers
        except ModuleNotFoundError as error:
            raise ExtraMissing("Ray is not installed: run `pip install -e '.[fleet]'` in Attune's folder") from error
        return RayWorkers(count or _cores(), address)
    from fleet.local_workers import LocalWorkers

    return LocalWorkers(count or _cores())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _watch(progress: "Iterator[Progress]", out: Path) -> "Progress":
    """Show how far it is, on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    last = None
    told = -1
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[failed]}"),
    )  # fmt: skip
    terminal = sys.stderr.isatty()
    try:
        with Bar(*columns, console=Console(stderr=True), disable=not terminal, speed_estimate_period=120) as bar:
            shown = {}
            for last in progress:
                if last.stage not in shown:
                    name = "texts encoded" if last.stage == "encode" else "users finished"
                    shown[last.stage] = bar.add_task(name, total=last.total, completed=last.done, rate="", failed="")
                entry = bar.tasks[shown[last.stage]]
                speed = f"{entry.speed:.1f}/s" if entry.speed else ""
                failed = f"[red]{last.failed} failed" if last.failed else ""
                bar.update(entry.id, completed=last.done, rate=speed, failed=failed)
                tenth = 10 * last.done // max(1, last.total)
                if not terminal and last.stage == "simulate" and tenth > told:
                    told = tenth
                    note(
                        f"{last.done} of {last.total} users finished{f', {last.failed} failed' if last.failed else ''}"
                    )
    except KeyboardInterrupt:
        progress.close()  # type: ignore[attr-defined]  # a generator: the workers end with it
        kept = last.done - last.failed if last and last.stage == "simulate" else 0
        note(f"stopped; {kept} users are finished and kept. To go on: attune fleet run --out {out}")
        raise typer.Exit(130) from None
    assert last is not None  # noqa: S101  # a run tells at least its end
    return last


@contextmanager
def _refusing() -> Iterator[None]:
    """The fleet's errors as the command line tells them."""
    from fleet.errors import FleetError, WrongInput

    try:
        yield
    except WrongInput as error:
        raise typer.BadParameter(str(error)) from None
    except FleetError as error:
        raise Refusal.because(error.code, "The fleet can't run", str(error)) from None


@fleet.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, finished or not.")] = Path("fleet-run"),
    as_json: Json = False,
) -> None:
    """Make the run's report: report.html, summary.json and plots/."""
    with _refusing():
        from fleet.report import headline, write_report

        written = write_report(folder)
    if as_json:
        print_json(asdict(written.summary))
        return
    for variant in written.summary.variants:
        several = len(written.summary.variants) > 1
        say(
            f"{variant.name}: {headline(variant, written.summary.updates)}"
            if several
            else headline(variant, written.summary.updates)
        )
    say(f"The report: {written.page}")
