"""Recipes: every route on tiny models, resuming, other inputs, reports; and the bundles that come out."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import numpy_helper

from model_store.bundle import Bundle
from model_store.signing import key_id, load_trusted_keys
from tests.support.tiny_bundle import CHARACTERS, TinyBundle, tiny_recipe, write_checkpoint
from tests.support.tiny_checkpoint import write_mobilebert
from toolchain.errors import CheckpointError, ExportError, RecipeError, WorkError
from toolchain.evaluate import model_answerer
from toolchain.model import load_model
from toolchain.quality import measure_bundle, recorded_fp32
from toolchain.recipe import Recipe, load_recipe, parse_recipe, stage_settings
from toolchain.report import write_report
from toolchain.run import Destination, Run
from toolchain.steps import check_loss
from toolchain.tasks import Task
from toolchain.training import Schedule
from toolchain.words import KINDS

_QUICK = {"rows": 16, "max_length": 24, "label_smoothing": 0, "schedule": {"peak": 3e-3, "warm_up": 5}}


def quiet(*_: object) -> None:
    """Hears nothing."""


def recipe_of(checkpoint: Path, *stages: dict[str, Any]) -> Recipe:
    return tiny_recipe(checkpoint, stages=list(stages))


def test_every_kind_of_stage_runs_from_text_alone_to_a_graph(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    bert = {"model_type": "bert", "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 48}
    sources = [{"path": "sentiment/train.jsonl.xz"}]
    recipe = recipe_of(
        mobilebert,
        {"do": "vocabulary", "name": "words", "size": 400},
        {
            "do": "pretrain", "name": "base", "model": {**bert, "num_hidden_layers": 2}, "vocabulary": "words",
            "sources": sources, "steps": 5, "rows": 16, "lengths": [24], "positions": 32,
        },
        {"do": "finetune", "name": "teacher", "start": "base", "epochs": 2, **_QUICK},
        {
            "do": "distill", "name": "student", "teacher": "teacher", "vocabulary": "words",
            "model": {**bert, "num_hidden_layers": 1}, "epochs": 1, "hidden_weight": 0.1, **_QUICK,
        },
        {"do": "prune", "name": "pruned", "start": "teacher", "target": 0.1, "rounds": 1, "epochs": 0.5, **_QUICK},
        {"do": "sparsify", "name": "sparse", "start": "teacher", "sparsity": 0.3, "epochs": 0.2, **_QUICK},
        {"do": "qat", "name": "aware", "start": "pruned", "epochs": 0.3, **_QUICK},
        {"do": "blend", "name": "blended", "start": "teacher", "origin": "base", "share": 0.8},
        {"do": "calibrate", "name": "balanced", "start": "aware", "beta": {"TOPIC": 2}},
        {"do": "quantize", "name": "int8", "start": "balanced", "most_lost": 0.2, "texts": 8},
        {"do": "quantize", "name": "half", "start": "student", "method": "fp16", "most_lost": 0.2, "texts": 8},
    )  # fmt: skip
    run = Run(recipe, data, tmp_path / "work", quiet)
    figures = run.go()
    assert list(figures) == [stage.name for stage in recipe.stages]
    assert figures["pruned"]["parameters"] < figures["teacher"]["parameters"]
    assert figures["pruned"]["rounds"][0]["removed"] > 0.05
    assert figures["sparse"]["zeros"] == pytest.approx(0.3, abs=0.02)
    assert figures["int8"]["graph"]["method"] == "dynamic"
    assert figures["half"]["graph"]["method"] in ("fp16", "mixed")
    assert "entities TOPIC" in figures["balanced"]["moved"]
    for name in ("teacher", "student", "pruned", "sparse", "aware", "blended", "balanced", "int8", "half"):
        assert figures[name]["finite"]["not_finite"] == []
        assert figures[name]["measures"]["everyday"]["macro_f1"] > 0.1

    again = Run(recipe, data, tmp_path / "work", quiet)
    assert again.go() == figures
    write_report(tmp_path / "report.md", recipe, again.stages)
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "| pruned | prune | teacher |" in report
    assert f"| parameters | {figures['pruned']['parameters']} |" in report
    sha = hashlib.sha256((data / "sentiment" / "train.jsonl.xz").read_bytes()).hexdigest()
    assert sha in report, "what it was trained on should be known to the byte"


def test_words_are_learnt_and_stay_out_of_the_bundle(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(mobilebert, epochs=1)
    words = Task(kind="token", labels=KINDS, segmented=True)
    recipe = recipe.model_copy(update={"tasks": {**recipe.tasks, "words": words}})
    out = Destination(tmp_path / "bundle", Ed25519PrivateKey.generate())
    run = Run(recipe, data, tmp_path / "work", quiet, destination=out)
    run.go()
    trained, tokenizer = load_model(tmp_path / "work" / "tuned" / "model")
    found = model_answerer(trained, tokenizer)(["新买的手机真不错"])[0].spans["words"]
    assert len(found) > 2, "it cuts a text into words"
    bundle = Bundle.open(out.out, {key_id(out.key.public_key()): out.key.public_key()})
    assert "words" not in bundle.manifest.tasks
    assert "words" not in (out.out / "CARD.md").read_text("utf-8")


@pytest.mark.parametrize("then", [{"do": "qat", **_QUICK}, {"do": "blend", "origin": "tuned"}])
def test_no_training_begins_with_what_was_calibrated(
    data: Path, mobilebert: Path, tmp_path: Path, then: dict[str, Any]
) -> None:
    recipe = recipe_of(
        mobilebert,
        {"do": "finetune", "name": "tuned", "start": str(mobilebert), **_QUICK},
        {"do": "calibrate", "name": "balanced", "start": "tuned"},
        {"name": "more", "start": "balanced", **then},
    )
    with pytest.raises(RecipeError, match="more would undo what calibrating has done"):
        Run(recipe, data, tmp_path / "work", quiet).go()
    assert not (tmp_path / "work" / "tuned").exists(), "it is said before anything is done"


class _Killed(Exception):
    """Stands in for a kill, at the seam that reports progress."""


def test_a_run_killed_in_every_stage_ends_as_one_that_was_not(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(mobilebert, epochs=1)
    key = Ed25519PrivateKey.generate()

    def run(where: str, progress: Any) -> dict[str, Any]:
        out = Destination(tmp_path / where / "bundle", key)
        return Run(recipe, data, tmp_path / where / "work", progress, destination=out).go()

    whole = run("whole", quiet)
    for doomed in ("tuned", "int8", "bundle"):

        def die(stage: str, done: int, total: int, note: str, doomed: str = doomed) -> None:
            if stage == doomed and (done >= 9 or doomed != "tuned"):
                raise _Killed

        with pytest.raises(_Killed):
            run("cut", die)
    cut = run("cut", quiet)
    assert {name: cut[name] for name in ("tuned", "int8")} == {name: whole[name] for name in ("tuned", "int8")}
    one, other = (tmp_path / where / "bundle" for where in ("whole", "cut"))
    for name in ("encoder.onnx", "tokenizer.json", "heads/route/replay.npz", "CARD.md"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_finished_stage_is_not_done_again_for_other_inputs_unless_asked(bundle: TinyBundle, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(bundle.path.parent, home)

    def remake(redo: tuple[str, ...] = (), **changes: Any) -> list[str]:
        notes: list[str] = []
        recipe = tiny_recipe(bundle.path.parent / "checkpoint", **changes)
        destination = Destination(home / "bundle", bundle.signing_key)
        run = Run(
            recipe, home / "data", home / "work", lambda stage, _done, _total, note: notes.append(f"{stage} {note}"),
            destination=destination,
        )  # fmt: skip
        run.redo(redo)
        run.go()
        return notes

    assert not any("loss" in note for note in remake())
    with pytest.raises(
        WorkError, match=r"stage tuned was finished with other settings.*settings\.epochs.*--redo tuned"
    ):
        remake(epochs=1)
    assert any("loss" in note for note in remake(("tuned",), epochs=1))
    with pytest.raises(RecipeError, match="no stage toned: tuned, int8, bundle"):
        remake(("toned",))
    with (home / "data" / "requests.tsv").open("a", encoding="utf-8") as file:
        file.write("telling\t-\t新的一行\n")
    with pytest.raises(WorkError, match=r"data\.files\.requests\.tsv"):
        remake(epochs=1)


def test_other_weights_under_the_same_name_are_not_taken_for_those_begun_with(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(bundle.path.parent, home)
    shutil.copytree(home / "checkpoint", tmp_path / "own")
    recipe = tiny_recipe(tmp_path / "own")
    Run(
        recipe, home / "data", tmp_path / "work", quiet, destination=Destination(tmp_path / "b", bundle.signing_key)
    ).go()
    write_checkpoint(tmp_path / "own", seed=7)
    with pytest.raises(WorkError, match=r"start\.model\.safetensors"):
        Run(
            recipe, home / "data", tmp_path / "work", quiet, destination=Destination(tmp_path / "b", bundle.signing_key)
        ).go()


def test_a_bundle_is_whole_small_and_measured(bundle: TinyBundle) -> None:
    opened = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
    figures = measure_bundle(opened, bundle.path.parent / "data")
    assert figures["everyday"]["macro_f1"] > 0.8
    recorded = opened.manifest.tasks["sentiment"].metrics
    assert recorded["everyday_macro_f1"] == pytest.approx(figures["everyday"]["macro_f1"], abs=1e-4)
    assert set(recorded_fp32(opened)) == set(figures)
    card = opened.read("CARD.md").decode()
    assert f"{figures['topics']['TOPIC_f1']:.4f}" in card
    assert {"heads/entities/checkpoint", "heads/route/replay.npz"} <= set(opened.manifest.files)
    assert "heads/intent/replay.npz" not in opened.manifest.files
    assert opened.manifest.tasks["entities"].labels == ("O", "B-TOPIC", "I-TOPIC")
    assert opened.manifest.tasks["entities"].parameters is None


def test_every_matrix_of_the_encoder_is_quantised(bundle: TinyBundle) -> None:
    graph = onnx.load(str(bundle.path / "encoder.onnx")).graph
    kinds = {numpy_helper.to_array(value).dtype.name for value in graph.initializer if len(value.dims) == 2}
    assert "int8" in kinds
    assert not any(kind.startswith("float") for kind in kinds)


def test_a_graph_that_loses_too_much_is_refused_with_the_figure() -> None:
    fp32 = {"everyday": {"accuracy": 0.9}, "requests": {"accuracy": 0.8, "private_taken_for_general": 0.2}}
    lower = {"everyday": {"accuracy": 0.89}, "requests": {"accuracy": 0.77, "private_taken_for_general": 0.0}}
    check_loss(fp32, lower, 0.03)
    with pytest.raises(
        ExportError, match=r"loses 0\.0300 of requests accuracy against fp32; at most 0\.02 may be lost"
    ):
        check_loss(fp32, lower, 0.02)


def test_a_graph_that_takes_private_for_general_more_often_is_refused() -> None:
    fp32 = {"requests": {"accuracy": 0.8, "private_taken_for_general": 0.0}}
    lower = {"requests": {"accuracy": 0.8, "private_taken_for_general": 0.2}}
    check_loss(fp32, lower, 0.2)
    with pytest.raises(
        ExportError, match=r"adds 0\.2000 to requests private_taken_for_general against fp32; at most 0\.1 may be lost"
    ):
        check_loss(fp32, lower, 0.1)


@pytest.mark.parametrize(
    ("stages", "error", "message"),
    [
        ([], RecipeError, "the recipe tiny has no stages"),
        (
            [{"do": "prune", "name": "a", "start": "nowhere"}],
            CheckpointError,
            "is no finished stage, no directory, and no hub model",
        ),
        (
            [{"do": "quantize", "name": "a", "start": "b"}, {"do": "vocabulary", "name": "b"}],
            RecipeError,
            "comes after",
        ),
        ([{"do": "bundle", "name": "a", "start": "b"}], RecipeError, "needs a place for the bundle: --out"),
    ],
)
def test_a_recipe_that_can_not_work_is_refused(
    stages: list[dict[str, Any]], error: type[Exception], message: str, data: Path, mobilebert: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        Run(recipe_of(mobilebert, *stages), data, tmp_path, quiet).go()


def test_an_updatable_task_needs_examples_held_out(data: Path, mobilebert: Path, tmp_path: Path) -> None:
    content = tiny_recipe(mobilebert, epochs=1).model_dump(mode="json") | {"held_out": {"sentiment": 100}}
    destination = Destination(tmp_path / "bundle", Ed25519PrivateKey.generate())
    with pytest.raises(RecipeError, match="route is updatable, and there are no examples held out"):
        Run(parse_recipe(content, "r"), data, tmp_path / "work", quiet, destination=destination).go()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "is no YAML"),
        ("- a", "holds no recipe: a mapping is needed"),
        ("extends: other.yaml", r"other\.yaml can't be read"),
        ("extends: recipe.yaml", "extends itself"),
        ("name: a", "tasks: Field required"),
        ("name: a\ntasks: {t: {labels: [好, 好]}}", "tasks.t: Value error, labels must differ"),
        ("name: a\nstages: [{do: prune, name: p, start: s, target: 2}]", "stages.0.prune.target: Input should be less"),
        ("name: a\nstages: [{do: prone, name: p}]", "stages.0: Input tag 'prone' found using 'do' does not match"),
    ],
)
def test_a_malformed_recipe_names_the_place(text: str, message: str, tmp_path: Path) -> None:
    whole = "name: base\ntasks: {t: {labels: [好, 坏]}}\nsources: [{path: p, licence: l, task: t}]\n"
    (tmp_path / "base.yaml").write_text(whole, "utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text(f"extends: base.yaml\n{text}" if text.startswith("name: a\nstages") else text, "utf-8")
    with pytest.raises(RecipeError, match=message) as raised:
        load_recipe(path)
    assert "recipe.yaml" in str(raised.value) or "other.yaml" in str(raised.value)


def test_the_recipes_that_ship_are_well_formed() -> None:
    folder = Path(__file__).parents[2] / "recipes"
    found = [load_recipe(path) for path in sorted(folder.glob("*.yaml"))]
    assert found


def test_the_settings_of_a_stage_are_listed() -> None:
    found = {name: (default, meaning) for name, default, meaning in stage_settings("prune")}
    assert found["target"][0] == "0.4"
    assert found["schedule.averaging"][0] == "0.998"
    stage = {"do": "finetune", "name": "a", "start": "s", "schedule": {"peak": 0.1}}
    (said,) = tiny_recipe(Path("s"), stages=[stage]).stages
    assert said.schedule == Schedule(peak=0.1, averaging=0.998)  # type: ignore[union-attr]  # it is a finetune stage
    assert found["start"][0] == "(required)"
    with pytest.raises(RecipeError, match="there is no stage bake; stages are vocabulary, pretrain"):
        stage_settings("bake")


def test_figures_are_json(bundle: TinyBundle) -> None:
    ledger = json.loads((bundle.path.parent / "work" / "stages.json").read_text("utf-8"))
    assert ledger["stages"]["int8"]["start"] == "tuned"
    assert ledger["stages"]["tuned"]["seconds"] > 0


def test_a_bigger_vocabulary_than_the_tokenizer_is_fine(tmp_path: Path, data: Path) -> None:
    write_mobilebert(tmp_path / "wide", CHARACTERS, vocab_size=900)
    recipe = recipe_of(
        tmp_path / "wide",
        {"do": "finetune", "name": "tuned", "start": str(tmp_path / "wide"), **_QUICK, "epochs": 0.05},
    )
    assert Run(recipe, data, tmp_path / "work", quiet).go()["tuned"]["parameters"] > 14_144
