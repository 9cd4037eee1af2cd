"""A head goes from one device to another, sealed, and is judged where it arrives."""

import base64
import copy
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.head_file import HeadFile
from model_store.signing import load_trusted_keys
from tests.app.conftest import settings_for
from tests.app.test_contract import TEXTS, finished
from tests.support.http_service import running
from tests.support.phone import GENTLE as LEARNING
from tests.support.phone import TAUGHT
from tests.support.tiny_bundle import TinyBundle
from toolchain.quality import bundled_head

SEALED = {"Attune-Export-Passphrase": "correct horse"}
HEAD = "/v1/models/sentiment/versions/{}/head"
VERSIONS = "/v1/models/sentiment/versions"


@pytest.fixture(scope="module")
def teacher(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A device that was personalised by HTTP: version 1 answers."""
    with running(settings_for(bundle, tmp_path_factory.mktemp("teacher"))) as service, service.client() as client:
        client.put("/v1/consent", json={"personalization": True})
        for text in TAUGHT:
            client.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "正面"})
        update = finished(client, client.post("/v1/updates", json={"force": True, "parameters": LEARNING}))
        assert update["outcome"] == "published", update["reasons"]
        yield client


@pytest.fixture
def document(teacher: httpx.Client) -> dict[str, Any]:
    """Version 1 on its way."""
    answer = teacher.get(HEAD.format(1), headers=SEALED)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def agreed(client: httpx.Client) -> httpx.Client:
    """A fresh device, with consent."""
    client.put("/v1/consent", json={"personalization": True})
    return client


def answers(client: httpx.Client) -> list[dict[str, float]]:
    """What a device says of some texts."""
    body = {"texts": [*TEXTS, *TAUGHT[:5]]}
    return [found["probabilities"] for found in client.post("/v1/predict", json=body).json()["predictions"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:attune:problem:")


def send(client: httpx.Client, document: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    """Take a head in."""
    return client.post(VERSIONS, json=document, headers=SEALED if headers is None else headers)


def test_a_fresh_device_with_the_head_answers_to_the_bit_as_the_other_does(
    teacher: httpx.Client, agreed: httpx.Client, document: dict[str, Any]
) -> None:
    before = answers(agreed)
    taken = send(agreed, document)
    assert (taken.status_code, taken.json()) == (201, {"task": "sentiment", "version": 1, "previous": 0})
    assert answers(agreed) == answers(teacher) != before
    version = agreed.get(VERSIONS).json()["versions"][1]
    assert (version["state"], version["active"], version["update_id"], version["sample_count"]) == (
        "trying",
        True,
        None,
        0,
    )
    entry = agreed.get("/v1/audit").json()["items"][-1]
    assert (entry["action"], entry["actor"], entry["version_to"], entry["detail"]["imported"]) == (
        "publish",
        "http",
        1,
        True,
    )
    assert agreed.post("/v1/models/sentiment/rollback").json()["version"] == 0
    assert answers(agreed) == before
    # And with it all else goes on: an export of everything comes back.
    everything = agreed.get("/v1/export").json()
    assert agreed.post("/v1/import", json=everything).json()["versions"] == 1
    assert agreed.post("/v1/models/sentiment/activate", json={"version": 1}).status_code == 200
    assert answers(agreed) == answers(teacher)


def test_parameters_leave_the_device_sealed(document: dict[str, Any]) -> None:
    head = HeadFile.opened(document, SEALED["Attune-Export-Passphrase"])
    assert head.parameters.to_bytes()[12:40] not in base64.b64decode(document["parameters"])
    assert (head.task, head.version) == ("sentiment", 1)


def test_without_consent_no_head_is_taken_in(client: httpx.Client, document: dict[str, Any]) -> None:
    assert refusal(send(client, document)) == (403, "consent-required")
    assert client.get(VERSIONS).json()["active"] == 0


@pytest.mark.parametrize(
    ("headers", "kind"),
    [({}, "invalid-request"), ({"Attune-Export-Passphrase": "wrong"}, "invalid-head-file")],
)
def test_without_its_passphrase_a_head_does_not_open(
    agreed: httpx.Client, document: dict[str, Any], headers: dict[str, str], kind: str
) -> None:
    assert refusal(send(agreed, document, headers)) == (422, kind)


def test_what_was_changed_on_the_way_does_not_open(agreed: httpx.Client, document: dict[str, Any]) -> None:
    for name, value in (
        ("labels", document["labels"][::-1]),
        ("base_id", "0" * 64),
        ("version", 7),
        ("bundle", "9.9.9"),
        ("parameters", "AAAA" + document["parameters"][4:]),
        ("seal", {"kind": "device"}),
        ("seal", {}),
    ):
        changed = {**copy.deepcopy(document), name: value}
        assert refusal(send(agreed, changed)) == (422, "invalid-head-file"), name
    assert refusal(send(agreed, {"schema": "attune-head/1"})) == (422, "invalid-request")
    assert agreed.get(VERSIONS).json()["active"] == 0


def sealed(bundle: TinyBundle, change: str) -> dict[str, Any]:
    """The bundle's own head, changed in one way."""
    opened = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
    head, labels = bundled_head(opened, "sentiment"), opened.manifest.tasks["sentiment"].labels
    base_id, task, weight = opened.manifest.base_id, "sentiment", head.weight.copy()
    if change == "nan":
        weight[0, 0] = np.nan
    elif change == "negated":
        weight *= -1
    elif change == "wide":
        weight = np.tile(weight, (1, 2))
    elif change == "labels":
        labels = labels[::-1]
    elif change == "base":
        base_id = "0" * 64
    elif change == "task":
        task = "route"
    return HeadFile(task, labels, base_id, "1.0.0", 3, HeadParameters(weight, head.bias)).sealed("correct horse")


@pytest.mark.parametrize(
    ("change", "status", "kind", "said"),
    [
        ("nan", 409, "head-invalid", "not finite"),
        ("wide", 409, "head-invalid", "the head's shapes are"),
        ("negated", 409, "head-rejected", "points lost on the replay yardstick"),
        ("labels", 409, "version-not-servable", "another base or other labels"),
        ("base", 409, "version-not-servable", "another base or other labels"),
        ("task", 422, "invalid-input", "another task"),
    ],
)
def test_a_head_that_must_not_answer_is_refused_and_nothing_changes(
    bundle: TinyBundle, agreed: httpx.Client, change: str, status: int, kind: str, said: str
) -> None:
    before = answers(agreed)
    answer = send(agreed, sealed(bundle, change))
    assert refusal(answer) == (status, kind)
    assert said in answer.json()["detail"]
    assert answers(agreed) == before
    assert len(agreed.get(VERSIONS).json()["versions"]) == 1


def test_a_head_that_is_worse_for_this_user_is_refused(agreed: httpx.Client, document: dict[str, Any]) -> None:
    for text in TAUGHT:
        agreed.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "负面"})
    answer = send(agreed, document)
    assert refusal(answer) == (409, "head-rejected")
    assert "worse on held-out samples" in answer.json()["detail"]


def test_heads_that_are_not_there_or_fixed_are_refused(
    agreed: httpx.Client, teacher: httpx.Client, document: dict[str, Any]
) -> None:
    assert refusal(teacher.get(HEAD.format(9), headers=SEALED)) == (404, "unknown-version")
    assert refusal(teacher.get(HEAD.format(1))) == (422, "invalid-request")
    assert refusal(teacher.get("/v1/models/none/versions/0/head", headers=SEALED)) == (404, "unknown-task")
    assert refusal(agreed.post("/v1/models/none/versions", json=document, headers=SEALED)) == (404, "unknown-task")
    fixed = agreed.post("/v1/models/entities/versions", json={**document, "task": "entities"}, headers=SEALED)
    assert refusal(fixed) == (409, "task-not-updatable")
    bundled = HeadFile.opened(teacher.get(HEAD.format(0), headers=SEALED).json(), "correct horse")
    assert bundled.version == 0


def test_a_head_that_the_device_has_itself_is_activated_and_its_samples_stay_known(
    client: httpx.Client,
) -> None:
    client.put("/v1/consent", json={"personalization": True})
    for text in TAUGHT:
        client.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "正面"})
    finished(client, client.post("/v1/updates", json={"force": True, "parameters": LEARNING}))
    own = client.get(HEAD.format(1), headers=SEALED).json()
    client.post("/v1/models/sentiment/rollback", json={"to": 0})
    for previous in (0, 1):
        assert send(client, own).json() == {"task": "sentiment", "version": 1, "previous": previous}
    assert len(client.get(VERSIONS).json()["versions"]) == 2, "no copy of it is made"
    deleted = client.delete("/v1/samples/1", params={"then": "destroy"}).json()
    assert [one["version"] for one in deleted["affected_versions"]] == [1]
    bundled = client.get(HEAD.format(0), headers=SEALED).json()
    assert send(client, bundled).json()["version"] == 0
