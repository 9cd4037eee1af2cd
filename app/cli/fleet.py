"""`attune fleet`."""

import typer

fleet = typer.Typer(no_args_is_help=True)


@fleet.command()
def run() -> None:
    """Run."""
