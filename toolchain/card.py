"""The bundle's CARD.md: what it was trained on, how, and how good it is, out of the recipe and measured figures."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from transformers import PreTrainedModel

from toolchain.data import TrainingData
from toolchain.recipe import Recipe
from toolchain.sources import Measure, Source
from toolchain.structure import parameter_count

_WIDTH = 120
_PHONES = """## On phones

What the exports to Core ML and ONNX Runtime compute beside this bundle on a device, on 200 sentences that it was not
trained on. Core ML's models were run operator by operator in NumPy, not on a phone; `attune-toolchain parity` does it.

"""
_ARCHITECTURES = {"bert": "BERT", "mobilebert": "MobileBERT"}
_TEXT = """# Attune bundle {version}

A text model for personalisation on a device: a frozen {architecture} encoder ({parameters:,} parameters, {nodes} graph
nodes) under linear heads.

| task | decides | labels | trained on the device |
|---|---|---|---|
{tasks}

## Data

{data}

| source | licence | rows used | sha256 of the file |
|---|---|---|---|
{sources}

How labels were mapped:

{mappings}

Leakage: every text of a measuring set was removed from all of these before training, and duplicates between them too;
texts count as equal when they agree after NFKC, lower-casing and removal of everything but letters and digits.

## Training

{learnt_before}The recipe `{recipe}`, stage by stage; all its settings are in `manifest.json` under `provenance.recipe`.

| stage | does | what came out |
|---|---|---|
{stages}

## Quality

Measured on data that was not trained on, with the bundle's own encoder, one text at a time, beside the fp32 graph that
it was quantised from.

| measure | figure | fp32 | bundle |
|---|---|---|---|
{quality}

{measures}

{phones}## What it is bad at

{limits}
"""


def write_card(
    path: Path, encoder: PreTrainedModel, recipe: Recipe, examples: TrainingData, stages: Mapping[str, Any],
    measured: Mapping[str, Any], phones: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write the card of a bundle from its encoder, its recipe, its sources, the figures of its stages, and a table of
    how near its exports to `phones` are.
    """
    kind = str(encoder.config.model_type)
    text = _TEXT.format(
        version=recipe.version,
        architecture=recipe.architecture or _ARCHITECTURES.get(kind, kind),
        parameters=parameter_count(encoder),
        nodes=measured["graph"]["nodes"],
        tasks="\n".join(
            f"| {name} | {'a sentence' if task.kind == 'sentence' else 'spans'} | {', '.join(task.labels)} "
            f"| {'yes' if task.updatable else 'no'} |"
            for name, task in recipe.shipped_tasks.items()
        ),
        data=fill(_data(recipe, examples), _WIDTH, break_long_words=False, break_on_hyphens=False),
        sources="\n".join(
            f"| {row.name} | {row.licence} | {row.rows:,} | {row.sha256[:16]}… |" for row in examples.records
        ),
        mappings="\n".join(f"- {line}" for line in _mappings(recipe.sources)),
        learnt_before=f"Before this recipe: {recipe.learnt_before}\n\n" if recipe.learnt_before else "",
        recipe=recipe.name,
        stages="\n".join(f"| {one.name} | {one.do} | {_outcome(stages.get(one.name))} |" for one in recipe.stages),
        quality="\n".join(_quality(measured["fp32"], measured["measures"])),
        measures="\n".join(f"- {name}: {_told(measure)}" for name, measure in recipe.measures.items()),
        limits=recipe.limits,
        phones=_PHONES + "\n".join(phones) + "\n\n" if phones else "",
    )
    path.write_text(text, "utf-8")


def _data(recipe: Recipe, examples: TrainingData) -> str:
    """What the text is, as far as its sources say."""
    licences = ", ".join(sorted({row.licence for row in examples.records}))
    said = f"Text of {len(examples.records)} sources; their licences: {licences}. None of it is in the bundle"
    if not any(task.updatable for task in recipe.tasks.values()):
        return f"{said}."
    return (
        f"{said}, but some examples are there as encoder features (`replay.npz` of each updatable head: to rehearse "
        "on, and, never trained on, as the yardstick of forgetting)."
    )


def _mappings(sources: tuple[Source, ...]) -> Iterator[str]:
    for source in sources:
        if source.columns:
            yield f"{source.name}: labels as written, for {', '.join((*source.columns, source.task))}"
            continue
        by_label: dict[str, list[str]] = {}
        for theirs, ours in source.labels.items():
            by_label.setdefault(ours, []).append(theirs)
        rows = f"; rows {source.skip + 1} to {source.skip + source.most}" if source.most else ""
        yield (
            f"{source.name}, for {source.task}: "
            + "; ".join(f"{', '.join(theirs)} to {ours}" for ours, theirs in by_label.items())
            + rows
        )


def _outcome(figures: Mapping[str, Any] | None) -> str:
    """Its plain numbers; True and False are none."""
    if figures is None:
        return "this bundle"
    plain = {name: value for name, value in figures.items() if type(value) in (int, float)}
    return ", ".join(f"{name} {value:,}" for name, value in plain.items())


def _quality(fp32: Mapping[str, Any], lower: Mapping[str, Any]) -> Iterator[str]:
    for measured, figures in lower.items():
        for name, value in figures.items():
            yield f"| {measured} | {name} | {fp32[measured][name]:.4f} | {value:.4f} |"


def _told(measure: Measure) -> str:
    between = f", only the more probable of {' and '.join(measure.between)} counts" if measure.between else ""
    labels = "; ".join(f"{theirs} is {ours}" for theirs, ours in measure.source.labels.items())
    return f"{measure.task} on {measure.source.name}{between}{f' ({labels})' if labels else ''}"
