"""Calibration of heads: limits that hold on held-out text, spans that a shy head finds again, and what is refused."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from tests.support.tiny_bundle import tiny_recipe
from toolchain.calibrate import CalibrateSettings, Limit, calibrate, f_beta
from toolchain.data import TrainingData
from toolchain.errors import RecipeError
from toolchain.evaluate import measure, model_answerer
from toolchain.examples import Example
from toolchain.model import MultiTaskModel

Trained = tuple[MultiTaskModel, Tokenizer]


@pytest.fixture
def biased(tuned: Trained) -> Trained:
    """A model that takes much for general, and hardly marks a topic."""
    model, tokenizer = copy.deepcopy(tuned[0]), tuned[1]
    with torch.no_grad():
        model.head("route").bias[1] += 6.0
        model.head("entities").bias[1:] -= 3.0
    return model, tokenizer


@pytest.fixture
def held_out(examples: TrainingData) -> Sequence[Example]:
    """What the tiny recipe keeps out of training."""
    return [example for kept in examples.held_out.values() for example in kept]


def taken(trained: Trained, held_out: Sequence[Example]) -> float:
    """The share of private requests that are taken for general."""
    private = [example.text for example in held_out if example.labels.get("route") == 0]
    answers = model_answerer(*trained)(private)
    return sum(int(answer.probabilities["route"].argmax() == 1) for answer in answers) / len(private)


def test_a_limit_holds_on_the_text_that_it_is_judged_by(biased: Trained, held_out: Sequence[Example]) -> None:
    assert taken(biased, held_out) > 0.5
    before = biased[0].head("route").bias.detach().clone()
    settings = CalibrateSettings(limits={"route": Limit(right="private", chosen="general", most=0.1)})
    moved = calibrate(*biased, held_out, settings)
    assert 0 < taken(biased, held_out) <= 0.1, "no further than it must"
    assert moved["route general"] < 0
    assert torch.equal(biased[0].head("route").bias[[0, 2]], before[[0, 2]])


def test_a_limit_that_holds_already_moves_nothing(tuned: Trained, held_out: Sequence[Example]) -> None:
    model = copy.deepcopy(tuned[0])
    limit = Limit(right="private", chosen="general", most=0.9)
    assert calibrate(model, tuned[1], held_out, CalibrateSettings(limits={"route": limit}))["route general"] == 0


def test_a_shy_head_marks_topics_again(
    biased: Trained, held_out: Sequence[Example], data: Path, mobilebert: Path
) -> None:
    recipe = tiny_recipe(mobilebert)

    def topics() -> Mapping[str, float]:
        return measure(model_answerer(*biased), data, biased[0].tasks, recipe.measures)["topics"]

    before = topics()
    assert calibrate(*biased, held_out, CalibrateSettings()) == {}, "what is not asked for stays"
    assert topics() == before
    moved = calibrate(*biased, held_out, CalibrateSettings(beta={"TOPIC": 1}))
    assert moved["entities TOPIC"] > 0
    assert topics()["TOPIC_f1"] > before["TOPIC_f1"]


def test_recall_can_be_worth_more_than_precision() -> None:
    careful, generous = (6, 6, 10), (9, 20, 10)  # right, found, there
    assert f_beta(careful, 0.5) > f_beta(generous, 0.5)
    assert f_beta(careful, 2) < f_beta(generous, 2)
    assert f_beta(careful, 1) == 12 / 16
    assert f_beta((0, 0, 10), 1) == 0


def test_a_limit_needs_text_to_be_judged_by(tuned: Trained, held_out: Sequence[Example]) -> None:
    others = [example for example in held_out if example.labels.get("route") != 0]
    settings = CalibrateSettings(limits={"route": Limit(right="private", chosen="general", most=0.1)})
    with pytest.raises(RecipeError, match="0 held-out texts of route are labelled private: too few"):
        calibrate(copy.deepcopy(tuned[0]), tuned[1], others, settings)


def test_a_share_that_so_few_texts_cant_tell_is_refused(tuned: Trained, held_out: Sequence[Example]) -> None:
    settings = CalibrateSettings(limits={"route": Limit(right="private", chosen="general", most=0.01)})
    with pytest.raises(RecipeError, match=r"labelled private: too few to tell a share of 0\.01"):
        calibrate(copy.deepcopy(tuned[0]), tuned[1], held_out, settings)


def test_a_type_with_too_few_spans_can_not_be_calibrated(tuned: Trained, held_out: Sequence[Example]) -> None:
    few = [example for example in held_out if example.spans][:5]
    model = copy.deepcopy(tuned[0])
    with pytest.raises(RecipeError, match="TOPIC can't be calibrated: 10 held-out spans"):
        calibrate(model, tuned[1], few, CalibrateSettings(beta={"TOPIC": 2}))
    assert torch.equal(model.head("entities").bias, tuned[0].head("entities").bias)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"beta": {"CITY": 2}}, "balanced: no task marks CITY; allowed: TOPIC"),
        ({"limits": {"mood": {"right": "a", "chosen": "b", "most": 0}}}, "balanced: there is no sentence task mood"),
        ({"limits": {"route": {"right": "private", "chosen": "public", "most": 0}}}, "route has no label public"),
        ({"limits": {"route": {"right": "private", "chosen": "private", "most": 0}}}, "chosen must differ"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(mobilebert: Path, said: Any, message: str) -> None:
    stage = {"do": "calibrate", "name": "balanced", "start": "tuned", **said}
    with pytest.raises(RecipeError, match=message):
        tiny_recipe(mobilebert, stages=[stage])
