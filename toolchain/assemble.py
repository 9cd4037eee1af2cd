"""The last step of a bundle: its files, card and signed manifest, put in place of what was there before."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tokenizers import Tokenizer
from transformers import MobileBertConfig

from model_store.bundle import MANIFEST, Bundle, render
from model_store.manifest import CARD, ENCODER, HEAD_FILES, SCHEMA, TOKENIZER, base_id, head_file
from model_store.signing import key_id, sign
from toolchain.card import write_card
from toolchain.data import LABELS, SourceRecord
from toolchain.errors import WorkError
from toolchain.recipe import TASK, BundleRecipe


@dataclass(frozen=True)
class Base:
    """What a manifest tells of the encoder; `max_length` is in tokens."""

    tokenizer: Tokenizer
    config: MobileBertConfig
    max_length: int


def check_out(out: Path, work: Path, data: Path) -> None:
    """Refuse an `out` whose replacement would destroy anything but an older bundle.

    Raises:
        WorkError: it holds something else, or is, holds or lies in the working directory or the data.
    """
    target = out.resolve()
    for other in (work.resolve(), data.resolve()):
        if target == other or target in other.parents or other in target.parents:
            raise WorkError(f"{out} and {other} overlap: choose a folder of its own for the bundle")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise WorkError(f"{out} holds something that is no bundle; it would be replaced: choose another folder")
    if out.exists() and not out.is_dir():
        raise WorkError(f"{out} is a file: choose a folder for the bundle")


def assemble(
    work: Path, out: Path, key: Ed25519PrivateKey, recipe: BundleRecipe, base: Base, sources: Sequence[SourceRecord],
    figures: Mapping[str, Any],
) -> None:  # fmt: skip
    """Make the signed bundle out of the stages' files in `work`, open it as a device would, and put it at `out`.

    Raises:
        WorkError: no room. BundleError: the bundle does not open.
    """
    fresh, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "heads" / TASK).mkdir(parents=True)
        shutil.copyfile(work / ENCODER, fresh / ENCODER)
        base.tokenizer.save(str(fresh / TOKENIZER), pretty=False)
        for name in HEAD_FILES:
            shutil.copyfile(work / "head" / name, fresh / head_file(TASK, name))
        write_card(fresh / CARD, recipe.version, asdict(recipe), sources, figures)
        manifest = _manifest(fresh, recipe, base, sources, figures)
        manifest["signature"] = sign(manifest, key)
        (fresh / MANIFEST).write_bytes(render(manifest))
        Bundle.open(fresh, {key_id(key.public_key()): key.public_key()})
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        fresh.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise WorkError(f"the bundle can't be written: {error}; all stages are kept") from error


def _manifest(
    folder: Path, recipe: BundleRecipe, base: Base, sources: Sequence[SourceRecord], figures: Mapping[str, Any]
) -> dict[str, Any]:
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            files[path.relative_to(folder).as_posix()] = {
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
    updates = recipe.updates
    return {
        "schema": SCHEMA,
        "bundle_version": recipe.version,
        "base_id": base_id(files[ENCODER]["sha256"], files[TOKENIZER]["sha256"]),
        "feature_width": base.config.hidden_size,
        "max_length": base.max_length,
        "tasks": {
            TASK: {
                "kind": "sentence",
                "labels": list(LABELS),
                "updatable": True,
                "parameters": {
                    "epochs": {"default": updates.epochs, "minimum": 1, "maximum": 5_000},
                    "mini_batch_size": {"default": updates.mini_batch_size, "minimum": 1, "maximum": 64},
                    "learning_rate": {"default": updates.learning_rate, "minimum": 1e-5, "maximum": 0.1},
                    "seed": {"default": 0, "minimum": 0, "maximum": 2**31 - 1},
                    "shuffle": {"default": True},
                },
                "user_weight": updates.user_weight,
                "metrics": figures["evaluate"]["int8"],
            }
        },
        "files": files,
        "provenance": {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "recipe": asdict(recipe),
            "encoder": base.config.to_diff_dict(),
            "data": [asdict(record) for record in sources],
            "metrics": dict(figures),
        },
    }
