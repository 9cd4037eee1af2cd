"""Fine-tuning the encoder and its head on labelled sentences; cut short at any moment, it goes on where it was."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from toolchain.data import LABELS, Example
from toolchain.errors import WorkError
from toolchain.model import Classifier, load_encoder, load_tokenizer, longest_input, pad

Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class FinetuneRecipe:
    """How to fine-tune. `peak` is AdamW's highest learning rate, reached after `warm_up` steps, then falling to 2 %.

    The result is the exponential moving average of the weights (Izmailov et al., 2018, in the form of `swa_utils`):
    `averaging` is its decay a step, less in a run so short that the beginning would count; 0 takes the last weights.
    """

    epochs: int = 2
    batch_size: int = 64
    peak: float = 4e-4
    warm_up: int = 200
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    averaging: float = 0.998
    max_length: int = 128
    seed: int = 0
    save_every: int = 200


def finetune(
    checkpoint: str, examples: Sequence[Example], recipe: FinetuneRecipe, work: Path, report: Report
) -> Classifier:
    """Train on `examples` from the MobileBERT `checkpoint`, and return the model.

    Progress lies in `work/finetune.pt`; a second call with the same recipe resumes there, with the same random
    state, so that a run that was cut short ends as one that was not.

    Raises:
        CheckpointError, and WorkError if `work` holds another recipe's progress or can't be written.
    """
    torch.manual_seed(recipe.seed)
    encoder = load_encoder(checkpoint)
    max_length = longest_input(encoder.config, recipe.max_length)
    tokenizer = load_tokenizer(checkpoint, max_length)
    rows = [encoding.ids for encoding in tokenizer.encode_batch([example.text for example in examples])]
    labels = torch.tensor([example.label for example in examples])
    run = _Run(Classifier(encoder, len(LABELS)), recipe, len(rows))
    path = work / "finetune.pt"
    run.resume(path)
    while run.step < run.total:
        batch = run.next_batch([len(row) for row in rows])
        loss = run.train(*pad([rows[index] for index in batch]), labels[batch])
        if run.step % recipe.save_every == 0 or run.step == run.total:
            run.save(path)
        report(run.step, run.total, f"loss {loss:.3f}")
    return run.result()


def batches_of_epoch(lengths: Sequence[int], batch_size: int, seed: int) -> list[list[int]]:
    """Indices of one epoch's batches: shuffled, but of similar lengths, so that little is spent on padding."""
    generator = random.Random(seed)
    order = list(range(len(lengths)))
    generator.shuffle(order)
    batches = []
    for start in range(0, len(order), batch_size * 50):
        chunk = sorted(order[start : start + batch_size * 50], key=lambda index: lengths[index])
        chunked = [chunk[begin : begin + batch_size] for begin in range(0, len(chunk), batch_size)]
        generator.shuffle(chunked)
        batches += chunked
    return batches


class _Run:
    """Everything that must be saved to go on."""

    def __init__(self, model: Classifier, recipe: FinetuneRecipe, count: int) -> None:
        self.model = model.train()
        self.step = 0
        self.total = recipe.epochs * math.ceil(count / recipe.batch_size)
        self._recipe = recipe
        self._count = count
        self._epoch = -1
        self._batches: list[list[int]] = []
        # 1 / (1 - decay) steps are what it averages over: at most a fifth of the run.
        decay = max(0.0, min(recipe.averaging, 1 - 5 / self.total))
        averaging = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._average = AveragedModel(model, multi_avg_fn=averaging)
        self._optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.peak, weight_decay=recipe.weight_decay)

    def next_batch(self, lengths: Sequence[int]) -> list[int]:
        """The indices of the step to come."""
        epoch, position = divmod(self.step, math.ceil(self._count / self._recipe.batch_size))
        if epoch != self._epoch:
            self._epoch = epoch
            self._batches = batches_of_epoch(lengths, self._recipe.batch_size, self._recipe.seed + epoch)
        return self._batches[position]

    def train(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> float:
        """One step; the loss before it."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.peak * self._rate()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(input_ids, attention_mask)
        loss = functional.cross_entropy(logits.float(), labels, label_smoothing=self._recipe.label_smoothing)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self._average.update_parameters(self.model)
        self.step += 1
        return float(loss.detach())

    def result(self) -> Classifier:
        """The averaged model, for use."""
        averaged = self._average.module
        assert isinstance(averaged, Classifier)  # noqa: S101  # what it was made of; the library's type is wider
        return averaged.eval()

    def save(self, path: Path) -> None:
        """Write progress so that a kill leaves the old or the new."""
        temporary = path.with_suffix(".tmp")
        content = {
            "recipe": asdict(self._recipe),
            "count": self._count,
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        try:
            torch.save(content, temporary)
            temporary.replace(path)
        except (OSError, RuntimeError) as error:
            temporary.unlink(missing_ok=True)
            raise WorkError(f"{path} can't be written: {error}; what was saved before is kept") from error

    def resume(self, path: Path) -> None:
        """Take up saved progress, if there is any."""
        if not path.exists():
            return
        content = torch.load(path, weights_only=True)
        if (content["recipe"], content["count"]) != (asdict(self._recipe), self._count):
            raise WorkError(f"{path} belongs to another recipe or other data: choose another working directory")
        self.step = content["step"]
        self.model.load_state_dict(content["model"])
        self._average.load_state_dict(content["average"])
        self._optimizer.load_state_dict(content["optimizer"])
        torch.set_rng_state(content["random"])

    def _rate(self) -> float:
        rising = (self.step + 1) / max(1, self._recipe.warm_up)
        falling = max(0.02, 1 - self.step / self.total)
        return min(rising, falling)
