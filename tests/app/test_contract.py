"""The contract over real HTTP, call by call: what is answered, and that the next call sees it."""

import time
from typing import Any

import httpx
import pytest

from app.schemas.predictions import MAX_TEXTS, PredictRequest
from device_sim import inference
from tests.support.http_service import RunningService
from tests.support.phone import GENTLE as LEARNING
from tests.support.phone import TAUGHT

TEXTS = [f"第{number}次加班" for number in range(8)]
GENTLE = {"epochs": 1, "learning_rate": 1e-5}


def finished(client: httpx.Client, started: httpx.Response) -> dict[str, Any]:
    """The update that was started, once it has ended."""
    assert started.status_code == 202, started.text
    return ended(client, started.headers["location"])


def ended(client: httpx.Client, location: str) -> dict[str, Any]:
    """The update at `location`, once it has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        update: dict[str, Any] = client.get(location).json()
        if update["finished_at"]:
            return update
        time.sleep(0.01)
    raise AssertionError("the update does not end")


@pytest.fixture
def taught(client: httpx.Client) -> httpx.Client:
    """A client of a device that has learnt version 1 from eight samples."""
    client.put("/v1/consent", json={"personalization": True})
    # Agreeing with what it says moves the head and leaves no gate in the way.
    for prediction in client.post("/v1/predict", json={"texts": TEXTS}).json()["predictions"]:
        body = {"prediction_id": prediction["id"], "label": prediction["label"]}
        assert client.post("/v1/feedback", json=body).status_code == 201
    update = finished(client, client.post("/v1/updates", json={"force": True, "parameters": GENTLE}))
    assert (update["state"], update["outcome"], update["version"]) == ("completed", "published", 1), update["reasons"]
    return client


def test_one_text_and_several_are_answered_alike(shared: httpx.Client) -> None:
    one = shared.post("/v1/predict", json={"text": TEXTS[0]}).json()
    several = shared.post("/v1/predict", json={"texts": TEXTS[:2]}).json()["predictions"]
    assert one["probabilities"] == several[0]["probabilities"]
    assert one["label"] == max(one["probabilities"], key=one["probabilities"].get)
    assert len({one["id"], several[0]["id"], several[1]["id"]}) == 3


def test_feedback_on_a_prediction_counts_once_per_key(client: httpx.Client) -> None:
    client.put("/v1/consent", json={"personalization": True})
    prediction = client.post("/v1/predict", json={"text": TEXTS[0]}).json()
    body = {"prediction_id": prediction["id"], "label": "正面"}
    first = client.post("/v1/feedback", json=body, headers={"Idempotency-Key": "k1"})
    again = client.post("/v1/feedback", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == {"sample_id": 1, "task": "sentiment", "pending": 1}
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/v1/feedback", json={**body, "label": "负面"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:attune:problem:idempotency-key-reused")


def test_consent_is_given_and_withdrawn(client: httpx.Client) -> None:
    nothing = {"personalization": False, "cloud_assist": False, "since": None}
    assert client.get("/v1/consent").json() == nothing
    given = client.put("/v1/consent", json={"personalization": True}).json()
    assert given["personalization"]
    assert not given["cloud_assist"]
    assert client.get("/v1/consent").json() == given
    assert not client.delete("/v1/consent").json()["personalization"]


def test_a_consent_that_is_left_out_keeps_what_holds(client: httpx.Client) -> None:
    def agreed(**given: bool) -> tuple[bool, bool]:
        now = client.put("/v1/consent", json=given).json()
        assert now == client.get("/v1/consent").json()
        return now["personalization"], now["cloud_assist"]

    assert agreed(cloud_assist=True) == (False, True)
    assert agreed(personalization=True) == (True, True)
    assert agreed(personalization=False) == (False, True)
    assert agreed(cloud_assist=False) == (False, False)
    trail = client.get("/v1/audit").json()["items"]
    assert [entry["detail"]["cloud_assist"] for entry in trail if entry["action"] == "consent"] == [
        True,
        True,
        True,
        False,
    ]


def test_an_update_answers_from_the_next_prediction_on(taught: httpx.Client) -> None:
    assert taught.post("/v1/predict", json={"text": TEXTS[0]}).json()["version"] == 1
    lineage = taught.get("/v1/models/sentiment/versions").json()
    assert lineage["active"] == 1
    assert [(one["number"], one["parent"], one["active"]) for one in lineage["versions"]] == [
        (0, None, False),
        (1, 0, True),
    ]
    assert lineage["versions"][1]["sample_count"] == len(TEXTS)
    models = taught.get("/v1/models").json()["models"]
    assert [(one["task"], one["kind"], one["version"], one["serving"], one["degraded"]) for one in models] == [
        ("entities", "token", 0, 0, None),
        ("intent", "sentence", 0, 0, None),
        ("route", "sentence", 0, 0, None),
        ("sentiment", "sentence", 1, 1, None),
    ]


def test_a_model_tells_what_its_updates_may_ask_for(taught: httpx.Client) -> None:
    models = taught.get("/v1/models").json()["models"]
    assert [model["task"] for model in models if (model["parameters"] is not None) != model["updatable"]] == []
    bounds = next(model["parameters"] for model in models if model["task"] == "sentiment")
    assert set(bounds) == {"epochs", "mini_batch_size", "learning_rate", "seed", "shuffle"}

    def asked(name: str, value: float) -> httpx.Response:
        return taught.post("/v1/updates", json={"force": True, "parameters": {name: value}})

    for name in ("epochs", "mini_batch_size", "learning_rate", "seed"):
        least, most = bounds[name]["minimum"], bounds[name]["maximum"]
        assert [asked(name, value).status_code for value in (least - 1, most + 1)] == [422, 422]
        # What is allowed gets as far as the samples, which are learnt already.
        assert [asked(name, value).status_code for value in (least, most)] == [409, 409]


def test_rolling_back_and_forward_is_exact(taught: httpx.Client) -> None:
    def probabilities() -> list[dict[str, float]]:
        answers = taught.post("/v1/predict", json={"texts": TEXTS}).json()["predictions"]
        return [answer["probabilities"] for answer in answers]

    after = probabilities()
    back = taught.post("/v1/models/sentiment/rollback", json={})
    assert back.json() == {"task": "sentiment", "version": 0, "previous": 1}
    assert probabilities() != after
    forward = taught.post("/v1/models/sentiment/activate", json={"version": 1})
    assert forward.json() == {"task": "sentiment", "version": 1, "previous": 0}
    assert probabilities() == after
    trail = taught.get("/v1/audit").json()["items"]
    moves = [(entry["action"], entry["version_from"], entry["version_to"]) for entry in trail if entry["task"]]
    assert moves == [("publish", 0, 1), ("rollback", 1, 0), ("activate", 0, 1)]


def test_a_version_can_be_asked_beside_the_one_that_serves(taught: httpx.Client) -> None:
    asked = {"text": TEXTS[0], "version": 0}
    before, now = (taught.post("/v1/predict", json=body).json() for body in (asked, {"text": TEXTS[0]}))
    assert (before["version"], now["version"]) == (0, 1)
    taught.post("/v1/models/sentiment/rollback", json={"to": 0})
    bundled = taught.post("/v1/predict", json={"text": TEXTS[0]}).json()
    rolled_back = taught.post("/v1/predict", json={"text": TEXTS[0], "version": 1}).json()
    assert (bundled["version"], bundled["probabilities"]) == (0, before["probabilities"])
    assert (rolled_back["version"], rolled_back["probabilities"]) == (1, now["probabilities"])
    assert now["probabilities"] != before["probabilities"]
    unknown = taught.post("/v1/predict", json={"text": TEXTS[0], "version": 2})
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:attune:problem:unknown-version")
    sample = taught.get("/v1/samples").json()["items"][0]["id"]
    taught.delete(f"/v1/samples/{sample}", params={"then": "destroy"})
    destroyed = taught.post("/v1/predict", json={"text": TEXTS[0], "version": 1})
    assert (destroyed.status_code, destroyed.json()["type"]) == (409, "urn:attune:problem:version-not-servable")


def test_a_rollback_needs_no_body(taught: httpx.Client) -> None:
    assert taught.post("/v1/models/sentiment/rollback").json()["version"] == 0


def test_samples_are_paged_and_deleted(taught: httpx.Client) -> None:
    first = taught.get("/v1/samples", params={"limit": 5}).json()
    rest = taught.get("/v1/samples", params={"limit": 5, "after": first["next_after"]}).json()
    assert [item["text"] for item in (*first["items"], *rest["items"])] == TEXTS
    assert (first["total"], rest["next_after"]) == (len(TEXTS), None)
    assert first["items"][0]["learned_by"] == [1]
    deleted = taught.delete("/v1/samples/1", params={"then": "destroy"}).json()
    assert deleted == {"deleted": 1, "affected_versions": [{"task": "sentiment", "version": 1}], "updates": []}
    assert taught.post("/v1/predict", json={"text": TEXTS[0]}).json()["version"] == 0
    assert taught.delete("/v1/samples").json()["deleted"] == len(TEXTS) - 1


def test_an_export_brings_everything_back(taught: httpx.Client) -> None:
    before = taught.post("/v1/predict", json={"text": TEXTS[0]}).json()["probabilities"]
    passphrase = [(b"Attune-Export-Passphrase", "密码 pass".encode())]
    export = taught.get("/v1/export", params={"sealed": True}, headers=passphrase)
    assert TEXTS[0] not in export.text
    assert taught.delete("/v1/user-data").json() == {"erased": True}
    assert taught.get("/v1/samples").json()["total"] == 0
    assert taught.post("/v1/predict", json={"text": TEXTS[0]}).json()["version"] == 0
    wrong = taught.post("/v1/import", json=export.json(), headers={"Attune-Export-Passphrase": "other"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:attune:problem:invalid-export")
    report = taught.post("/v1/import", json=export.json(), headers=passphrase).json()
    assert report == {"samples": len(TEXTS), "versions": 1, "versions_without_parameters": 0}
    assert taught.post("/v1/predict", json={"text": TEXTS[0]}).json()["probabilities"] == before


def test_a_plain_export_holds_the_samples_and_no_readable_head(taught: httpx.Client) -> None:
    export = taught.get("/v1/export").json()
    assert [row["text"] for row in export["samples"]] == TEXTS
    assert isinstance(export["versions"][0]["parameters"], str)


def test_the_device_keeps_what_is_left_out(client: httpx.Client) -> None:
    client.put("/v1/device", json={"charging": True, "battery": 1})
    state = client.put("/v1/device", json={"wifi": True, "now": "2031-05-01T08:00:00+08:00"}).json()
    assert (state["charging"], state["wifi"], state["battery"], state["clock"]) == (True, True, 1, "set")
    assert state["now"].startswith("2031-05-01T00:00:0")
    assert client.put("/v1/device", json={"now": None}).json()["clock"] == "real"
    assert client.get("/v1/device").json()["wifi"]


def test_the_schedule_keeps_what_is_left_out(client: httpx.Client) -> None:
    before = client.get("/v1/schedule").json()["policy"]
    changed = {"min_new_samples": 3, "parameters": {"epochs": 5}}
    after = client.put("/v1/schedule", json=changed).json()["policy"]
    assert after["parameters"]["epochs"] == 5
    assert {**after, "min_new_samples": 20, "parameters": before["parameters"]} == before


def test_a_tick_says_why_it_waits(client: httpx.Client) -> None:
    decision = client.post("/v1/schedule/tick").json()
    assert decision["action"] == "wait"
    assert "not charging" in decision["reasons"]
    assert client.get("/v1/schedule").json()["last_decision"] == decision


def test_updates_are_listed_newest_first_and_one_runs_at_a_time(taught: httpx.Client) -> None:
    taught.post("/v1/feedback", json={"text": "又一句", "task": "sentiment", "label": "正面"})
    long = {"epochs": 5000, "mini_batch_size": 1}  # far from over when it is cancelled, also on a busy machine
    running = taught.post("/v1/updates", json={"force": True, "parameters": long})
    second = taught.post("/v1/updates", json={"force": True})
    assert (second.status_code, second.json()["type"]) == (409, "urn:attune:problem:update-running")
    cancelled = taught.post(f"{running.headers['location']}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    assert cancelled.json()["state"] in {"cancelling", "failed"}  # it may have stopped by the time of the answer
    ended = finished(taught, running)
    assert (ended["state"], ended["outcome"]) == ("failed", None)
    again = taught.post(f"{running.headers['location']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:attune:problem:update-finished")
    first = taught.get("/v1/updates", params={"limit": 1}).json()
    rest = taught.get("/v1/updates", params={"after": first["next_after"]}).json()
    assert first["items"][0]["id"] == ended["id"]
    assert [update["outcome"] for update in rest["items"]] == ["published"]


def test_ready_says_ready(service: RunningService, client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "reasons": []}
    assert service.runtime.health().status == "ready"


def test_the_contract_and_the_device_have_the_same_limits() -> None:
    assert MAX_TEXTS == inference.MAX_TEXTS
    assert PredictRequest.model_json_schema()["properties"]["text"]["maxLength"] == inference.MAX_CHARACTERS


def test_the_device_trains_when_its_conditions_allow_and_stops_when_they_are_lost(client: httpx.Client) -> None:
    client.put("/v1/consent", json={"personalization": True})
    for text in TAUGHT:
        client.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "负面"})

    def tick() -> dict[str, Any]:
        answer: dict[str, Any] = client.post("/v1/schedule/tick").json()
        return answer

    client.put("/v1/device", json={"charging": False, "wifi": True, "idle": True})
    assert (tick()["action"], tick()["reasons"][0]) == ("wait", "not charging")

    client.put("/v1/schedule", json={"parameters": {"epochs": 5_000, "mini_batch_size": 1}})
    client.put("/v1/device", json={"charging": True, "now": "2030-01-01T03:00:00+08:00"})
    begun = tick()
    assert begun["action"] == "train"
    location = f"/v1/updates/{begun['update_ids'][0]}"
    assert client.get(location).json()["state"] == "running"
    client.put("/v1/device", json={"charging": False})
    expired = ended(client, location)
    assert (expired["state"], expired["outcome"], expired["reasons"]) == ("failed", None, ["expired: not charging"])
    assert client.get("/v1/models/sentiment/versions").json()["active"] == 0
    assert {sample["state"] for sample in client.get("/v1/samples").json()["items"]} == {"new"}

    client.put("/v1/schedule", json={"parameters": LEARNING})
    client.put("/v1/device", json={"charging": True, "now": None})
    again = tick()
    assert again["action"] == "train"
    assert ended(client, f"/v1/updates/{again['update_ids'][0]}")["outcome"] == "published"
    assert client.get("/v1/models/sentiment/versions").json()["active"] == 1
