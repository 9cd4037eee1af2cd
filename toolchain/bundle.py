"""From a checkpoint and a data folder to a signed bundle, in stages that are each done once.

A working directory keeps what every stage made and `stages.json` what it measured; a run that was cut short goes on
after the last finished stage (fine-tuning: after its last save).
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tokenizers import Tokenizer
from transformers import MobileBertConfig

from model_store.bundle import MANIFEST, Bundle, render
from model_store.manifest import CARD, ENCODER, HEAD_FILES, SCHEMA, TOKENIZER, base_id, head_file
from model_store.signing import key_id, sign
from toolchain.card import write_card
from toolchain.data import LABELS, TrainingData, training_data
from toolchain.errors import ToolchainError, WorkError
from toolchain.evaluate import Predict, Quality, graph_predictor, measure
from toolchain.export import export_encoder
from toolchain.finetune import FinetuneRecipe, finetune
from toolchain.heads import write_artifacts
from toolchain.model import Classifier, load_encoder, load_tokenizer, longest_input
from toolchain.quantize import quantize_encoder
from toolchain.replay import Array, BundledEncoder, ReplayRecipe, balanced, write_replay

TASK = "sentiment"
MAX_BUNDLE_BYTES = 12_000_000
FP32_ENCODER = "encoder-fp32.onnx"

Progress = Callable[[str, int, int, str], None]


@dataclass(frozen=True)
class UpdateDefaults:
    """What a device may train the head with, unless asked otherwise; see `model_store.manifest.ParameterBounds`."""

    epochs: int = 60
    mini_batch_size: int = 32
    learning_rate: float = 0.01
    user_weight: float = 0.1


@dataclass(frozen=True)
class BundleRecipe:
    """Everything that decides what a bundle holds, besides the checkpoint and the data."""

    version: str = "1.0.0"
    finetune: FinetuneRecipe = field(default_factory=FinetuneRecipe)
    replay: ReplayRecipe = field(default_factory=ReplayRecipe)
    updates: UpdateDefaults = field(default_factory=UpdateDefaults)


def make_bundle(
    checkpoint: str, data: Path, work: Path, out: Path, key: Ed25519PrivateKey, recipe: BundleRecipe, progress: Progress
) -> dict[str, Any]:
    """Make the bundle in `out` and return the figures of every stage. `out` is replaced only when all is done.

    Raises:
        ToolchainError: see `toolchain.errors`; finished stages stay.
    """
    work.mkdir(parents=True, exist_ok=True)
    examples = training_data(data, recipe.finetune.seed, held_out=_held_out_count(recipe.replay))
    # What no stage depends on, the version and the update defaults, may change between runs.
    inputs = {"checkpoint": checkpoint, "finetune": asdict(recipe.finetune), "replay": asdict(recipe.replay)}
    stages = Stages(work, {**inputs, "data": _hashes(examples)})
    model = _finetuned(checkpoint, examples, work, recipe, stages, progress)
    weight, bias = (value.detach().numpy().copy() for value in (model.head.weight, model.head.bias))
    max_length = longest_input(model.encoder.config, recipe.finetune.max_length)
    tokenizer = load_tokenizer(checkpoint, max_length)

    def encoder_fp32() -> dict[str, Any]:
        return {"greatest_difference": export_encoder(model, work / FP32_ENCODER)}

    def encoder_int8() -> dict[str, Any]:
        return {"nodes": quantize_encoder(work / FP32_ENCODER, work / ENCODER)}

    def head() -> dict[str, Any]:
        write_artifacts(model.head, work / "head")
        return {}

    def replay() -> dict[str, Any]:
        encoder = BundledEncoder(work / ENCODER, tokenizer)
        rehearsed = balanced(examples.train, recipe.replay.rehearsed, recipe.finetune.seed)
        yardstick = balanced(examples.held_out, recipe.replay.yardstick, recipe.finetune.seed)
        write_replay(
            work / "head" / "replay.npz", encoder, (weight, bias), rehearsed, yardstick,
            lambda done, total, note: progress("replay", done, total, note),
        )  # fmt: skip
        return {"rehearsed": len(rehearsed), "yardstick": len(yardstick)}

    def quality() -> dict[str, Any]:
        return {
            name: asdict(measure(graph_predictor(work / graph, tokenizer, (weight, bias)), data))
            for name, graph in (("fp32", FP32_ENCODER), ("int8", ENCODER))
        }

    for name, stage in (
        ("export", encoder_fp32), ("quantize", encoder_int8), ("head", head), ("replay", replay), ("evaluate", quality),
    ):  # fmt: skip
        progress(name, 0, 1, "")
        stages.once(name, stage)
        progress(name, 1, 1, "done")
    _assemble(work, out, key, recipe, model, tokenizer, max_length, examples, stages.figures)
    return {**stages.figures, "bytes": _size(out)}


class Stages:
    """The finished stages of a working directory, and what each measured."""

    def __init__(self, work: Path, inputs: Mapping[str, Any]) -> None:
        self._path = work / "stages.json"
        self._inputs = json.loads(json.dumps(inputs))
        self.figures: dict[str, Any] = {}
        if self._path.exists():
            content = json.loads(self._path.read_text("utf-8"))
            if content["inputs"] != self._inputs:
                raise WorkError(f"{work} was begun with another checkpoint, recipe or data: choose another directory")
            self.figures = content["figures"]
        else:
            self._save()

    def once(self, name: str, stage: Callable[[], dict[str, Any]]) -> None:
        """Run a stage unless it has been finished before."""
        if name not in self.figures:
            self.figures[name] = stage()
            self._save()

    def _save(self) -> None:
        temporary = self._path.with_suffix(".tmp")
        content = {"inputs": self._inputs, "figures": self.figures}
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")
        temporary.replace(self._path)


def measure_bundle(bundle: Bundle, data: Path) -> Quality:
    """The quality of a bundle's encoder and initial head on the measuring sets."""
    return measure(bundle_predictor(bundle), data)


def bundle_predictor(bundle: Bundle) -> Predict:
    """Answers of a bundle's version 0."""
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    return graph_predictor(bundle.path(ENCODER), tokenizer, bundled_head(bundle))


def bundled_head(bundle: Bundle) -> tuple[Array, Array]:
    """Weight [C, D] and bias [C] of the head that a bundle ships."""
    from onnxruntime.training.api import CheckpointState  # imports torch again: only where it is needed

    state = CheckpointState.load_checkpoint(str(bundle.path(head_file(TASK, "checkpoint"))))
    return state.parameters["head.weight"].data, state.parameters["head.bias"].data.reshape(-1)


def _finetuned(
    checkpoint: str, examples: TrainingData, work: Path, recipe: BundleRecipe, stages: Stages, progress: Progress
) -> Classifier:
    path = work / "finetuned.pt"

    def stage() -> dict[str, Any]:
        model = finetune(
            checkpoint, examples.train, recipe.finetune, work,
            lambda done, total, note: progress("finetune", done, total, note),
        )  # fmt: skip
        torch.save(model.state_dict(), path)
        return {"examples": len(examples.train), "held_out": len(examples.held_out)}

    stages.once("finetune", stage)
    model = Classifier(load_encoder(checkpoint), len(LABELS))
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def _assemble(
    work: Path, out: Path, key: Ed25519PrivateKey, recipe: BundleRecipe, model: Classifier, tokenizer: Tokenizer,
    max_length: int, examples: TrainingData, figures: Mapping[str, Any],
) -> None:  # fmt: skip
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        (fresh / "heads" / TASK).mkdir(parents=True)
        shutil.copyfile(work / ENCODER, fresh / ENCODER)
        tokenizer.no_truncation()
        tokenizer.save(str(fresh / TOKENIZER), pretty=False)
        for name in HEAD_FILES:
            shutil.copyfile(work / "head" / name, fresh / head_file(TASK, name))
        write_card(fresh / CARD, recipe.version, asdict(recipe), examples.records, figures)
        manifest = _manifest(fresh, recipe, model.encoder.config, max_length, examples, figures)
        manifest["signature"] = sign(manifest, key)
        (fresh / MANIFEST).write_bytes(render(manifest))
        Bundle.open(fresh, {key_id(key.public_key()): key.public_key()})
    except OSError as error:
        raise WorkError(f"the bundle can't be written: {error}; all stages are kept") from error
    size = _size(fresh)
    if size > MAX_BUNDLE_BYTES:
        raise ToolchainError(f"the bundle has {size} bytes, at most {MAX_BUNDLE_BYTES} are allowed; see {fresh}")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def _manifest(
    folder: Path, recipe: BundleRecipe, config: MobileBertConfig, max_length: int, examples: TrainingData,
    figures: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
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
        "feature_width": config.hidden_size,
        "max_length": max_length,
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
            "encoder": config.to_diff_dict(),
            "data": [asdict(record) for record in examples.records],
            "metrics": dict(figures),
        },
    }


def _held_out_count(recipe: ReplayRecipe) -> int:
    # Half as many again as the yardstick: it is balanced, so some labels run out before others.
    return recipe.yardstick * 3 // 2


def _hashes(examples: TrainingData) -> dict[str, str]:
    return {record.name: record.sha256 for record in examples.records}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
