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
    """Examples, each different one tokenised once."""

    def __init__(self, examples: Sequence[Example], tasks: Mapping[str, Task], tokenizer: Tokenizer) -> None:
        by_id = {id(example): example for example in examples}  # Training repeats some: the same object then.
        places = {key: place for place, key in enumerate(by_id)}
        different = list(by_id.values())
        encodings = tokenizer.encode_batch([example.text for example in different])
        self._places = [places[id(example)] for example in examples]
        self._ids = [encoding.ids for encoding in encodings]
        sentence = [name for name, task in tasks.items() if task.kind == "sentence"]
        self._labels = {
            name: torch.tensor([example.labels.get(name, _NO_LABEL) for example in different]) for name in sentence
        }
        self._tags = {
            name: _Tags(encodings, [example.spans.get(name) for example in different], task)
            for name, task in tasks.items() if task.kind == "token"
        }  # fmt: skip

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._places)

    @property
    def lengths(self) -> list[int]:
        """Of every example, in tokens."""
        return [len(self._ids[place]) for place in self._places]

    def batch(self, indices: Sequence[int], device: torch.device | str = "cpu") -> Batch:
        """The examples of `indices`, padded to the longest of them."""
        places = [self._places[index] for index in indices]
        input_ids, attention_mask = pad([self._ids[place] for place in places])
        return Batch(
            input_ids.to(device),
            attention_mask.to(device),
            {name: labels[places].to(device) for name, labels in self._labels.items()},
            {name: tags.allowed(places, input_ids.shape[1]).to(device) for name, tags in self._tags.items()},
        )


class _Tags:
    """Which tags the tokens of each text may have in one task."""

    def __init__(self, encodings: Sequence[Encoding], annotations: Sequence[Annotation | None], task: Task) -> None:
        self._codes = [
            _codes(encoding, annotation, task) if annotation else None
            for encoding, annotation in zip(encodings, annotations, strict=True)
        ]
        # What a token in no span may be: outside, or of a type that the annotation says nothing of.
        kinds = [annotation.types if annotation else frozenset[str]() for annotation in annotations]
        known = {types: index for index, types in enumerate(dict.fromkeys(kinds))}
        self._known = torch.tensor([known[types] for types in kinds])
        self._unmarked = torch.tensor([[tag[2:] not in types for tag in task.outputs] for types in known])

    def allowed(self, places: Sequence[int], length: int) -> Tensor:
        """Of the texts at `places` [B, S, C]; none where there is no annotation, or no character."""
        codes = torch.full((len(places), length), _NO_LABEL)
        for row, place in enumerate(places):
            found = self._codes[place]
            if found is not None:
                codes[row, : len(found)] = found
        unmarked = self._unmarked[self._known[list(places)]][:, None, :]
        marked = functional.one_hot(codes.clamp(min=0), unmarked.shape[-1]).bool()
        return torch.where((codes == 0)[..., None], unmarked, marked & (codes > 0)[..., None])


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


def _codes(encoding: Encoding, annotation: Annotation, task: Task) -> Tensor:
    """The tag's index [S] of each token; 0 where it is in no span, -1 where it has no characters."""
    tags = {tag: index for index, tag in enumerate(task.outputs)}
    codes = [_NO_LABEL] * len(encoding.ids)
    spans = iter(sorted(annotation.spans, key=lambda span: span.start))
    span, begun = next(spans, None), False
    for position, (start, end) in enumerate(encoding.offsets):
        if end <= start:
            continue
        while span and span.end <= start:
            span, begun = next(spans, None), False
        if span and span.start < end:
            codes[position] = tags[f"{'I' if begun else 'B'}-{span.type}"]
            begun = True
        else:
            codes[position] = 0
    return torch.tensor(codes, dtype=torch.int16)
