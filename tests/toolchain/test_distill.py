"""Distillation: from a teacher of another size and vocabulary, with its answers kept."""

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from tests.support.tiny_bundle import CHARACTERS
from tests.support.tiny_checkpoint import write_bert
from tests.toolchain.conftest import load
from toolchain.data import TrainingData
from toolchain.distill import DistillSettings, TeacherRows, distill
from toolchain.errors import RecipeError, WorkError
from toolchain.examples import Example
from toolchain.model import MultiTaskModel, pad
from toolchain.tasks import Task
from toolchain.training import Schedule

Tuned = tuple[MultiTaskModel, Tokenizer]


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory, tasks: Mapping[str, Task]) -> Tuned:
    """A BERT that knows the teacher's characters under other numbers, and not all of them."""
    folder = tmp_path_factory.mktemp("student")
    write_bert(folder, CHARACTERS[::-1].replace("咖", ""))
    return load(folder, tasks)


def settings(**changes: object) -> DistillSettings:
    plain = {
        "epochs": 2, "rows": 16, "max_length": 24, "label_smoothing": 0,
        "schedule": Schedule(peak=3e-3, warm_up=5),
    }  # fmt: skip
    return DistillSettings.model_validate(plain | changes)


def told(model: MultiTaskModel, tokenizer: Tokenizer, examples: list[Example]) -> torch.Tensor:
    with torch.inference_mode():
        answers = model.eval()(*pad([encoding.ids for encoding in tokenizer.encode_batch([e.text for e in examples])]))
    probabilities: torch.Tensor = answers.logits["sentiment"].softmax(-1)
    return probabilities


def test_a_student_of_another_size_and_vocabulary_comes_to_answer_as_its_teacher(
    tuned: Tuned, student: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    teacher, theirs = tuned
    model, tokenizer = copy.deepcopy(student[0]), student[1]
    few = list(examples.held_out["sentiment"])
    right = told(teacher, theirs, few)
    before = float((told(model, tokenizer, few) - right).abs().mean())
    unlabelled = [Example(example.text, "x") for example in examples.train]
    every = settings(features_weight=1.0, hidden_weight=1.0, attention_weight=1.0)
    done = distill(model, teacher, (tokenizer, theirs), unlabelled, every, tmp_path, lambda *_: None)
    after = float((told(done, tokenizer, few) - right).abs().mean())
    assert after < before / 2, "without a single label, the teacher alone should teach"


def test_the_teacher_is_asked_once_and_another_set_of_examples_is_noticed(
    tuned: Tuned, student: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    teacher, theirs = tuned
    few, once = examples.train[:32], settings(epochs=1)

    def run() -> list[str]:
        notes: list[str] = []
        pair = copy.deepcopy(student[0]), copy.deepcopy(teacher)
        distill(*pair, (student[1], theirs), few, once, tmp_path, lambda _done, _total, note: notes.append(note))
        return notes

    assert any("asking" in note for note in run())
    kept = np.load(tmp_path / "teacher.npz")
    assert kept["sentiment"].shape == (32, 3)
    (tmp_path / "progress.pt").unlink()
    assert not any("asking" in note for note in run())
    with pytest.raises(WorkError, match="other examples"):
        distill(student[0], teacher, (student[1], theirs), few[:9], once, tmp_path, lambda *_: None)


def test_features_that_half_precision_can_not_hold_are_kept_whole(
    tuned: Tuned, student: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    teacher = copy.deepcopy(tuned[0])
    with torch.no_grad():
        teacher.blocks[-1].get_parameter("output.bottleneck.LayerNorm.weight").mul_(1e6)
    losses: list[str] = []
    distill(
        copy.deepcopy(student[0]), teacher, (student[1], tuned[1]), examples.train[:16],
        settings(epochs=0.1, features_weight=1e-12, logits_weight=0), tmp_path, lambda *said: losses.append(said[2]),
    )  # fmt: skip
    with np.load(tmp_path / "teacher.npz") as kept:
        assert np.isfinite(kept["features"]).all()
        assert np.abs(kept["features"]).max() > np.finfo(np.float16).max


def test_tokens_stand_for_each_other_by_the_characters_they_share(bert: Path, student: Tuned) -> None:
    from toolchain.tokenizer import load_tokenizer

    theirs, ours = load_tokenizer(str(bert), 24), student[1]
    rows = TeacherRows([Example("咖啡不错", "x"), Example("手机", "x")], theirs, ours)
    across, back = rows.maps([0, 1], 6, 6)
    assert torch.equal(across[0], torch.eye(6))
    assert torch.equal(across[1, :4, :4], torch.eye(4))
    assert float(across[1, 4:].sum()) == 0
    assert torch.allclose(back[0].sum(1), torch.ones(6))


def test_a_teacher_of_other_tasks_or_labels_is_refused(tuned: Tuned, bert: Path, tmp_path: Path) -> None:
    model, tokenizer = load(bert, {"sentiment": Task(labels=("坏", "好"))})
    with pytest.raises(RecipeError, match="tasks and labels are not the student's"):
        distill(model, tuned[0], (tokenizer, tuned[1]), [], settings(), tmp_path, lambda *_: None)
