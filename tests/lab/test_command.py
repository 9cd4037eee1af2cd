"""`attune lab`: what it prints, writes and exits with."""

import json
import shlex
import sys
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.support.command_line import CommandLine

FAILING = 'name: mine\nabout: it\nsteps:\n  - {at: "08:00", do: look, expect: {version: 3}}\n'


def test_it_lists_and_checks_what_ships(attune: CommandLine) -> None:
    listed = attune("lab", "list")
    assert (listed.code, "killed-in-training" in listed.out) == (0, True)
    names = [one["name"] for one in attune.json("lab", "list")]
    assert len(names) >= 22
    assert attune.json("lab", "check", *names) == {"ok": True, "scenarios": names}
    assert "erased: 4 steps, fine" in attune("lab", "check", "erased").out


def test_its_schema_is_json(attune: CommandLine) -> None:
    schema = attune("lab", "schema").json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"name", "about", "steps"} == set(schema["required"])


def test_wrong_usage_exits_with_2_and_says_what_is_wrong(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(FAILING.replace("look", "fly"), encoding="utf-8")
    for command in ("run", "check"):
        bad = attune("lab", command, tmp_path / "bad.yaml")
        assert (bad.code, bad.out) == (2, "")
        assert f"attune: {tmp_path / 'bad.yaml'}:4: " in bad.err
        assert "do: is no action" in bad.err
        assert "neither a file, a folder nor a shipped scenario" in attune("lab", command, "none").err
    assert attune("lab", "run", "erased", "--jobs", "0").code == 2
    for command, said in (
        ("no-such-program-here", "--attune: no-such-program-here: there is no such program"),
        ("python 'broken.py", "--attune: python 'broken.py: is no command (no closing quotation)"),
        ("", "--attune: no command is named"),
    ):
        nowhere = attune("lab", "run", "erased", "--attune", command)
        assert (nowhere.code, nowhere.err.startswith(f"attune: {said}")) == (2, True), nowhere.err


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_played(
    attune: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(FAILING, encoding="utf-8")
    Path("folder").mkdir()
    for options, said in (
        (("--report", "folder"), "--report: folder: is a folder"),
        (("--report", ""), "--report: no file is named"),
        (("--keep-state", ""), "--keep-state: no file is named"),
        (("--junit", "mine.yaml/x.xml"), "--junit: mine.yaml/x.xml: a part of the path is a file"),
        (("--keep-state", "mine.yaml/kept"), "--keep-state: mine.yaml/kept: a part of the path is a file"),
        (("--junit", "/proc/none/x.xml"), "--junit: /proc/none/x.xml: No such file or directory"),
        (("--report", "x", "--junit", "folder/../x"), "--junit: folder/../x: is what --report writes to already"),
        (("--report", "x", "--keep-state", "x/y"), "--keep-state: x/y: is what --report writes to already"),
        (("--report", "./mine.yaml"), "--report: mine.yaml: is a scenario that is to be played"),
    ):
        outcome = attune("lab", "run", "mine.yaml", "--junit", "ok.xml", *options)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(f"attune: {said}"), outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "mine.yaml"]
    assert "x: no" not in Path("mine.yaml").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_takes_no_other_with_it(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FAILING.replace("version: 3", "version: 0"), encoding="utf-8")
    junit = tmp_path / "junit.xml"
    outcome = attune("lab", "run", tmp_path / "mine.yaml", "--report", "/dev/full", "--junit", junit)
    assert outcome.code == 1
    assert "attune: --report: /dev/full: was not written: No space left on device" in outcome.err
    assert f"written: {junit}" in outcome.out
    assert "/dev/full" not in outcome.out
    assert fromstring(junit.read_text(encoding="utf-8")).get("failures") == "0"  # noqa: S314  # our own


def test_the_help_says_all_exit_codes(attune: CommandLine) -> None:
    words = " ".join(attune("lab", "run", "--help").out.split())
    for code in ("0: all passed", "1: some failed", "2: wrong usage, or a scenario", "130: interrupted"):
        assert code in words


def test_a_failed_run_exits_with_1_writes_its_reports_and_says_why(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FAILING, encoding="utf-8")
    junit, page, kept = tmp_path / "out" / "junit.xml", tmp_path / "out" / "report.html", tmp_path / "kept"
    # The command of this very build, as somebody would name another one.
    command = shlex.join([sys.executable, "-c", "from app.cli.main import main; main()"])
    files = ("--junit", junit, "--report", page, "--keep-state", kept)
    outcome = attune("lab", "run", tmp_path / "mine.yaml", "--attune", command, "--seed", "9", *files)
    assert outcome.code == 1
    assert "mine: failed: it" in outcome.out
    assert "step 1 at 08:00: version: expected 3, found 0" in outcome.out
    assert "0 passed, 1 failed" in outcome.out
    assert fromstring(junit.read_text(encoding="utf-8")).get("failures") == "1"  # noqa: S314  # our own
    assert "expected <b>3</b>, found <b>0</b>" in page.read_text(encoding="utf-8")
    assert [path.name for path in kept.glob("*/phone/state/attune.db")] == ["attune.db"]
    assert "FAILED mine" in outcome.err


def test_a_run_that_passes_exits_with_0_and_can_answer_in_json(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FAILING.replace("version: 3", "version: 0"), encoding="utf-8")
    outcome = attune("lab", "run", tmp_path, "--seed", "9", "--json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert (document["ok"], document["passed"], document["failed"]) == (True, 1, 0)
    assert document["results"][0]["seed"] == 9
    assert document["results"][0]["steps"][0]["checks"] == [
        {"name": "version", "expected": "0", "found": "0", "ok": True}
    ]
