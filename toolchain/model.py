"""The model that is trained: an encoder, the mean of its token features, and a linear head for each task.

Sources: Devlin et al., BERT (2019); Sun et al., MobileBERT (2020); Hugging Face's implementations of both.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

from toolchain.checkpoint import load_encoder, longest_input, save_checkpoint
from toolchain.errors import CheckpointError, WorkError
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer

LONGEST = 1 << 16  # tokens: more than any encoder has positions for
_TASKS, _HEADS = "tasks.json", "heads.safetensors"


class Answers(NamedTuple):
    """`features` [B, D], `token_features` [B, S, D], and logits by task: [B, C], or [B, S, C] where of tokens.

    `hidden` [B, S, D] and `attention` [B, S, S] (the mean over heads) of every block, where they were asked for.
    """

    features: Tensor
    token_features: Tensor
    logits: dict[str, Tensor]
    hidden: tuple[Tensor, ...] = ()
    attention: tuple[Tensor, ...] = ()


class MultiTaskModel(nn.Module):
    """Token ids [B, S] to `Answers`, in float32. Features are the mean of the real tokens' features."""

    def __init__(self, encoder: PreTrainedModel, tasks: Mapping[str, Task]) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = dict(tasks)
        width = encoder.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(task.outputs)) for name, task in tasks.items()})

    def forward(self, input_ids: Tensor, attention_mask: Tensor, *, inner: bool = False) -> Answers:
        """Answers of a padded batch; with `inner`, what every block computed too."""
        output = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=inner, output_attentions=inner
        )
        token_features = output.last_hidden_state.float()
        features = pooled(token_features, attention_mask)
        logits = {
            name: head(token_features if self.tasks[name].kind == "token" else features).float()
            for name, head in self.heads.items()
        }
        if not inner:
            return Answers(features, token_features, logits)
        hidden = tuple(output.hidden_states)[-len(self.blocks) :]  # The embeddings may come first.
        return Answers(features, token_features, logits, hidden, tuple(block.mean(1) for block in output.attentions))

    def with_tasks(self, tasks: Mapping[str, Task]) -> "MultiTaskModel":
        """The same encoder under the heads of `tasks`: its own where their outputs are the same, else new ones."""
        model = MultiTaskModel(self.encoder, tasks)
        for name, task in tasks.items():
            if name in self.tasks and self.tasks[name].outputs == task.outputs:
                model.heads[name] = self.heads[name]
        return model

    @property
    def blocks(self) -> nn.ModuleList:
        """The encoder's transformer blocks."""
        blocks = self.encoder.encoder.layer
        assert isinstance(blocks, nn.ModuleList)  # noqa: S101  # as in both architectures; the library's type is wider
        return blocks

    def head(self, task: str) -> nn.Linear:
        """The linear head of a task."""
        head = self.heads[task]
        assert isinstance(head, nn.Linear)  # noqa: S101  # what it was made of; the library's type is wider
        return head


def pooled(token_features: Tensor, attention_mask: Tensor) -> Tensor:
    """The mean over real tokens: features [B, D]."""
    mask = attention_mask[..., None].to(token_features.dtype)
    return (token_features * mask).sum(1) / mask.sum(1)


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token id rows as [B, S] with their attention mask, padded with 0 to the longest."""
    longest = max(map(len, rows))
    input_ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention_mask = torch.zeros_like(input_ids)
    for index, row in enumerate(rows):
        input_ids[index, : len(row)] = torch.tensor(row)
        attention_mask[index, : len(row)] = 1
    return input_ids, attention_mask


def save_model(folder: Path, model: MultiTaskModel, tokenizer: Tokenizer) -> None:
    """Write a model as a checkpoint with heads: any of the toolchain's commands can begin with it.

    Raises:
        WorkError: it can't be written.
    """
    save_checkpoint(folder, model.encoder, tokenizer)
    tasks = {name: task.model_dump(mode="json") for name, task in model.tasks.items()}
    try:
        (folder / _TASKS).write_text(json.dumps(tasks, ensure_ascii=False, indent=1), "utf-8")
        save_file({name: value.contiguous() for name, value in model.heads.state_dict().items()}, folder / _HEADS)
    except (OSError, SafetensorError) as error:
        raise WorkError(f"{folder} can't be written: {error}") from error


def load_model(folder: Path, max_length: int = LONGEST) -> tuple[MultiTaskModel, Tokenizer]:
    """A model that `save_model` wrote, and its tokenizer, which cuts at `max_length` or at the model's last position.

    Raises:
        CheckpointError: it is no such folder.
    """
    encoder = load_encoder(str(folder))
    try:
        raw = json.loads((folder / _TASKS).read_text("utf-8"))
        model = MultiTaskModel(encoder, {name: Task.model_validate(task) for name, task in raw.items()})
        model.heads.load_state_dict(load_file(folder / _HEADS))
    except (OSError, ValueError, RuntimeError, AttributeError, SafetensorError) as error:
        raise CheckpointError(f"{folder} is no model with heads: fine-tune it first ({error})") from error
    return model.eval(), load_tokenizer(str(folder), longest_input(encoder.config, max_length))
