"""Blending: where the weights come to lie, that heads stay, and encoders that don't belong together."""

import copy
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from tests.support.tiny_bundle import tiny_recipe
from toolchain.blend import blend
from toolchain.checkpoint import load_encoder
from toolchain.errors import RecipeError
from toolchain.model import MultiTaskModel
from toolchain.recipe import parse_recipe
from toolchain.run import Run


def test_weights_lie_between_those_of_both_and_heads_stay(
    tuned: tuple[MultiTaskModel, Tokenizer], mobilebert: Path
) -> None:
    model, origin = copy.deepcopy(tuned[0]), load_encoder(str(mobilebert))
    blend(model, origin, 0.75)
    for (name, begun), ended in zip(origin.named_parameters(), tuned[0].encoder.parameters(), strict=True):
        wanted = begun + 0.75 * (ended - begun)
        assert torch.allclose(model.encoder.get_parameter(name), wanted, atol=1e-6), name
    assert not model.encoder.get_parameter(name).equal(ended), "fine-tuning had moved it"
    assert model.head("sentiment").weight.equal(tuned[0].head("sentiment").weight)


def test_an_encoder_of_another_shape_is_refused_and_nothing_changed(
    tuned: tuple[MultiTaskModel, Tokenizer], bert: Path
) -> None:
    model = copy.deepcopy(tuned[0])
    with pytest.raises(RecipeError, match="one of another shape"):
        blend(model, load_encoder(str(bert)), 0.5)
    for before, after in zip(tuned[0].parameters(), model.parameters(), strict=True):
        assert before.equal(after)


def test_an_origin_that_comes_later_is_refused_when_the_run_begins(
    data: Path, mobilebert: Path, tmp_path: Path
) -> None:
    stages = [
        {"do": "finetune", "name": "tuned", "start": str(mobilebert)},
        {"do": "blend", "name": "blended", "start": "tuned", "origin": "more"},
        {"do": "finetune", "name": "more", "start": "tuned"},
    ]
    recipe = tiny_recipe(mobilebert, stages=stages)
    with pytest.raises(RecipeError, match="the stage blended begins with more, which comes after it"):
        Run(recipe, data, tmp_path / "work", lambda *_: None).go()


@pytest.mark.parametrize("share", [0, 1, 1.5, "half"])
def test_a_share_is_a_part(share: object, mobilebert: Path) -> None:
    content = tiny_recipe(mobilebert).model_dump(mode="json", exclude_none=True)
    content["stages"] = [{"do": "blend", "name": "blended", "start": "tuned", "origin": "base", "share": share}]
    with pytest.raises(RecipeError, match=r"stages\.0\.(blend\.)?share"):
        parse_recipe(content, "the recipe")
