"""All commands under one name. Modules that take long to load are loaded by the command that needs them."""

from typing import Annotated

import typer

from app.cli import (
    assist,
    conditions,
    egress,
    fleet,
    heads,
    insights,
    lab,
    learning,
    personal,
    predicting,
    rights,
    serving,
)
from app.cli.options import Json
from app.settings import ENV_PREFIX, Settings

cli = typer.Typer(
    name="attune",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("attune"))
        raise typer.Exit


@cli.callback()
def attune(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """On-device personalisation of a text model: predict, correct, train, roll back."""


def _settings_help() -> str:
    """Every setting with its default, for the service's help."""
    lines = ["Start the service; Ctrl-C stops it.", "", "Settings are environment variables, or lines of .env:", ""]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        shown = "" if default in (None, ()) else f" Default: {default}"
        lines += [f"{ENV_PREFIX}{name.upper()}: {field.description}.{shown}", ""]
    return "\n".join(lines)


@cli.command(help=_settings_help())
def serve(
    host: Annotated[str | None, typer.Option(help="Listen here instead of at ATTUNE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen here instead of at ATTUNE_PORT.", min=0, max=65535)] = None,
) -> None:
    """Start the service (its help is made of the settings)."""
    from app.cli.service import run

    run(host, port)


cli.command()(predicting.predict)
cli.command()(predicting.feedback)
cli.command()(learning.update)
cli.add_typer(insights.insights, name="insights")
cli.command()(assist.assist)
cli.command()(assist.redact)
cli.command()(egress.egress)
cli.add_typer(personal.calendar, name="calendar")
cli.add_typer(personal.contacts, name="contacts")
cli.add_typer(personal.notes, name="notes")
cli.command()(serving.versions)
cli.command()(serving.rollback)
cli.command()(serving.activate)
cli.command()(serving.audit)
cli.add_typer(heads.head, name="head")
cli.command()(conditions.device)
cli.add_typer(conditions.schedule, name="schedule")
cli.command()(rights.consent)
cli.add_typer(rights.samples, name="samples")
cli.command()(rights.export)
cli.command("import")(rights.import_)
cli.command()(rights.erase)
cli.add_typer(lab.lab, name="lab")
cli.add_typer(fleet.fleet, name="fleet")


@cli.command()
def doctor(
    accept_restored_database: Annotated[
        bool,
        typer.Option(
            "--accept-restored-database",
            help="You put an older copy of the database or the key store back yourself: go on with it.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation, the bundle and the state directory."""
    from app.cli.doctor import examine

    examine(accept_restored_database, as_json)


@cli.command()
def demo(as_json: Json = False) -> None:
    """Show the whole loop in seconds: correct, train, see it follow, roll back, roll forward."""
    from app.cli.demo import run

    run(as_json)
