"""`attune-toolchain everyday-words`: the words that a device lets leave as they are."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def add_to(application: typer.Typer) -> None:
    """Add this command."""
    application.command(name="everyday-words")(everyday_words)


def everyday_words(
    data: Annotated[Path, typer.Option(help="Folder of the public text.", file_okay=False)],
    out: Annotated[Path, typer.Option(help="The file to write.", dir_okay=False)],
) -> None:
    """Collect the words that everyday public text holds: of private text, devices let only those leave as they are."""
    from toolchain.everyday_words import write_everyday_words

    words = write_everyday_words(
        data, out, progress=lambda source, texts: print(f"{source} ({texts} texts so far)", file=sys.stderr, flush=True)
    )
    print(f"{out}: {words} words, {out.stat().st_size / 1024:.0f} KB")
