"""The bundle that ships: whole, small, and worth personalising.

With `ATTUNE_TEST_DATA` naming a data folder, what is lost in general is measured on ewect_usual_eval too.
"""

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from model_store.bundle import SHIPPED_BUNDLE, Bundle
from toolchain.data import EVERYDAY, LABELS, read_source

_TASK = "sentiment"
_LESSON = json.loads((resources.files("app.cli") / "overtime.json").read_text("utf-8"))


def labels_of(runtime: Runtime, texts: list[str]) -> list[str]:
    return [
        prediction.label
        for start in range(0, len(texts), 100)
        for prediction in runtime.predictor.submit(texts[start : start + 100], _TASK).result()
    ]


def general_accuracy(runtime: Runtime) -> float | None:
    """Accuracy on ewect_usual_eval, where that data is at hand."""
    folder = os.environ.get("ATTUNE_TEST_DATA")
    if not folder:
        return None
    examples = read_source(Path(folder), EVERYDAY)
    chosen = labels_of(runtime, [example.text for example in examples])
    return float(np.mean([label == LABELS[example.label] for label, example in zip(chosen, examples, strict=True)]))


def test_it_opens_with_the_shipped_key_and_is_small() -> None:
    assert Bundle.open(SHIPPED_BUNDLE).manifest.tasks[_TASK].labels == LABELS
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
def test_everyday_sentences_are_understood(tmp_path: Path, text: str, label: str) -> None:
    runtime = Runtime.open(DeviceSettings(tmp_path))
    try:
        assert labels_of(runtime, [text]) == [label]
    finally:
        runtime.close()


def test_twenty_corrections_are_learnt_followed_and_cost_next_to_nothing(tmp_path: Path) -> None:
    runtime = Runtime.open(DeviceSettings(tmp_path))
    try:
        label, taught, others = _LESSON["label"], _LESSON["taught"], _LESSON["others"]
        assert len(taught) == len(others) == 20
        assert not set(taught) & set(others)
        everything = [*taught, *others]
        before = runtime.predictor.submit(everything, _TASK).result()
        general = general_accuracy(runtime)
        runtime.consent.put(personalization=True)
        for prediction in before[:20]:
            runtime.feedback.record(prediction_id=prediction.id, label=label)
        ended = runtime.updates.wait(runtime.updates.start(_TASK, force=True).id, 60)
        assert (ended.outcome, ended.reasons) == ("published", ())
        after = runtime.predictor.submit(everything, _TASK).result()
        assert [prediction.label for prediction in after[:20]].count(label) == 20
        assert [prediction.label for prediction in after[20:]].count(label) >= 16
        assert [prediction.label for prediction in before].count(label) <= 10
        accuracy, base = (float(ended.metrics[name] or 0) for name in ("replay_accuracy", "replay_accuracy_base"))
        assert accuracy >= base - 0.01
        if general is not None:
            assert (general_accuracy(runtime) or 0) >= general - 0.01
        runtime.models.rollback(_TASK)
        back = runtime.predictor.submit(everything, _TASK).result()
        assert [answer.probabilities for answer in back] == [answer.probabilities for answer in before]
        runtime.models.activate(_TASK, 1)
        forward = runtime.predictor.submit(everything, _TASK).result()
        assert [answer.probabilities for answer in forward] == [answer.probabilities for answer in after]
    finally:
        runtime.close()
