"""`attune-toolchain`: make a bundle, measure one, make a signing key."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model_store.errors import BundleError
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NEEDED = ("torch", "transformers", "onnx", "onnxruntime", "rich")

application = typer.Typer(
    help="Make and measure the bundles that Attune devices run.", no_args_is_help=True, pretty_exceptions_enable=False
)

DataFolder = Annotated[Path, typer.Option(help="Folder with sentiment/<name>.jsonl.xz files.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@application.command()
def bundle(
    data: DataFolder,
    checkpoint: Annotated[str, typer.Option(help="MobileBERT checkpoint: a directory or a hub id.")],
    out: Annotated[Path, typer.Option(help="Where the finished bundle goes; an older bundle there is replaced.")],
    work: Annotated[Path, typer.Option(help="Working directory; a run that was cut short resumes there.")],
    signing_key: Annotated[
        Path | None, typer.Option(help="Ed25519 private key (PEM). Default: one made in WORK.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Fine-tuning epochs, instead of the recipe's.")] = None,
    version: Annotated[str, typer.Option(help="The bundle's version.")] = "1.0.0",
    most_lost: Annotated[
        float, typer.Option(min=0, max=1, help="How much of a measured figure int8 may lose against fp32.")
    ] = 0.005,
    json_: AsJson = False,
) -> None:
    """Fine-tune a checkpoint and make a signed bundle of it. Resumable: run the same command again."""
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from toolchain.bundle import make_bundle
    from toolchain.recipe import BundleRecipe

    recipe = BundleRecipe(version=version, most_lost=most_lost)
    if epochs is not None:
        recipe = replace(recipe, finetune=replace(recipe.finetune, epochs=epochs))
    work.mkdir(parents=True, exist_ok=True)
    key = _signing_key(signing_key or work / "signing-key.pem", may_create=signing_key is None)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bars:
        rows: dict[str, object] = {}

        def progress(stage: str, done: int, total: int, note: str) -> None:
            if stage not in rows:
                rows[stage] = bars.add_task(stage, note="")
            bars.update(rows[stage], completed=done, total=total, note=note)  # type: ignore[arg-type]  # its TaskID

        figures = make_bundle(checkpoint, data, work, out, key, recipe, progress)
    if json_:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print(f"{out}: {figures['bytes']:,} bytes")
        for name, row in figures["evaluate"].items():
            print(f"{name}: " + ", ".join(f"{measure} {value:.4f}" for measure, value in row.items()))


@application.command()
def evaluate(
    data: DataFolder,
    bundle: Annotated[Path | None, typer.Option(help="The bundle; default: the one that ships.")] = None,
    work: Annotated[Path | None, typer.Option(help="The bundle's working directory, to measure fp32 too.")] = None,
    trusted_key: Annotated[Path | None, typer.Option(help="Public key (PEM) of the bundle's maker.")] = None,
    json_: AsJson = False,
) -> None:
    """Measure a bundle on data that it was not trained on. Without WORK the fp32 figures are those of its manifest."""
    from model_store.bundle import SHIPPED_BUNDLE, Bundle
    from model_store.signing import load_trusted_keys
    from toolchain.quality import quality_of

    opened = Bundle.open(bundle or SHIPPED_BUNDLE, load_trusted_keys([trusted_key] if trusted_key else []))
    report = quality_of(opened, data, work)
    if json_:
        print(json.dumps({name: asdict(row) for name, row in report.items()}))
        return
    print(f"bundle {opened.version}")
    print(f"{'':20}{'chnsenticorp_dev':>18}{'ewect_usual_eval':>18}{'ewect_usual_eval':>18}")
    print(f"{'':20}{'accuracy':>18}{'macro-F1':>18}{'accuracy':>18}")
    for name, row in report.items():
        print(f"{name:20}{row.reviews_accuracy:>18.4f}{row.everyday_macro_f1:>18.4f}{row.everyday_accuracy:>18.4f}")


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
