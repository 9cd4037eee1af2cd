"""Structured pruning: what matters least is cut out, the rest recovers, again and again.

Sources: Michel et al., Are Sixteen Heads Really Better than One? (2019) and Molchanov et al. (2019) for importance by
gradient. The result has smaller matrices, and needs no masks.
"""

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor

from toolchain.dataset import Dataset, task_loss
from toolchain.distill import DistillSettings, distill
from toolchain.errors import WorkError
from toolchain.evaluate import accuracy
from toolchain.examples import Example
from toolchain.model import MultiTaskModel, load_model, save_model
from toolchain.structure import FFN, HEADS, Group, drop_block, groups, parameter_count, record_shapes
from toolchain.training import Batches, Report, is_main_process, wait_for_all
from toolchain.vocabulary import prune_vocabulary

_JUDGED_ON = 16  # batches that importance is taken from
_WIDTH = 16  # neurons are cut in such steps: what vector instructions take at a time


class PruneSettings(DistillSettings):
    """How to prune, and how to recover after each round: by distillation from the model as it was."""

    target: float = Field(default=0.4, gt=0, lt=1, description="share of the encoder's parameters to remove")
    most_lost: float = Field(default=1.0, gt=0, le=1, description="accuracy on held-out text that may be lost, at most")
    rounds: int = Field(default=3, ge=1, description="of cutting and recovery")
    importance: Literal["gradient", "magnitude"] = Field(
        default="gradient", description="what is cut first: what the loss depends on least, or the smallest weights"
    )
    blocks: int = Field(default=0, ge=0, description="blocks to take out whole, before anything else")
    attention: bool = Field(default=True, description="may heads be cut?")
    feed_forward: bool = Field(default=True, description="may neurons be cut?")
    least_count: int = Field(
        default=0, ge=0, description="drop tokens that training text holds less often; 0 keeps all"
    )


@dataclass(frozen=True)
class Round:
    """What one round left: `parameters` of the encoder, and accuracy on held-out text before and after recovery."""

    parameters: int
    removed: float
    cut_accuracy: float
    accuracy: float


@dataclass(frozen=True)
class Pruned:
    """The smallest model within the bound; `reached` says whether it is as small as was asked for."""

    model: MultiTaskModel
    tokenizer: Tokenizer
    before: float
    rounds: tuple[Round, ...]
    reached: bool


def prune(
    model: MultiTaskModel, tokenizer: Tokenizer, examples: Sequence[Example], held_out: Sequence[Example],
    settings: PruneSettings, work: Path, report: Report,
) -> Pruned:  # fmt: skip
    """Cut `model` down in rounds. Every finished round lies in `work`, and the same call resumes after it.

    A round that loses more than `most_lost` ends it, and the round before is the result.

    Raises:
        ToolchainError: see `toolchain.finetune`.
    """
    whole = parameter_count(model.encoder)
    teacher = copy.deepcopy(model)
    before = accuracy(teacher, tokenizer, held_out)
    done = [*_finished(work)]
    best, current = (model, tokenizer), (copy.deepcopy(model), tokenizer)
    if settings.least_count:
        texts = [example.text for example in examples]
        current = (current[0], prune_vocabulary(current[0].encoder, tokenizer, texts, settings.least_count)[0])
    for number in range(1, settings.rounds + 1):
        folder = work / f"round-{number}"
        if number > len(done):
            share = 1 - (1 - settings.target) ** (number / settings.rounds)
            _cut(*current, examples, settings, whole - share * whole, first=number == 1)
            cut_accuracy = accuracy(*current, held_out)
            pair = current[1], tokenizer
            recovered = distill(current[0], teacher, pair, examples, settings, folder, report, work)
            parameters = parameter_count(recovered.encoder)
            after = accuracy(recovered, current[1], held_out)
            done.append(Round(parameters, 1 - parameters / whole, cut_accuracy, after))
            if is_main_process():
                save_model(folder / "model", recovered, current[1])
                _note(folder / "round.json", done[-1])
            wait_for_all()
        if before - done[number - 1].accuracy > settings.most_lost:
            return Pruned(*best, before, tuple(done), reached=False)
        best, current = (load_model(folder / "model", settings.max_length) for _ in range(2))
    return Pruned(*best, before, tuple(done), reached=done[-1].removed >= settings.target - 0.01)


def unit_scores(
    model: MultiTaskModel, dataset: Dataset, importance: Literal["gradient", "magnitude"], seed: int
) -> dict[str, Tensor]:
    """How much each unit of each group matters, by the group's name.

    By gradient: the summed size of the change in loss, to first order, were the unit's output zero. By magnitude: the
    norm of its weights, as a share of the group's mean, since groups differ in scale for no reason.
    """
    if importance == "magnitude":
        return {group.name: _norms(group) / _norms(group).mean() for group in groups(model.encoder)}
    scores = {group.name: torch.zeros(group.units) for group in groups(model.encoder)}
    batches = Batches(dataset.lengths, 32, 4_096, seed)
    model.eval()
    for step in range(_JUDGED_ON):
        batch = dataset.batch(batches(step))
        model.zero_grad()
        answers = model(batch.input_ids, batch.attention_mask)
        task_loss(batch, answers.logits, model.tasks, 0.0).backward()  # type: ignore[no-untyped-call]  # torch's own
        for group in groups(model.encoder):
            weight, gradient = group.outward.weight, group.outward.weight.grad
            if gradient is not None:
                by_unit = (weight * gradient).detach().view(weight.shape[0], group.units, group.width)
                scores[group.name] += by_unit.sum((0, 2)).abs()
    model.zero_grad()
    return scores


def block_losses(model: MultiTaskModel, dataset: Dataset, seed: int) -> list[float]:
    """The loss on some batches with each block left out, by block: what a block is worth, to the letter."""
    batches = Batches(dataset.lengths, 32, 4_096, seed)
    losses = []
    for index in range(len(model.blocks)):
        without = copy.deepcopy(model).eval()
        drop_block(without.encoder, index)
        total = 0.0
        for step in range(_JUDGED_ON):
            batch = dataset.batch(batches(step))
            with torch.inference_mode():
                answers = without(batch.input_ids, batch.attention_mask)
                total += float(task_loss(batch, answers.logits, model.tasks, 0.0))
        losses.append(total / _JUDGED_ON)
    return losses


def _cut(
    model: MultiTaskModel, tokenizer: Tokenizer, examples: Sequence[Example], settings: PruneSettings,
    most: float, *, first: bool,
) -> None:  # fmt: skip
    """Cut the encoder down to `most` parameters, or as near as its units allow."""
    dataset = Dataset(examples, {name: task for name, task in model.tasks.items() if not task.segmented}, tokenizer)
    for _ in range(settings.blocks if first else 0):
        if len(model.blocks) > 1:
            losses = block_losses(model, dataset, settings.seed)
            drop_block(model.encoder, losses.index(min(losses)))
    scores = unit_scores(model, dataset, settings.importance, settings.seed)
    kinds = {HEADS: settings.attention, FFN: settings.feed_forward}
    found = [group for group in groups(model.encoder) if kinds[group.kind]]
    for group, keep in zip(found, _kept(found, scores, parameter_count(model.encoder) - most), strict=True):
        if len(keep) < group.units:
            group.cut(keep)
    record_shapes(model.encoder)


def _kept(found: Sequence[Group], scores: dict[str, Tensor], surplus: float) -> list[list[int]]:
    """Which units of each group stay when the worst for their weight go until `surplus` parameters are gone.

    Neurons go in steps of `_WIDTH`; of each group one step, or one head, always stays.
    """
    steps: list[tuple[float, int, int, list[int]]] = []
    keep = [set(range(group.units)) for group in found]
    for number, group in enumerate(found):
        size = _WIDTH if group.kind == FFN and group.units >= 2 * _WIDTH else 1
        order = scores[group.name].argsort().tolist()
        for start in range(0, math.floor((group.units - size) / size) * size, size):
            units = order[start : start + size]
            weight = len(units) * group.unit_parameters
            steps.append((float(scores[group.name][units].sum()) / weight, number, weight, units))
    for _, number, weight, units in sorted(steps, key=lambda step: step[:2]):
        if surplus <= 0:
            break
        keep[number] -= set(units)
        surplus -= weight
    return [sorted(units) for units in keep]


def _norms(group: Group) -> Tensor:
    rows = torch.cat([layer.weight.detach() for layer in group.inward], dim=1)
    inward = rows.view(group.units, -1).norm(dim=1)
    outward = group.outward.weight.detach().view(-1, group.units, group.width).norm(dim=(0, 2))
    norms: Tensor = inward * outward
    return norms


def _note(path: Path, done: Round) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        temporary.write_text(json.dumps(asdict(done)), "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise WorkError(f"{path} can't be written: {error.strerror}") from error


def _finished(work: Path) -> list[Round]:
    found: list[Round] = []
    while (path := work / f"round-{len(found) + 1}" / "round.json").is_file():
        found.append(Round(**json.loads(path.read_text("utf-8"))))
    return found
