"""`attune head`: out of one state directory, into another."""

import json
import stat
from pathlib import Path

import pytest

from tests.app.cli.test_loop import GENTLE, TEXTS
from tests.support.command_line import CommandLine
from tests.support.tiny_bundle import TinyBundle


def test_a_head_goes_from_one_device_to_another(
    attune: CommandLine, bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDS", "correct horse")
    attune.json("consent", "give")
    for text, prediction in zip(TEXTS, attune.json("predict", *TEXTS)["predictions"], strict=True):
        attune.json("feedback", prediction["label"], text)
    assert attune.json("update", "--force", *GENTLE)["version"] == 1
    file = tmp_path / "one.head"
    written = attune.json("head", "export", "--out", file, "--passphrase-env", "WORDS")
    assert written == {"file": str(file), "task": "sentiment", "version": 1}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = attune.json("predict", *TEXTS)["predictions"]

    attune.setenv(state_dir=tmp_path / "other")
    refused = attune("head", "import", file, "--passphrase-env", "WORDS")
    assert (refused.code, "consent" in refused.err.lower()) == (1, True)
    attune.json("consent", "give")
    taken = attune.json("head", "import", file, "--passphrase-env", "WORDS")
    assert taken == {"task": "sentiment", "version": 1, "previous": 0}
    there = attune.json("predict", *TEXTS)["predictions"]
    assert [one["probabilities"] for one in there] == [one["probabilities"] for one in said]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "The file can't be read"), ("{", "the file is not JSON"), ("[]", "breaks the contract"), ("{}", "breaks")],
)
def test_a_file_that_is_no_head_is_refused_in_words(
    attune: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    monkeypatch.setenv("WORDS", "correct horse")
    file = tmp_path / "odd"
    if content is not None:
        file.write_text(content, "utf-8")
    outcome = attune("head", "import", file, "--passphrase-env", "WORDS")
    assert (outcome.code, said in outcome.err) == (1, True), outcome.err
    for odd in (" edge", "edge\n", "a\tb", "x" * 1001):
        monkeypatch.setenv("ODD", odd)
        refused = attune("head", "import", file, "--passphrase-env", "ODD")
        assert (refused.code, "ODD: a passphrase has" in refused.err) == (2, True)
    missing = attune("head", "import", file, "--passphrase-env", "NOTHING")
    assert (missing.code, "NOTHING is not set or empty" in missing.err) == (2, True)


def test_an_unknown_version_is_told(attune: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDS", "correct horse")
    outcome = attune("head", "export", "--version", 7, "--out", tmp_path / "x", "--passphrase-env", "WORDS")
    assert (outcome.code, "has no version 7" in outcome.err) == (1, True)
    assert not (tmp_path / "x").exists()
    assert (
        json.loads(attune("head", "export", "--out", tmp_path / "x", "--passphrase-env", "WORDS", "--json").out)[
            "version"
        ]
        == 0
    )
