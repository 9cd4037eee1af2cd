"""Traces to a collector on this machine; and that nothing of what is watched holds a word of the user's."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.server import create_app
from app.settings import SettingsError, load_settings
from tests.app.conftest import MakeSettings
from tests.support.cloud_peer import CloudPeer, cloud_peer
from tests.support.collector import Collector, Seen, collector
from tests.support.command_line import start
from tests.support.http_service import running, serving_url

MARKS = ("机密甲乙", "王建国", "13800138000", "hush-hush", "%E6%9C%BA%E5%AF%86", "\\u673a\\u5bc6")
TEXT = "机密甲乙王建国hush-hush今天又加班到十点"
MAIL = "帮我给王建国13800138000写一封机密甲乙的邮件hush-hush"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

# A bug that quotes what it failed on, in a route.
BROKEN = f"""
from device_sim.samples import SampleBook
def broken(*_arguments, **_rest): raise ValueError({TEXT!r})
SampleBook.page = broken
from app.cli.main import main
main()
"""


@dataclass
class Watched:
    """A service that was driven with marked texts, and everything that it told of itself."""

    collector: Collector
    peer: CloudPeer
    statuses: list[int]
    metrics: str = ""
    log: str = ""


@contextmanager
def _served(state_dir: Path, **settings: Any) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    process = start("serve", program=BROKEN, state_dir=state_dir, port=0, log_level="debug", access_log=1, **settings)
    try:
        with httpx.Client(base_url=serving_url(process, state_dir), trust_env=False, timeout=20) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module", params=["text", "json"])
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One whole life on the bundle that ships, with the network guard in place and a proxy that nobody may ask."""
    with pytest.MonkeyPatch.context() as environment, collector() as collecting, cloud_peer() as peer:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            environment.setenv(name, "http://127.0.0.1:9")
        environment.setenv("OTEL_RESOURCE_ATTRIBUTES", "of=the-environment")
        settings = {"cloud_base_url": peer.base_url, "cloud_model": "tiny", "otel_endpoint": collecting.endpoint}
        state_dir = tmp_path_factory.mktemp("watched") / "state"
        with _served(state_dir, log_format=request.param, **settings) as (process, client):
            seen = Watched(collecting, peer, _drive(client))
            seen.metrics = client.get("/metrics").text
            process.send_signal(signal.SIGTERM)
            _, seen.log = process.communicate(timeout=20)
        yield seen


def _drive(client: httpx.Client) -> list[int]:
    """Everything that takes a text, well and badly."""
    client.put("/v1/consent", json={"personalization": True, "cloud_assist": True}).raise_for_status()
    parent = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=hush-hush", "baggage": "text=hush-hush"}
    feedback = {"text": TEXT, "task": "sentiment", "label": "负面"}
    answers = [
        client.post("/v1/predict", json={"text": TEXT}, headers=parent),
        client.post("/v1/predict", json={"texts": [TEXT], "task": "entities"}),
        client.post("/v1/predict", json={"text": TEXT, TEXT: TEXT}),
        client.post("/v1/predict", content=f'{{"text": "{TEXT}'.encode(), headers={"Content-Type": "application/json"}),
        client.post("/v1/feedback", json=feedback),
        client.post("/v1/feedback", json={**feedback, "label": TEXT}, headers={"Idempotency-Key": "hush-hush"}),
        client.post("/v1/assist", json={"text": MAIL, "route": "mixed"}),
        client.post("/v1/assist", json={"text": MAIL, "route": "private"}),
        client.post("/v1/assist", json={"text": MAIL, "route": "mixed", "stream": True}),
        client.post("/v1/redact", json={"text": MAIL}),
        client.post("/v1/thoughts", json={"text": TEXT}),
        client.get("/v1/samples"),
        client.get("/v1/samples", params={"text": TEXT}),
        client.get(f"/v1/{TEXT}", params={"q": TEXT}),
        client.get("/v1/samples", params={"limit": TEXT}),
        client.get("/v1/updates/hush-hush"),
        client.request("HUSH", "/v1/predict"),
    ]
    update = client.post("/v1/updates", json={"task": "sentiment", "force": True}).json()
    while client.get(f"/v1/updates/{update['id']}").json()["finished_at"] is None:
        pass
    return [answer.status_code for answer in answers]


def test_nothing_that_is_watched_holds_a_word_of_the_user(watched: Watched) -> None:
    assert {200, 201, 400, 404, 422, 500} <= set(watched.statuses)
    assert watched.peer.requests, "the cloud was asked"
    told = {"log": watched.log, "metrics": watched.metrics, "traces": repr(watched.collector.spans)}
    raw = b"".join(watched.collector.bodies)
    for mark in MARKS:
        assert [where for where, content in told.items() if mark in content] == []
        assert mark.encode() not in raw
    assert "ValueError" in watched.log
    assert "update ended" in watched.log


def test_a_request_is_a_span_by_its_route_within_the_callers_trace(watched: Watched) -> None:
    (span,) = (span for span in watched.collector.spans if span.trace_id == TRACE and span.parent_id == SPAN)
    assert (span.name, span.kind, span.failed) == ("POST /v1/predict", 2, False)
    assert span.attributes == {
        "http.request.method": "POST", "url.scheme": "http", "http.route": "/v1/predict",
        "http.response.status_code": 200,
    }  # fmt: skip
    below = _below(watched, span)
    assert {one.name for one in below} == {"encode", "head"}
    (head,) = (one for one in below if one.name == "head")
    assert head.attributes == {"task": "sentiment", "version": 0}


def test_a_bug_is_a_failed_span_without_its_message(watched: Watched) -> None:
    failed = [span for span in watched.collector.spans if span.failed]
    assert {span.name for span in failed} == {"GET /v1/samples"}
    assert failed[0].attributes["error.type"] == "500"
    assert failed[0].events == []


def test_an_update_is_a_trace_of_its_stages(watched: Watched) -> None:
    (update,) = (span for span in watched.collector.spans if span.name == "update")
    assert update.parent_id == ""
    parents = {span.span_id: span for span in watched.collector.spans}
    assert [parents[one].name for one in update.links] == ["POST /v1/updates"]
    assert update.trace_id != parents[update.links[0]].trace_id
    assert update.attributes["task"] == "sentiment"
    assert update.attributes["outcome"] in ("published", "rejected")
    below = _below(watched, update)
    assert [span.name for span in below] == ["gather", "make", "conclude"]
    assert {span.name for span in _below(watched, below[1])} == {"train"}


def test_help_from_the_cloud_is_told_by_its_stages(watched: Watched) -> None:
    assisted = [span for span in watched.collector.spans if span.name == "assist"]
    stages = [([one.name for one in _below(watched, span)], span.attributes["route"]) for span in assisted]
    within = ["route", "prompt", "cloud"]
    assert stages == [(within, "mixed"), (["route", "answer-here"], "private"), (within, "mixed")]
    assert [span.attributes["sent"] for span in assisted] == [True, False, True]
    parents = {span.span_id: span.name for span in watched.collector.spans}
    assert {parents[span.parent_id] for span in assisted} == {"POST /v1/assist"}
    hidden = [facts for name, facts in assisted[0].events if name == "redacted"]
    assert {"type": "PHONE", "count": 1} in hidden


def test_it_is_said_what_runs_and_nothing_of_the_environment(watched: Watched) -> None:
    assert set(watched.collector.paths) == {"/v1/traces"}
    names = {name for resource in watched.collector.resources for name in resource}
    assert names == {"service.name", "service.version"}


def test_the_log_names_the_trace(watched: Watched) -> None:
    (line,) = (line for line in watched.log.splitlines() if TRACE in line and "request_id" in line)
    assert "/v1/predict" in line
    begun, ended = (line for line in watched.log.splitlines() if "update started" in line or "update ended" in line)
    assert _request_id(begun) == _request_id(ended) is not None


def _request_id(line: str) -> str | None:
    found = re.search(r'request_id"?[=:] ?"?(\w+)', line)
    return found and found[1]


def _below(watched: Watched, parent: Seen) -> list[Seen]:
    """In the order of their ends."""
    return [span for span in watched.collector.spans if span.parent_id == parent.span_id]


def test_a_collector_that_is_not_there_harms_nothing_and_is_told_once(
    make_settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with running(make_settings(otel_endpoint=endpoint)) as service, service.client() as client:
            assert [client.post("/v1/predict", json={"text": "一"}).status_code for _ in range(20)] == [200] * 20
        assert [record.levelname for record in caplog.records if record.name == "app.telemetry"] == ["WARNING"]


def test_a_collector_that_refuses_gets_later_spans(make_settings: MakeSettings) -> None:
    with collector() as collecting:
        collecting.status = 503
        with running(make_settings(otel_endpoint=collecting.endpoint)) as service, service.client() as client:
            client.get("/healthz")
            collecting.wait(lambda spans: len(spans) == 1)
            collecting.status = 200
            client.get("/readyz")
        assert [span.name for span in collecting.spans] == ["GET /healthz", "GET /readyz"]


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://collector.example:4318", "run a collector on this machine"),
        ("http://192.168.1.7:4318", "run a collector on this machine"),
        ("https://127.0.0.1:4318", "an http:// URL of this machine"),
        ("127.0.0.1:4319", "an http:// URL of this machine"),
        ("http://127.0.0.1:4318/v1/traces/", "without /v1/traces"),
    ],
)
def test_what_is_no_collector_on_this_machine_is_refused(endpoint: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refusal:
        load_settings(otel_endpoint=endpoint)
    assert str(refusal.value).startswith("ATTUNE_OTEL_ENDPOINT: ")
    assert endpoint not in str(refusal.value)


def test_without_the_library_the_setting_says_what_it_needs(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.telemetry", None)
    with pytest.raises(SettingsError, match=r"'.\[otel\]'"):
        create_app(make_settings(otel_endpoint="http://127.0.0.1:4318"))
