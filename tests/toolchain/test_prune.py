"""Pruning: structured pruning makes smaller matrices that load without masks, unstructured pruning only zeros."""

import copy
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from torch import nn

from tests.toolchain.conftest import QUICK, load
from toolchain.data import TrainingData
from toolchain.dataset import Dataset
from toolchain.evaluate import accuracy
from toolchain.examples import Example
from toolchain.export import export_encoder
from toolchain.finetune import finetune
from toolchain.model import MultiTaskModel, load_model, pad, save_model
from toolchain.prune import PruneSettings, block_losses, prune, unit_scores
from toolchain.sparsify import settle, sparsify
from toolchain.structure import HEADS, groups, parameter_count, record_shapes
from toolchain.tasks import Task
from toolchain.training import Schedule

Tuned = tuple[MultiTaskModel, Tokenizer]


def settings(**changes: object) -> PruneSettings:
    plain = {
        "epochs": 1, "rows": 16, "max_length": 24, "label_smoothing": 0, "rounds": 2, "target": 0.1, "most_lost": 0.3,
        "schedule": Schedule(peak=2e-3, warm_up=2),
    }  # fmt: skip
    return PruneSettings.model_validate(plain | changes)


def held_out(examples: TrainingData) -> list[Example]:
    return [example for kept in examples.held_out.values() for example in kept]


def answer(model: MultiTaskModel, tokenizer: Tokenizer, text: str = "这家店的服务太好了") -> torch.Tensor:
    with torch.inference_mode():
        features: torch.Tensor = model.eval()(*pad([tokenizer.encode(text).ids])).features
    return features


@pytest.mark.parametrize("kind", ["bert", "mobilebert"])
def test_units_whose_output_is_zero_can_go_and_nothing_changes(
    kind: str, request: pytest.FixtureRequest, tasks: Mapping[str, Task], tmp_path: Path
) -> None:
    model, tokenizer = load(request.getfixturevalue(kind), tasks)
    for group in groups(model.encoder):
        with torch.no_grad():
            group.outward.weight[:, : group.width] = 0
    before, size = answer(model, tokenizer), parameter_count(model.encoder)
    weighed = sum(group.unit_parameters for group in groups(model.encoder))
    for group in groups(model.encoder):
        group.cut(range(1, group.units))
    record_shapes(model.encoder)
    assert torch.allclose(answer(model, tokenizer), before, atol=1e-6)
    assert parameter_count(model.encoder) == size - weighed
    save_model(tmp_path / "cut", model, tokenizer)
    again, _ = load_model(tmp_path / "cut")
    assert torch.equal(answer(again, tokenizer), answer(model, tokenizer))
    assert export_encoder(again, tmp_path / "cut.onnx") < 1e-3


@pytest.mark.parametrize("importance", ["gradient", "magnitude"])
def test_a_unit_that_does_next_to_nothing_matters_less_than_most(
    importance: str, tuned: Tuned, examples: TrainingData
) -> None:
    model, tokenizer = copy.deepcopy(tuned[0]), tuned[1]
    for group in groups(model.encoder):
        with torch.no_grad():
            group.outward.weight[:, : group.width] *= 1e-4
    dataset = Dataset(examples.train, model.tasks, tokenizer)
    scores = unit_scores(model, dataset, importance, 0)  # type: ignore[arg-type]  # a parameter's values
    assert all(float(score[0]) <= float(score.median()) for score in scores.values())
    assert all(float(score.max()) > 0 for score in scores.values())


def test_pruning_reaches_its_target_and_its_rounds_survive_a_kill(
    tuned: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    model, tokenizer = tuned
    arguments = copy.deepcopy(model), tokenizer, examples.train, held_out(examples), settings(features_weight=1.0)
    done = prune(*arguments, tmp_path, lambda *_: None)
    assert done.reached
    assert len(done.rounds) == 2
    assert done.rounds[0].parameters > done.rounds[1].parameters == parameter_count(done.model.encoder)
    assert 1 - done.rounds[1].parameters / parameter_count(model.encoder) >= 0.09
    assert accuracy(done.model, tokenizer, held_out(examples)) == pytest.approx(done.rounds[1].accuracy)
    assert done.before - done.rounds[1].accuracy <= 0.3

    shutil.rmtree(tmp_path / "round-2")
    torch.manual_seed(99)  # As if it were another process.
    again = prune(*arguments, tmp_path, lambda *_: None)
    assert again.rounds == done.rounds, "the first round is kept, and the second ends as it did"
    for name, value in done.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


def test_a_bound_that_can_not_be_kept_gives_the_best_before_it(
    tuned: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    model, tokenizer = tuned
    strict = settings(least_count=10_000, rounds=1, most_lost=0.01, schedule=Schedule(peak=1e-9, warm_up=0))
    done = prune(copy.deepcopy(model), tokenizer, examples.train, held_out(examples), strict, tmp_path, lambda *_: None)
    assert done.rounds[0].accuracy < done.before, "a model that can read no character should be missed"
    assert not done.reached
    assert parameter_count(done.model.encoder) == parameter_count(model.encoder)


def test_the_block_that_is_missed_least_goes(tuned: Tuned, examples: TrainingData, tmp_path: Path) -> None:
    model, tokenizer = copy.deepcopy(tuned[0]), tuned[1]
    losses = block_losses(model, Dataset(examples.train, model.tasks, tokenizer), 0)
    kept = model.blocks[losses.index(max(losses))]
    only = settings(blocks=1, rounds=1, most_lost=1, schedule=Schedule(peak=1e-9, warm_up=0))
    done = prune(model, tokenizer, examples.train, held_out(examples), only, tmp_path, lambda *_: None)
    assert len(done.model.blocks) == len(tuned[0].blocks) - 1 == 1
    for one, other in zip(kept.parameters(), done.model.blocks[0].parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    assert done.model.encoder.config.num_hidden_layers == len(done.model.blocks)
    again, _ = load_model(tmp_path / "round-1" / "model")
    assert len(again.blocks) == len(done.model.blocks)


def test_heads_may_be_spared_and_tokens_cut(tuned: Tuned, examples: TrainingData, tmp_path: Path) -> None:
    model, tokenizer = tuned
    done = prune(
        copy.deepcopy(model), tokenizer, examples.train, held_out(examples),
        settings(attention=False, least_count=1, rounds=1, target=0.3), tmp_path, lambda *_: None,
    )  # fmt: skip
    units = {group.name: group.units for group in groups(done.model.encoder) if group.kind == HEADS}
    assert units == {group.name: group.units for group in groups(model.encoder) if group.kind == HEADS}
    assert done.tokenizer.get_vocab_size() < tokenizer.get_vocab_size()
    assert done.model.encoder.embeddings.word_embeddings.num_embeddings == done.tokenizer.get_vocab_size()


def test_unstructured_pruning_leaves_zeros_that_stay_and_no_smaller_matrix(
    tuned: Tuned, examples: TrainingData, tmp_path: Path
) -> None:
    model, tokenizer = copy.deepcopy(tuned[0]), tuned[1]
    size = parameter_count(model.encoder)
    sparsify(model, 0.5)
    model = finetune(model, tokenizer, examples.train[:64], QUICK, tmp_path, lambda *_: None)
    assert settle(model) == pytest.approx(0.5, abs=0.02)
    assert parameter_count(model.encoder) == size
    zeros = sum(int((m.weight == 0).sum()) for m in model.blocks.modules() if isinstance(m, nn.Linear))
    save_model(tmp_path / "sparse", model, tokenizer)
    again, _ = load_model(tmp_path / "sparse")
    assert zeros == sum(int((m.weight == 0).sum()) for m in again.blocks.modules() if isinstance(m, nn.Linear))
