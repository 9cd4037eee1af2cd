"""The log: its two forms, what is in it, and what never is."""

import io
import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.logs import Bound, Form, handler, library_level
from tests.app.conftest import MakeSettings
from tests.support.command_line import start
from tests.support.http_service import running, serving_url
from tests.support.tiny_bundle import TinyBundle

SECRET = "加班的秘密"
ASCII_SECRET = "hush-hush"


@contextmanager
def _written(form: Form, name: str, level: int = logging.DEBUG) -> Iterator[io.StringIO]:
    """What a logger writes while the block runs."""
    stream = io.StringIO()
    writer, logger = handler(form, stream), logging.getLogger(name)
    before = logger.level
    logger.addHandler(writer)
    logger.setLevel(level)
    try:
        yield stream
    finally:
        logger.removeHandler(writer)
        logger.setLevel(before)


def _entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_an_object_with_its_fields() -> None:
    with _written("json", "attune") as stream, Bound(request_id="r1"):
        logging.getLogger("attune").info("update ended", extra={"task": "sentiment", "reasons": ("a b",), "version": 3})
    (entry,) = _entries(stream)
    assert entry.pop("timestamp").endswith("+00:00")
    assert entry == {
        "level": "INFO", "logger": "attune", "message": "update ended", "task": "sentiment", "reasons": ["a b"],
        "version": 3, "request_id": "r1",
    }  # fmt: skip


def test_an_entry_for_people_is_a_line_that_no_value_can_break() -> None:
    with _written("text", "attune") as stream:
        fields = {"_mark": 1, "task": "sentiment", "reasons": ["a b"], "odd": "x=1 \n level=none"}
        logging.getLogger("attune").info("update ended", extra=fields)
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(
        'INFO attune: update ended task=sentiment reasons=["a b"] odd="x=1 \\n level=none"',
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["attune", "some.library"])
def test_an_exception_is_told_without_what_it_says(form: Form, name: str) -> None:
    def fail() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error

    with _written(form, name) as stream:
        try:
            fail()
        except KeyError as error:
            logging.getLogger(name).exception("it failed", stack_info=True)
            logging.getLogger("some.library").error("it failed: %s", error, exc_info=error)
            logging.getLogger("some.library").error(error)
    told = stream.getvalue()
    assert SECRET not in told
    assert json.dumps(SECRET)[1:-1] not in told
    assert "KeyError" in told
    assert "ValueError" in told
    assert "in fail" in told


def test_other_handlers_see_a_record_as_it_was() -> None:
    plain = io.StringIO()
    beside = logging.StreamHandler(plain)
    with _written("json", "some.library") as stream:
        logging.getLogger("some.library").addHandler(beside)
        logging.getLogger("some.library").warning("first %s\nsecond", "line")
        logging.getLogger("some.library").removeHandler(beside)
    assert plain.getvalue() == "first line\nsecond\n"
    assert [entry["message"] for entry in _entries(stream)] == ["first line"]


def test_libraries_are_heard_from_a_warning_on() -> None:
    assert [library_level(level) for level in ("debug", "info", "error")] == ["warning", "warning", "error"]


FAILURES = f"""
import asyncio, gc, logging, threading, warnings
from app.logs import install
install("debug", "json")
text = {SECRET!r}
def fail(): raise ValueError(text)
thread = threading.Thread(target=fail, name="update"); thread.start(); thread.join()
class Finalised:
    def __del__(self): fail()
Finalised()
async def forgotten():
    asyncio.ensure_future(failing()); await asyncio.sleep(0.01); gc.collect()
async def failing(): fail()
asyncio.run(forgotten())
warnings.warn("old\\n" + text)
logging.getLogger("httpx").info(text)
logging.getLogger("device_sim.x").debug("told")
"""


def test_failures_that_nobody_catches_are_entries_too() -> None:
    process = start(program=FAILURES)
    _, err = process.communicate(timeout=20)
    entries = [json.loads(line) for line in err.splitlines()]
    assert [entry["message"] for entry in entries if entry["logger"] in ("attune", "asyncio", "device_sim.x")] == [
        "thread failed", "finaliser failed", "Task exception was never retrieved", "told",
    ]  # fmt: skip
    assert [entry["logger"] for entry in entries].count("py.warnings") == 1
    assert SECRET not in json.dumps(entries, ensure_ascii=False)
    assert entries[0]["exception"].startswith("ValueError at")


def test_a_service_tells_its_life_and_each_request_by_its_route(bundle: TinyBundle, tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    modules = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from app.cli.main import main; main()"
    process = start(
        "serve", program=modules, bundle=bundle.path, trusted_keys=bundle.public_key, state_dir=state_dir, port=0,
        log_format="json", access_log=1,
    )  # fmt: skip
    with httpx.Client(base_url=serving_url(process, state_dir), trust_env=False, timeout=20) as client:
        client.put("/v1/consent", json={"personalization": True})
        answer = client.post("/v1/predict", json={"text": SECRET}, headers={"X-Request-ID": "mine-1"})
        assert answer.headers["X-Request-ID"] == "mine-1"
        client.get(f"/v1/updates/{ASCII_SECRET}", params={"text": ASCII_SECRET})
        client.post("/v1/feedback", json={"text": "好", "task": "sentiment", "label": "正面"})
        update = client.post("/v1/updates", json={"task": "sentiment", "force": True}).json()
        while client.get(f"/v1/updates/{update['id']}").json()["finished_at"] is None:
            pass
        client.post("/v1/models/sentiment/rollback")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    entries = [json.loads(line) for line in err.splitlines()]
    messages = [entry["message"] for entry in entries]
    told = [message for message in messages if message != "request"]
    assert told[:4] == ["starting", "ready", "consent", "update started"]
    assert {"update ended"} <= set(told)
    assert told[-2:] == ["stopping", "stopped"]
    ended = entries[messages.index("update ended")]
    assert (ended["update_id"], ended["task"], ended["trigger"]) == (update["id"], "sentiment", "request")
    requests = {entry["request_id"]: entry for entry in entries if entry["message"] == "request"}
    predicted = requests["mine-1"]
    assert (predicted["method"], predicted["route"], predicted["status"]) == ("POST", "/v1/predict", 200)
    assert predicted["duration_ms"] > 0
    assert "/v1/updates/{update_id}" in {entry["route"] for entry in requests.values()}
    started = entries[messages.index("update started")]
    assert requests[started["request_id"]]["route"] == "/v1/updates"
    assert SECRET not in json.dumps(entries, ensure_ascii=False)
    assert ASCII_SECRET not in err
    # FastAPI itself brings the API, which does nothing alone.
    assert "opentelemetry.sdk" not in out
    assert "opentelemetry.exporter" not in out
    assert "fastapi" in out


def test_what_is_rolled_back_is_not_told(make_settings: MakeSettings) -> None:
    with running(make_settings()) as service, _written("json", "device_sim") as stream:
        state, audit = service.runtime.state, service.runtime.audit
        with state.transaction() as connection:
            audit.record(connection, "user", "consent")
        with pytest.raises(RuntimeError), state.transaction() as connection:  # noqa: PT012  # it is about the whole block
            audit.record(connection, "user", "erase")
            raise RuntimeError
        with state.transaction():
            pass
    assert [entry["message"] for entry in _entries(stream)] == ["consent"]


@pytest.mark.parametrize("sent", ["", "a" * 65, "two words", "a=b", "名字"])
def test_an_id_that_can_not_be_written_down_is_replaced(shared: httpx.Client, sent: str) -> None:
    given = shared.get("/healthz", headers=[(b"X-Request-ID", sent.encode())]).headers["X-Request-ID"]
    assert given != sent
    assert len(given) == 16


def test_every_answer_has_an_id_of_its_own(shared: httpx.Client) -> None:
    answers = [shared.get(path) for path in ("/healthz", "/nowhere", "/v1/updates/x")]
    answers.append(shared.get("/healthz", headers={"Host": "elsewhere.example"}))
    assert [answer.status_code for answer in answers] == [200, 404, 404, 421]
    assert len({answer.headers["X-Request-ID"] for answer in answers}) == 4


def test_stderr_is_where_it_is_written() -> None:
    assert getattr(handler("text"), "stream", None) is sys.stderr


def test_a_log_that_nobody_reads_stops_nothing(bundle: TinyBundle, tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    process = start(
        "serve", bundle=bundle.path, trusted_keys=bundle.public_key, state_dir=state_dir, port=0, access_log=1
    )  # fmt: skip
    try:
        with httpx.Client(base_url=serving_url(process, state_dir), trust_env=False, timeout=20) as client:
            for _ in range(1_000):  # more than a pipe holds
                client.get("/healthz").raise_for_status()
            assert client.get("/v1/models").is_success
    finally:
        process.kill()
        process.communicate()
