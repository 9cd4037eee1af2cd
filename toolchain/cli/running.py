"""Commands that make something: a whole recipe, one stage of it, a signing key."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolchain.cli.options import AsJson, DataFolder, parse_settings, progress_bars, signing_key
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from toolchain.recipe import Recipe

Work = Annotated[Path, typer.Option(help="Working directory; a run that was cut short resumes there.")]
RecipeFile = Annotated[Path, typer.Option("--recipe", help="Recipe (YAML) with the tasks, sources and measures.")]
Begin = Annotated[str, typer.Option("--start", help="Checkpoint to begin with: a directory or a hub id.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="A setting of the stage, as name=value; may be given several times.")
]

_STAGES = {
    "vocabulary": "Learn a vocabulary from the recipe's sources.",
    "pretrain": "Pretrain an encoder on plain text.",
    "finetune": "Fine-tune a checkpoint on the recipe's tasks.",
    "distill": "Train a student with a teacher beside it.",
    "prune": "Cut heads, neurons, blocks and tokens out of a fine-tuned model, with recovery.",
    "sparsify": "Set single weights to zero, to compare with prune.",
    "qat": "Train a fine-tuned model on with the rounding that int8 brings.",
    "blend": "Draw a fine-tuned model part of the way back to the encoder it came from (--set origin=DIR).",
    "calibrate": "Move the biases of a fine-tuned model's heads to the balance of mistakes that is wanted.",
    "quantize": "Export a fine-tuned model to ONNX, and quantise it.",
}


def add_to(application: typer.Typer) -> None:
    """Add these commands."""
    application.command()(run)
    for name, does in _STAGES.items():
        _add_stage(application, name, does)
    application.command()(settings)
    application.command()(keygen)


def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe (YAML).")],
    data: DataFolder,
    work: Annotated[Path | None, typer.Option(help="Working directory. Default: work/<recipe's name>.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where a bundle goes. Default: beside WORK, <recipe's name>-bundle.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--signing-key", help="Ed25519 private key (PEM). Default: one made in WORK.")
    ] = None,
    redo: Annotated[
        list[str] | None, typer.Option(help="A finished stage to do again, and all that begin with it.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Run a recipe from its first unfinished stage to its end. Killed at any point, the same command goes on."""
    from toolchain.recipe import load_recipe
    from toolchain.run import Destination

    said = load_recipe(recipe)
    place = work or Path("work") / said.name
    destination = None
    if any(stage.do == "bundle" for stage in said.stages):
        private = signing_key(key or place / "signing-key.pem", may_create=key is None)
        destination = Destination(out or place.parent / f"{said.name}-bundle", private)
    _go(said, data, place, json_, begun_in=recipe.parent, destination=destination, redo=redo or [])


def settings(
    stage: Annotated[str, typer.Argument(help=f"{', '.join(_STAGES)} or bundle.")],
) -> None:
    """List the settings of a stage, with their defaults."""
    from rich.console import Console
    from rich.table import Table

    from toolchain.recipe import stage_settings

    table = Table("setting", "default", "meaning", title=f"{stage}: name=value for --set, or name: value in a recipe")
    for name, default, meaning in stage_settings(stage):
        table.add_row(name, default, meaning)
    Console().print(table)


def keygen(
    out: Annotated[Path, typer.Argument(help="Where to write the private key; .pub.pem goes beside it.")],
) -> None:
    """Make an Ed25519 key pair to sign bundles with."""
    if out.exists():
        raise ToolchainError(f"{out} exists; a signing key is never overwritten")
    signing_key(out, may_create=True)
    print(f"private key: {out}\npublic key:  {out.with_suffix('.pub.pem')} (set ATTUNE_TRUSTED_KEYS to it on devices)")


def _add_stage(application: typer.Typer, name: str, does: str) -> None:
    """Add the command of one stage: a recipe of that stage alone."""

    def command(
        recipe: RecipeFile, data: DataFolder, work: Work, start: Begin = "", changes: Changes = None,
        json_: AsJson = False,
    ) -> None:  # fmt: skip
        from toolchain.recipe import load_recipe, parse_recipe

        content = load_recipe(recipe).model_dump(mode="json", exclude_none=True)
        stage: dict[str, Any] = next((one for one in content["stages"] if one["do"] == name), {})
        if start:
            stage = {key: value for key, value in stage.items() if key not in ("model", "vocabulary")}
            stage["start"] = str(Path(start).resolve()) if Path(start).is_dir() else start
        stage = _merged(stage, {"do": name, "name": name, **parse_settings(changes or [])})
        _go(parse_recipe({**content, "stages": [stage]}, "the command line"), data, work, json_, begun_in=recipe.parent)

    command.__doc__ = (
        f"{does} As the recipe's first {name} stage says, where it has one, but for --start and --set. "
        f"All settings: attune-toolchain settings {name}."
    )
    application.command(name)(command)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """`one` with the values of `other` put over it, group by group."""
    groups = {
        key: _merged(one[key], value)
        for key, value in other.items()
        if isinstance(value, dict) and isinstance(one.get(key), dict)
    }
    return {**one, **other, **groups}


def _go(said: "Recipe", data: Path, work: Path, json_: bool, *, redo: list[str] | None = None, **options: Any) -> None:
    from toolchain.report import write_report
    from toolchain.run import Run
    from toolchain.training import is_main_process

    with progress_bars(shown=is_main_process()) as progress:
        running = Run(said, data, work, progress, **options)
        running.redo(redo or [])
        try:
            figures = running.go()
        finally:  # What was finished before a stage failed is told too.
            if is_main_process():
                write_report(work / "report.md", said, running.stages)
    if not is_main_process():
        return
    if json_:
        print(json.dumps(figures, ensure_ascii=False))
        return
    print(f"{work / 'report.md'}: what each stage did and measured")
    if running.destination is not None:
        print(f"{running.destination.out}: the bundle")
