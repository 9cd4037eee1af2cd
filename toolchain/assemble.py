"""The last step of a bundle: its files, card and signed manifest, put in place of what was there before."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tokenizers import Tokenizer

from model_store.bundle import MANIFEST, Bundle, render
from model_store.manifest import CARD, CHECKPOINT, ENCODER, SCHEMA, TOKENIZER, base_id, head_file
from model_store.signing import key_id, sign
from toolchain.card import write_card
from toolchain.data import TrainingData
from toolchain.errors import DataError, WorkError
from toolchain.evaluate import EncoderGraph, Figures, model_heads
from toolchain.heads import write_artifacts
from toolchain.model import MultiTaskModel
from toolchain.recipe import Recipe, UpdateDefaults
from toolchain.replay import ReplaySettings, balanced, write_replay


@dataclass(frozen=True)
class Base:
    """The model that a bundle is made of, its tokenizer, and its quantised encoder."""

    model: MultiTaskModel
    tokenizer: Tokenizer
    graph: Path

    @property
    def max_length(self) -> int:
        """The most tokens that a text may have."""
        return int(self.model.encoder.config.max_position_embeddings)


def check_out(out: Path, work: Path, data: Path) -> None:
    """Refuse an `out` whose replacement would destroy anything but an older bundle.

    Raises:
        WorkError: it holds something else, or is, holds or lies in the working directory or the data.
    """
    target = out.resolve()
    for other in (work.resolve(), data.resolve()):
        if target == other or target in other.parents or other in target.parents:
            raise WorkError(f"{out} and {other} overlap: choose a folder of its own for the bundle")
    if out.is_dir() and any(out.iterdir()) and not is_bundle(out):
        raise WorkError(f"{out} holds something that is no bundle; it would be replaced: choose another folder")
    if out.exists() and not out.is_dir():
        raise WorkError(f"{out} is a file: choose a folder for the bundle")


def is_bundle(out: Path) -> bool:
    """Does a bundle lie at `out`?"""
    return (out / MANIFEST).is_file()


def assemble(
    base: Base, recipe: Recipe, examples: TrainingData, stages: Mapping[str, Any], quantized: str,
    out: Path, key: Ed25519PrivateKey, report: Callable[[int, int, str], None],
    phones: Callable[[Bundle], Sequence[str]] = lambda _: (),
) -> int:  # fmt: skip
    """Make the signed bundle, open it as a device would, put it at `out`, and return its size in bytes.

    `stages` are the figures of all stages, among them those of `quantized`, which the graph is of; `phones` makes
    lines for the card out of the finished bundle.

    Raises:
        WorkError: no room. DataError: too few examples to rehearse on. BundleError: the bundle does not open.
    """
    fresh, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        shutil.copyfile(base.graph, fresh / ENCODER)
        base.tokenizer.no_truncation()
        base.tokenizer.save(str(fresh / TOKENIZER), pretty=False)
        base.tokenizer.enable_truncation(base.max_length)
        _write_heads(fresh, base, recipe, examples, report)

        def finish(lines: Sequence[str]) -> Bundle:
            write_card(fresh / CARD, base.model.encoder, recipe, examples, stages, stages[quantized], lines)
            (fresh / MANIFEST).unlink(missing_ok=True)
            manifest = _manifest(fresh, base, recipe, examples, stages, quantized)
            manifest["signature"] = sign(manifest, key)
            (fresh / MANIFEST).write_bytes(render(manifest))
            return Bundle.open(fresh, {key_id(key.public_key()): key.public_key()})

        lines = phones(finish(()))
        if lines:
            finish(lines)
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        fresh.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise WorkError(f"the bundle can't be written: {error}; all stages are kept") from error
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _write_heads(
    folder: Path, base: Base, recipe: Recipe, examples: TrainingData, report: Callable[[int, int, str], None]
) -> None:
    encoder = EncoderGraph(base.graph, base.tokenizer)
    heads = model_heads(base.model)
    for name, task in base.model.tasks.items():
        place = (folder / head_file(name, CHECKPOINT)).parent
        write_artifacts(base.model.head(name), place)
        if not task.updatable:
            for path in place.iterdir():
                if path.name != CHECKPOINT:
                    path.unlink()
            continue
        replay = recipe.replay.get(name, ReplaySettings())
        rehearsed = balanced(examples.train, name, replay.rehearsed, recipe.seed)
        yardstick = balanced(examples.held_out.get(name, ()), name, replay.yardstick, recipe.seed)
        if not rehearsed or not yardstick:
            raise DataError(f"{name} is updatable, and there are no examples held out for its yardstick (held_out)")
        write_replay(place / "replay.npz", encoder, name, heads[name], rehearsed, yardstick, report)


def _manifest(
    folder: Path, base: Base, recipe: Recipe, examples: TrainingData, stages: Mapping[str, Any], quantized: str
) -> dict[str, Any]:
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            files[path.relative_to(folder).as_posix()] = {
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
    return {
        "schema": SCHEMA,
        "bundle_version": recipe.version,
        "base_id": base_id(files[ENCODER]["sha256"], files[TOKENIZER]["sha256"]),
        "feature_width": base.model.encoder.config.hidden_size,
        "max_length": base.max_length,
        "tasks": {name: _task(name, base, recipe, stages[quantized]["measures"]) for name in base.model.tasks},
        "files": files,
        "provenance": {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "recipe": recipe.model_dump(mode="json"),
            "encoder": base.model.encoder.config.to_diff_dict(),
            "data": [asdict(record) for record in examples.records],
            "metrics": dict(stages),
            "quantized": quantized,
        },
    }


def _task(name: str, base: Base, recipe: Recipe, measures: Mapping[str, Figures]) -> dict[str, Any]:
    task = base.model.tasks[name]
    of_task = {measured: figures for measured, figures in measures.items() if recipe.measures[measured].task == name}
    said = {
        "kind": task.kind,
        "labels": list(task.outputs),
        "updatable": task.updatable,
        "metrics": {f"{m}_{figure}": value for m, figures in of_task.items() for figure, value in figures.items()},
    }
    if not task.updatable:
        return said
    updates = recipe.updates.get(name, UpdateDefaults())
    return said | {
        "parameters": {
            "epochs": {"default": updates.epochs, "minimum": 1, "maximum": 5_000},
            "mini_batch_size": {"default": updates.mini_batch_size, "minimum": 1, "maximum": 64},
            "learning_rate": {"default": updates.learning_rate, "minimum": 1e-5, "maximum": 0.1},
            "seed": {"default": 0, "minimum": 0, "maximum": 2**31 - 1},
            "shuffle": {"default": True},
        },
        "user_weight": updates.user_weight,
    }
