"""Labelled text as the tensors of a training step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.nn import functional

from toolchain.examples import Annotation, Example
from toolchain.model import pad
from toolchain.tasks import Task

_NO_LABEL = -1


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded token ids [B, S] with their mask; `labels` by sentence task [B], -1 where there is none; `allowed` by
    token task [B, S, C]: which tags each token may have, none where it has no annotation.
    """

    input_ids: Tensor
    attention_mask: Tensor
    labels: dict[str, Tensor]
    allowed: dict[str, Tensor]


class Dataset:
    """Examples, tokenised once."""

    def __init__(self, examples: Sequence[Example], tasks: Mapping[str, Task], tokenizer: Tokenizer) -> None:
        encodings = tokenizer.encode_batch([example.text for example in examples])
        self.rows = [encoding.ids for encoding in encodings]
        self._tasks = tasks
        sentence = [name for name, task in tasks.items() if task.kind == "sentence"]
        token = [name for name, task in tasks.items() if task.kind == "token"]
        self._labels = {
            name: torch.tensor([example.labels.get(name, _NO_LABEL) for example in examples]) for name in sentence
        }
        self._tags = {
            name: [
                _allowed_tags(encoding, example.spans[name], tasks[name]) if name in example.spans else None
                for encoding, example in zip(encodings, examples, strict=True)
            ]
            for name in token
        }

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.rows)

    @property
    def lengths(self) -> list[int]:
        """Of every example, in tokens."""
        return [len(row) for row in self.rows]

    def batch(self, indices: Sequence[int], device: torch.device | str = "cpu") -> Batch:
        """The examples of `indices`, padded to the longest of them."""
        input_ids, attention_mask = pad([self.rows[index] for index in indices])
        chosen = torch.tensor(indices)
        allowed = {
            name: _stack([tags[index] for index in indices], input_ids.shape[1], len(self._tasks[name].outputs))
            for name, tags in self._tags.items()
        }
        return Batch(
            input_ids.to(device),
            attention_mask.to(device),
            {name: labels[chosen].to(device) for name, labels in self._labels.items()},
            {name: mask.to(device) for name, mask in allowed.items()},
        )


def task_loss(batch: Batch, logits: Mapping[str, Tensor], tasks: Mapping[str, Task], smoothing: float) -> Tensor:
    """The sum over examples and tasks of the weighted cross entropy, divided by the number of examples.

    A token whose annotation allows several tags counts with their summed probability: a set that marks no topics says
    nothing of whether an unmarked token is one (learning from partial labels; Tsuboi et al., 2008).
    """
    count = len(batch.input_ids)
    total = torch.zeros((), device=batch.input_ids.device)
    for name, labels in batch.labels.items():
        known = labels != _NO_LABEL
        if known.any():
            loss = functional.cross_entropy(
                logits[name][known], labels[known], label_smoothing=smoothing, reduction="sum"
            )
            total = total + tasks[name].weight * loss / count
    for name, allowed in batch.allowed.items():
        known = allowed.any(-1)
        if known.any():
            scores = logits[name]
            missed = scores.logsumexp(-1) - scores.masked_fill(~allowed, -1e4).logsumexp(-1)
            by_text = (missed * known).sum(1) / known.sum(1).clamp(min=1)
            total = total + tasks[name].weight * by_text.sum() / count
    return total


def _allowed_tags(encoding: Encoding, annotation: Annotation, task: Task) -> Tensor:
    """Which tags [S, C] each token may have; none for special tokens."""
    tags = task.outputs
    unknown = [index for index, tag in enumerate(tags[1:], start=1) if tag[2:] not in annotation.types]
    allowed = torch.zeros(len(encoding.ids), len(tags), dtype=torch.bool)
    begun: set[int] = set()
    for position, (start, end) in enumerate(encoding.offsets):
        if end <= start:
            continue
        at = next((i for i, s in enumerate(annotation.spans) if s.start < end and start < s.end), None)
        if at is None:
            allowed[position, [0, *unknown]] = True
        else:
            tag = tags.index(f"{'I' if at in begun else 'B'}-{annotation.spans[at].type}")
            allowed[position, tag] = True
            begun.add(at)
    return allowed


def _stack(masks: Sequence[Tensor | None], length: int, classes: int) -> Tensor:
    stacked = torch.zeros(len(masks), length, classes, dtype=torch.bool)
    for row, mask in enumerate(masks):
        if mask is not None:
            stacked[row, : len(mask)] = mask
    return stacked
