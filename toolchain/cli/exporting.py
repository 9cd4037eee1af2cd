"""Commands that carry a bundle to a phone's own formats."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from toolchain.cli.options import AsJson

BundleFolder = Annotated[Path, typer.Argument(help="The bundle, a folder.")]
NewFolder = Annotated[Path, typer.Argument(help="A folder to make.")]
TrustedKey = Annotated[Path | None, typer.Option(help="Public key (PEM) of the bundle's maker.")]


def add_to(application: typer.Typer) -> None:
    """Add these commands."""
    export = typer.Typer(help="Export a bundle to a phone's own formats.", no_args_is_help=True)
    export.command()(coreml)
    application.command()(check)
    application.add_typer(export, name="export")


def check(
    model: Annotated[Path, typer.Argument(help="An .mlmodel file or an .mlpackage folder.")],
) -> None:
    """Check a Core ML model by the rules that Core ML has for updatable models and pipelines."""
    from toolchain.coreml.check import problems, read_model

    found = problems(read_model(model))
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        raise typer.Exit(1)
    print(f"{model}: valid")


def coreml(
    bundle: BundleFolder, out: NewFolder, fp32: Annotated[bool, typer.Option("--fp32", help="Not fp16.")] = False,
    trusted_key: TrustedKey = None, json_: AsJson = False,
) -> None:  # fmt: skip
    """Export to Core ML: the base as an mlprogram, and the head of each sentence task as a classifier, updatable where
    the bundle's is. What was written is run here, operator by operator, and compared with the bundle.
    """
    from rich.console import Console
    from rich.table import Table

    from model_store.bundle import Bundle
    from model_store.signing import load_trusted_keys
    from toolchain.coreml.export import export_coreml

    opened = Bundle.open(bundle, load_trusted_keys([trusted_key] if trusted_key else []))
    done = export_coreml(opened, out, "fp32" if fp32 else "fp16", lambda doing: print(doing, file=sys.stderr))
    if json_:
        print(json.dumps(asdict(done), ensure_ascii=False))
        return
    console = Console()
    table = Table("file", "bytes", title=f"{out}: bundle {opened.version} for Core ML")
    for name, size in done.bytes.items():
        table.add_row(name, f"{size:,}")
    console.print(table)
    found = done.parity
    console.print(f"The base is in {done.precision}{f': {done.reason}' if done.reason else ''}.")
    console.print(
        f"On {found.sentences} sentences its features differ from the device's by at most {found.features:.4f}, where "
        f"the greatest is {found.size:.2f}; both label alike: "
        + ", ".join(f"{name} {share:.1%}" for name, share in found.agreement.items())
    )
