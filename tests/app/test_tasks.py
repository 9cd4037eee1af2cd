"""Tasks of every kind over HTTP: entities in a text, and heads that can't be trained."""

from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.schemas.predictions import EntitiesAnswer, PredictionAnswer, PredictionsAnswer

TEXT = "😀我的老师的课几点"
TOPIC = "老师的课"


def extracted(client: httpx.Client, text: str = TEXT) -> dict[str, Any]:
    """What `entities` answers."""
    answer = client.post("/v1/predict", json={"text": text, "task": "entities"})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:attune:problem:")


def test_entities_are_characters_of_the_text_as_it_was_sent(shared: httpx.Client) -> None:
    answer = extracted(shared)
    assert list(answer) == ["id", "task", "entities", "version", "bundle", "elapsed_ms"]
    assert (answer["task"], answer["version"], answer["bundle"]) == ("entities", 0, "0.1.0")
    (entity,) = answer["entities"]
    assert list(entity) == ["start", "end", "type", "text", "probability"]
    assert (entity["start"], entity["end"], entity["type"], entity["text"]) == (3, 7, "TOPIC", TOPIC)
    assert 0.5 < entity["probability"] <= 1


def test_several_texts_are_answered_in_their_order(shared: httpx.Client) -> None:
    texts = [TEXT, "好", "什么是楼下的咖啡"]
    answer = shared.post("/v1/predict", json={"texts": texts, "task": "entities"}).json()
    assert [one["entities"] for one in answer["predictions"]] == [extracted(shared, t)["entities"] for t in texts]
    (found,) = answer["predictions"][2]["entities"]
    assert found["text"] == "楼下的咖啡"


def test_the_document_describes_both_kinds_of_answers(shared: httpx.Client) -> None:
    document = shared.get("/openapi.json").json()
    schema = document["paths"]["/v1/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    named = [choice["$ref"].rpartition("/")[2] for choice in schema["anyOf"]]
    assert named == ["PredictionAnswer", "EntitiesAnswer", "PredictionsAnswer"]
    EntitiesAnswer.model_validate(extracted(shared))
    for task, kind in (("entities", EntitiesAnswer), ("intent", PredictionAnswer)):
        several = shared.post("/v1/predict", json={"texts": [TEXT, "好"], "task": task}).json()
        assert all(isinstance(one, kind) for one in PredictionsAnswer.model_validate(several).predictions)


@pytest.mark.parametrize(
    ("text", "code"),
    [(" ", "invalid-text"), ("\u200b", "invalid-text"), ("", "invalid-request"), ("a\0", "invalid-text")],
)
def test_a_text_that_can_not_be_read_is_refused_as_by_any_task(shared: httpx.Client, text: str, code: str) -> None:
    answer = shared.post("/v1/predict", json={"text": text, "task": "entities"})
    assert refusal(answer) == (422, code)


@pytest.mark.parametrize("task", ["intent", "entities"])
def test_a_fixed_head_takes_no_feedback_and_no_update(shared: httpx.Client, task: str) -> None:
    prediction = shared.post("/v1/predict", json={"text": TEXT, "task": task}).json()
    label = "asking" if task == "intent" else "B-TOPIC"
    for body in ({"prediction_id": prediction["id"], "label": label}, {"text": TEXT, "task": task, "label": label}):
        answer = shared.post("/v1/feedback", json=body)
        assert refusal(answer) == (409, "task-not-updatable")
        assert answer.json()["allowed"] == ["route", "sentiment"]
    assert shared.get("/v1/samples").json()["total"] == 0
    assert refusal(shared.post("/v1/updates", json={"task": task, "force": True})) == (409, "task-not-updatable")
    assert refusal(shared.post(f"/v1/models/{task}/rollback")) == (409, "nothing-to-roll-back")
    assert refusal(shared.post(f"/v1/models/{task}/activate", json={"version": 1})) == (404, "unknown-version")
    assert shared.post(f"/v1/models/{task}/activate", json={"version": 0}).json()["version"] == 0


def test_without_consent_that_is_what_is_said_first(client: httpx.Client) -> None:
    answer = client.post("/v1/feedback", json={"text": TEXT, "task": "entities", "label": "B-TOPIC"})
    assert refusal(answer) == (403, "consent-required")


def test_extractions_are_counted_like_predictions(client: httpx.Client) -> None:
    client.post("/v1/predict", json={"texts": [TEXT, "好"], "task": "entities"})
    families = text_string_to_metric_families(client.get("/metrics").text)
    counted = {
        sample.labels["task"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "attune_predictions_total"
    }
    assert counted == {"entities": 2}


def test_every_updatable_task_learns_and_answers_for_itself(client: httpx.Client) -> None:
    client.put("/v1/consent", json={"personalization": True})
    before = client.post("/v1/predict", json={"text": TEXT}).json()["probabilities"]
    route = client.post("/v1/predict", json={"text": TEXT, "task": "route"}).json()
    receipt = client.post("/v1/feedback", json={"prediction_id": route["id"], "label": route["label"]}).json()
    assert (receipt["task"], receipt["pending"]) == ("route", 1)
    body = {"task": "route", "force": True, "parameters": {"epochs": 1, "learning_rate": 1e-5}}
    started = client.post("/v1/updates", json=body)
    assert client.get(f"{started.headers['location']}/events").status_code == 200  # It ends with the update.
    assert client.get(started.headers["location"]).json()["outcome"] == "published"
    assert client.post("/v1/predict", json={"text": TEXT, "task": "route"}).json()["version"] == 1
    assert client.post("/v1/predict", json={"text": TEXT}).json()["probabilities"] == before
