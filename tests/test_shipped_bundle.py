"""The bundle that ships: whole, small, and worth personalising.

With `ATTUNE_TEST_DATA` naming a data folder, what is lost in general is measured on ewect_usual_eval too.
"""

import json
import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.settings import Settings
from model_store.bundle import SHIPPED_BUNDLE, Bundle
from tests.support.http_service import running
from toolchain.recipe import load_recipe
from toolchain.sources import read_source

_TASK = "sentiment"
_RECIPE = Path(__file__).parents[1] / "recipes" / "tasks.yaml"
_LESSON = json.loads((resources.files("app.cli") / "overtime.json").read_text("utf-8"))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a service on the shipped bundle, with a state of its own."""
    with running(Settings.model_validate({"state_dir": tmp_path / "state"})) as service, service.client() as client:
        yield client


def predictions(client: httpx.Client, texts: Sequence[str]) -> list[dict[str, Any]]:
    return [
        answer
        for start in range(0, len(texts), 100)
        for answer in client.post("/v1/predict", json={"texts": texts[start : start + 100]}).json()["predictions"]
    ]


def general_accuracy(client: httpx.Client) -> float | None:
    """Accuracy on ewect_usual_eval, where that data is at hand."""
    folder = os.environ.get("ATTUNE_TEST_DATA")
    if not folder:
        return None
    recipe = load_recipe(_RECIPE)
    examples = read_source(Path(folder), recipe.measures["ewect_usual_eval"].source, recipe.tasks)
    chosen = [answer["label"] for answer in predictions(client, [example.text for example in examples])]
    labels = recipe.tasks[_TASK].labels
    right = [labels[example.labels[_TASK]] for example in examples]
    return float(np.mean([label == other for label, other in zip(chosen, right, strict=True)]))


def test_it_opens_with_the_shipped_key_and_is_small() -> None:
    assert Bundle.open(SHIPPED_BUNDLE).manifest.tasks[_TASK].labels == load_recipe(_RECIPE).tasks[_TASK].labels
    assert sum(path.stat().st_size for path in SHIPPED_BUNDLE.rglob("*") if path.is_file()) <= 12_000_000


def test_its_measured_quality_is_what_was_asked_for() -> None:
    metrics: Any = Bundle.open(SHIPPED_BUNDLE).manifest.provenance["metrics"]
    int8, fp32 = metrics["evaluate"]["int8"], metrics["evaluate"]["fp32"]
    assert int8["reviews_accuracy"] >= 0.86
    assert int8["everyday_macro_f1"] >= 0.76
    assert all(fp32[name] - int8[name] <= 0.005 for name in fp32)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("今天又加班到十点，烦死了", "负面"),
        ("会议改到下午三点", "中性"),
        ("这家店的服务太好了", "正面"),
        ("酒店房间又小又脏，再也不来了", "负面"),
        ("终于拿到录取通知书了！开心😀", "正面"),
    ],
)
def test_everyday_sentences_are_understood(client: httpx.Client, text: str, label: str) -> None:
    assert [answer["label"] for answer in predictions(client, [text])] == [label]


def test_twenty_corrections_are_learnt_followed_and_cost_next_to_nothing(client: httpx.Client) -> None:
    label, taught, others = _LESSON["label"], _LESSON["taught"], _LESSON["others"]
    assert len(taught) == len(others) == 20
    assert not set(taught) & set(others)
    before, general = predictions(client, [*taught, *others]), general_accuracy(client)
    client.put("/v1/consent", json={"personalization": True})
    for answer in before[:20]:
        sent = client.post("/v1/feedback", json={"prediction_id": answer["id"], "label": label})
        assert sent.status_code == 201
    started = client.post("/v1/updates", json={"task": _TASK, "force": True}).json()
    for line in client.get(f"/v1/updates/{started['id']}/events").iter_lines():
        last = line  # The stream ends with the update.
    ended = client.get(f"/v1/updates/{started['id']}").json()
    assert (ended["outcome"], ended["reasons"]) == ("published", []), last

    after = predictions(client, [*taught, *others])
    assert [answer["label"] for answer in after[:20]].count(label) == 20
    assert [answer["label"] for answer in after[20:]].count(label) >= 16
    assert [answer["label"] for answer in before].count(label) <= 10
    assert ended["metrics"]["replay_accuracy"] >= ended["metrics"]["replay_accuracy_base"] - 0.01
    if general is not None:
        print(f"general accuracy {general:.4f} before, {general_accuracy(client):.4f} after")
        assert (general_accuracy(client) or 0) >= general - 0.01

    def probabilities(answers: list[dict[str, Any]]) -> list[dict[str, float]]:
        return [answer["probabilities"] for answer in answers]

    client.post(f"/v1/models/{_TASK}/rollback", json={})
    assert probabilities(predictions(client, [*taught, *others])) == probabilities(before)
    client.post(f"/v1/models/{_TASK}/activate", json={"version": ended["version"]})
    assert probabilities(predictions(client, [*taught, *others])) == probabilities(after)
