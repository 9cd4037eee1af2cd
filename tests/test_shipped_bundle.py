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
    tasks, wanted = Bundle.open(SHIPPED_BUNDLE).manifest.tasks, load_recipe(_RECIPE).shipped_tasks
    assert {name: task.labels for name, task in tasks.items()} == {name: task.outputs for name, task in wanted.items()}
    assert {name for name, task in tasks.items() if task.updatable} == {"sentiment", "insight", "route"}
    assert sum(path.stat().st_size for path in SHIPPED_BUNDLE.rglob("*") if path.is_file()) <= 12_000_000


def test_its_measured_quality_is_what_was_asked_for() -> None:
    provenance: Any = Bundle.open(SHIPPED_BUNDLE).manifest.provenance
    figures = provenance["metrics"][provenance["quantized"]]
    int8, fp32 = figures["measures"], figures["fp32"]
    least = {
        ("chnsenticorp_dev", "accuracy"): 0.895, ("ewect_usual_eval", "macro_f1"): 0.79, ("intent", "accuracy"): 0.90,
        ("insight", "accuracy"): 0.85, ("route", "accuracy"): 0.90, ("entities", "PERSON_recall"): 0.90,
        ("entities", "ORG_recall"): 0.85, ("entities", "TOPIC_f1"): 0.64,
    }  # fmt: skip
    assert {at: int8[at[0]][at[1]] for at, bound in least.items() if int8[at[0]][at[1]] < bound} == {}
    assert int8["route"]["private_taken_for_general"] <= 0.02
    assert all(fp32[name]["accuracy"] - int8[name]["accuracy"] <= 0.02 for name in fp32 if "accuracy" in fp32[name])


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


@pytest.mark.parametrize(
    ("task", "text", "label"),
    [
        ("intent", "我希望提升我的演讲能力", "goal_setting"),
        ("intent", "最近感到工作压力很大", "emotion_record"),
        ("intent", "怎么才能不拖延", "advice_seeking"),
        ("insight", "我希望提升我的演讲能力", "expression"),
        ("insight", "最近感到工作压力很大", "career"),
        ("insight", "每个月工资一到手就花光，想存点钱", "finance"),
        ("route", "张伟的电话是多少", "private"),
        ("route", "我下周四有什么安排", "private"),
        ("route", "怎么准备一场演讲", "general"),
        ("route", "根据上周和王总的会议纪要写一份方案", "mixed"),
    ],
)
def test_its_other_heads_know_what_they_are_for(client: httpx.Client, task: str, text: str, label: str) -> None:
    assert client.post("/v1/predict", json={"text": text, "task": task}).json()["label"] == label


def test_it_finds_what_a_text_names(client: httpx.Client) -> None:
    found = [
        (text[entity["start"] : entity["end"]], entity["type"])
        for text in ("我希望提升我的演讲能力", "把和王总开的会改到明天")
        for entity in client.post("/v1/predict", json={"text": text, "task": "entities"}).json()["entities"]
    ]
    assert found == [("演讲能力", "TOPIC"), ("王总", "PERSON")]


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
