"""Three hundred requests on a phone full of data, beside a peer that records every byte: not one secret leaves, and for
private requests not one byte.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.support.cloud_peer import CloudPeer, cloud_peer
from tests.support.http_service import running

SUPPORT = Path(__file__).parents[1] / "support"
REQUESTS = [json.loads(line) for line in (SUPPORT / "assist_requests.jsonl").read_text("utf-8").splitlines()]
PHONE = json.loads((SUPPORT / "sample_phone.json").read_text("utf-8"))


def stored_secrets() -> set[str]:
    """Whatever of the sample phone's contacts must not leave."""
    values: set[str | None] = set()
    for contact in PHONE["contacts"]:
        values |= {contact["name"], *contact["aliases"], *contact["phones"], *contact["emails"]}
        values.add(contact["organisation"])
    for event in PHONE["calendar"]:
        values |= {event["place"], *event["people"]}
    return {value for value in values if value}


@pytest.fixture(scope="module")
def peer() -> Iterator[CloudPeer]:
    """A model that repeats what it was asked."""
    with cloud_peer() as peer:
        peer.reply(lambda request: f"好的：{request.prompt}", size=400)
        yield peer


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory, peer: CloudPeer) -> Iterator[httpx.Client]:
    """The sample phone, in the time of its calendar."""
    settings = Settings.model_validate(
        {
            "state_dir": tmp_path_factory.mktemp("phone") / "state", "timezone": "Asia/Shanghai",
            "cloud_base_url": peer.base_url, "cloud_model": "tiny",
        }
    )  # fmt: skip
    with running(settings) as service, service.client() as client:
        for kind in ("contacts", "calendar", "notes"):
            for record in PHONE[kind]:
                assert client.post(f"/v1/personal/{kind}", json=record).status_code == 201
        client.put("/v1/device", json={"now": "2026-11-27T09:00:00+08:00"})
        client.put("/v1/consent", json={"personalization": True, "cloud_assist": True})
        yield client


def test_no_byte_of_a_private_request_leaves(phone: httpx.Client, peer: CloudPeer) -> None:
    before = len(peer.connections)
    for request in REQUESTS:
        if request["route"] == "private":
            answer = phone.post("/v1/assist", json={"text": request["text"]}).json()
            assert (answer["route"], answer["sent"]) == ("private", False), request["text"]
            assert answer["answer"]
    assert len(peer.connections) == before


def test_no_secret_of_a_mixed_request_leaves_and_all_come_back(phone: httpx.Client, peer: CloudPeer) -> None:
    stored = stored_secrets()
    sent = 0
    for request in REQUESTS:
        if request["route"] != "mixed":
            continue
        before = len(peer.requests)
        answer: dict[str, Any] = phone.post("/v1/assist", json={"text": request["text"]}).json()
        received = b"".join(one.body for one in peer.requests[before:]).decode()
        assert not [secret for secret in {*request["secrets"], *stored} if secret in received], request["text"]
        assert request["text"] in answer["answer"], "what was asked comes back byte for byte"
        assert answer["unresolved"] == []
        sent += answer["sent"]
    assert sent == sum(request["route"] == "mixed" for request in REQUESTS)
