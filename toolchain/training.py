"""The one training loop: deterministic batches, a schedule, and progress that survives a kill at any step.

Every stage that trains hands it a model whose `forward` gives a loss. It runs on one CPU or GPU, or on several
processes and machines under `accelerate launch`: each process then takes its share of every batch.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedDataParallelKwargs
from pydantic import Field
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from toolchain.errors import WorkError
from toolchain.settings import Settings

Report = Callable[[int, int, str], None]
Loss = Callable[[nn.Module, Sequence[int]], Tensor]

_FLOOR = 0.02  # of the peak: the lowest learning rate at the end


class Schedule(Settings):
    """How a loop trains: AdamW, its rate rising over `warm_up` steps (a tenth of all, at most) to `peak` and falling
    over the last `decay` of all steps. `decay` 1 falls from the start; less holds the peak meanwhile.

    `averaging` is the decay a step of a moving average of the weights, which is then the result (Izmailov et al., 2018,
    in the form of `swa_utils`); it never reaches back over more than a fifth of the run. 0 takes the last weights.
    """

    peak: float = Field(default=4e-4, gt=0, le=1, description="the highest learning rate")
    warm_up: int = Field(default=200, ge=0, description="steps that it rises over; a tenth of all, at most")
    decay: float = Field(default=1.0, gt=0, le=1, description="share of all steps, at the end, that it falls over")
    weight_decay: float = Field(default=0.01, ge=0, description="AdamW's")
    averaging: float = Field(
        default=0.0, ge=0, lt=1, description="decay a step of the weights' moving average; 0 takes the last weights"
    )
    clip: float = Field(default=1.0, gt=0, description="the greatest norm of all gradients together")
    save_every: int = Field(default=200, ge=1, description="steps between two saves of the progress")

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = (step + 1) / max(1, min(self.warm_up, total // 10))
        falling = max(_FLOOR, (total - step) / max(1.0, self.decay * total))
        return self.peak * min(1.0, rising, falling)


def is_main_process() -> bool:
    """Is this the one process, or the first of several, that writes files?"""
    return bool(PartialState().is_main_process)


def wait_for_all() -> None:
    """Wait until every process has come here."""
    PartialState().wait_for_everyone()


class Batches:
    """Which examples each step takes, for ever: every epoch shuffles all, but puts similar lengths together, so that
    little is spent on padding. A batch has at most `rows` examples and, padded, at most `tokens` tokens (but one).
    """

    def __init__(self, lengths: Sequence[int], rows: int, tokens: int, seed: int) -> None:
        self._lengths = lengths
        self._rows = rows
        self._tokens = tokens
        self._seed = seed
        self._starts = [0]  # The first step of each epoch known so far.
        self._epoch = -1
        self._batches: list[list[int]] = []

    def __call__(self, step: int) -> Sequence[int]:
        """The indices of the examples of a step."""
        epoch = next((e for e, start in enumerate(self._starts[1:]) if step < start), len(self._starts) - 1)
        while True:
            batches = self._of_epoch(epoch)
            if step < self._starts[epoch] + len(batches):
                return batches[step - self._starts[epoch]]
            epoch += 1

    def steps(self, epochs: float) -> int:
        """How many steps `epochs` epochs take."""
        total = 0
        for epoch in range(math.ceil(epochs)):
            total += math.ceil(len(self._of_epoch(epoch)) * min(1.0, epochs - epoch))
        return total

    def _of_epoch(self, epoch: int) -> list[list[int]]:
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._make(random.Random(self._seed + epoch))
            if epoch == len(self._starts) - 1:
                self._starts.append(self._starts[epoch] + len(self._batches))
        return self._batches

    def _make(self, generator: random.Random) -> list[list[int]]:
        order = list(range(len(self._lengths)))
        generator.shuffle(order)
        batches: list[list[int]] = []
        for start in range(0, len(order), self._rows * 50):
            chunk = sorted(order[start : start + self._rows * 50], key=lambda index: self._lengths[index])
            chunked = list(self._cut(chunk))
            generator.shuffle(chunked)
            batches += chunked
        return batches

    def _cut(self, chunk: Sequence[int]) -> list[list[int]]:
        batches: list[list[int]] = [[]]
        for index in chunk:  # From short to long: the newcomer is the longest.
            fits = len(batches[-1]) < self._rows and (len(batches[-1]) + 1) * self._lengths[index] <= self._tokens
            if batches[-1] and not fits:
                batches.append([])
            batches[-1].append(index)
        return batches


class Loop:
    """A model on its way through `total` steps. `identity` says what a save belongs to."""

    def __init__(
        self, model: nn.Module, schedule: Schedule, total: int, path: Path, identity: Mapping[str, Any]
    ) -> None:
        # Not every batch has labels of every task: some heads may take no part in a step.
        parallel = DistributedDataParallelKwargs(find_unused_parameters=True)
        self.accelerator = Accelerator(mixed_precision="bf16", kwargs_handlers=[parallel])
        self.step = 0
        self.total = total
        self._schedule = schedule
        self._path = path
        self._identity = dict(identity)
        self._module = model.train()
        self._average: AveragedModel | None = None
        if schedule.averaging and total:
            # 1 / (1 - decay) steps are what it averages over.
            decay = max(0.0, min(schedule.averaging, 1 - 5 / total))
            averaging = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            self._average = AveragedModel(model, device=self.accelerator.device, multi_avg_fn=averaging)
        optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.peak, weight_decay=schedule.weight_decay)
        self._model, self._optimizer = self.accelerator.prepare(model, optimizer)
        self._resume()

    def run(self, batches: Callable[[int], Sequence[int]], loss: Loss, report: Report) -> None:
        """Train to the end; `report` hears the mean loss of late.

        Raises:
            WorkError: progress can't be saved, or the loss is not finite.
        """
        recent: list[float] = []
        while self.step < self.total:
            recent = [*recent[-49:], self._train(batches(self.step), loss)]
            if self.step % self._schedule.save_every == 0 or self.step == self.total:
                self._save()
            report(self.step, self.total, f"loss {sum(recent) / len(recent):.3f}")

    def result(self) -> nn.Module:
        """The trained (or averaged) model on the CPU, for use."""
        trained = self.accelerator.unwrap_model(self._model, keep_fp32_wrapper=False)
        if self._average is not None:
            trained.load_state_dict(self._average.module.state_dict())
        model: nn.Module = trained.cpu().eval()
        return model

    def _train(self, batch: Sequence[int], loss: Loss) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self._schedule.rate(self.step, self.total)
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        share = batch[rank::processes] or batch[:1]
        torch.manual_seed(self.step * processes + rank)  # Dropout depends on the step alone: a resumed run is the same.
        value = loss(self._model, share)
        self._optimizer.zero_grad()
        self.accelerator.backward(value)
        mean = float(value.detach())
        norm = self.accelerator.clip_grad_norm_(self._model.parameters(), self._schedule.clip)
        # The norm is of all processes' gradients together, so that all of them stop here.
        if not (math.isfinite(mean) and math.isfinite(norm)):
            raise WorkError(
                f"the loss or its gradient is not finite at step {self.step + 1}: lower the peak learning rate"
            )
        self._optimizer.step()
        if self._average is not None:
            self._average.update_parameters(self._module)
        self.step += 1
        return mean

    def _save(self) -> None:
        """Write progress so that a kill leaves the old or the new."""
        if not is_main_process():
            return
        content = {
            "identity": self._identity,
            "step": self.step,
            "model": self._module.state_dict(),
            "average": self._average.state_dict() if self._average is not None else None,
            "optimizer": self._optimizer.state_dict(),
        }
        temporary = self._path.with_suffix(".tmp")
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            torch.save(content, temporary)
            temporary.replace(self._path)
        except (OSError, RuntimeError) as error:
            temporary.unlink(missing_ok=True)
            raise WorkError(f"{self._path} can't be written: {error}; what was saved before is kept") from error

    def _resume(self) -> None:
        if not self._path.exists():
            return
        try:
            content = torch.load(self._path, weights_only=True, map_location="cpu")
        except Exception as error:  # whatever a damaged file makes the unpickler raise
            raise WorkError(f"{self._path} is damaged: remove it to begin this stage again") from error
        if content["identity"] != self._identity:
            raise WorkError(
                f"{self._path} belongs to another recipe or other data: choose another working directory, or remove it "
                "to begin this stage again"
            )
        self.step = content["step"]
        self._module.load_state_dict(content["model"])
        if self._average is not None:
            self._average.load_state_dict(content["average"])
        self._optimizer.load_state_dict(content["optimizer"])
