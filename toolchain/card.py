"""The bundle's CARD.md: what it was trained on, how good it is, what it is bad at. Written from measured figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolchain.data import EMOTIONS, LABELS, MOODS, SourceRecord

_TEXT = """# Attune bundle {version}

A Chinese sentiment model for personalisation on a device: a frozen MobileBERT encoder ({nodes} graph nodes, int8
weights) and an updatable linear head `sentiment` with the labels {labels}.

## Data

Public Chinese text; none of it is in the bundle, but {replay} examples are present as encoder features (`replay.npz`:
{rehearsed} to rehearse on, {yardstick} that were never trained on as the yardstick of forgetting).

| source | licence | rows used | sha256 of the file |
|---|---|---|---|
{sources}

Labels were mapped to three classes:

- reviews (chnsenticorp, online_shopping): positive to 正面, negative to 负面; reviews have no neutral class.
- cped_valid: negative, neutral, positive as they are; only its first 9,000 lines of dialogue.
- weibo_moods8, nlpcc2013_emotion: {emotions}; surprise is left out.
- ewect_virus: {moods}; surprise is left out.

Leakage: every text of chnsenticorp_dev and ewect_usual_eval was removed from all of these before training, and
duplicates between them too; texts count as equal when they agree after NFKC, lower-casing and removal of everything but
letters and digits. The encoder's pretraining (masked language model) did see some sentences of chnsenticorp_dev,
through online_shopping, without labels.

## Training

All weights fine-tuned for {epochs} epochs on {examples} sentences of at most {max_length} tokens: AdamW, peak learning
rate {peak}, batches of {batch_size}, label smoothing {label_smoothing}, seed {seed}; the shipped
weights are the moving average of the last steps' (decay {averaging}). Then export to ONNX (greatest
difference of a feature from the PyTorch model: {difference:.1e}) and dynamic int8 quantisation of the weights, per
channel.

## Quality

Measured on data that was not trained on. Both sets were looked at while the recipe was made (epochs, averaging, rows
of reviews, settings of an update), so expect a little less of other text.

chnsenticorp_dev: two classes, the more probable of 正面 and 负面.
ewect_usual_eval: happy is 正面, neutral is 中性, angry, sad and fear are 负面, surprise is left out.

| model | chnsenticorp_dev accuracy | ewect_usual_eval macro-F1 | ewect_usual_eval accuracy |
|---|---|---|---|
{quality}

## What it is bad at

Irony and sarcasm; texts of more than {max_length} tokens, of which it reads the beginning only; traditional characters
and dialect; news and other text that is neither a review nor everyday talk. Neutral is learnt from microblogs and
dialogue: plain statements and questions (我在图书馆看书, 明天几点开会) are often given a feeling.
It gives opinions no names: 正面 or 负面 is all it says. It must not be used to judge people.
"""


def write_card(
    path: Path, version: str, recipe: Mapping[str, Any], sources: Sequence[SourceRecord], figures: Mapping[str, Any]
) -> None:
    """Write the card of a bundle from its recipe, its sources and the figures of its stages."""
    rows = [f"| {row.name} | {row.licence} | {row.rows:,} | {row.sha256[:16]}… |" for row in sources]
    quality = [
        f"| {name} | {row['reviews_accuracy']:.4f} | {row['everyday_macro_f1']:.4f} | {row['everyday_accuracy']:.4f} |"
        for name, row in figures["evaluate"].items()
    ]
    text = _TEXT.format(
        version=version,
        nodes=figures["quantize"]["nodes"],
        labels=", ".join(LABELS),
        replay=figures["replay"]["rehearsed"] + figures["replay"]["yardstick"],
        rehearsed=figures["replay"]["rehearsed"],
        yardstick=figures["replay"]["yardstick"],
        sources="\n".join(rows),
        emotions=_mapping(EMOTIONS),
        moods=_mapping(MOODS),
        examples=f"{figures['finetune']['examples']:,}",
        difference=figures["export"]["greatest_difference"],
        quality="\n".join(quality),
        **recipe["finetune"],
    )
    path.write_text(text, "utf-8")


def _mapping(mapping: Mapping[str, int]) -> str:
    names = {index: [name for name, label in mapping.items() if label == index] for index in range(len(LABELS))}
    return "; ".join(f"{', '.join(found)} to {LABELS[index]}" for index, found in names.items())
