"""Wrong requests over HTTP: each a clear problem document that repeats nothing of what was sent."""

import json
from typing import Any

import httpx
import pytest

SECRET = "机密-hush"


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"]
    return answer.status_code, document["type"].removeprefix("urn:attune:problem:")


PREDICTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("unknown task", {"text": "好", "task": SECRET}, "unknown-task"),
    ("empty text", {"text": ""}, "invalid-request"),
    ("blank text", {"text": " \t\n\u3000"}, "invalid-text"),
    ("a long text", {"text": "长" * 100_000}, "invalid-request"),
    ("many texts", {"texts": ["多"] * 10_000}, "invalid-request"),
    ("no texts", {"texts": []}, "invalid-request"),
    ("one blank of several", {"texts": ["好", " "]}, "invalid-text"),
    ("nothing that can be read", {"text": "\u0001\u200b"}, "invalid-text"),
    ("NUL", {"text": f"{SECRET}\0"}, "invalid-text"),
    ("half a surrogate pair", {"text": f"{SECRET}\ud800"}, "invalid-request"),
    ("a number for a text", {"text": 5}, "invalid-request"),
    ("a list for a text", {"text": [SECRET]}, "invalid-request"),
    ("null", {"text": None}, "invalid-request"),
    ("a text and texts", {"text": SECRET, "texts": [SECRET]}, "invalid-request"),
    ("neither", {}, "invalid-request"),
    ("an unknown field", {"text": "好", "label": SECRET}, "invalid-request"),
    ("an unknown field of a secret name", {"text": "好", SECRET: 1}, "invalid-request"),
    ("a field whose name is no text", {"text": "好", "\ud800": 1}, "invalid-request"),
]


@pytest.mark.parametrize(("body", "code"), [row[1:] for row in PREDICTIONS], ids=[row[0] for row in PREDICTIONS])
def test_predictions(shared: httpx.Client, body: dict[str, Any], code: str) -> None:
    answer = shared.post("/v1/predict", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert _refusal(answer) == (422, code)
    assert "hush" not in answer.text
    assert "\\ud800" not in answer.text


@pytest.mark.parametrize("text", ["😀👨‍👩‍👧‍👦", "a", "\u200fمرحبا", "a\u0001b", "𠮷野家", "长" * 10_000])
def test_every_other_text_is_answered(shared: httpx.Client, text: str) -> None:
    answer = shared.post("/v1/predict", json={"text": text})
    assert answer.status_code == 200
    assert sum(answer.json()["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("value", ["[]", '"text"', "1", "null", "true", "NaN", '{"text": NaN}'])
def test_a_body_that_is_no_object(shared: httpx.Client, value: str) -> None:
    answer = shared.post("/v1/predict", content=value, headers={"Content-Type": "application/json"})
    assert _refusal(answer) == (422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"prediction_id": "0" * 32, "label": "正面"}, 404, "unknown-prediction"),
        ({"prediction_id": SECRET, "label": "正面"}, 404, "unknown-prediction"),
        ({"text": "好", "task": "sentiment", "label": SECRET}, 422, "unknown-label"),
        ({"text": "好", "task": SECRET, "label": "正面"}, 422, "unknown-task"),
        ({"text": "好", "label": "正面"}, 422, "invalid-request"),
        ({"text": " ", "task": "sentiment", "label": "正面"}, 422, "invalid-text"),
        ({"label": "正面"}, 422, "invalid-request"),
        ({"prediction_id": "1", "text": "好", "task": "sentiment", "label": "正面"}, 422, "invalid-request"),
    ],
)
def test_feedback(shared: httpx.Client, body: dict[str, str], status: int, code: str) -> None:
    answer = shared.post("/v1/feedback", json=body)
    assert _refusal(answer) == (status, code)
    assert "hush" not in answer.text
    assert shared.get("/v1/samples").json()["total"] == 0


def test_feedback_without_consent_stores_nothing(client: httpx.Client) -> None:
    answer = client.post("/v1/feedback", json={"text": "好", "task": "sentiment", "label": "正面"})
    assert _refusal(answer) == (403, "consent-required")
    assert "agreed" in answer.json()["detail"]
    assert client.get("/v1/samples").json()["total"] == 0


@pytest.mark.parametrize("key", [b"", "键".encode(), b"a" * 201, b"two words"])
def test_an_idempotency_key_of_a_wrong_form(shared: httpx.Client, key: bytes) -> None:
    body = {"text": "好", "task": "sentiment", "label": "正面"}
    answer = shared.post("/v1/feedback", json=body, headers=[(b"Idempotency-Key", key)])
    assert _refusal(answer) == (422, "invalid-request")


def test_unknown_labels_are_answered_with_those_there_are(shared: httpx.Client) -> None:
    answer = shared.post("/v1/feedback", json={"text": "好", "task": "sentiment", "label": "喜欢"})
    document = answer.json()
    labels = next(
        model["labels"] for model in shared.get("/v1/models").json()["models"] if model["task"] == "sentiment"
    )
    assert document["allowed"] == labels
    assert document["errors"][0]["field"] == "label"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": 10**12}, "epochs"),
        ({"mini_batch_size": 100_000}, "mini_batch_size"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": 1e300}, "learning_rate"),
        ({"seed": -1}, "seed"),
    ],
)
def test_parameters_out_of_bounds_name_the_bound(
    shared: httpx.Client, parameters: dict[str, float], named: str
) -> None:
    answer = shared.post("/v1/updates", json={"parameters": parameters, "force": True})
    assert _refusal(answer) == (422, "parameter-out-of-bounds")
    assert named in answer.json()["detail"]
    assert any(character.isdigit() for character in answer.json()["detail"])


@pytest.mark.parametrize(
    "parameters",
    ['{"epochs": 1.5}', '{"epochs": "3"}', '{"epochs": true}', '{"momentum": 0.9}', '{"learning_rate": NaN}',
     '{"learning_rate": 1e400}', '{"shuffle": 1}', '{"seed": 99999999999999999999999}'],
)  # fmt: skip
def test_parameters_of_a_wrong_type(shared: httpx.Client, parameters: str) -> None:
    body = f'{{"parameters": {parameters}, "force": true}}'
    answer = shared.post("/v1/updates", content=body, headers={"Content-Type": "application/json"})
    assert _refusal(answer) == (422, "invalid-request")


def test_an_update_without_samples(shared: httpx.Client) -> None:
    assert _refusal(shared.post("/v1/updates", json={"force": True})) == (409, "nothing-to-learn")


def test_an_update_while_conditions_do_not_hold(shared: httpx.Client) -> None:
    answer = shared.post("/v1/updates", json={})
    assert _refusal(answer) == (409, "conditions-not-met")
    assert "not charging" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/models/sentiment/rollback", {}, 409, "nothing-to-roll-back"),
        ("POST", "/v1/models/sentiment/rollback", {"to": 7}, 409, "nothing-to-roll-back"),
        ("POST", "/v1/models/sentiment/rollback", {"to": -1}, 422, "invalid-request"),
        ("POST", "/v1/models/sentiment/activate", {"version": 7}, 404, "unknown-version"),
        ("POST", "/v1/models/sentiment/activate", {"version": 2**63}, 422, "invalid-request"),
        ("POST", "/v1/models/sentiment/activate", {}, 422, "invalid-request"),
        ("POST", "/v1/models/nothing/activate", {"version": 0}, 404, "unknown-task"),
        ("GET", "/v1/models/nothing/versions", None, 404, "unknown-task"),
        ("GET", "/v1/updates/nothing", None, 404, "unknown-update"),
        ("GET", "/v1/updates/nothing/events", None, 404, "unknown-update"),
        ("POST", "/v1/updates/nothing/cancel", None, 404, "unknown-update"),
        ("DELETE", "/v1/samples/1", None, 404, "unknown-sample"),
        ("DELETE", "/v1/samples/0", None, 422, "invalid-request"),
        ("DELETE", f"/v1/samples/{2**63}", None, 422, "invalid-request"),
        ("DELETE", "/v1/samples/x", None, 422, "invalid-request"),
        ("DELETE", "/v1/samples?then=forget", None, 422, "invalid-request"),
        ("GET", "/v1/samples?limit=0", None, 422, "invalid-request"),
        ("GET", "/v1/samples?limit=201", None, 422, "invalid-request"),
        ("GET", f"/v1/samples?after={2**63}", None, 422, "invalid-request"),
        ("GET", "/v1/samples?page=2", None, 422, "invalid-request"),
        ("PUT", "/v1/device", {"battery": 1.5}, 422, "invalid-request"),
        ("PUT", "/v1/device", {"thermal": "warm"}, 422, "invalid-request"),
        ("PUT", "/v1/device", {"charging": "yes"}, 422, "invalid-request"),
        ("PUT", "/v1/device", {"now": "yesterday"}, 422, "invalid-request"),
        ("PUT", "/v1/device", {"now": "2026-01-01T00:00:00"}, 422, "invalid-request"),
        ("PUT", "/v1/schedule", {"every_seconds": 0}, 422, "invalid-request"),
        ("PUT", "/v1/schedule", {"parameters": {"epochs": 0}}, 422, "parameter-out-of-bounds"),
        ("PUT", "/v1/consent", {}, 422, "invalid-request"),
        ("PUT", "/v1/consent", {"cloud_assist": None}, 422, "invalid-request"),
        ("PUT", "/v1/consent", {"personalization": "yes"}, 422, "invalid-request"),
        ("POST", "/v1/import", {}, 422, "invalid-export"),
        ("POST", "/v1/import", {"schema": "attune-export/1", "samples": SECRET}, 422, "invalid-export"),
        ("GET", "/v1/nothing", None, 404, "not-found"),
        ("GET", "/v1/models/", None, 404, "not-found"),
    ],
)
def test_everything_else(
    shared: httpx.Client, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    answer = shared.request(method, path, json=body)
    assert _refusal(answer) == (status, code)
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/consent", "DELETE, GET, PUT"),
        ("GET", "/v1/predict", "POST"),
        ("DELETE", "/v1/updates", "GET, POST"),
        ("POST", "/v1/samples/1", "DELETE"),
        ("TRACE", "/healthz", "GET"),
        ("OPTIONS", "/v1/models", "GET"),
    ],
)
def test_other_methods_are_told_which_there_are(shared: httpx.Client, method: str, path: str, allowed: str) -> None:
    answer = shared.request(method, path)
    assert _refusal(answer) == (405, "method-not-allowed")
    assert answer.headers["allow"] == allowed
