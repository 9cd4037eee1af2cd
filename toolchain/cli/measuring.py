"""Commands that measure: a bundle's quality, where a model's time and bytes go, and runs beside each other."""

import json
from pathlib import Path
from typing import Annotated

import typer

from toolchain.cli.options import AsJson, DataFolder, progress_bars
from toolchain.errors import ToolchainError

Lengths = Annotated[list[int] | None, typer.Option("--length", min=4, help="Length of a text in tokens; repeatable.")]


def add_to(application: typer.Typer) -> None:
    """Add these commands."""
    for command in (evaluate, profile, bench, compare):
        application.command()(command)


def evaluate(
    data: DataFolder,
    bundle: Annotated[Path | None, typer.Option(help="The bundle; default: the one that ships.")] = None,
    trusted_key: Annotated[Path | None, typer.Option(help="Public key (PEM) of the bundle's maker.")] = None,
    json_: AsJson = False,
) -> None:
    """Measure a bundle on the measuring sets of its recipe, beside what its manifest records of fp32."""
    from rich.console import Console
    from rich.table import Table

    from model_store.bundle import SHIPPED_BUNDLE, Bundle
    from model_store.signing import load_trusted_keys
    from toolchain.quality import measure_bundle, recorded_fp32

    opened = Bundle.open(bundle or SHIPPED_BUNDLE, load_trusted_keys([trusted_key] if trusted_key else []))
    measured, fp32 = measure_bundle(opened, data), recorded_fp32(opened)
    if json_:
        print(json.dumps({"measured": measured, "fp32 (recorded)": fp32}))
        return
    table = Table("measure", "figure", "measured", "fp32 (recorded)", title=f"bundle {opened.version}")
    for name, figures in measured.items():
        for figure, value in figures.items():
            recorded = fp32.get(name, {}).get(figure)
            table.add_row(name, figure, f"{value:.4f}", "-" if recorded is None else f"{recorded:.4f}")
    Console().print(table)


def profile(
    model: Annotated[str, typer.Argument(help="A checkpoint (directory or hub id), or an encoder's .onnx file.")],
    length: Lengths = None,
    json_: AsJson = False,
) -> None:
    """Show where a model's parameters, bytes, time and memory go, by layer and by operator, and what bounds it."""
    from rich.console import Console

    from toolchain.cli.tables import profile_tables
    from toolchain.latency import LENGTHS
    from toolchain.profile_graph import profile_graph
    from toolchain.profile_model import profile_model

    lengths = tuple(length or LENGTHS)
    found = profile_graph(Path(model), lengths) if model.endswith(".onnx") else profile_model(model, lengths)
    if json_:
        print(json.dumps(found.as_json(), ensure_ascii=False))
        return
    console = Console()
    for table in profile_tables(found):
        console.print(table)


def bench(
    checkpoint: Annotated[str, typer.Argument(help="A checkpoint: a directory or a hub id.")] = "",
    full_size: Annotated[
        bool, typer.Option("--full-size-mobilebert", help="Instead: a MobileBERT of full size, with random weights.")
    ] = False,
    length: Lengths = None,
    json_: AsJson = False,
) -> None:
    """Export and quantise a checkpoint, and time int8 and fp32 beside PyTorch's eager fp32, one thread each."""
    from rich.console import Console

    from toolchain.bench import export_and_bench
    from toolchain.cli.tables import bench_table
    from toolchain.latency import LENGTHS

    if bool(checkpoint) == full_size:
        raise ToolchainError("name either a checkpoint or --full-size-mobilebert")
    found = export_and_bench(checkpoint or None, tuple(length or LENGTHS))
    if json_:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        Console().print(bench_table(found))


def compare(
    works: Annotated[list[Path], typer.Argument(help="Working directories of `run`.")],
    out: Annotated[Path, typer.Option(help="Folder to write compare.md, .json, .png and .svg into.")],
    json_: AsJson = False,
) -> None:
    """Put the stages of several runs into one table and picture: size, latency, quality, what each lost."""
    from toolchain.compare import compare as compared
    from toolchain.comparison_table import write_comparison

    with progress_bars() as progress:
        comparison = compared(works, lambda done, total, note: progress("compare", done, total, note))
    paths = write_comparison(comparison, out)
    if json_:
        print(json.dumps(comparison.as_json(), ensure_ascii=False))
    else:
        print("\n".join(str(path) for path in paths))
