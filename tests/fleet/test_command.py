"""`attune fleet` as a person uses it."""

import shutil
from pathlib import Path

import pytest

from fleet.prepare import Request
from tests.support.command_line import CommandLine


@pytest.fixture
def attune(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


def test_a_finished_run_is_not_run_again_and_is_reported(attune: CommandLine, finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    answer = attune.json("fleet", "run", "--out", folder)
    assert answer == {"folder": str(folder), "done": 8, "failed": 0, "replaced_workers": 0, "reasons": {}}
    told = attune("fleet", "report", folder)
    assert told.code == 0
    assert "epochs=20, gate=off: After 2 rounds" in told.out
    assert attune.json("fleet", "report", folder)["users"] == 4
    assert (folder / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--personas", "nobody"), 2, "shipped are: any, default"),
        (("--texts", "/none.jsonl"), 2, "can't be read"),
        (("--vary", "gate=maybe"), 2, "gate is on or off"),
        (("--task", "entities"), 2, "no updatable task of the bundle; these are: insight, route, sentiment"),
        (("--task", "route"), 2, "labelled for sentiment"),
        (("--each", "user"), 2, "give --texts too"),
        (("--users", "1000000000"), 2, "1,000,000,000 users x 1 variants: at most 1,000,000 devices are allowed"),
        (("--users", "600000", "--vary", "gate=on,off"), 2, "at most 1,000,000 devices are allowed"),
        (("--address", "auto", "--keep-states"), 2, "the states lie on the machines"),
    ],
)
def test_wrong_input_is_told(
    arguments: tuple[str, ...], code: int, said: str, attune: CommandLine, tmp_path: Path
) -> None:
    outcome = attune("fleet", "run", "--out", tmp_path / "run", *arguments)
    assert outcome.code == code
    plain = " ".join(outcome.err.replace("│", " ").split())
    assert said in plain
    assert not (tmp_path / "run").exists()


def test_without_ray_the_extra_is_named(attune: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fleet.ray_workers", None)
    outcome = attune("fleet", "run", "--out", tmp_path / "run", "--ray")
    assert outcome.code == 1
    assert "pip install -e '.[fleet]'" in outcome.err


def test_where_every_user_fails_the_reasons_are_told_and_no_text(
    attune: CommandLine, small: Request, tmp_path: Path
) -> None:
    personas, folder = tmp_path / "who.yaml", tmp_path / "run"
    personas.write_text(
        f"personas: [{{name: endless, vocabulary: {{很: {'秘' * 20_000}, 了: {'秘' * 20_000}}}}}]", "utf-8"
    )
    asked = ("--users", 3, "--updates", 1, "--judged", 20, "--workers", 1, "--personas", personas)
    run = attune("fleet", "run", "--out", folder, "--texts", small.texts, "--group", "topic", *asked)
    assert run.code == 1
    assert "1 failed: the text has 40015 characters; at most" in run.err
    assert "no user finished: change what the reasons tell of first" in run.err
    assert "tried again by the same command" not in run.err
    assert "秘" not in run.err + run.out
    report = attune("fleet", "report", folder)
    assert report.code == 1
    assert "failed: the text has 40015 characters; at most" in " ".join(report.err.split())


def test_another_run_is_refused(attune: CommandLine, finished: Path) -> None:
    outcome = attune("fleet", "run", "--out", finished, "--seed", "3")
    assert outcome.code == 1
    assert "holds a run with seed 0, not 3" in outcome.err
