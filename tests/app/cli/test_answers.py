"""Exit codes, what goes to stdout and what to stderr, and how refusals read."""

import signal
import time
from pathlib import Path

import pytest

from app.cli.output import print_table, shown
from tests.app.conftest import MakeSettings
from tests.support.command_line import CommandLine, start
from tests.support.http_service import running


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "你好"), ("versions",), ("audit",), ("device",), ("schedule", "get"), ("schedule", "tick"),
        ("consent",), ("samples", "list"), ("doctor",), ("rollback", "--to", "0"), ("activate", "0"), ("update",),
    ],
)  # fmt: skip
def test_json_is_all_of_stdout_also_of_a_refusal(attune: CommandLine, command: tuple[str, ...]) -> None:
    outcome = attune(*command, "--json")
    assert isinstance(outcome.json, dict)
    assert outcome.code in {0, 1}
    assert (outcome.code == 1) == outcome.json.get("type", "").startswith("urn:attune:problem:")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("feedback", "正面", "好"), "Consent required: the user has not agreed"),
        (("predict", " "), "Not a text that can be used"),
        (("predict", "好", "--task", "weather"), "Unknown task"),
        (("predict", "\udcff"), "The request breaks the contract"),
        (("versions", "--task", "weather?c"), "Unknown task"),
        (("rollback",), "Nothing to roll back"),
        (("activate", "9"), "Unknown version"),
        (("update",), "Consent required"),
        (("update", "--force", "--epochs", "0"), "Parameter out of bounds"),
        (("import", "/no/such/file"), "The file can't be read"),
        (("predict", "好", "--url", "http://127.0.0.1:9"), "The service can't be reached"),
        (("predict", "好", "--url", "nonsense://["), "The service can't be reached"),
    ],
)
def test_a_refusal_is_a_sentence_and_code_1(attune: CommandLine, command: tuple[str, ...], said: str) -> None:
    attune.json("consent")
    outcome = attune(*command)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"attune: {said}")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "command",
    [
        ("unknown",), ("predict", "--unknown"), ("feedback", "正面"), ("feedback", "正面", "好", "--prediction", "x"),
        ("rollback", "--to", "x"), ("schedule", "set"), ("samples", "delete"), ("samples", "delete", "1", "--all"),
        ("device", "--battery", "2"), ("device", "--now", "2030-01-01T00:00:00Z", "--real-clock"), ("export",),
        ("consent", "perhaps"), ("--unknown",), ("erase",), ("export", "--out", "x", "--passphrase-env", "NOT_SET"),
        ("consent", "--cloud-assist"), ("consent", "withdraw", "--no-cloud-assist"),
    ],
)  # fmt: skip
def test_wrong_usage_is_code_2(attune: CommandLine, command: tuple[str, ...], state_dir: Path) -> None:
    outcome = attune(*command)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err
    assert not state_dir.exists()


def test_a_wrong_setting_is_wrong_usage(attune: CommandLine) -> None:
    attune.setenv(host="0.0.0.0")
    outcome = attune("serve")
    assert outcome.code == 2
    assert "set ATTUNE_TOKEN" in outcome.err


def test_a_directory_that_can_not_be_made_is_a_sentence(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    attune.setenv(state_dir=tmp_path / "file" / "state")
    outcome = attune("predict", "好")
    assert outcome.code == 1
    assert outcome.err.startswith("attune: ")
    assert "Traceback" not in outcome.err


def test_an_update_is_not_left_behind_by_the_only_process_that_could_finish_it(attune: CommandLine) -> None:
    outcome = attune("update", "--force", "--no-wait")
    assert outcome.code == 2
    assert "no service is running" in outcome.err


def test_the_version_is_told(attune: CommandLine) -> None:
    assert attune("--version").out.strip().count(".") == 2


def test_help_of_serve_lists_every_setting(attune: CommandLine) -> None:
    from app.settings import Settings

    text = attune("serve", "--help").out
    assert all(f"ATTUNE_{name.upper()}" in text for name in Settings.model_fields)


class TestWithAService:
    def test_commands_reach_the_process_that_has_the_device(
        self, attune: CommandLine, make_settings: MakeSettings
    ) -> None:
        with running(make_settings()) as service:
            attune.json("consent", "give")
            assert service.runtime.consent.get().personalization
            (prediction,) = attune.json("predict", "好")["predictions"]
            # Only the process that made a prediction remembers it.
            receipt = attune.json("feedback", prediction["label"], "--prediction", prediction["id"], "--key", "k")
            assert receipt == attune.json(
                "feedback", prediction["label"], "--prediction", prediction["id"], "--key", "k"
            )
            assert attune.json("doctor")["ok"]

    def test_the_token_is_sent(self, attune: CommandLine, make_settings: MakeSettings) -> None:
        with running(make_settings(token="swordfish")):
            refused = attune("consent")
            assert (refused.code, refused.err.startswith("attune: A bearer token is required")) == (1, True)
            attune.setenv(token="swordfish")
            assert attune("consent").code == 0

    def test_a_directory_in_use_without_a_service_is_refused(
        self, attune: CommandLine, make_settings: MakeSettings
    ) -> None:
        from device_sim.runtime import Runtime

        runtime = Runtime.open(make_settings().device())
        try:
            outcome = attune("predict", "好")
        finally:
            runtime.close()
        assert outcome.code == 1
        assert "in use by process" in outcome.err


def test_wide_characters_do_not_bend_tables(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.cells import cell_len

    print_table(("text", "n"), [("加班真好", 1), ("ok", 2), ("😀é", 3)], "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert len({cell_len(line[: line.rindex(last)]) for line, last in zip(lines[1:], "123", strict=True)}) == 1


def test_what_would_steer_the_terminal_is_not_printed() -> None:
    assert shown("a\x1b[31mb\x07\ud800") == "a\ufffd[31mb\ufffd\ufffd"


def test_a_text_of_several_lines_is_one_line_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("text", "n"), [("一\r\n二\n三\t四\u2028五\x85六\x1b[1m", 1)], "nothing")
    assert capsys.readouterr().out.splitlines()[1].split() == ["一", "二", "三", "四", "五", "六\ufffd[1m", "1"]


def test_an_answer_that_the_cloud_failed_is_code_1(attune: CommandLine) -> None:
    failed = attune("assist", "怎么准备一场演讲", "--route", "general", "--json")
    assert (failed.code, failed.json["problem"]["type"]) == (1, "urn:attune:problem:cloud-not-configured")
    assert attune("assist", "怎么准备一场演讲", "--route", "general", "--dry-run").code == 0


def test_what_the_phone_could_not_answer_says_how_to_ask_the_cloud(attune: CommandLine) -> None:
    hint = "answered on the phone; --route general or mixed asks the cloud model"
    attune.json("contacts", "add", "张伟", "--phone", "13800138000")
    unknown = attune("assist", "李小萌的邮箱是多少", "--route", "private")
    assert (unknown.code, hint in unknown.err) == (0, True)
    assert hint not in attune("assist", "张伟的电话是多少", "--route", "private").err
    assert hint not in attune("assist", "我不想活了", "--route", "private").err


def test_markup_in_a_text_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("text",), [("[bold]好[/bold] :smile:",)], "nothing")
    assert "[bold]好[/bold] :smile:" in capsys.readouterr().out


def test_an_interrupt_cancels_the_update_that_the_command_follows(
    attune: CommandLine, make_settings: MakeSettings
) -> None:
    with running(make_settings()) as service, service.client() as client:
        attune.json("consent", "give")
        for text in "好坏大小多少上下左右前后里外天地人心手口":
            client.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "正面"})
        # 100,000 steps, so that it is still under way when the signal comes.
        slow = ("--epochs", "5000", "--mini-batch-size", "1")
        process = start("update", "--force", *slow, "--url", service.url)
        while 'route="/v1/updates/{update_id}"' not in client.get("/metrics").text:  # The command follows it.
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        (update,) = service.runtime.updates.page().items
        ended = service.runtime.updates.wait(update.id, timeout=5)
    assert process.returncode not in {0, 2}
    assert "cancelling the update" in err
    assert "Traceback" not in err
    assert (ended.state, ended.outcome) == ("failed", None)


def test_answers_for_people_say_what_those_for_programs_say(attune: CommandLine) -> None:
    attune.json("consent", "give")
    attune.json("feedback", attune.json("predict", "好")["predictions"][0]["label"], "好")
    said = attune("update", "--force", "--epochs", 1, "--learning-rate", 1e-5).out
    assert said.startswith("version 1 of sentiment is published and answers now\n")
    assert "version 0 of sentiment answers now; before, version 1 did" in attune("rollback").out
    lineage = attune("versions").out.splitlines()
    assert [line.split()[:2] for line in lineage[1:]] == [["*", "0"], ["1", "0"]]
    assert [line.split()[3] for line in attune("audit").out.splitlines()[1:]] == ["consent", "publish", "rollback"]
    assert "require charging" in attune("schedule", "get").out
    assert "wait: not charging" in attune("schedule", "tick").out
    assert attune("samples", "delete", "1").out == "deleted 1; versions that learnt from it: sentiment 1\n"
    assert attune("samples", "list").out == "no samples\n"
