"""`attune lab`: days on a device as data, played against a real process and judged."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from app.cli.options import Json
from app.cli.output import note, print_json, print_table, say

if TYPE_CHECKING:
    from lab.device import Build
    from lab.results import Report

lab = typer.Typer(no_args_is_help=True, help="Play days on a device against a real process, and judge them.")

_OWN_BUILD = (sys.executable, "-c", "from app.cli.main import main; main()")

Files = Annotated[
    list[str] | None,
    typer.Argument(help="Scenario files, folders of them, or names of shipped ones; all shipped if none is given."),
]


@lab.command()
def run(
    scenarios: Files = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="PATH", help="Write a readable report, one HTML file.")
    ] = None,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="PATH", help="Write JUnit XML for QA's tools.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Scenarios at a time.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**31 - 1, help="Instead of each scenario's own.")
    ] = None,
    attune: Annotated[
        str | None,
        typer.Option("--attune", metavar="COMMAND", help="Test this build instead: what `serve` is added to."),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="The bundle it runs.", exists=True, file_okay=False)
    ] = None,
    trusted_key: Annotated[
        Path | None, typer.Option("--trusted-key", help="Public key that signed it.", exists=True, dir_okay=False)
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", min=1, max=3600, help="Seconds that a device may take for one thing.")
    ] = 30.0,
    keep_state: Annotated[
        str | None,
        typer.Option("--keep-state", metavar="PATH", help="Keep the devices' directories in this folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Play scenarios. Exit code 0: all passed; 1: some failed, or a report could not be written; 2: wrong usage, or a
    scenario that is written wrongly; 130: interrupted.
    """
    from lab.campaign import Campaign
    from lab.errors import LabError
    from lab.reading import find, read_all

    try:
        files = find(scenarios or [])
        chosen = read_all(files)
    except LabError as error:
        _wrong(str(error))
    from app.cli.lab_places import NoPlace, Places
    from app.cli.lab_progress import watching
    from app.cli.lab_stopping import told_to_stop

    build = _build(attune, bundle, trusted_key, patience)
    named = {"--report": report, "--junit": junit, "--keep-state": keep_state}
    try:
        places = Places({option: text for option, text in named.items() if text is not None})
        places.attempt(files)
    except NoPlace as error:
        _wrong(str(error))
    campaign = Campaign(build, jobs, seed, places.kept)
    with told_to_stop() as stop, watching(len(chosen), sys.stderr) as watcher:
        outcome = campaign.run(chosen, watcher, stop)
        written, lost = places.write(outcome)  # Before a word is said: the terminal may be gone.
    if as_json:
        print_json(outcome.document())
    else:
        _summary(outcome)
        for path in written:
            say(f"written: {path}")
    for sentence in lost:
        note(f"attune: {sentence}")
    if outcome.cut_short:
        note("attune: interrupted")
        raise typer.Exit(130)
    if lost or not outcome.passed:
        raise typer.Exit(1)


@lab.command("list")
def list_(as_json: Json = False) -> None:
    """List the scenarios that ship."""
    from lab.reading import read_all, shipped

    found = read_all(shipped())
    if as_json:
        print_json([{"name": one.name, "about": one.about, "steps": len(one.steps)} for one in found])
        return
    print_table(("name", "steps", "about"), [(one.name, len(one.steps), one.about) for one in found], "none ship")


@lab.command()
def check(
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files, folders of them, or names of shipped ones.")],
    as_json: Json = False,
) -> None:
    """Validate scenarios without playing them. Exit code 2 if one is wrong."""
    from lab.errors import LabError
    from lab.reading import find, read_each

    try:
        fine, mistakes = read_each(find(scenarios))
    except LabError as error:
        fine, mistakes = [], str(error).splitlines()
    if as_json:
        wrong = {"mistakes": mistakes} if mistakes else {}
        print_json({"ok": not mistakes, "scenarios": [one.name for one in fine], **wrong})
    else:
        for one in fine:
            say(f"{one.name}: {len(one.steps)} step{'s' * (len(one.steps) != 1)}, fine")
    if mistakes:
        _wrong("\n".join(mistakes))


@lab.command()
def schema() -> None:
    """Print the JSON Schema of scenario files."""
    from lab.scenario import Scenario

    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()})


def _build(command: str | None, bundle: Path | None, key: Path | None, patience: float) -> "Build":
    from lab.device import Build
    from model_store.bundle import SHIPPED_BUNDLE

    return Build(
        _OWN_BUILD if command is None else _absolute(command),
        (bundle or SHIPPED_BUNDLE).absolute(),
        str(key.absolute()) if key else None,
        patience,
    )


def _absolute(command: str) -> tuple[str, ...]:
    """A command's words, files among them by their absolute paths: devices run in folders of their own."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        _wrong(f"--attune: {command}: is no command ({str(error)[:1].lower()}{str(error)[1:]})")
    if not words:
        _wrong("--attune: no command is named: write the program that `serve` is added to")
    program = shutil.which(words[0])
    if program is None:
        _wrong(f"--attune: {words[0]}: there is no such program")
    # A bare word may be the name of a module, also where a folder has that name too.
    rest = (
        str(Path(word).absolute()) if Path(word).is_file() or ("/" in word and Path(word).exists()) else word
        for word in words[1:]
    )
    return (str(Path(program).absolute()), *rest)


def _summary(outcome: "Report") -> None:
    from lab.results import Status

    for result in outcome.results:
        if result.status in (Status.FAILED, Status.SKIPPED, Status.INTERRUPTED):
            say(f"{result.name}: {result.status}: {result.about}")
            failures = [failure for step in result.steps for failure in step.failures]
            for line in failures if result.status is Status.FAILED and failures else [result.reason or ""]:
                say(f"    {line}")
    also = "".join(
        f", {outcome.count(status)} {status.replace('_', ' ')}"
        for status in (Status.SKIPPED, Status.INTERRUPTED, Status.NOT_RUN)
        if outcome.count(status)
    )
    passed, failed = outcome.count(Status.PASSED), outcome.count(Status.FAILED)
    say(f"{passed} passed, {failed} failed{also}, {outcome.seconds:.1f} s")


def _wrong(sentence: str) -> NoReturn:
    for line in sentence.splitlines():
        note(f"attune: {line}")
    raise typer.Exit(2)
