"""`attune-toolchain` as a user runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle, tiny_recipe


def toolchain(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "toolchain.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture
def recipe(mobilebert: Path, tmp_path: Path) -> Path:
    """The tiny recipe as a file."""
    path = tmp_path / "tiny.yaml"
    content = tiny_recipe(mobilebert, epochs=1).model_dump(mode="json")
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_a_recipe_runs_to_a_bundle_that_can_be_measured_profiled_and_compared(
    recipe: Path, data: Path, tmp_path: Path
) -> None:
    work, out = tmp_path / "work", tmp_path / "bundle"
    done = toolchain("run", recipe, "--data", data, "--work", work, "--out", out)
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    assert re.search(r"^tuned 1/\d+ loss", done.stderr, re.MULTILINE), "a log should tell how far it is"
    assert "# tiny" in (work / "report.md").read_text("utf-8")
    measured = toolchain(
        "evaluate", "--bundle", out, "--trusted-key", work / "signing-key.pub.pem", "--data", data, "--json"
    )
    assert json.loads(measured.stdout)["measured"]["everyday"]["accuracy"] > 0.5, measured.stderr
    profiled = toolchain("profile", work / "int8" / "encoder.onnx", "--length", 8)
    assert profiled.returncode == 0, profiled.stderr
    assert "MatMul" in profiled.stdout
    compared = toolchain("compare", work, "--out", tmp_path / "compared")
    assert compared.returncode == 0, compared.stderr
    assert "| tuned" in (tmp_path / "compared" / "compare.md").read_text("utf-8")


def test_a_stage_runs_alone_with_settings_of_its_own(
    recipe: Path, mobilebert: Path, data: Path, tmp_path: Path
) -> None:
    common = ("finetune", "--recipe", recipe, "--data", data, "--work", tmp_path / "work", "--start", mobilebert)
    sets = ("--set", "epochs=0.2", "--set", "schedule.peak=0.002", "--set", "max_length=24")
    done = toolchain(*common, *sets, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["finetune"]["parameters"] > 0
    assert (tmp_path / "work" / "finetune" / "model" / "heads.safetensors").is_file()
    for wrong, said in (("epocs=1", "epocs: Extra inputs"), ("epochs", "name=value"), ("epochs=-1", "greater than 0")):
        failed = toolchain(*common, "--set", wrong)
        assert failed.returncode == 1
        assert said in failed.stderr
        assert "Traceback" not in failed.stderr


def test_what_was_finished_before_a_stage_failed_is_in_the_report(recipe: Path, data: Path, tmp_path: Path) -> None:
    stages = [{"do": "vocabulary", "name": "words", "size": 300}, {"do": "finetune", "name": "a", "start": "nowhere"}]
    content = yaml.safe_load(recipe.read_text("utf-8")) | {"stages": stages}
    recipe.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    failed = toolchain("run", recipe, "--data", data, "--work", tmp_path / "work")
    assert failed.returncode == 1
    assert "nowhere is no finished stage" in failed.stderr.replace("\n", " ")
    assert "| words | vocabulary |" in (tmp_path / "work" / "report.md").read_text("utf-8")


def test_several_processes_train_one_model(recipe: Path, data: Path, tmp_path: Path) -> None:
    launch = ("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1")
    quiet = ("--mixed_precision", "bf16", "--dynamo_backend", "no", "--main_process_port", "0")
    work, out = tmp_path / "work", tmp_path / "bundle"
    done = subprocess.run(
        [sys.executable, *launch, *quiet, "-m", "toolchain.cli", "run", str(recipe), "--data", str(data),
         "--work", str(work), "--out", str(out), "--json"],
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures["tuned"]["measures"]["everyday"]["accuracy"] > 0.5
    assert (out / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nowhere.yaml", "--data", "."), "nowhere.yaml can't be read"),
        (("profile", "nowhere"), "nowhere is no finished stage, no directory"),
        (("bench",), "either a checkpoint or --full-size-mobilebert"),
        (("compare", "nowhere", "--out", "nowhere"), "nowhere is no working directory"),
        (("settings", "bake"), "there is no stage bake"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    failed = toolchain(*arguments)
    assert failed.returncode == 1
    assert said in failed.stderr.replace("\n", " ")
    assert "Traceback" not in failed.stderr


def test_a_missing_measure_of_a_bundle_is_named(bundle: TinyBundle, tmp_path: Path) -> None:
    evaluate = ("evaluate", "--bundle", bundle.path, "--trusted-key", bundle.public_key, "--data")
    failed = toolchain(*evaluate, tmp_path)
    assert failed.returncode == 1
    assert "dev.jsonl.xz is missing" in failed.stderr
    assert [toolchain(*evaluate, tmp_path / "nowhere").returncode, toolchain("evaluate").returncode] == [2, 2]


def test_the_settings_of_a_stage_can_be_looked_up() -> None:
    listed = toolchain("settings", "prune")
    assert "target" in listed.stdout
    assert "schedule.peak" in listed.stdout


def test_a_signing_key_is_made_once_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert toolchain("keygen", path).returncode == 0
    assert path.stat().st_mode & 0o077 == 0
    assert load_trusted_keys([tmp_path / "key.pub.pem"])
    again = toolchain("keygen", path)
    assert again.returncode == 1
    assert "never overwritten" in again.stderr


def test_the_place_of_a_bundle_is_checked_before_anything_is_trained(recipe: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "file.txt").write_text("years of work")
    work = tmp_path / "work"
    for out, said in ((work, "overlap"), (tmp_path / "thesis", "holds something that is no bundle")):
        ended = toolchain("run", recipe, "--data", data, "--work", work, "--out", out)
        assert ended.returncode == 1
        assert said in ended.stderr.replace("\n", " ")
    assert not (work / "tuned").exists()
    assert (tmp_path / "thesis" / "file.txt").read_text() == "years of work"
