"""Fine-tuning an encoder and its heads on labelled text, all tasks at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn

from toolchain.dataset import Batch, Dataset, task_loss
from toolchain.examples import Example
from toolchain.model import Answers, MultiTaskModel
from toolchain.settings import Settings
from toolchain.training import Batches, Loop, Report, Schedule

# What a step minimises, given the model's answers: the loss of the labels, and whatever a teacher adds to it.
Objective = Callable[[Batch, Answers, Sequence[int]], Tensor]


class FinetuneSettings(Settings):
    """How to fine-tune."""

    epochs: float = Field(default=2, gt=0, description="how often training sees each example")
    rows: int = Field(default=64, ge=1, description="sentences a step, at most")
    tokens: int = Field(default=8_192, ge=16, description="tokens a step, with padding, at most")
    max_length: int = Field(default=256, ge=8, description="tokens that a text is cut at")
    dropout: float | None = Field(
        default=None, ge=0, lt=1, description="of hidden states; absent: as the model is configured"
    )
    label_smoothing: float = Field(
        default=0.05, ge=0, lt=1, description="share of a label's probability that is spread over all labels"
    )
    schedule: Schedule = Schedule(averaging=0.998)
    seed: int = Field(default=0, description="of the order of the examples, and of random weights to begin with")


def finetune(
    model: MultiTaskModel, tokenizer: Tokenizer, examples: Sequence[Example], settings: FinetuneSettings, work: Path,
    report: Report,
) -> MultiTaskModel:  # fmt: skip
    """Train `model` on `examples` and return it. Progress lies in `work`; the same call resumes there.

    Raises:
        WorkError: `work` holds another recipe's progress, or can't be written.
    """
    dataset = Dataset(examples, model.tasks, tokenizer)

    def objective(batch: Batch, answers: Answers, _indices: Sequence[int]) -> Tensor:
        return task_loss(batch, answers.logits, model.tasks, settings.label_smoothing)

    return fit(model, dataset, objective, settings, work / "progress.pt", report)


def fit(
    model: MultiTaskModel, dataset: Dataset, objective: Objective, settings: FinetuneSettings, path: Path,
    report: Report,
) -> MultiTaskModel:  # fmt: skip
    """Minimise `objective` over a dataset; see `finetune`. An objective that is a module is trained beside the model.

    Raises:
        WorkError: see `toolchain.training.Loop`.
    """
    torch.manual_seed(settings.seed)
    if settings.dropout is not None:
        for name, module in model.named_modules():
            if isinstance(module, nn.Dropout) and not name.endswith("attention.self.dropout"):
                module.p = settings.dropout
    batches = Batches(dataset.lengths, settings.rows, settings.tokens, settings.seed)
    step = _Step(model, dataset, objective)
    identity = {"settings": _plain(settings), "examples": len(dataset)}
    loop = Loop(step, settings.schedule, batches.steps(settings.epochs), path, identity)
    step.device = loop.accelerator.device
    loop.run(batches, lambda module, indices: module(indices), report)
    trained = loop.result().model
    assert isinstance(trained, MultiTaskModel)  # noqa: S101  # what it was made of; the library's type is wider
    return trained


class Untrained:
    """What a module uses and does not train: no part of its state; its copies (a moving average is one) share it."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Untrained":
        return self


class _Step(nn.Module):
    """A training step as one forward pass, as several processes need it."""

    def __init__(self, model: MultiTaskModel, dataset: Dataset, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.device: torch.device | str = "cpu"
        self.objective = objective
        self._dataset = Untrained(dataset)

    def forward(self, indices: Sequence[int]) -> Tensor:
        batch = self._dataset.held.batch(indices, self.device)
        inner = bool(getattr(self.objective, "inner", False))
        answers = self.model(batch.input_ids, batch.attention_mask, inner=inner)
        return self.objective(batch, answers, indices)


def _plain(settings: FinetuneSettings) -> dict[str, Any]:
    """The settings as a save holds them; how often it saves decides nothing of the result."""
    return settings.model_dump(mode="json", exclude={"schedule": {"save_every"}})
