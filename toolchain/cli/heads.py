"""`attune-toolchain head`: heads between devices and Core ML models."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from model_store.sealing import check_passphrase
from toolchain.errors import ToolchainError

PassphraseVariable = Annotated[
    str, typer.Option("--passphrase-env", metavar="VAR", help="The environment variable that holds the passphrase.")
]


def add_to(application: typer.Typer) -> None:
    """Add these commands."""
    head = typer.Typer(help="Carry heads between devices and Core ML models.", no_args_is_help=True)
    head.command()(write)
    head.command()(read)
    application.add_typer(head, name="head")


def write(
    head: Annotated[Path, typer.Argument(help="A file that `attune head export` wrote.")],
    model: Annotated[Path, typer.Argument(help="An exported Head-TASK.mlmodel or Attune-TASK.mlpackage.")],
    out: Annotated[Path, typer.Argument(help="The model to make: the same, with this head in it.")],
    passphrase_env: PassphraseVariable,
) -> None:
    """Write a head that a device has trained into a Core ML model."""
    from toolchain.coreml.head_file import read_head_file, write_into

    file = read_head_file(head, _passphrase(passphrase_env))
    write_into(file, model, out)
    print(f"{out}: {file.task}, version {file.version} of a device with bundle {file.bundle}")


def read(
    model: Annotated[Path, typer.Argument(help="A Core ML model with a head; or parameters that an app wrote.")],
    out: Annotated[Path, typer.Argument(help="The file to make, for `attune head import`.")],
    passphrase_env: PassphraseVariable,
    like: Annotated[Path | None, typer.Option(help="The exported model that the app's parameters belong to.")] = None,
) -> None:
    """Read the head of an updated Core ML model, for a device to take in."""
    from toolchain.coreml.head_file import read_from, write_private

    file = read_from(model, like)
    write_private(out, json.dumps(file.sealed(_passphrase(passphrase_env)), ensure_ascii=False).encode())
    print(f"{out}: {file.task}, bundle {file.bundle}")


def _passphrase(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ToolchainError(f"the environment variable {variable} is not set or empty")
    check_passphrase(value)
    return value
