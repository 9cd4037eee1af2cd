"""The loop by commands alone, on a state directory that no service has open."""

import json
import stat
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, start
from tests.support.tiny_bundle import TinyBundle

GENTLE = ("--epochs", 1, "--learning-rate", 1e-5)
TEXTS = ("第一次加班", "第二次加班", "第三次加班")


@pytest.fixture
def taught(attune: CommandLine) -> CommandLine:
    """A device with three samples that agree with what it says anyway."""
    attune.json("consent", "give")
    for text, prediction in zip(TEXTS, attune.json("predict", *TEXTS)["predictions"], strict=True):
        attune.json("feedback", prediction["label"], text)
    return attune


def test_predict_answers_every_text(attune: CommandLine) -> None:
    answers = attune.json("predict", *TEXTS)["predictions"]
    assert [answer["version"] for answer in answers] == [0, 0, 0]
    table = attune("predict", *TEXTS).out
    assert all(text in table for text in TEXTS)
    assert all(answer["label"] in table for answer in answers)


def test_entities_are_listed_with_the_text_that_they_are_in(attune: CommandLine) -> None:
    texts = ("😀我的老师的课几点", "好")
    answers = attune.json("predict", "--task", "entities", *texts)["predictions"]
    assert [[found["text"] for found in answer["entities"]] for answer in answers] == [["老师的课"], []]
    header, *rows = attune("predict", "--task", "entities", *texts).out.splitlines()
    assert header.split() == ["entity", "type", "probability", "characters", "version", "text"]
    assert rows[0].split()[:2] == ["老师的课", "TOPIC"]
    assert rows[0].split()[3:] == ["3", "to", "7", "0", texts[0]]
    assert rows[1].split() == ["-", "-", "-", "-", "0", "好"]


def test_a_fixed_head_is_told_to_be_fixed(taught: CommandLine) -> None:
    for command in (("feedback", "B-TOPIC", "好"), ("update", "--force")):
        outcome = taught(*command, "--task", "entities")
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.startswith(
            "attune: The task's head is fixed: the bundle's head for entities is not updatable"
        )
    assert taught("versions", "--task", "entities").code == 0
    assert taught("rollback", "--task", "entities").code == 1


def test_predict_reads_standard_input(attune: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("\n".join(f"第{number}句" for number in range(300)) + "\n\n", "utf-8")
    with lines.open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert len(attune.json("predict")["predictions"]) == 300


def test_input_that_is_no_text_is_refused_in_words(state_dir: Path, bundle: TinyBundle, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"\xff\xfe\n")
    with (tmp_path / "lines").open("rb") as stdin:
        process = start("predict", stdin=stdin, bundle=bundle.path, trusted_keys=bundle.public_key, state_dir=state_dir)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("attune: The request breaks the contract: body.texts.0")


def test_update_then_back_then_forward(taught: CommandLine) -> None:
    before = [answer["probabilities"] for answer in taught.json("predict", *TEXTS)["predictions"]]
    update = taught.json("update", "--force", *GENTLE)
    assert (update["outcome"], update["version"], update["metrics"]["samples"]) == ("published", 1, 3)
    after = [answer["probabilities"] for answer in taught.json("predict", *TEXTS)["predictions"]]
    assert after != before
    assert taught.json("rollback") == {"task": "sentiment", "version": 0, "previous": 1}
    assert [answer["probabilities"] for answer in taught.json("predict", *TEXTS)["predictions"]] == before
    assert taught.json("activate", 1) == {"task": "sentiment", "version": 1, "previous": 0}
    assert [answer["probabilities"] for answer in taught.json("predict", *TEXTS)["predictions"]] == after
    assert [one["number"] for one in taught.json("versions")["versions"]] == [0, 1]
    actions = [entry["action"] for entry in taught.json("audit")["items"]]
    assert actions == ["consent", "publish", "rollback", "activate"]


def test_a_rejected_update_is_a_failure_that_gives_its_reason(taught: CommandLine) -> None:
    for number in range(6):
        for label in ("负面", "正面"):
            taught.json("feedback", label, f"同一类的句子{number}{label}")
    outcome = taught("update", "--force", "--epochs", 200, "--learning-rate", 0.1)
    assert outcome.code == 1
    assert outcome.out.startswith("rejected, the active version still answers: ")


def test_the_schedule_trains_when_conditions_hold(taught: CommandLine) -> None:
    waits = taught.json("schedule", "tick")
    assert (waits["action"], "not charging" in waits["reasons"]) == ("wait", True)
    taught.json("device", "--charging", "--wifi", "--idle")
    taught.json("schedule", "set", "--min-new-samples", 3)
    trains = taught.json("schedule", "tick")
    assert (trains["action"], len(trains["update_ids"])) == ("train", 1)
    assert len(taught.json("versions")["versions"]) == 2
    assert taught.json("schedule", "get")["last_decision"]["action"] == "train"


def test_samples_are_listed_and_deleted(taught: CommandLine) -> None:
    taught.json("update", "--force", *GENTLE)
    assert [item["text"] for item in taught.json("samples", "list")["items"]] == list(TEXTS)
    assert [item["id"] for item in taught.json("samples", "list", "--limit", 2)["items"]] == [1, 2]
    deleted = taught.json("samples", "delete", 1, "--then", "destroy")
    assert deleted["affected_versions"] == [{"task": "sentiment", "version": 1}]
    assert taught.json("samples", "delete", "--all")["deleted"] == 2


def test_an_export_is_private_sealed_and_complete(
    taught: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORT_PASSPHRASE", "密码")
    file = tmp_path / "export.json"
    taught.json("export", "--out", file, "--passphrase-env", "EXPORT_PASSPHRASE")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TEXTS[0] not in json.dumps(json.loads(file.read_text("utf-8")), ensure_ascii=False)
    taught.setenv(state_dir=tmp_path / "another-device")
    assert taught("import", file).code == 1
    report = taught.json("import", file, "--passphrase-env", "EXPORT_PASSPHRASE")
    assert report["samples"] == 3
    assert [item["text"] for item in taught.json("samples", "list")["items"]] == list(TEXTS)


def test_a_plain_export_warns(taught: CommandLine, tmp_path: Path) -> None:
    outcome = taught("export", "--out", tmp_path / "plain.json", "--plain")
    assert outcome.code == 0
    assert "guard it" in outcome.err
    assert TEXTS[0] in (tmp_path / "plain.json").read_text("utf-8")


def test_an_export_to_nowhere_is_a_sentence(taught: CommandLine, tmp_path: Path) -> None:
    outcome = taught("export", "--out", tmp_path / "nowhere" / "export.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert "attune: The file can't be written: export.json" in outcome.err


def test_erase_leaves_nothing(taught: CommandLine) -> None:
    assert taught.json("erase", "--yes") == {"erased": True}
    assert taught.json("samples", "list")["items"] == []
    assert not taught.json("consent")["personalization"]


@pytest.mark.parametrize("damaged", ["attune.db", "keystore.json", "device.key"])
def test_what_can_not_be_opened_can_be_erased(taught: CommandLine, state_dir: Path, damaged: str) -> None:
    (state_dir / damaged).write_bytes(b"{")
    refused = taught("consent")
    assert refused.code == 1
    assert ("attune erase" in refused.err) == (damaged != "device.key")
    erased = taught("erase", "--yes", "--json")
    assert (erased.code, json.loads(erased.out)) == (0, {"erased": True})
    assert "begins anew" in erased.err
    assert not (state_dir / "attune.db").exists()
    assert taught.json("samples", "list")["items"] == []
    assert not taught.json("consent")["personalization"]


def test_after_an_erasure_an_export_with_a_passphrase_comes_back(
    taught: CommandLine, state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASS", "一二三四五六七八")
    own, carried = tmp_path / "own.json", tmp_path / "carried.json"
    taught("export", "--out", own)
    taught("export", "--out", carried, "--passphrase-env", "PASS")
    (state_dir / "attune.db").write_bytes(b"{")
    assert "made with --passphrase-env" in taught("consent").err
    taught.json("erase", "--yes")
    assert taught("import", own).code == 1
    assert taught.json("import", carried, "--passphrase-env", "PASS")["samples"] == len(TEXTS)


def test_consent_is_withdrawn_in_one_command(taught: CommandLine) -> None:
    assert not taught.json("consent", "withdraw")["personalization"]
    assert taught("feedback", "正面", "又一句").code == 1


def test_giving_one_consent_keeps_the_other(attune: CommandLine) -> None:
    def given(*options: str) -> tuple[bool, bool]:
        now = attune.json("consent", "give", *options)
        return now["personalization"], now["cloud_assist"]

    assert given("--cloud-assist") == (False, True)
    assert given() == (True, True)
    assert given("--no-personalization") == (False, True)
    assert given("--personalization", "--no-cloud-assist") == (True, False)


def test_the_device_clock_is_set_and_let_go(attune: CommandLine) -> None:
    assert attune.json("device", "--now", "2030-01-01T00:00:00+00:00")["clock"] == "set"
    assert attune.json("device", "--real-clock")["clock"] == "real"
