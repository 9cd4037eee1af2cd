"""Commands that carry a bundle to a phone's own formats."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from toolchain.cli.options import AsJson
from toolchain.errors import ToolchainError

Source = Annotated[
    str, typer.Argument(
        metavar="BUNDLE",
        help="A bundle's folder. Of a checkpoint (a folder or a hub id) the base alone is exported; "
        "full-size-mobilebert stands for one of full size with random weights.",
    ),
]  # fmt: skip
NewFolder = Annotated[Path, typer.Argument(help="A folder to make.")]
TrustedKey = Annotated[Path | None, typer.Option(help="Public key (PEM) of the bundle's maker.")]


def add_to(application: typer.Typer) -> None:
    """Add these commands."""
    export = typer.Typer(help="Export a bundle to a phone's own formats.", no_args_is_help=True)
    export.command()(coreml)
    export.command("onnx")(onnx_)
    application.command()(check)
    application.command()(parity)
    application.add_typer(export, name="export")


def check(
    model: Annotated[Path, typer.Argument(help="An .mlmodel file or an .mlpackage folder.")],
) -> None:
    """Check a Core ML model by Core ML's rules for updatable models and pipelines, and by this project's own."""
    from toolchain.coreml.check import judged, problems, read_model

    read = read_model(model)
    found = problems(read)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        raise typer.Exit(1)
    kind = read.WhichOneof("Type")
    print(f"{model}: valid" if judged(read) else f"{model}: no fault outside; the inside of a {kind} is not looked at")


def parity(
    bundle: Source,
    texts: Annotated[
        list[Path] | None, typer.Option(help="A file of texts, to compare token ids on: lines, or JSON lines; .xz too.")
    ] = None,
    most: Annotated[int, typer.Option(help="Texts to take of each file, at most.", min=1)] = 20_000,
    trusted_key: TrustedKey = None,
    json_: AsJson = False,
) -> None:
    """Export a bundle in every form, and tell how near each is to what a device computes."""
    from rich.console import Console
    from rich.markdown import Markdown

    from toolchain.exports import texts_of
    from toolchain.phone_model import open_phone_model
    from toolchain.phone_parity import parity_table, phone_parity

    with TemporaryDirectory() as scratch:
        model = open_phone_model(bundle, trusted_key, Path(scratch), int8=True)
        read = [text for path in texts or () for text in texts_of(path, most)]
        found = phone_parity(model, read, _tell)
    if json_:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    lines = "\n".join(parity_table(found))
    console = Console()
    console.print(Markdown(lines)) if console.is_terminal else print(lines)
    for text in found.ids.first:
        print(f"other ids: {text!r}")


def coreml(
    bundle: Source, out: NewFolder,
    fp32: Annotated[bool, typer.Option("--fp32", help="The base in fp32, not in fp16.")] = False,
    int8: Annotated[bool, typer.Option("--int8", help="The base's weights in int8.")] = False,
    trusted_key: TrustedKey = None, json_: AsJson = False,
) -> None:  # fmt: skip
    """Export to Core ML: the base as an mlprogram, and the head of each sentence task as a classifier, updatable where
    the bundle's is. What was written is run here, operator by operator, and compared with the bundle.
    """
    from toolchain.coreml.export import export_coreml
    from toolchain.phone_model import open_phone_model

    if fp32 and int8:
        raise ToolchainError("choose either --fp32 or --int8")
    with TemporaryDirectory() as scratch:
        model = open_phone_model(bundle, trusted_key, Path(scratch), int8=False)
        done = export_coreml(model, out, "fp32" if fp32 else "int8" if int8 else "fp16", _tell)
    if json_:
        print(json.dumps(asdict(done), ensure_ascii=False))
        return
    _print_sizes(f"{out}: {model.version} for Core ML", done.bytes, done.seconds)
    found = done.parity
    labels = ", ".join(f"{name} {share:.1%}" for name, share in found.agreement.items())
    print(f"The base is in {done.precision}{f': {done.reason}' if done.reason else ''}. Core ML's rules: valid.")
    print(
        f"On {found.sentences} sentences its features differ from the device's by at most {found.features:.4g}, where "
        f"the greatest is {found.size:.3g}{f'; both label alike: {labels}' if labels else ''}."
    )


def onnx_(bundle: Source, out: NewFolder, trusted_key: TrustedKey = None, json_: AsJson = False) -> None:
    """Export to ONNX Runtime on phones: one graph with the tokenizer inside, from a text to labels, and the files to
    train heads with. What was written is run here and compared with the bundle.
    """
    from toolchain.onnx_mobile.export import export_onnx
    from toolchain.phone_model import open_phone_model

    with TemporaryDirectory() as scratch:
        model = open_phone_model(bundle, trusted_key, Path(scratch), int8=True)
        done = export_onnx(model, out, _tell)
    if json_:
        print(json.dumps(asdict(done), ensure_ascii=False))
        return
    _print_sizes(f"{out}: {model.version} for ONNX Runtime", done.bytes, done.seconds)
    worst = max(done.parity.probabilities.values(), default=0.0)
    ending = f"; probabilities differ by at most {worst:.2g}" if done.parity.probabilities else ""
    print(f"{done.ids.texts} sentences get the same token ids as on the device{ending}.")


def _tell(doing: str) -> None:
    print(doing, file=sys.stderr)


def _print_sizes(title: str, sizes: dict[str, int], seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("file", "bytes", title=f"{title}, {seconds:.0f} s")
    for name, size in sizes.items():
        table.add_row(name, f"{size:,}")
    Console().print(table)
