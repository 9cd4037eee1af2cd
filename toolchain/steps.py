"""What each kind of stage does, given the run that it is part of: its files, and its figures."""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from model_store.bundle import MANIFEST, Bundle
from model_store.manifest import ENCODER
from toolchain.assemble import Base, assemble
from toolchain.blend import blend
from toolchain.calibrate import calibrate
from toolchain.checkpoint import load_encoder, save_checkpoint
from toolchain.corpus import chosen_texts
from toolchain.data import file_hash, same_text_key
from toolchain.distill import distill
from toolchain.errors import ExportError, RecipeError
from toolchain.evaluate import EncoderGraph, Figures, graph_answerer, measure, model_heads
from toolchain.export import FP32_ENCODER, export_encoder
from toolchain.finetune import finetune
from toolchain.finite import check_finite
from toolchain.model import LONGEST
from toolchain.pretrain import pretrain
from toolchain.prune import prune
from toolchain.qat import prepare, strip
from toolchain.quantize import quantize_encoder
from toolchain.recipe import (
    BlendStage,
    BundleStage,
    CalibrateStage,
    DistillStage,
    FinetuneStage,
    PretrainStage,
    PruneStage,
    QatStage,
    QuantizeStage,
    SparsifyStage,
    VocabularyStage,
)
from toolchain.sources import read_source
from toolchain.sparsify import settle, sparsify
from toolchain.stages import Outcome
from toolchain.structure import parameter_count
from toolchain.tokenizer import framed, load_tokenizer
from toolchain.training import is_main_process
from toolchain.vocabulary import learn_vocabulary

if TYPE_CHECKING:
    from toolchain.run import Run

CHECKED_ROWS = 64
_TAKEN = "_taken_for_"  # in the name of a rate of mistakes: the less, the better
# What several processes do together; of all else the main process alone.
TRAINING = ("pretrain", "finetune", "distill", "prune", "sparsify", "qat")


def _vocabulary(run: "Run", stage: VocabularyStage) -> Outcome:
    generator = random.Random(run.recipe.seed)
    texts = (
        passage for source in run.plain_text(stage)
        for document in chosen_texts(run.data, source, generator) for passage in document
    )  # fmt: skip
    tokenizer = learn_vocabulary(texts, stage)
    folder = run.folder(stage.name) / "model"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return {"tokens": tokenizer.get_vocab_size()}


def _pretrain(run: "Run", stage: PretrainStage) -> Outcome:
    measured = {
        same_text_key(example.text) for m in run.recipe.measures.values()
        for example in read_source(run.data, m.source, run.recipe.tasks)
    }  # fmt: skip
    start = run.place(stage.start) if stage.start else None
    tokenizer = framed(load_tokenizer(start or run.place(stage.vocabulary or ""), stage.positions))
    encoder = pretrain(start, stage.model, tokenizer, run.data, measured, stage, run.folder(stage.name), run.report)
    if is_main_process():
        save_checkpoint(run.folder(stage.name) / "model", encoder, tokenizer)
    return {"parameters": parameter_count(encoder), "steps": stage.steps}


def _finetune(run: "Run", stage: FinetuneStage) -> Outcome:
    model, tokenizer = run.beginning(stage)
    model = finetune(model, tokenizer, run.examples.train, stage, run.folder(stage.name), run.report)
    return {"examples": len(run.examples.train), **run.finish(stage.name, model, tokenizer)}


def _distill(run: "Run", stage: DistillStage) -> Outcome:
    model, tokenizer = run.beginning(stage)
    teacher, theirs = run.model(stage.teacher, stage.max_length)
    model = distill(model, teacher, (tokenizer, theirs), run.examples.train, stage, run.folder(stage.name), run.report)
    return {"examples": len(run.examples.train), **run.finish(stage.name, model, tokenizer)}


def _prune(run: "Run", stage: PruneStage) -> Outcome:
    model, tokenizer = run.model(stage.start, stage.max_length)
    done = prune(model, tokenizer, run.examples.train, run.held_out, stage, run.folder(stage.name), run.report)
    rounds = [asdict(entry) for entry in done.rounds]
    figures = run.finish(stage.name, done.model, done.tokenizer)
    return {"before": done.before, "rounds": rounds, "reached": done.reached, **figures}


def _sparsify(run: "Run", stage: SparsifyStage) -> Outcome:
    model, tokenizer = run.model(stage.start, stage.max_length)
    sparsify(model, stage.sparsity)
    model = finetune(model, tokenizer, run.examples.train, stage, run.folder(stage.name), run.report)
    zeros = settle(model)
    return {"zeros": zeros, **run.finish(stage.name, model, tokenizer)}


def _qat(run: "Run", stage: QatStage) -> Outcome:
    model, tokenizer = run.model(stage.start, stage.max_length)
    teacher, theirs = run.model(stage.start, stage.max_length)
    prepare(model)
    model = distill(model, teacher, (tokenizer, theirs), run.examples.train, stage, run.folder(stage.name), run.report)
    strip(model)
    return run.finish(stage.name, model, tokenizer)


def _blend(run: "Run", stage: BlendStage) -> Outcome:
    model, tokenizer = run.model(stage.start)
    origin = run.place(stage.origin)
    if load_tokenizer(origin, LONGEST).get_vocab() != tokenizer.get_vocab():
        raise RecipeError(f"{stage.origin} has another vocabulary than {stage.start}, which was not fine-tuned from it")
    blend(model, load_encoder(origin), stage.share)
    return run.finish(stage.name, model, tokenizer)


def _calibrate(run: "Run", stage: CalibrateStage) -> Outcome:
    model, tokenizer = run.shipped(stage.start)
    moved = calibrate(model, tokenizer, run.held_out, stage)
    return {"moved": moved, **run.finish(stage.name, model, tokenizer)}


def _quantize(run: "Run", stage: QuantizeStage) -> Outcome:
    model, tokenizer = run.shipped(stage.start, stage.max_length or LONGEST)
    folder = run.folder(stage.name)
    folder.mkdir(parents=True, exist_ok=True)
    difference = export_encoder(model, folder / FP32_ENCODER)
    vocabulary, longest = model.encoder.config.vocab_size, model.encoder.config.max_position_embeddings
    rows = run.rows(tokenizer, stage.texts)
    made = quantize_encoder(folder / FP32_ENCODER, folder / ENCODER, stage, rows, vocabulary, longest)
    figures: Outcome = {"export_difference": difference, "graph": asdict(made)}
    for name, graph in (("fp32", FP32_ENCODER), ("measures", ENCODER)):
        run.report(0, 1, f"measuring {graph}")
        answerer = graph_answerer(EncoderGraph(folder / graph, tokenizer), model_heads(model), model.tasks)
        figures[name] = measure(answerer, run.data, model.tasks, run.recipe.measures)
    figures["finite"] = asdict(check_finite(folder / ENCODER, rows[:CHECKED_ROWS]))
    check_loss(figures["fp32"], figures["measures"], stage.most_lost)
    return figures


def _bundle(run: "Run", stage: BundleStage) -> Outcome:
    quantized = run.stages.finished[stage.start]
    if run.destination is None or quantized.start is None:
        raise RecipeError(f"the stage {stage.name} needs a quantised stage, and a place to go to")
    model, tokenizer = run.shipped(quantized.start)
    base = Base(model, tokenizer, run.folder(stage.start) / ENCODER)
    figures = {name: entry.figures for name, entry in run.stages.finished.items()}
    size = assemble(
        base, run.recipe, run.examples, figures, stage.start, run.destination.out, run.destination.key,
        run.report, (lambda made: _phones(run, made)) if stage.phones else (lambda _: ()),
    )  # fmt: skip
    return {"bytes": size, "manifest": file_hash(run.destination.out / MANIFEST)}


def _phones(run: "Run", made: Bundle) -> tuple[str, ...]:
    from toolchain.phone_model import of_bundle  # Core ML's library takes seconds to load
    from toolchain.phone_parity import parity_table, phone_parity

    return tuple(parity_table(phone_parity(of_bundle(made), (), lambda doing: run.report(0, 1, doing))))


def check_loss(fp32: Mapping[str, Figures], lower: Mapping[str, Figures], most: float) -> None:
    """Refuse a graph of lower precision that loses more than `most` of any accuracy, recall or F1, or takes one label
    for another more often by that much.

    Raises:
        ExportError: naming the figure.
    """
    lost = {
        (measured, name): (lower[measured][name] - value) * (1 if _TAKEN in name else -1)
        for measured, figures in fp32.items() for name, value in figures.items()
    }  # fmt: skip
    worst = max(lost, key=lambda key: lost[key], default=None)
    if worst is not None and lost[worst] > most + 1e-9:
        figure = " ".join(worst)
        does = f"adds {lost[worst]:.4f} to" if _TAKEN in figure else f"loses {lost[worst]:.4f} of"
        raise ExportError(f"the quantised graph {does} {figure} against fp32; at most {most} may be lost")


DO: dict[type, Callable[["Run", Any], Outcome]] = {
    VocabularyStage: _vocabulary,
    PretrainStage: _pretrain,
    FinetuneStage: _finetune,
    DistillStage: _distill,
    PruneStage: _prune,
    SparsifyStage: _sparsify,
    QatStage: _qat,
    BlendStage: _blend,
    CalibrateStage: _calibrate,
    QuantizeStage: _quantize,
    BundleStage: _bundle,
}
