"""The toolchain on tiny real models: data, training that resumes, export, artifacts, bundles, command line."""

import hashlib
import itertools
import json
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from model_store.bundle import Bundle
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle, tiny_recipe, write_checkpoint, write_data
from toolchain.bundle import make_bundle
from toolchain.data import EVERYDAY, REVIEWS, TRAINING, path_of, read_source, same_text_key, training_data
from toolchain.errors import CheckpointError, DataError, ExportError, WorkError
from toolchain.evaluate import macro_f1
from toolchain.export import export_encoder
from toolchain.finetune import batches_of_epoch, finetune
from toolchain.heads import write_artifacts
from toolchain.model import Classifier, load_encoder
from toolchain.quality import measure_bundle


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_checkpoint(folder)
    return folder


def add_row(data: Path, name: str, row: object) -> None:
    with lzma.open(path_of(data, name), "at", encoding="utf-8") as file:
        file.write((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n")


def test_nothing_that_is_measured_is_trained_on_and_nothing_twice(tmp_path: Path) -> None:
    write_data(tmp_path)
    leaked = [read_source(tmp_path, source)[0].text for source in (REVIEWS, EVERYDAY)]
    for text in leaked:
        add_row(tmp_path, "weibo_moods8", {"text": f"  {text}！！", "label": "anger"})
    add_row(tmp_path, "nlpcc2013_emotion", {"text": "Ａ重复的话", "label": "none"})
    add_row(tmp_path, "cped_valid", {"text": "a 重复的话。", "label": "neutral"})
    chosen = training_data(tmp_path, 0, held_out=30)
    keys = [same_text_key(example.text) for example in (*chosen.train, *chosen.held_out)]
    assert len(set(keys)) == len(keys)
    assert not {same_text_key(text) for text in leaked} & set(keys)
    assert keys.count("a重复的话") == 1
    assert sum(record.rows for record in chosen.records) == len(keys)


def test_labels_without_a_mapping_are_left_out(tmp_path: Path) -> None:
    write_data(tmp_path)
    add_row(tmp_path, "weibo_moods8", {"text": "哎呀没想到", "label": "surprise"})
    assert all(example.text != "哎呀没想到" for example in training_data(tmp_path, 0, 10).train)


@pytest.mark.parametrize(
    ("row", "message"),
    [("{", "can't be read"), ({"text": 1, "label": "anger"}, "must be strings"), ("[]", "not a JSON object")],
)
def test_malformed_data_names_its_file(tmp_path: Path, row: object, message: str) -> None:
    write_data(tmp_path)
    add_row(tmp_path, "weibo_moods8", row)
    with pytest.raises(DataError, match=message) as raised:
        training_data(tmp_path, 0)
    assert "weibo_moods8" in str(raised.value)


def test_missing_and_one_class_data_name_their_file(tmp_path: Path) -> None:
    write_data(tmp_path)
    path = path_of(tmp_path, "cped_valid")
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write('{"text": "好", "label": "positive"}\n')
    with pytest.raises(DataError, match="cped_valid holds no two kinds"):
        training_data(tmp_path, 0)
    path.unlink()
    with pytest.raises(DataError, match=r"cped_valid\.jsonl\.xz is missing"):
        training_data(tmp_path, 0)


def test_every_example_is_in_one_batch_and_batches_differ_by_seed() -> None:
    lengths = [index % 17 + 1 for index in range(203)]
    batches = batches_of_epoch(lengths, 8, 1)
    assert sorted(itertools.chain.from_iterable(batches)) == list(range(203))
    assert batches != batches_of_epoch(lengths, 8, 2)


class _Killed(Exception):
    """Stands in for a kill, at the seam that reports progress."""


def test_fine_tuning_that_is_cut_short_ends_as_if_it_had_not_been(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    examples, recipe = training_data(data, 0, 30).train[:64], tiny_recipe(epochs=3).finetune
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = finetune(str(checkpoint), examples, recipe, tmp_path / "whole", lambda *_: None)

    def die_at(step: int) -> None:
        def report(done: int, total: int, note: str) -> None:
            if done == step:
                raise _Killed

        with pytest.raises(_Killed):
            finetune(str(checkpoint), examples, recipe, tmp_path / "cut", report)

    die_at(6)
    die_at(9)
    steps: list[int] = []
    cut = finetune(str(checkpoint), examples, recipe, tmp_path / "cut", lambda done, *_: steps.append(done))
    assert steps[0] == 9
    for name, value in whole.state_dict().items():
        assert torch.equal(value, cut.state_dict()[name]), name
    with pytest.raises(WorkError, match="another recipe"):
        finetune(str(checkpoint), examples[:40], recipe, tmp_path / "cut", lambda *_: None)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(CheckpointError, match="type gpt2"):
        load_encoder(str(tmp_path))
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        load_encoder(str(tmp_path.parent))


def test_an_export_that_does_not_answer_as_the_model_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    model = Classifier(load_encoder(str(checkpoint)), 3)
    assert export_encoder(model, tmp_path / "good.onnx") < 1e-3
    with torch.no_grad():
        model.encoder.embeddings.word_embeddings.weight.fill_(float("nan"))
    with pytest.raises(ExportError):
        export_encoder(model, tmp_path / "bad.onnx")


def test_the_training_graph_computes_the_loss_that_it_says(tmp_path: Path) -> None:
    import onnxruntime

    head = nn.Linear(8, 3)
    write_artifacts(head, tmp_path)
    generator = np.random.default_rng(0)
    features = generator.normal(size=(5, 8)).astype(np.float32)
    targets = generator.dirichlet(np.ones(3), 5).astype(np.float32)
    weights = generator.random(5).astype(np.float32)
    graph = onnx.load(str(tmp_path / "eval_model.onnx"))
    names = [value.name for value in graph.graph.input]
    assert names[:3] == ["features", "targets", "weights"]
    feed = {"features": features, "targets": targets, "weights": weights}
    parameters = {"head.weight": head.weight.detach().numpy(), "head.bias": head.bias.detach().numpy()}
    feed |= {name: parameters[name] for name in names[3:]}
    loss = onnxruntime.InferenceSession(graph.SerializeToString()).run([graph.graph.output[0].name], feed)[0]
    logits = features @ parameters["head.weight"].T + parameters["head.bias"]
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert float(loss) == pytest.approx(float(-(weights * (targets * log_softmax).sum(1)).sum()), abs=1e-5)


def test_the_optimizer_is_adam_with_the_eps_of_core_ml(tmp_path: Path) -> None:
    write_artifacts(nn.Linear(4, 3), tmp_path)
    graph = onnx.load(str(tmp_path / "optimizer_model.onnx"))
    functions = [node for function in graph.functions for node in function.node]
    found = {
        attribute.name: attribute.f
        for node in [*graph.graph.node, *functions]
        if node.op_type == "AdamWOptimizer"
        for attribute in node.attribute
    }
    assert found["epsilon"] == pytest.approx(1e-8)
    assert found["weight_decay"] == 0


def test_a_bundle_is_whole_small_and_measured(bundle: TinyBundle, data: Path) -> None:
    opened = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
    quality = measure_bundle(opened, data)
    assert quality.everyday_macro_f1 > 0.8
    recorded = opened.manifest.tasks["sentiment"].metrics
    assert recorded["everyday_macro_f1"] == pytest.approx(quality.everyday_macro_f1, abs=1e-4)
    card = opened.read("CARD.md").decode()
    assert f"{quality.everyday_macro_f1:.4f}" in card
    assert all(source.name.split("_")[0] in card for source in TRAINING)


def test_every_matrix_of_the_encoder_is_quantised(bundle: TinyBundle) -> None:
    graph = onnx.load(str(bundle.path / "encoder.onnx")).graph
    kinds = {numpy_helper.to_array(value).dtype.name for value in graph.initializer if len(value.dims) == 2}
    assert "int8" in kinds
    assert not any(kind.startswith("float") for kind in kinds)


def test_finished_stages_are_not_done_again_and_another_recipe_is_refused(bundle: TinyBundle, tmp_path: Path) -> None:
    home = bundle.path.parent
    stages: list[str] = []
    encoder = hashlib.sha256((home / "work" / "encoder.onnx").read_bytes()).hexdigest()

    def remake(**changes: int) -> None:
        make_bundle(
            str(home / "checkpoint"), home / "data", home / "work", tmp_path / "again", bundle.signing_key,
            tiny_recipe(**changes), lambda stage, done, total, note: stages.append(note),
        )  # fmt: skip

    remake()
    assert not any("loss" in note for note in stages)
    assert hashlib.sha256((tmp_path / "again" / "encoder.onnx").read_bytes()).hexdigest() == encoder
    with pytest.raises(WorkError, match="another checkpoint, recipe or data"):
        remake(epochs=5)


def test_macro_f1_is_the_mean_over_classes() -> None:
    truth, chosen = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    assert macro_f1(truth, chosen) == pytest.approx((0.5 + 0.8 + 0) / 3)


def toolchain_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "toolchain.cli", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_line_measures_a_bundle_and_names_what_is_missing(bundle: TinyBundle, data: Path) -> None:
    common = ["evaluate", "--bundle", str(bundle.path), "--trusted-key", str(bundle.public_key)]
    done = toolchain_command(*common, "--data", str(data), "--work", str(bundle.path.parent / "work"), "--json")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"int8 (measured)", "fp32 (measured)"}
    failed = toolchain_command(*common, "--data", str(data / "nowhere"))
    assert failed.returncode == 1
    assert "chnsenticorp_dev.jsonl.xz is missing" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert toolchain_command("evaluate").returncode == 2


def test_a_signing_key_is_made_once_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert toolchain_command("keygen", str(path)).returncode == 0
    assert path.stat().st_mode & 0o077 == 0
    assert load_trusted_keys([tmp_path / "key.pub.pem"])
    again = toolchain_command("keygen", str(path))
    assert again.returncode == 1
    assert "never overwritten" in again.stderr


@pytest.mark.parametrize(
    ("out", "work", "said"),
    [
        ("bundle", "work", "usable sentences; more than the 1500 held out are needed"),
        ("work", "work", "overlap"),
        ("thesis", "work", "holds something that is no bundle"),
        ("bundle", "thesis/file.txt/work", "work: Not a directory"),
    ],
)
def test_the_command_line_refuses_before_it_trains(
    data: Path, checkpoint: Path, tmp_path: Path, out: str, work: str, said: str
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "file.txt").write_text("years of work")
    folders = ["--data", str(data), "--checkpoint", str(checkpoint)]
    ended = toolchain_command("bundle", *folders, "--out", str(tmp_path / out), "--work", str(tmp_path / work))
    assert ended.returncode == 1
    assert said in ended.stderr.replace("\n", " ")
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "thesis" / "file.txt").read_text() == "years of work"


def test_other_weights_under_the_same_name_are_not_taken_for_those_begun_with(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(bundle.path.parent, home)
    write_checkpoint(home / "checkpoint", seed=7)
    with pytest.raises(WorkError, match="another checkpoint"):
        make_bundle(
            str(home / "checkpoint"), home / "data", home / "work", tmp_path / "again", bundle.signing_key,
            tiny_recipe(), lambda *_: None,
        )  # fmt: skip


def test_int8_that_loses_too_much_is_no_bundle(bundle: TinyBundle, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(bundle.path.parent, home)
    stages = json.loads((home / "work" / "stages.json").read_text("utf-8"))
    stages["figures"]["evaluate"]["int8"]["everyday_accuracy"] = 0.5
    (home / "work" / "stages.json").write_text(json.dumps(stages), "utf-8")
    with pytest.raises(ExportError, match=r"int8 loses .* of everyday_accuracy"):
        make_bundle(
            str(home / "checkpoint"), home / "data", home / "work", tmp_path / "again", bundle.signing_key,
            tiny_recipe(), lambda *_: None,
        )  # fmt: skip
    assert not (tmp_path / "again").exists()
