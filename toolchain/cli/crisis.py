"""`attune-toolchain crisis`: the learned part of the guard that notices signs of self-harm risk."""

from pathlib import Path
from typing import Annotated

import typer

from toolchain.sources import CORPORA


def add_to(application: typer.Typer) -> None:
    """Add this command."""
    application.command()(crisis)


def crisis(
    data: Annotated[Path, typer.Option(help="Folder of the public text.", file_okay=False)],
    guard: Annotated[Path, typer.Option(help="The device's crisis.toml: which characters it folds.", dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The file to write.", dir_okay=False)],
    corpus: Annotated[Path, typer.Option(help="Folder of labelled texts.", file_okay=False)] = CORPORA / "crisis",
    posts: Annotated[int, typer.Option(help="Public posts, and written texts, to take at most.", min=2)] = 24_000,
    seed: Annotated[int, typer.Option(help="Chooses the posts.")] = 0,
) -> None:
    """Learn what patterns don't foresee of signs of self-harm risk, and tell how well on writers left out."""
    from toolchain.crisis import draw_wishes, folds_of, read_corpus, read_public, read_written, train

    harmless = [*read_public(data, posts, seed), *read_written(posts, seed), *draw_wishes(posts // 2, seed)]
    trained = train(read_corpus(corpus), harmless, folds_of(guard))
    trained.model.write(out)
    print(f"{out}: {len(trained.model.weights)} runs of characters, {out.stat().st_size / 1024:.0f} KB")
    for judged in trained.judged:
        print(f"{judged.name}, left out: {judged.recall:.1%} of signs noticed, {judged.alarms:.1%} of other texts")
    print(f"public posts and written texts: {trained.public_alarms:.2%} noticed")
