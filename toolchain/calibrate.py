"""Calibration: the biases of a trained model's heads, moved to where its users want the balance of mistakes.

Training weighs all mistakes alike. A name that is missed and a private request taken for a general one cost more than
the opposite, and tags of spans are so rare among tokens that a head is too shy of them. Moving a bias is the same as
choosing another threshold (Lipton et al., Thresholding Classifiers to Maximize F1 Score, 2014), and is part of the head
from then on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from tokenizers import Tokenizer

from model_store.head import Float64
from model_store.spans import decode_spans
from toolchain.errors import RecipeError
from toolchain.examples import Annotation, Example
from toolchain.model import MultiTaskModel, pad
from toolchain.settings import Settings
from toolchain.tasks import Task

_SHIFTS = np.arange(-1.0, 4.01, 0.25)  # of a type's two tags, in logits
_LEAST_SPANS = 10  # of a type, to judge it by
_PASSES = 2  # over all types: what is best for one depends on the others


class Limit(Settings):
    """Of texts labelled `right`, a share of `most` at most may be taken for `chosen`."""

    right: str
    chosen: str
    most: float = Field(ge=0, lt=1)


class CalibrateSettings(Settings):
    """Which balance to reach, on held-out text."""

    beta: dict[str, Annotated[float, Field(gt=0, le=10)]] = Field(
        default={}, description="by type of span to calibrate: how much recall weighs against precision"
    )
    limits: dict[str, Limit] = Field(
        default={}, description="by sentence task: right, chosen, and the most that may be taken for the other"
    )

    def check(self, name: str, tasks: Mapping[str, Task]) -> None:
        """Is all that it names there? Raises ValueError if not."""
        types = {kind for task in tasks.values() if task.kind == "token" for kind in task.labels}
        sentence = {name: task.labels for name, task in tasks.items() if task.kind == "sentence"}
        for kind in sorted(self.beta.keys() - types):
            raise ValueError(f"{name}: no task marks {kind}; allowed: {', '.join(sorted(types)) or 'none'}")
        for task, limit in self.limits.items():
            if task not in sentence:
                raise ValueError(f"{name}: there is no sentence task {task}; allowed: {', '.join(sentence)}")
            for label in sorted({limit.right, limit.chosen} - set(sentence[task])):
                raise ValueError(f"{name}: {task} has no label {label}; allowed: {', '.join(sentence[task])}")
            if limit.right == limit.chosen:
                raise ValueError(f"{name}: of {task}, right and chosen must differ")


def calibrate(
    model: MultiTaskModel, tokenizer: Tokenizer, held_out: Sequence[Example], settings: CalibrateSettings
) -> dict[str, float]:
    """Move the biases of `model`'s heads by what `held_out` asks for; by label or type, how far each was moved.

    Raises:
        RecipeError: `held_out` has too little to judge a limit, or a type of `beta`, by.
    """
    moved: dict[str, float] = {}
    for name, limit in settings.limits.items():
        task = model.tasks[name]
        shift = _lowered(_sentence_logits(model, tokenizer, held_out, name, limit), task, limit)
        _move(model, name, [task.labels.index(limit.chosen)], -shift)
        moved[f"{name} {limit.chosen}"] = round(0.0 - shift, 3)
    for name, task in model.tasks.items():
        if task.kind == "token":
            marked = [example for example in held_out if name in example.spans]
            for kind, shift in _shifts(model, tokenizer, marked, name, settings.beta).items():
                _move(model, name, _places(task, kind), shift)
                moved[f"{name} {kind}"] = shift
    unjudged = [kind for kind in settings.beta if not any(place.endswith(f" {kind}") for place in moved)]
    if unjudged:
        raise RecipeError(
            f"{unjudged[0]} can't be calibrated: {_LEAST_SPANS} held-out spans of it are needed (held_out)"
        )
    return moved


def _move(model: MultiTaskModel, task: str, outputs: Sequence[int], shift: float) -> None:
    with torch.no_grad():
        model.head(task).bias[list(outputs)] += shift


def _places(task: Task, kind: str) -> list[int]:
    """The outputs of a type's tags."""
    return [index for index, tag in enumerate(task.outputs) if tag[2:] == kind]


def _sentence_logits(
    model: MultiTaskModel, tokenizer: Tokenizer, held_out: Sequence[Example], name: str, limit: Limit
) -> Float64:
    right = model.tasks[name].labels.index(limit.right)
    texts = [example.text for example in held_out if example.labels.get(name) == right]
    if not texts or int(limit.most * len(texts)) == 0 < limit.most:
        raise RecipeError(
            f"{len(texts)} held-out texts of {name} are labelled {limit.right}: too few to tell a share of {limit.most}"
        )
    return np.stack([logits for logits, _ in _logits(model, tokenizer, texts, name)])


def _lowered(logits: Float64, task: Task, limit: Limit) -> float:
    """How far the logit of `chosen` must fall for the limit to hold."""
    chosen = task.labels.index(limit.chosen)
    lead = np.sort(logits[:, chosen] - np.delete(logits, chosen, axis=1).max(axis=1))
    allowed = int(limit.most * len(lead))
    return max(0.0, float(lead[len(lead) - 1 - allowed]) + 1e-3)


def _shifts(
    model: MultiTaskModel, tokenizer: Tokenizer, marked: Sequence[Example], name: str, beta: Mapping[str, float]
) -> dict[str, float]:
    """The shift of each type at which its F-beta is greatest, and among equals the smallest."""
    task = model.tasks[name]
    found = _logits(model, tokenizer, [example.text for example in marked], name)
    annotations = [example.spans[name] for example in marked]
    there = Counter(span.type for annotation in annotations for span in annotation.spans)
    shifts = {kind: 0.0 for kind in task.labels if kind in beta and there[kind] >= _LEAST_SPANS}
    for _ in range(_PASSES):
        for kind in shifts:
            judged = [row for row, annotation in enumerate(annotations) if kind in annotation.types]
            scores = {}
            for shift in sorted(_SHIFTS, key=abs):
                bias = _bias(task, {**shifts, kind: float(shift)})
                right = [_counts(*found[row], bias, annotations[row], kind, task) for row in judged]
                scores[float(shift)] = f_beta(np.sum(right, axis=0), beta[kind])
            shifts[kind] = max(scores, key=lambda shift: scores[shift])
    return shifts


def _bias(task: Task, shifts: Mapping[str, float]) -> Float64:
    return np.array([shifts.get(tag[2:], 0.0) for tag in task.outputs])


def _counts(
    logits: Float64, offsets: Sequence[tuple[int, int]], bias: Float64, annotation: Annotation, kind: str, task: Task
) -> tuple[int, int, int]:
    """Of one text and type: spans found that are right, spans found, spans that there are."""
    scores = np.exp(logits + bias - (logits + bias).max(axis=-1, keepdims=True))
    spans = decode_spans(scores / scores.sum(axis=-1, keepdims=True), task.outputs, offsets)
    told = {(span.start, span.end) for span in spans if span.type == kind}
    true = {(span.start, span.end) for span in annotation.spans if span.type == kind}
    return len(told & true), len(told), len(true)


def f_beta(counts: Sequence[int], beta: float) -> float:
    """F-beta (van Rijsbergen, 1979) of spans found that are right, spans found, spans that there are: recall weighs
    beta times as much as precision.
    """
    hit, told, true = counts
    return float((1 + beta**2) * hit / (told + beta**2 * true))


def _logits(
    model: MultiTaskModel, tokenizer: Tokenizer, texts: Sequence[str], task: str
) -> list[tuple[Float64, list[tuple[int, int]]]]:
    """A task's logits of each text, [C] or [S, C], and its tokens' characters."""
    found = []
    for text in texts:
        encoding = tokenizer.encode(text)
        with torch.inference_mode():
            answers = model.eval()(*pad([encoding.ids]))
        found.append((answers.logits[task][0].double().numpy(), encoding.offsets))
    return found
