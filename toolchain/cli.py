"""`attune-toolchain`: run recipes or single stages, and measure, profile and compare what came out."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model_store.errors import BundleError
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from toolchain.run import Progress

_NEEDED = ("torch", "transformers", "accelerate", "onnx", "onnxruntime", "rich", "yaml", "matplotlib")

application = typer.Typer(
    help="Train, compress, measure and bundle the models that Attune devices run.", no_args_is_help=True,
    pretty_exceptions_enable=False,
)  # fmt: skip

DataFolder = Annotated[Path, typer.Option(help="Folder of the data files that the recipe names.", file_okay=False)]
Work = Annotated[Path, typer.Option(help="Working directory; a run that was cut short resumes there.")]
RecipeFile = Annotated[Path, typer.Option("--recipe", help="Recipe (YAML) with the tasks, sources and measures.")]
Begin = Annotated[str, typer.Option("--start", help="Checkpoint to begin with: a directory or a hub id.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="A setting of the stage, as name=value; may be given several times.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
SigningKey = Annotated[Path | None, typer.Option(help="Ed25519 private key (PEM). Default: one made in WORK.")]


@application.command()
def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe (YAML).")],
    data: DataFolder,
    work: Annotated[Path | None, typer.Option(help="Working directory. Default: work/<recipe's name>.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the bundle goes. Default: WORK/../<name>-bundle.")] = None,
    signing_key: SigningKey = None,
    redo: Annotated[list[str] | None, typer.Option(help="A finished stage to do again, and all after it.")] = None,
    json_: AsJson = False,
) -> None:
    """Run a recipe from its first unfinished stage to its end. Killed at any point, the same command goes on."""
    from toolchain.recipe import load_recipe

    said = load_recipe(recipe)
    place = work or Path("work") / said.name
    _run(said, data, place, recipe.parent, out or place.parent / f"{said.name}-bundle", signing_key, redo or [], json_)


def _stage_command(name: str, does: str) -> None:
    """Add the command of one stage: a recipe of that stage alone."""

    def command(
        recipe: RecipeFile, data: DataFolder, work: Work, start: Begin = "", changes: Changes = None,
        json_: AsJson = False,
    ) -> None:  # fmt: skip
        from toolchain.recipe import load_recipe, parse_recipe

        content = load_recipe(recipe).model_dump(mode="json")
        stage = {"do": name, "name": name, **_settings(changes or [])}
        if start:
            stage["start"] = str(Path(start).resolve()) if Path(start).is_dir() else start
        content["stages"] = [stage]
        _run(parse_recipe(content, "the command line"), data, work, Path(), None, None, [], json_)

    command.__doc__ = f"{does} Its settings and their defaults: attune-toolchain settings {name}."
    application.command(name)(command)


for _name, _does in (
    ("vocabulary", "Learn a vocabulary from the recipe's sources."),
    ("pretrain", "Pretrain an encoder on plain text."),
    ("finetune", "Fine-tune a checkpoint on the recipe's tasks."),
    ("distill", "Train a student with a teacher beside it."),
    ("prune", "Cut heads, neurons, blocks and tokens out of a fine-tuned model, with recovery."),
    ("sparsify", "Set single weights to zero, to compare with prune."),
    ("qat", "Train a fine-tuned model on with the rounding that int8 brings."),
    ("quantize", "Export a fine-tuned model to ONNX, and quantise it."),
):
    _stage_command(_name, _does)


@application.command()
def settings(
    stage: Annotated[str, typer.Argument(help="vocabulary, pretrain, finetune, distill, prune, ...")],
) -> None:
    """List the settings of a stage, with their defaults."""
    from rich.console import Console
    from rich.table import Table

    from toolchain.recipe import stage_settings

    table = Table("setting", "default", "meaning", title=f"{stage}: name=value for --set, or name: value in a recipe")
    for name, default, meaning in stage_settings(stage):
        table.add_row(name, default, meaning)
    Console().print(table)


@application.command()
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
            table.add_row(name, figure, f"{value:.4f}", f"{fp32.get(name, {}).get(figure, float('nan')):.4f}")
    Console().print(table)


@application.command()
def keygen(
    out: Annotated[Path, typer.Argument(help="Where to write the private key; .pub.pem goes beside it.")],
) -> None:
    """Make an Ed25519 key pair to sign bundles with."""
    if out.exists():
        raise ToolchainError(f"{out} exists; a signing key is never overwritten")
    _signing_key(out, may_create=True)
    print(f"private key: {out}\npublic key:  {out.with_suffix('.pub.pem')} (set ATTUNE_TRUSTED_KEYS to it on devices)")


def main() -> None:
    """Entry point: exit code 0 done, 1 failed, 2 wrong usage."""
    missing = [name for name in _NEEDED if not _installed(name)]
    if missing:
        sys.exit(f"attune-toolchain needs {', '.join(missing)}: pip install 'attune[toolchain]'")
    try:
        application()
    except (ToolchainError, BundleError) as error:
        sys.exit(f"attune-toolchain: {error}")
    except OSError as error:
        sys.exit(f"attune-toolchain: {error.filename or 'a file'}: {error.strerror or type(error).__name__}")


def _run(
    said: Any, data: Path, work: Path, begun_in: Path, out: Path | None, signing_key: Path | None, redo: list[str],
    json_: bool,
) -> None:  # fmt: skip
    from toolchain.report import write_report
    from toolchain.run import Destination, Run

    destination = None
    if out is not None and any(stage.do == "bundle" for stage in said.stages):
        key = _signing_key(signing_key or work / "signing-key.pem", may_create=signing_key is None)
        destination = Destination(out, key)
    with _progress() as progress:
        running = Run(said, data, work, progress, begun_in=begun_in, destination=destination)
        running.redo(redo)
        figures = running.go()
    write_report(work / "report.md", said, running.stages)
    if json_:
        print(json.dumps(figures, ensure_ascii=False))
        return
    print(f"{work / 'report.md'}: what each stage did and measured")
    if destination is not None:
        print(f"{destination.out}: the bundle")


@contextmanager
def _progress() -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bars:
        rows: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int, note: str) -> None:
            if stage not in rows:
                rows[stage] = bars.add_task(stage, note="")
            bars.update(rows[stage], completed=done, total=total, note=note)

        yield progress


def _settings(changes: list[str]) -> dict[str, Any]:
    """name=value pairs, values as YAML; a dot in a name goes into a group: schedule.peak=0.001."""
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


def _signing_key(path: Path, *, may_create: bool) -> "Ed25519PrivateKey":
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


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


if __name__ == "__main__":
    main()
