"""Blending: where the weights come to lie, that heads stay, and encoders that don't belong together."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from tests.support.tiny_bundle import TinyBundle, tiny_recipe
from toolchain.blend import blend
from toolchain.checkpoint import load_encoder
from toolchain.errors import RecipeError, WorkError
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


def test_another_vocabulary_or_form_of_the_same_shapes_is_refused(bundle: TinyBundle, tmp_path: Path) -> None:
    home = bundle.path.parent
    tuned = home / "work" / "tuned" / "model"
    other = tmp_path / "other"
    shutil.copytree(tuned, other)
    stage = {"do": "blend", "name": "blended", "start": str(tuned), "origin": str(other)}
    content = tiny_recipe(tuned).model_dump(mode="json", exclude_none=True)
    recipe = parse_recipe(content | {"stages": [stage]}, "the recipe")

    config = json.loads((other / "config.json").read_text("utf-8"))
    (other / "config.json").write_text(json.dumps(config | {"hidden_act": "gelu"}), "utf-8")
    with pytest.raises(RecipeError, match="the origin is one of another shape"):
        Run(recipe, home / "data", tmp_path / "one", lambda *_: None).go()

    words = (other / "tokenizer.json").read_text("utf-8")
    (other / "tokenizer.json").write_text(words.replace('"今"', '"龘"'), "utf-8")
    with pytest.raises(RecipeError, match="another vocabulary"):
        Run(recipe, home / "data", tmp_path / "two", lambda *_: None).go()


def test_doing_the_origin_again_does_the_blend_again(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    quick: dict[str, Any] = {"epochs": 0.1, "rows": 16, "max_length": 24}
    stages: list[dict[str, Any]] = [
        {"do": "finetune", "name": "first", "start": str(mobilebert), **quick},
        {"do": "finetune", "name": "tuned", "start": "first", **quick},
        {"do": "blend", "name": "blended", "start": "tuned", "origin": "first"},
    ]
    Run(tiny_recipe(mobilebert, stages=stages), data, tmp_path / "work", lambda *_: None).go()
    stages[0]["seed"] = 1
    changed = tiny_recipe(mobilebert, stages=stages)
    with pytest.raises(WorkError, match="first was finished with other settings"):
        Run(changed, data, tmp_path / "work", lambda *_: None).go()
    done: list[str] = []
    again = Run(changed, data, tmp_path / "work", lambda stage, *_: done.append(stage))
    again.redo(["first"])
    again.go()
    assert set(done) == {"first", "tuned", "blended"}


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
