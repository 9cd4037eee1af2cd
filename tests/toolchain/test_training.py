"""The training loop: batches, resuming, several tasks at once, and labels that are known in part."""

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from tests.toolchain.conftest import QUICK, load
from toolchain.data import TrainingData
from toolchain.dataset import Dataset, task_loss
from toolchain.errors import WorkError
from toolchain.evaluate import accuracy, macro_f1, measure, model_answerer
from toolchain.examples import Annotation, Example, Span
from toolchain.finetune import finetune
from toolchain.model import MultiTaskModel, load_model, save_model
from toolchain.recipe import Recipe
from toolchain.tasks import Task
from toolchain.training import Batches, Loop, Schedule


class _Killed(Exception):
    """Stands in for a kill, at the seam that reports progress."""


def test_every_example_is_in_one_batch_of_an_epoch_and_batches_differ_by_seed_and_epoch() -> None:
    lengths = [index % 17 + 1 for index in range(203)]
    batches = Batches(lengths, 8, 1_000, 1)
    steps = batches.steps(1)
    first = [list(batches(step)) for step in range(steps)]
    second = [list(batches(step)) for step in range(steps, batches.steps(2))]
    for epoch in (first, second):
        assert sorted(itertools.chain.from_iterable(epoch)) == list(range(203))
    assert first != second
    assert first != [list(Batches(lengths, 8, 1_000, 2)(step)) for step in range(steps)]


def test_batches_keep_within_tokens_and_a_step_is_the_same_whoever_asks_first() -> None:
    lengths = [5, 40, 7, 9, 100, 30, 31, 8] * 5
    batches = Batches(lengths, 8, 64, 3)
    for step in range(batches.steps(1)):
        batch = batches(step)
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= 64
    late = batches.steps(3) - 1
    assert list(Batches(lengths, 8, 64, 3)(late)) == list(batches(late))


def test_the_rate_rises_holds_and_falls() -> None:
    schedule = Schedule(peak=1.0, warm_up=10, decay=0.2)
    rates = [schedule.rate(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:80] == [1.0] * 70
    assert rates[99] == pytest.approx(0.05)
    assert sorted(rates[80:], reverse=True) == rates[80:]
    assert max(schedule.rate(step, 40) for step in range(40)) == 1.0, "a short run should reach the peak too"


def test_training_that_is_cut_short_ends_as_if_it_had_not_been(
    mobilebert: Path, tasks: Mapping[str, Task], examples: TrainingData, tmp_path: Path
) -> None:
    few = examples.train[:96]
    settings = QUICK.model_copy(update={"schedule": Schedule(peak=3e-3, warm_up=5, save_every=4, averaging=0.9)})

    def start() -> MultiTaskModel:
        torch.manual_seed(0)
        return load(mobilebert, tasks)[0]

    tokenizer = load(mobilebert, tasks)[1]
    whole = finetune(start(), tokenizer, few, settings, tmp_path / "whole", lambda *_: None)

    def die_at(step: int) -> None:
        def report(done: int, total: int, note: str) -> None:
            if done == step:
                raise _Killed

        with pytest.raises(_Killed):
            finetune(start(), tokenizer, few, settings, tmp_path / "cut", report)

    die_at(6)
    die_at(9)
    steps: list[int] = []
    cut = finetune(start(), tokenizer, few, settings, tmp_path / "cut", lambda done, *_: steps.append(done))
    assert steps[0] == 9
    for name, value in whole.state_dict().items():
        assert torch.equal(value, cut.state_dict()[name]), name
    with pytest.raises(WorkError, match="another recipe"):
        finetune(start(), tokenizer, few[:40], settings, tmp_path / "cut", lambda *_: None)
    (tmp_path / "cut" / "progress.pt").write_bytes(b"half a file")
    with pytest.raises(WorkError, match="is damaged"):
        finetune(start(), tokenizer, few, settings, tmp_path / "cut", lambda *_: None)


def test_dropout_is_that_of_the_settings_and_only_while_training(
    mobilebert: Path, tasks: Mapping[str, Task], examples: TrainingData, tmp_path: Path
) -> None:
    settings = QUICK.model_copy(update={"dropout": 0.25})
    model, tokenizer = load(mobilebert, tasks)
    trained = finetune(model, tokenizer, examples.train[:32], settings, tmp_path, lambda *_: None)
    before = dict(load(mobilebert, tasks)[0].named_modules())
    for name, module in trained.named_modules():
        if isinstance(module, nn.Dropout):
            attention = name.endswith("attention.self.dropout")
            assert module.p == (before[name].p if attention else 0.25), name
    batch = Dataset(examples.train[:8], tasks, tokenizer).batch(range(8))
    one, other = (trained(batch.input_ids, batch.attention_mask).features for _ in range(2))
    assert torch.equal(one, other)


def test_a_loss_that_is_not_finite_ends_the_run_with_what_to_do(
    mobilebert: Path, tasks: Mapping[str, Task], examples: TrainingData, tmp_path: Path
) -> None:
    model, tokenizer = load(mobilebert, tasks)
    with torch.no_grad():
        model.head("sentiment").weight.fill_(float("nan"))
    with pytest.raises(WorkError, match="lower the peak learning rate"):
        finetune(model, tokenizer, examples.train[:32], QUICK, tmp_path, lambda *_: None)


@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_what_was_saved_before_a_step_that_is_not_finite_stays(broken: str, tmp_path: Path) -> None:
    model = nn.Linear(1, 1)

    def loss(module: nn.Module, batch: Sequence[int]) -> Tensor:
        value: Tensor = module(torch.ones(1, 1)).sum()
        if batch[0] == 5:
            # The root of nothing is nothing, its slope infinite.
            value = value * float("nan") if broken == "loss" else (value - value.detach()).abs().sqrt()
        return value

    loop = Loop(model, Schedule(save_every=3), 9, tmp_path / "progress.pt", {})
    with pytest.raises(WorkError, match="not finite at step 6"):
        loop.run(lambda step: [step], loss, lambda *_: None)
    saved = torch.load(tmp_path / "progress.pt", weights_only=True)
    assert saved["step"] == 3
    assert all(value.isfinite().all() for value in saved["model"].values())


def test_all_tasks_are_learnt_on_one_base(
    tuned: tuple[MultiTaskModel, Tokenizer], examples: TrainingData, data: Path, tiny: Recipe
) -> None:
    model, tokenizer = tuned
    figures = measure(model_answerer(model, tokenizer), data, model.tasks, tiny.measures)
    assert figures["everyday"]["macro_f1"] > 0.8
    assert figures["requests"]["accuracy"] > 0.8
    assert figures["topics"]["TOPIC_f1"] > 0.8
    held_out = [example for kept in examples.held_out.values() for example in kept]
    assert accuracy(model, tokenizer, held_out) > 0.8


def test_a_model_is_the_same_after_it_was_saved(tuned: tuple[MultiTaskModel, Tokenizer], tmp_path: Path) -> None:
    model, tokenizer = tuned
    save_model(tmp_path / "model", model, tokenizer)
    again, _ = load_model(tmp_path / "model")
    assert again.tasks == model.tasks
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_types_that_a_set_does_not_annotate_are_neither_taught_nor_untaught(mobilebert: Path) -> None:
    tasks = {"entities": Task(kind="token", labels=("TOPIC", "PERSON"))}
    model, tokenizer = load(mobilebert, tasks)
    annotation = Annotation((Span(0, 1, "PERSON"),), frozenset({"PERSON"}))
    batch = Dataset([Example("老师的手机", "x", spans={"entities": annotation})], tasks, tokenizer).batch([0])
    scores = torch.zeros(1, batch.input_ids.shape[1], 5)
    # Sure that the name begins a PERSON, and that all else is a TOPIC, of which nothing is known.
    scores[0, 1, 3] = 50.0
    scores[0, 2:, 1] = 50.0
    assert float(task_loss(batch, {"entities": scores}, tasks, 0.0)) == pytest.approx(0.0, abs=1e-4)
    scores[0, 2:, 1] = 0.0
    scores[0, 2:, 3] = 50.0
    assert float(task_loss(batch, {"entities": scores}, tasks, 0.0)) > 10
    assert model.tasks == tasks


def test_examples_without_a_label_cost_nothing(mobilebert: Path, tasks: Mapping[str, Task]) -> None:
    _, tokenizer = load(mobilebert, tasks)
    dataset = Dataset([Example("手机", "x", {"sentiment": 2}), Example("咖啡", "x", {"route": 0})], tasks, tokenizer)
    batch = dataset.batch([0, 1])
    logits = {name: torch.zeros(2, len(task.outputs)) for name, task in tasks.items() if task.kind == "sentence"}
    expected = (math.log(3) + math.log(3)) / 2
    assert float(task_loss(batch, logits, tasks, 0.0)) == pytest.approx(expected, abs=1e-5)


def test_macro_f1_is_the_mean_over_classes() -> None:
    import numpy as np

    truth, chosen = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    assert macro_f1(truth, chosen) == pytest.approx((0.5 + 0.8 + 0) / 3)
