"""`attune head`: take a version's head to a phone or another device, and take one in."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json, Task, Url, passphrase_header, segment, session
from app.cli.output import print_answer
from app.cli.refusal import Refusal
from device_sim.errors import DeviceError

head = typer.Typer(help="Take a version's head elsewhere, and take one in.", no_args_is_help=True)

PassphraseVariable = Annotated[
    str, typer.Option("--passphrase-env", metavar="VAR", help="The environment variable that holds the passphrase.")
]


@head.command("export")
def head_export(
    out: Annotated[Path, typer.Option("--out", help="The file to write.", dir_okay=False)],
    passphrase_env: PassphraseVariable,
    version: Annotated[int | None, typer.Option(help="The version; without it, the active one.")] = None,
    task: Task = "sentiment",
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Write a version's head to a file, sealed with a passphrase."""
    from device_sim.durable import write_private

    headers = passphrase_header(passphrase_env)
    with session(url) as api:
        path = f"/v1/models/{segment(task)}/versions"
        number = api.call("GET", path)["active"] if version is None else version
        document = api.call("GET", f"{path}/{number}/head", headers=headers)
    try:
        write_private(out.absolute(), json.dumps(document, ensure_ascii=False).encode())
    except DeviceError as error:
        raise Refusal.because("unwritable-file", "The file can't be written", str(error)) from None
    print_answer({"file": str(out), "task": task, "version": number}, as_json)


@head.command("import")
def head_import(
    file: Annotated[Path, typer.Argument(help="A file that `attune head export` or `attune-toolchain head` wrote.")],
    passphrase_env: PassphraseVariable,
    task: Annotated[str | None, typer.Option("--task", help="The task; without it, the file's own.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Take a head in as a new version, if it is no worse than what answers now."""
    headers = passphrase_header(passphrase_env)
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise Refusal.unreadable(file, error) from None
    except (ValueError, RecursionError):
        raise Refusal.because("invalid-head-file", "Not a head that can be read", "the file is not JSON") from None
    of_file = document.get("task") if isinstance(document, dict) else None
    with session(url) as api:
        path = f"/v1/models/{segment(str(task or of_file))}/versions"
        print_answer(api.call("POST", path, document, headers=headers), as_json)
