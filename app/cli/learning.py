"""`attune update`: train, and watch it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.options import Json, Task, Url, session
from app.cli.output import note, print_fields, print_json, say
from app.cli.refusal import Refusal

if TYPE_CHECKING:
    from app.cli.api import Api

_LOOK_EVERY = 0.05

Progress = Callable[[dict[str, Any]], None]


def update(
    task: Task = "sentiment",
    epochs: Annotated[int | None, typer.Option(help="Passes over the samples.")] = None,
    mini_batch_size: Annotated[int | None, typer.Option(help="Samples a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's step size.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the shuffling.")] = None,
    shuffle: Annotated[bool | None, typer.Option(help="Mix the samples before each epoch.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Train whatever state the device is in.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the end.")] = True,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Train a new version on the feedback so far; it is served if it proves no worse."""
    given = {
        "epochs": epochs,
        "mini_batch_size": mini_batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "shuffle": shuffle,
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    with session(url) as api:
        if api.in_process and not wait:
            raise typer.BadParameter("no service is running that could go on without this command: leave --no-wait out")
        started = api.call("POST", "/v1/updates", {"task": task, "parameters": parameters, "force": force})
        ended = watch(api, started) if wait else started
    if as_json:
        print_json(ended)
    else:
        _tell(ended)
    if ended["finished_at"] is not None and ended["outcome"] != "published":
        raise typer.Exit(1)


def watch(api: "Api", started: dict[str, Any]) -> dict[str, Any]:
    """Show how far an update is until it has ended; an interrupt cancels it."""
    path = f"/v1/updates/{started['id']}"
    now = started
    try:
        with _progress_bar() as show:
            while now["finished_at"] is None:
                time.sleep(_LOOK_EVERY)
                now = api.call("GET", path)
                show(now["progress"])
    except KeyboardInterrupt:
        note("cancelling the update")
        try:
            api.call("POST", f"{path}/cancel")
        except Refusal as refusal:
            note(str(refusal))
        raise
    return now


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs{task.fields[loss]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        row = bar.add_task("training", total=None, loss="")

        def show(progress: dict[str, Any]) -> None:
            loss = "" if progress["loss"] is None else f"  loss {progress['loss']:.4f}"
            bar.update(row, completed=progress["epoch"], total=progress["epochs"] or None, loss=loss)

        yield show


def _tell(update: dict[str, Any]) -> None:
    reasons = "; ".join(update["reasons"])
    if update["finished_at"] is None:
        say(f"update {update['id']} is {update['state']}")
    elif update["outcome"] == "published":
        say(f"version {update['version']} of {update['task']} is published and answers now")
    elif update["outcome"] == "rejected":
        say(f"rejected, the active version still answers: {reasons}")
    else:
        say(f"the update {update['state']}: {reasons}")
    if update["metrics"]:
        print_fields(update["metrics"])
