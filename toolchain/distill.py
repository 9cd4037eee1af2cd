"""Distillation: a student learns from a teacher's answers, features, hidden states and attention besides the labels.

Sources: Hinton et al. (2015) for logits with temperature; Jiao et al., TinyBERT (2020) and Sun et al., MobileBERT
(2020) for hidden states and attention maps. The teacher may be of another size, and of another vocabulary: what it says
of its tokens is then carried over to the student's by the characters that they share.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from toolchain.dataset import Batch, Dataset, task_loss
from toolchain.errors import RecipeError, WorkError
from toolchain.examples import Example
from toolchain.finetune import FinetuneSettings, Untrained, fit
from toolchain.model import Answers, MultiTaskModel, pad
from toolchain.tasks import Task
from toolchain.training import Report, is_main_process, wait_for_all

_CACHED_AT_A_TIME = 64


class DistillSettings(FinetuneSettings):
    """How to distil: fine-tuning, and what weighs how much in the loss. A weight of 0 leaves that part out."""

    labels_weight: float = Field(default=0.5, ge=0, description="of the labels themselves")
    logits_weight: float = Field(default=1.0, ge=0, description="of the teacher's softened probabilities")
    features_weight: float = Field(default=0.0, ge=0, description="of the teacher's pooled features")
    hidden_weight: float = Field(default=0.0, ge=0, description="of the hidden states of matched blocks")
    attention_weight: float = Field(default=0.0, ge=0, description="of the attention of matched blocks")
    temperature: float = Field(default=2.0, gt=0, description="what logits are divided by before they are compared")


class TeacherCache:
    """The teacher's logits and pooled features of every example, computed once and kept in a folder.

    Hidden states and attention are not kept: for 100,000 sentences they would be some 30 GB. They are computed beside
    the student's.
    """

    def __init__(self, teacher: MultiTaskModel, rows: Sequence[list[int]], path: Path, report: Report) -> None:
        if not path.exists() and is_main_process():
            _write(path, _answers(teacher, rows, report))
        wait_for_all()
        try:
            with np.load(path, allow_pickle=False) as stored:
                self._arrays = {name: torch.from_numpy(stored[name]) for name in stored.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise WorkError(f"{path} is damaged: remove it, and the teacher is asked again") from error
        if len(self._arrays["features"]) != len(rows):
            raise WorkError(f"{path} holds the answers to other examples: choose another working directory")

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """`features` [B, D] and logits [B, C] by sentence task."""
        chosen = torch.tensor(indices)
        return {name: values[chosen].float() for name, values in self._arrays.items()}


class Distillation(nn.Module):
    """The objective: see `DistillSettings`. Its projections to the teacher's widths are learnt beside the student."""

    def __init__(
        self, student: MultiTaskModel, teacher: MultiTaskModel, settings: DistillSettings, cache: TeacherCache,
        teacher_rows: "TeacherRows",
    ) -> None:  # fmt: skip
        super().__init__()
        widths = student.encoder.config.hidden_size, teacher.encoder.config.hidden_size
        self.project_features = nn.Linear(*widths)
        blocks = len(student.blocks)
        self.project_hidden = nn.ModuleList([nn.Linear(*widths) for _ in range(blocks)])
        self._matched = [round((block + 1) * len(teacher.blocks) / blocks) - 1 for block in range(blocks)]
        self._beside = Untrained((student, teacher.eval(), cache, teacher_rows))
        self._settings = settings

    @property
    def inner(self) -> bool:
        """Are hidden states or attention compared?"""
        return bool(self._settings.hidden_weight or self._settings.attention_weight)

    def forward(self, batch: Batch, answers: Answers, indices: Sequence[int]) -> Tensor:
        """The weighted sum of all parts."""
        settings, (student, _, cache, _) = self._settings, self._beside.held
        total = settings.labels_weight * task_loss(batch, answers.logits, student.tasks, settings.label_smoothing)
        device = answers.features.device
        told = {name: values.to(device) for name, values in cache[indices].items()}
        if settings.logits_weight:
            total = total + settings.logits_weight * self._logits(answers, told, student.tasks)
        if settings.features_weight:
            near = functional.mse_loss(self.project_features(answers.features), told["features"])
            total = total + settings.features_weight * near
        if self.inner:
            total = total + self._inner(batch, answers, indices)
        return total

    def _logits(self, answers: Answers, told: Mapping[str, Tensor], tasks: Mapping[str, Task]) -> Tensor:
        heat = self._settings.temperature
        total = torch.zeros((), device=answers.features.device)
        for name, task in tasks.items():
            if name in told:
                soft = functional.log_softmax(told[name] / heat, dim=-1)
                own = functional.log_softmax(answers.logits[name] / heat, dim=-1)
                apart = functional.kl_div(own, soft, reduction="batchmean", log_target=True)
                total = total + task.weight * heat**2 * apart
        return total

    def _inner(self, batch: Batch, own: Answers, indices: Sequence[int]) -> Tensor:
        _, teacher, _, teacher_rows = self._beside.held
        with torch.no_grad():
            rows = [teacher_rows.rows[index] for index in indices]
            input_ids, attention_mask = (value.to(batch.input_ids.device) for value in pad(rows))
            shown = teacher.to(input_ids.device)(input_ids, attention_mask, inner=True)
            maps = teacher_rows.maps(indices, batch.input_ids.shape[1], input_ids.shape[1])
            across, back = (value.to(input_ids.device) for value in maps)
        total = torch.zeros((), device=batch.input_ids.device)
        real = batch.attention_mask.bool()
        for block, match in enumerate(self._matched):
            if self._settings.hidden_weight:
                target = across @ shown.hidden[match].float()
                projected = self.project_hidden[block](own.hidden[block].float())
                total = total + self._settings.hidden_weight * functional.mse_loss(projected[real], target[real])
            if self._settings.attention_weight:
                target = (across @ shown.attention[match].float() @ back)[real]
                apart = target * (
                    target.clamp(min=1e-6).log() - own.attention[block].float()[real].clamp(min=1e-6).log()
                )
                total = total + self._settings.attention_weight * apart.sum(-1).mean()
        return total


class TeacherRows:
    """The examples in the teacher's tokens, and which of them stand for the student's."""

    def __init__(self, examples: Sequence[Example], teacher: Tokenizer, student: Tokenizer) -> None:
        texts = [example.text for example in examples]
        theirs, ours = teacher.encode_batch(texts), student.encode_batch(texts)
        self.rows = [encoding.ids for encoding in theirs]
        # Of tokenizers that cut a text alike, nothing more need be known.
        self._offsets = [
            (one.offsets, other.offsets) if one.offsets != other.offsets else None
            for one, other in zip(ours, theirs, strict=True)
        ]
        self._lengths = [len(encoding.ids) for encoding in ours]

    def maps(self, indices: Sequence[int], length: int, teacher_length: int) -> tuple[Tensor, Tensor]:
        """`across` [B, S, T], whose rows average the teacher's tokens of each of ours, and `back` [B, T, S], whose rows
        divide a teacher's token among ours.
        """
        shared = torch.zeros(len(indices), length, teacher_length)
        for row, index in enumerate(indices):
            offsets = self._offsets[index]
            ours, theirs = (range(self._lengths[index]),) * 2 if offsets is None else _overlaps(*offsets)
            shared[row, list(ours), list(theirs)] = 1.0
        across = shared / shared.sum(2, keepdim=True).clamp(min=1)
        back = (shared / shared.sum(1, keepdim=True).clamp(min=1)).transpose(1, 2)
        return across, back


def distill(
    student: MultiTaskModel, teacher: MultiTaskModel, tokenizers: tuple[Tokenizer, Tokenizer],
    examples: Sequence[Example], settings: DistillSettings, work: Path, report: Report, answers: Path | None = None,
) -> MultiTaskModel:  # fmt: skip
    """Train `student` on `examples` with `teacher` beside it; `tokenizers` are the student's and the teacher's.

    Progress lies in `work`, and the teacher's answers there or in `answers`; the same call resumes there. What a
    teacher says of single tokens is learnt through `hidden_weight` only.

    Raises:
        RecipeError: the models have no task in common. WorkError: see `finetune`.
    """
    shared = [name for name in student.tasks if name in teacher.tasks]
    if not shared or any(student.tasks[name].outputs != teacher.tasks[name].outputs for name in shared):
        raise RecipeError("the teacher's tasks and labels are not the student's")
    dataset = Dataset(examples, student.tasks, tokenizers[0])
    teacher_rows = TeacherRows(examples, tokenizers[1], tokenizers[0])
    cache = TeacherCache(teacher, teacher_rows.rows, (answers or work) / "teacher.npz", report)
    torch.manual_seed(settings.seed)  # The projections begin alike, whatever ran before.
    objective = Distillation(student, teacher, settings, cache, teacher_rows)
    return fit(student, dataset, objective, settings, work / "progress.pt", report)


def _answers(teacher: MultiTaskModel, rows: Sequence[list[int]], report: Report) -> dict[str, np.ndarray]:
    """In batches of similar lengths, put back in order."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    sentence = [name for name, task in teacher.tasks.items() if task.kind == "sentence"]
    found: dict[str, list[Tensor]] = {name: [] for name in ("features", *sentence)}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    teacher = teacher.to(device).eval()
    for start in range(0, len(order), _CACHED_AT_A_TIME):
        input_ids, attention_mask = pad([rows[index] for index in order[start : start + _CACHED_AT_A_TIME]])
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
            answers = teacher(input_ids.to(device), attention_mask.to(device))
        found["features"].append(answers.features.float().cpu())
        for name in sentence:
            found[name].append(answers.logits[name].float().cpu())
        report(start, len(order), "asking the teacher")
    place = np.argsort(np.array(order))
    return {name: _halved(torch.cat(parts).numpy())[place] for name, parts in found.items()}


def _halved(values: np.ndarray) -> np.ndarray:
    """In half the size, where they fit: some encoders have greater features."""
    fits = bool((np.abs(values) < np.finfo(np.float16).max).all())
    return values.astype(np.float16) if fits else values


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    temporary = path.with_suffix(".tmp.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(temporary, allow_pickle=False, **arrays)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WorkError(f"{path} can't be written: {error.strerror}") from error


def _overlaps(ours: Sequence[tuple[int, int]], theirs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Pairs of tokens that share a character; the special ones at both ends stand for each other."""
    pairs = [
        (one, other)
        for one, (start, end) in enumerate(ours)
        for other, (begin, stop) in enumerate(theirs)
        if start < stop and begin < end and end > start and stop > begin
    ]
    pairs += [(0, 0), (len(ours) - 1, len(theirs) - 1)]
    return [one for one, _ in pairs], [other for _, other in pairs]
