"""What several commands have in common: options, signing keys, progress bars."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Progress = Callable[[str, int, int, str], None]

_SECONDS_A_LINE = 60

DataFolder = Annotated[
    Path, typer.Option(help="Folder of the data files that the recipe names.", exists=True, file_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@contextmanager
def progress_bars(*, shown: bool = True) -> Iterator[Progress]:
    """A bar a stage on a terminal, a line a minute in a log, on standard error; nothing where it is not `shown`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if shown and not console.is_terminal:
        yield _progress_lines()
        return
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, TextColumn("{task.fields[note]}"), console=console, disable=not shown) as bars:
        rows: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int, note: str) -> None:
            if stage not in rows:
                rows[stage] = bars.add_task(stage, note="")
            bars.update(rows[stage], completed=done, total=total, note=note)

        yield progress


def _progress_lines() -> Progress:
    """Lines for a log: the first and the last of a stage, and one a minute between."""
    told: dict[str, float] = {}

    def progress(stage: str, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if stage not in told or done == total or now - told[stage] >= _SECONDS_A_LINE:
            told[stage] = now
            print(f"{stage} {done}/{total} {note}".rstrip(), file=sys.stderr, flush=True)

    return progress


def signing_key(path: Path, *, may_create: bool) -> "Ed25519PrivateKey":
    """The private key in `path`, made there if it may be.

    Raises:
        ToolchainError: it can't be written. BundleError: it is no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from model_store.signing import load_signing_key, private_pem, public_pem

    if may_create and not path.exists():
        key = Ed25519PrivateKey.generate()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(private_pem(key))
            path.with_suffix(".pub.pem").write_bytes(public_pem(key.public_key()))
        except OSError as error:
            raise ToolchainError(f"{path} can't be written: {error.strerror}") from error
    return load_signing_key(path)


def parse_settings(changes: list[str]) -> dict[str, Any]:
    """name=value pairs, values as YAML; a dot in a name goes into a group: schedule.peak=0.001.

    Raises:
        ToolchainError: naming the pair that is none.
    """
    import yaml

    found: dict[str, Any] = {}
    for change in changes:
        name, separator, value = change.partition("=")
        if not separator:
            raise ToolchainError(f"--set {change}: name=value is needed")
        *groups, last = name.split(".")
        group = found
        for part in groups:
            group = group.setdefault(part, {})
        try:
            group[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ToolchainError(f"--set {name}: its value is no YAML") from None
    return found
