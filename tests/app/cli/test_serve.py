"""`attune serve` as a process."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command_line import start
from tests.support.tiny_bundle import TinyBundle

SECRET = "加班的秘密"


@pytest.fixture
def settings(bundle: TinyBundle, state_dir: Path) -> dict[str, Any]:
    """The environment of a service on a free port."""
    return {"bundle": bundle.path, "trusted_keys": bundle.public_key, "state_dir": state_dir, "port": 0}


@pytest.fixture
def service(settings: dict[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """A running service, which knows where it listens."""
    process = start("serve", log_level="debug", **settings)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _url(service: "subprocess.Popen[str]", state_dir: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and service.poll() is None:
        try:
            url = json.loads((state_dir / "lock").read_text("utf-8"))["url"]
        except (OSError, ValueError):
            url = None
        if url:
            return str(url)
        time.sleep(0.02)
    raise AssertionError("the service does not start")


def test_it_stops_in_good_order_and_logs_nothing_of_the_user(service: "subprocess.Popen[str]", state_dir: Path) -> None:
    with httpx.Client(base_url=_url(service, state_dir), trust_env=False) as client:
        client.put("/v1/consent", json={"personalization": True})
        assert client.post("/v1/predict", json={"text": SECRET}).status_code == 200
        feedback = {"text": SECRET, "task": "sentiment", "label": "正面"}
        assert client.post("/v1/feedback", json=feedback).status_code == 201
        client.post("/v1/feedback", json={**feedback, "label": SECRET})
        cut = f'{{"text": "{SECRET}'.encode()
        client.post("/v1/predict", content=cut, headers={"Content-Type": "application/json"})
        client.get("/v1/samples", params={"task": SECRET})
        client.get(f"/v1/updates/{SECRET}")
        client.post("/v1/updates", json={"force": True})
    service.send_signal(signal.SIGTERM)
    out, err = service.communicate(timeout=10)
    assert service.returncode == 0
    assert "attune serves at http://127.0.0.1:" in err
    assert "Traceback" not in err
    for form in (SECRET, json.dumps(SECRET).strip('"'), str(SECRET.encode()), httpx.QueryParams(t=SECRET)["t"]):
        assert form not in out + err
    assert "%E5%8A%A0%E7%8F%AD" not in out + err


def test_torch_never_enters_a_process_that_serves_and_trains(settings: dict[str, Any]) -> None:
    program = """
import sys
from app.settings import load_settings
from device_sim.runtime import Runtime
runtime = Runtime.open(load_settings().device())
runtime.consent.put(personalization=True)
answer = runtime.predictor.submit(["一句话"], "sentiment").result()[0]
runtime.feedback.record(prediction_id=answer.id, label="正面")
assert runtime.updates.wait(runtime.updates.start("sentiment", {"epochs": 1}, force=True).id).finished_at
runtime.close()
print(sorted({"torch", "transformers", "onnx"} & set(sys.modules)))
"""
    process = start(program=program, **settings)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.strip() == "[]"


def test_an_interrupt_is_a_normal_end(service: "subprocess.Popen[str]", state_dir: Path) -> None:
    _url(service, state_dir)
    service.send_signal(signal.SIGINT)
    service.communicate(timeout=10)
    assert service.returncode == 0
    assert json.loads((state_dir / "lock").read_text("utf-8"))["url"] is None


def test_a_service_is_started_again_while_the_one_before_still_stops(
    service: "subprocess.Popen[str]", settings: dict[str, Any], state_dir: Path
) -> None:
    _url(service, state_dir)
    service.send_signal(signal.SIGTERM)
    second = start("serve", **settings)
    try:
        service.communicate(timeout=10)
        assert _url(second, state_dir)
    finally:
        second.terminate()
        second.communicate(timeout=10)


def test_a_command_beside_a_service_that_is_starting_does_not_stop_it_and_is_not_refused(
    service: "subprocess.Popen[str]", settings: dict[str, Any], state_dir: Path
) -> None:
    command = start("consent", "give", **settings)
    out, err = command.communicate(timeout=30)
    assert (command.returncode, service.poll()) == (0, None), err
    assert "personalization" in out
    assert httpx.get(f"{_url(service, state_dir)}/v1/consent").json()["personalization"]


def test_a_second_process_on_the_state_directory_is_told_who_has_it(
    service: "subprocess.Popen[str]", settings: dict[str, Any], state_dir: Path
) -> None:
    _url(service, state_dir)
    second = start("serve", **settings)
    _, err = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"in use by process {service.pid}" in err
    assert "Traceback" not in err


def test_a_port_in_use_is_a_sentence(settings: dict[str, Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start("serve", **{**settings, "port": taken.getsockname()[1]})
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "The service can't listen" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bundle": "/no/such/bundle"}, "The bundle can't be used"),
        ({"trusted_keys": ""}, "The bundle can't be used"),
    ],
)
def test_a_bundle_that_can_not_be_trusted_is_a_sentence(
    settings: dict[str, Any], changes: dict[str, str], said: str
) -> None:
    process = start("serve", **{**settings, **changes})
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert f"attune: {said}" in err
    assert "Traceback" not in err


def test_a_missing_package_is_a_sentence() -> None:
    program = "import sys; sys.modules['typer'] = None; from app.cli.main import main; main()"
    process = start("predict", program=program)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "the package typer is missing" in err
    assert "Traceback" not in err


def test_another_python_is_a_sentence() -> None:
    program = "import sys; sys.version_info = (3, 9, 0); from app.cli.main import main; main()"
    process = start("predict", program=program)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.strip() == "attune needs Python 3.11 or 3.12, and this is 3.9"


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (["consent"], {"state_dir": "~nobody-of-that-name/x"}, "ATTUNE_STATE_DIR: begins with the home directory"),
        (["doctor"], {"state_dir": "/dev/null"}, ""),
        (["predict", "好", "--json"], {"state_dir": "/dev/null/x"}, "can't be a state directory"),
    ],
)
def test_a_setting_that_can_not_be_is_a_sentence(
    settings: dict[str, Any], arguments: list[str], changes: dict[str, str], said: str
) -> None:
    process = start(*arguments, **{**settings, **changes})
    _, err = process.communicate(timeout=20)
    assert process.returncode in (1, 2)
    assert said in err
    assert "Traceback" not in err


def test_output_that_nobody_reads_ends_quietly(settings: dict[str, Any]) -> None:
    process = start("predict", "", "--json", **settings)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    err = process.stderr.read()
    assert process.wait(20) == 1
    assert "Traceback" not in err


def test_an_env_file_in_another_encoding_is_a_sentence(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00garbage")
    process = start("consent", **settings)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert ".env is not text in UTF-8" in err
    assert "Traceback" not in err
