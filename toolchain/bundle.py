"""From a checkpoint and a data folder to a signed bundle, in stages that are each done once.

A working directory keeps what every stage made and `stages.json` what it measured; a run that was cut short goes on
after the last finished stage (fine-tuning: after its last save).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from model_store.manifest import ENCODER
from toolchain.assemble import Base, assemble, check_out
from toolchain.data import LABELS, TrainingData, file_hashes, training_data
from toolchain.errors import ExportError
from toolchain.evaluate import graph_predictor, measure
from toolchain.export import export_encoder
from toolchain.finetune import finetune
from toolchain.heads import write_artifacts
from toolchain.model import Classifier, checkpoint_hashes, load_encoder, load_tokenizer, longest_input
from toolchain.quantize import quantize_encoder
from toolchain.recipe import BundleRecipe
from toolchain.replay import BundledEncoder, ReplayRecipe, balanced, write_replay
from toolchain.stages import Stages

FP32_ENCODER = "encoder-fp32.onnx"

Progress = Callable[[str, int, int, str], None]


def make_bundle(
    checkpoint: str, data: Path, work: Path, out: Path, key: Ed25519PrivateKey, recipe: BundleRecipe, progress: Progress
) -> dict[str, Any]:
    """Make the bundle in `out` and return the figures of every stage. `out` is replaced only when all is done.

    Raises:
        ToolchainError: see `toolchain.errors`; finished stages stay.
    """
    check_out(out, work, data)
    examples = training_data(data, recipe.finetune.seed, held_out=_held_out_count(recipe.replay))
    # What no stage depends on, the version and the update defaults, may change between runs.
    inputs = {"finetune": asdict(recipe.finetune), "replay": asdict(recipe.replay)}
    stages = Stages(work, {**inputs, "checkpoint": checkpoint_hashes(checkpoint), "data": file_hashes(data)})
    model = _finetuned(checkpoint, examples, work, recipe, stages, progress)
    weight, bias = (value.detach().numpy().copy() for value in (model.head.weight, model.head.bias))
    max_length = longest_input(model.encoder.config, recipe.finetune.max_length)
    tokenizer = load_tokenizer(checkpoint, max_length)

    def encoder_fp32() -> dict[str, Any]:
        return {"greatest_difference": export_encoder(model, work / FP32_ENCODER)}

    def encoder_int8() -> dict[str, Any]:
        vocabulary = model.encoder.config.vocab_size
        return {"nodes": quantize_encoder(work / FP32_ENCODER, work / ENCODER, vocabulary, max_length)}

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
    _check_loss(stages.figures["evaluate"], recipe.most_lost)
    tokenizer.no_truncation()
    base = Base(tokenizer, model.encoder.config, max_length)
    assemble(work, out, key, recipe, base, examples.records, stages.figures)
    return {**stages.figures, "bytes": sum(path.stat().st_size for path in out.rglob("*") if path.is_file())}


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


def _held_out_count(recipe: ReplayRecipe) -> int:
    # Half as many again as the yardstick: it is balanced, so some labels run out before others.
    return recipe.yardstick * 3 // 2


def _check_loss(figures: Mapping[str, Mapping[str, float]], most: float) -> None:
    lost = {name: value - figures["int8"][name] for name, value in figures["fp32"].items()}
    worst = max(lost, key=lambda name: lost[name])
    if lost[worst] > most + 1e-9:
        raise ExportError(f"int8 loses {lost[worst]:.4f} of {worst} against fp32; at most {most} may be lost")
