"""The replay set: public examples as the device sees them, to rehearse on and to measure forgetting with."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from model_store.head import HeadParameters
from toolchain.evaluate import EncoderGraph
from toolchain.examples import Example
from toolchain.settings import Settings


class ReplaySettings(Settings):
    """How many examples to rehearse on, and how many make the yardstick. The yardstick was never trained on."""

    rehearsed: int = Field(default=2_000, ge=1)
    yardstick: int = Field(default=1_000, ge=1)


def balanced(examples: Sequence[Example], task: str, count: int, seed: int) -> list[Example]:
    """`count` examples (or all), taken in turn from each label so that none is crowded out; the order is shuffled."""
    generator = np.random.default_rng(seed)
    by_label: dict[int, list[Example]] = {}
    once = {id(example): example for example in examples}.values()  # Training may see one several times an epoch.
    known = [example for example in once if task in example.labels]
    for index in generator.permutation(len(known)):
        by_label.setdefault(known[index].labels[task], []).append(known[index])
    chosen: list[Example] = []
    while len(chosen) < count and any(by_label.values()):
        for label in sorted(by_label):
            if by_label[label] and len(chosen) < count:
                chosen.append(by_label[label].pop())
    return [chosen[index] for index in generator.permutation(len(chosen))]


def write_replay(
    path: Path, encoder: EncoderGraph, task: str, head: HeadParameters, rehearsed: Sequence[Example],
    yardstick: Sequence[Example], report: Callable[[int, int, str], None],
) -> None:  # fmt: skip
    """Write replay.npz: features (float16 where they fit), what the head says of these very values, true labels, and
    the mask of the yardstick.
    """
    examples = [*rehearsed, *yardstick]
    rows = []
    for index, example in enumerate(examples, start=1):
        rows.append(encoder.features(example.text)[0])
        if index % 100 == 0 or index == len(examples):
            report(index, len(examples), f"{task}: texts")
    features = np.stack(rows)
    if (np.abs(features) < np.finfo(np.float16).max).all():  # Some bases have greater ones.
        features = features.astype(np.float16)  # half the size; a device reads either
    np.savez_compressed(
        path,
        features=features,
        probabilities=head.bulk_probabilities(features.astype(np.float32)).astype(np.float32),
        labels=np.array([example.labels[task] for example in examples], dtype=np.int64),
        yardstick=np.arange(len(examples)) >= len(rehearsed),
    )
