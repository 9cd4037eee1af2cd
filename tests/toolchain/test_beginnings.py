"""What a stage begins with: heads that fit, inputs that stayed the same, what it needs, where a bundle goes."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.tiny_bundle import TinyBundle, tiny_recipe
from toolchain.errors import CheckpointError, RecipeError, WorkError
from toolchain.model import load_model
from toolchain.recipe import Recipe, load_recipe, parse_recipe
from toolchain.run import Destination, Run

_QUICK = {"rows": 16, "max_length": 24, "label_smoothing": 0, "epochs": 0.2, "schedule": {"peak": 3e-3, "warm_up": 5}}


def quiet(*_: object) -> None:
    """Hears nothing."""


def changed(recipe: Recipe, **changes: Any) -> Recipe:
    return parse_recipe(recipe.model_dump(mode="json", exclude_none=True) | changes, "the changed recipe")


def tasks_of(recipe: Recipe) -> dict[str, Any]:
    return {name: task.model_dump(mode="json") for name, task in recipe.tasks.items()}


@pytest.fixture
def home(bundle: TinyBundle, tmp_path: Path) -> Path:
    """The tiny bundle's whole run, to change: its checkpoint, data, working directory and bundle."""
    shutil.copytree(bundle.path.parent, tmp_path / "home")
    return tmp_path / "home"


def test_heads_of_other_labels_are_not_taken_for_the_recipes(home: Path, tmp_path: Path) -> None:
    tuned = home / "work" / "tuned" / "model"
    recipe = tiny_recipe(tuned)
    tasks = tasks_of(recipe)
    tasks["route"]["labels"] = tasks["route"]["labels"][::-1]
    tasks["urgency"] = {"labels": ["telling", "asking"]}
    finetune = {"do": "finetune", "name": "again", "start": str(tuned), **_QUICK}
    sources = [s.model_dump(mode="json", exclude_none=True) for s in recipe.sources]
    sources.append({**sources[1], "columns": ["urgency", "route"]})
    begun = Run(
        changed(recipe, tasks=tasks, sources=sources, stages=[finetune], held_out={}, replay={}, updates={}),
        home / "data", tmp_path / "work", quiet,
    )  # fmt: skip
    before, _ = Run(recipe, home / "data", home / "work", quiet).model("tuned")
    model, _ = begun.beginning(begun.recipe.stages[0])  # type: ignore[arg-type]  # it is a finetune stage
    assert model.tasks == begun.recipe.tasks
    assert model.head("sentiment").weight.equal(before.head("sentiment").weight), "a head that fits is kept"
    assert not model.head("route").weight.equal(before.head("route").weight), "its labels have another order"
    assert model.head("urgency").out_features == 2

    pruned = {"do": "prune", "name": "pruned", "start": str(tuned), **_QUICK}
    with pytest.raises(RecipeError, match="was not trained on the task route with these labels"):
        Run(
            changed(recipe, tasks=tasks | {"urgency": tasks["intent"]}, stages=[pruned]), home / "data",
            tmp_path / "other", quiet,
        ).go()  # fmt: skip


def test_a_checkpoint_without_heads_is_nothing_to_quantise(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(mobilebert, stages=[{"do": "quantize", "name": "int8", "start": str(mobilebert)}])
    with pytest.raises(CheckpointError, match="is no model with heads: fine-tune it first"):
        Run(recipe, data, tmp_path / "work", quiet).go()


class _Killed(Exception):
    """Stands in for a kill, at the seam that reports progress."""


def test_a_stage_that_was_begun_goes_on_with_the_same_inputs_only(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(mobilebert, epochs=1)

    def die(_stage: str, done: int, _total: int, _note: str) -> None:
        if done == 9:
            raise _Killed

    def run(recipe: Recipe, progress: Any, redo: Sequence[str] = ()) -> None:
        out = Destination(tmp_path / "bundle", Ed25519PrivateKey.generate())
        running = Run(recipe, data, tmp_path / "work", progress, destination=out)
        running.redo(redo)
        running.go()

    with pytest.raises(_Killed):
        run(recipe, die)
    heavier = tasks_of(recipe)
    heavier["entities"]["weight"] = 3.0
    with pytest.raises(WorkError, match=r"stage tuned was begun with other settings.*data\.recipe.*--redo tuned"):
        run(changed(recipe, tasks=heavier), quiet)
    steps: list[int] = []

    def listen(stage: str, done: int, _total: int, note: str) -> None:
        if stage == "tuned" and note.startswith("loss"):
            steps.append(done)

    run(changed(recipe, tasks=heavier), listen, redo=["tuned"])
    assert steps[0] == 1


def test_labels_of_text_elsewhere_depend_on_that_text(home: Path) -> None:
    (home / "data" / "talks.jsonl").write_text('{"id": 1, "turns": [["client", "新买的手机"]]}\n', "utf-8")
    (home / "data" / "talks.tsv").write_text("asking\tprivate\t1 3-5\n", "utf-8")
    recipe = tiny_recipe(home / "checkpoint")
    sources = [s.model_dump(mode="json", exclude_none=True) for s in recipe.sources]
    labelled = {**sources[1], "path": "talks.tsv", "texts": "talks.jsonl"}
    recipe = changed(
        recipe,
        sources=[*sources, labelled],
        stages=[{"do": "finetune", "name": "a", "start": str(home / "checkpoint"), **_QUICK}],
    )
    Run(recipe, home / "data", home / "new", quiet).go()
    (home / "data" / "talks.jsonl").write_text('{"id": 1, "turns": [["client", "隔壁的邻居"]]}\n', "utf-8")
    with pytest.raises(WorkError, match=r"data\.files\.talks\.jsonl"):
        Run(recipe, home / "data", home / "new", quiet).go()


def test_a_bundle_is_made_wherever_it_is_asked_for(bundle: TinyBundle, home: Path) -> None:
    recipe = tiny_recipe(bundle.path.parent / "checkpoint")

    def make(out: Path, key: Ed25519PrivateKey, **changes: Any) -> None:
        Run(changed(recipe, **changes), home / "data", home / "work", quiet, destination=Destination(out, key)).go()

    make(home / "elsewhere", bundle.signing_key)
    assert (home / "elsewhere" / "manifest.json").is_file()
    shutil.rmtree(home / "elsewhere")
    shutil.copytree(home / "bundle", home / "elsewhere")  # Of another making.
    make(home / "elsewhere", bundle.signing_key)
    made = hashlib.sha256((home / "elsewhere" / "manifest.json").read_bytes()).hexdigest()
    assert json.loads((home / "work" / "stages.json").read_bytes())["stages"]["bundle"]["figures"]["manifest"] == made
    with pytest.raises(WorkError, match=r"stage bundle was finished with other settings.*\(key\).*--redo bundle"):
        make(home / "elsewhere", Ed25519PrivateKey.generate())
    with pytest.raises(WorkError, match=r"\(bundle\.limits\)"):
        make(home / "elsewhere", bundle.signing_key, limits="Sarcasm.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"held_out": {"entities": 3}}, "examples of entities can't be held out: only those of sentence tasks"),
        ({"stages": [{"do": "finetune", "name": "a"}]}, "give either start, or model and vocabulary"),
        ({"stages": [{"do": "distill", "name": "a", "teacher": "t", "start": "s", "model": {}}]}, "give either start"),
    ],
)
def test_a_recipe_that_can_not_be_done_is_refused_when_read(
    changes: dict[str, Any], message: str, mobilebert: Path
) -> None:
    with pytest.raises(RecipeError, match=message):
        changed(tiny_recipe(mobilebert), **changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "intent"}, "everyday: its source says nothing of intent"),
        ({"between": ["负面", "good"]}, "everyday: sentiment has no label good; allowed: 负面, 中性, 正面"),
        ({"taken": [["负面", "好"]]}, "everyday: sentiment has no label 好"),
    ],
)
def test_a_measure_of_what_its_source_lacks_is_refused_when_read(
    change: dict[str, Any], message: str, mobilebert: Path
) -> None:
    recipe = tiny_recipe(mobilebert)
    everyday = recipe.measures["everyday"].model_dump(mode="json", exclude_none=True)
    with pytest.raises(RecipeError, match=message):
        changed(recipe, measures={"everyday": everyday | change})


def test_what_a_stage_lacks_is_known_before_anything_is_trained(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    tune = {"do": "finetune", "name": "tuned", "start": str(mobilebert), **_QUICK}
    destination = Destination(tmp_path / "bundle", Ed25519PrivateKey.generate())
    bundle, prune = ({"do": do, "name": do, "start": "tuned"} for do in ("bundle", "prune"))
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        (bundle, {}, "must begin with a quantize stage; tuned is none"),
        (prune, {"held_out": {}}, "there are none"),
    ]
    for stage, changes, message in cases:
        recipe = changed(tiny_recipe(mobilebert, stages=[tune, stage]), **changes)
        with pytest.raises(RecipeError, match=message):
            Run(recipe, data, tmp_path / "work", quiet, destination=destination).go()
        assert not (tmp_path / "work" / "tuned").exists()


def test_real_sentences_to_look_at_are_different_ones(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(mobilebert)
    sources = [{**s.model_dump(mode="json", exclude_none=True), "times": 5} for s in recipe.sources]
    run = Run(changed(recipe, sources=sources), data, tmp_path / "work", quiet)
    _, tokenizer = run.beginning(recipe.stages[0])  # type: ignore[arg-type]  # it is a finetune stage
    rows = run.rows(tokenizer, 64)
    assert len({json.dumps(row) for row in rows}) > 55


def test_the_recipe_in_the_documentation_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "toolchain.md").read_text("utf-8")
    (found,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "own.yaml").write_text(found, "utf-8")
    recipe = load_recipe(tmp_path / "own.yaml")
    assert list(recipe.tasks) == list(recipe.held_out) == list(yaml.safe_load(found)["tasks"])
    assert [stage.do for stage in recipe.stages][-1] == "bundle"


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("recipes/*.yaml")), ids=lambda path: path.stem)
def test_heads_that_come_with_a_recipe_are_of_its_tasks(path: Path) -> None:
    recipe = load_recipe(path)
    for stage in recipe.stages:
        start = path.parent / str(getattr(stage, "start", None))
        if (start / "tasks.json").is_file():
            model, _ = load_model(start)
            assert {name: task.outputs for name, task in model.tasks.items()} == {
                name: task.outputs for name, task in recipe.tasks.items()
            }
