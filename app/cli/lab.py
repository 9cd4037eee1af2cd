"""`attune lab`."""

import typer

lab = typer.Typer(no_args_is_help=True)


@lab.command()
def run() -> None:
    """Run."""
