"""`attune consent`, `samples`, `export`, `import` and `erase`: the user's say over the user's data."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json, Limit, Url, pages, passphrase_header, session
from app.cli.output import note, print_answer, print_json, print_table, say
from app.cli.refusal import UNOPENABLE, Refusal
from app.settings import load_settings
from device_sim.errors import DeviceError


class ConsentAction(StrEnum):
    """What to do about consent."""

    SHOW = "show"
    GIVE = "give"
    WITHDRAW = "withdraw"


def consent(
    action: Annotated[ConsentAction, typer.Argument(help="What to do.")] = ConsentAction.SHOW,
    personalization: Annotated[
        bool | None,
        typer.Option(
            "--personalization/--no-personalization",
            help="Learning from feedback; `give` without options gives this.",
            show_default=False,
        ),
    ] = None,
    cloud_assist: Annotated[
        bool | None,
        typer.Option(
            "--cloud-assist/--no-cloud-assist",
            help="Sending redacted prompts to the configured cloud model.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show, give or withdraw consent: to learn from feedback, and to ask a cloud model.

    `give` changes what its options name, and keeps the rest; `withdraw` takes both back.
    """
    named = {"personalization": personalization, "cloud_assist": cloud_assist}
    body = {name: value for name, value in named.items() if value is not None}
    if body and action is not ConsentAction.GIVE:
        raise typer.BadParameter("only `give` takes --personalization and --cloud-assist")
    with session(url) as api:
        if action is ConsentAction.GIVE:
            answer = api.call("PUT", "/v1/consent", body or {"personalization": True})
        else:
            answer = api.call("GET" if action is ConsentAction.SHOW else "DELETE", "/v1/consent")
    print_answer(answer, as_json)


samples = typer.Typer(help="See and delete what feedback left on the device.", no_args_is_help=True)


@samples.command("list")
def samples_list(
    task: Annotated[str | None, typer.Option("--task", help="Of this task alone.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List samples, oldest first."""
    with session(url) as api:
        items = pages(api, "/v1/samples", limit, task=task)
    if as_json:
        print_json({"items": items})
        return
    columns = ("id", "task", "label", "state", "learned_by", "created_at", "text")
    rows = ([item[column] for column in columns] for item in items)
    print_table(("id", "task", "label", "state", "learnt by", "created", "text"), rows, "no samples")


class Then(StrEnum):
    """What becomes of versions that learnt from a deleted sample."""

    KEEP = "keep"
    RETRAIN = "retrain"
    DESTROY = "destroy"


@samples.command("delete")
def samples_delete(
    sample_id: Annotated[int | None, typer.Argument(help="The sample.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Delete every sample.")] = False,
    then: Annotated[Then, typer.Option(help="What becomes of versions that learnt from it.")] = Then.KEEP,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Delete a sample, and say which versions learnt from it."""
    if (sample_id is None) != every:
        raise typer.BadParameter("give either a sample's id or --all")
    path = "/v1/samples" if every else f"/v1/samples/{sample_id}"
    with session(url) as api:
        answer = api.call("DELETE", path, query={"then": then.value})
    if as_json:
        print_json(answer)
        return
    affected = ", ".join(f"{one['task']} {one['version']}" for one in answer["affected_versions"]) or "none"
    say(f"deleted {answer['deleted']}; versions that learnt from it: {affected}")


PassphraseVariable = Annotated[
    str | None,
    typer.Option("--passphrase-env", metavar="VAR", help="The environment variable that holds the passphrase."),
]


def export(
    out: Annotated[Path, typer.Option("--out", help="The file to write.", dir_okay=False)],
    plain: Annotated[bool, typer.Option("--plain", help="Leave samples readable; heads are sealed always.")] = False,
    passphrase_env: PassphraseVariable = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Write everything personal to a file that only its owner may read."""
    from device_sim.durable import write_private

    headers = passphrase_header(passphrase_env) if passphrase_env else {}
    with session(url) as api:
        document = api.call("GET", "/v1/export", query={"sealed": not plain}, headers=headers)
    content = json.dumps(document, ensure_ascii=False).encode()
    try:
        write_private(out.absolute(), content)
    except DeviceError as error:
        raise Refusal.because("unwritable-file", "The file can't be written", str(error)) from None
    if not headers:
        note("sealed parts open on this device alone, until its data is erased; --passphrase-env makes it portable")
    if plain:
        note("the file holds the user's texts readably: guard it")
    print_answer({"file": str(out), "bytes": len(content), "sealed": not plain}, as_json)


def import_(
    file: Annotated[Path, typer.Argument(help="A file that `attune export` wrote.")],
    passphrase_env: PassphraseVariable = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Replace what the device holds by an export."""
    headers = passphrase_header(passphrase_env) if passphrase_env else {}
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise Refusal.unreadable(file, error) from None
    except (ValueError, RecursionError):
        raise Refusal.because("invalid-export", "Not an export that can be read", "the file is not JSON") from None
    with session(url) as api:
        report = api.call("POST", "/v1/import", document, headers=headers)
    print_answer(report, as_json)


def erase(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. Required where no terminal can be asked.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Destroy everything personal on the device, keys first. Nothing brings it back."""
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say --yes to erase everything")
        typer.confirm("Erase everything that this device has learnt and stored?", abort=True, err=True)
    try:
        with session(url) as api:
            answer = api.call("DELETE", "/v1/user-data")
    except Refusal as refusal:
        if url is not None or refusal.code not in UNOPENABLE:
            raise
        note(f"attune: {refusal}")
        from device_sim.state import erase_unopened

        erase_unopened(load_settings().state_dir)
        note("its keys and files are destroyed all the same; the device begins anew when it is next used")
        answer = {"erased": True}
    print_answer(answer, as_json)
