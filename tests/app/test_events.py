"""Server-sent events of an update."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.http_service import RunningService


@dataclass(frozen=True)
class Received:
    """One event as a browser would see it."""

    id: int
    event: str
    data: dict[str, Any]


def _events(lines: Iterator[str]) -> Iterator[Received]:
    fields: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Received(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


@pytest.fixture
def learning(client: httpx.Client) -> httpx.Client:
    """A client of a device with something to learn."""
    client.put("/v1/consent", json={"personalization": True})
    for number in range(3):
        client.post("/v1/feedback", json={"text": f"第{number}句", "task": "sentiment", "label": "正面"})
    return client


def _follow(client: httpx.Client, location: str, after: int | None = None) -> list[Received]:
    headers = {"Last-Event-ID": str(after)} if after is not None else {}
    with client.stream("GET", f"{location}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(_events(answer.iter_lines()))


def test_the_stream_tells_every_epoch_and_ends_with_the_outcome(learning: httpx.Client) -> None:
    started = learning.post("/v1/updates", json={"force": True, "parameters": {"epochs": 3}})
    received = _follow(learning, started.headers["location"])
    assert [event.id for event in received] == list(range(1, len(received) + 1))
    assert received[0].event == "training_begin"
    assert [event.data["epoch_index"] for event in received if event.event == "epoch_end"] == [0, 1, 2]
    assert [event.event for event in received].count("finished") == 1
    assert received[-1].event == "finished"
    assert received[-1].data["state"] == "completed"


def test_a_client_that_was_cut_off_goes_on_where_it_was(learning: httpx.Client) -> None:
    started = learning.post("/v1/updates", json={"force": True, "parameters": {"epochs": 3}})
    everything = _follow(learning, started.headers["location"])
    rest = _follow(learning, started.headers["location"], after=everything[1].id)
    assert rest == everything[2:]
    assert _follow(learning, started.headers["location"], after=everything[-1].id) == []


def test_stopping_the_service_ends_open_streams_at_once(service: RunningService, learning: httpx.Client) -> None:
    parameters = {"epochs": 5000, "mini_batch_size": 1}
    started = learning.post("/v1/updates", json={"force": True, "parameters": parameters})
    ended = threading.Event()

    def listen() -> None:
        try:
            _follow(learning, started.headers["location"])
        finally:
            ended.set()

    threading.Thread(target=listen, daemon=True).start()
    time.sleep(0.2)
    assert not ended.is_set()
    service.stop()
    assert ended.wait(5)  # What is under way otherwise has ten seconds.


@pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**63)])
def test_a_last_event_id_that_is_no_number_is_refused(learning: httpx.Client, after: str) -> None:
    started = learning.post("/v1/updates", json={"force": True, "parameters": {"epochs": 1}})
    answer = learning.get(f"{started.headers['location']}/events", headers={"Last-Event-ID": after})
    assert answer.status_code == 422
