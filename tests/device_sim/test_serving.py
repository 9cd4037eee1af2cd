"""What is served: feedback on trial, automatic rollback, fallback, other bases, schedule and clock."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from device_sim.conditions import DeviceChange
from device_sim.errors import (
    ConsentRequired,
    IdempotencyKeyReused,
    InvalidInput,
    InvalidText,
    NothingToRollBack,
    UnknownLabel,
    UnknownPrediction,
)
from device_sim.inference import MAX_CHARACTERS
from model_store.errors import UnknownVersion, VersionNotServable
from model_store.head import Float32
from tests.support.phone import FOLLOWING, GENTLE, TAUGHT, label_of, phone, predict, served, teach, update
from tests.support.tiny_bundle import TinyBundle


def test_feedback_on_a_prediction_stores_its_text_once(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        prediction = runtime.predictor.submit(["今天加班😀"], "sentiment").result()[0]
        with pytest.raises(ConsentRequired):
            runtime.feedback.record(prediction_id=prediction.id, label="正面")
        assert runtime.samples.page().total == 0
        runtime.consent.put(personalization=True)
        first = runtime.feedback.record(prediction_id=prediction.id, label="正面", idempotency_key="a")
        again = runtime.feedback.record(prediction_id=prediction.id, label="正面", idempotency_key="a")
        assert (first.sample_id, first.pending, again.sample_id, again.replayed) == (1, 1, 1, True)
        with pytest.raises(IdempotencyKeyReused):
            runtime.feedback.record(prediction_id=prediction.id, label="负面", idempotency_key="a")
        sample = runtime.samples.page().items[0]
        assert (sample.text, sample.label, sample.source, sample.state) == ("今天加班😀", "正面", "prediction", "new")


def test_feedback_on_a_prediction_never_encodes_again(
    bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.consent.put(personalization=True)
        prediction = runtime.predictor.submit([TAUGHT[0]], "sentiment").result()[0]
        calls: list[str] = []
        encode = runtime.encoder.encode

        def counted(text: str) -> Float32:
            calls.append(text)
            return encode(text)

        monkeypatch.setattr(runtime.encoder, "encode", counted)
        runtime.feedback.record(prediction_id=prediction.id, label="正面")
        assert calls == []
        runtime.feedback.record(text=TAUGHT[0], task="sentiment", label="正面")
        assert calls == [TAUGHT[0]]


def test_bad_feedback_is_refused_and_nothing_is_stored(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.consent.put(personalization=True)
        for text in ("", " \n", "\0", "\ud800", "好" * (MAX_CHARACTERS + 1), "\u200b"):
            with pytest.raises(InvalidText):
                runtime.feedback.record(text=text, task="sentiment", label="正面")
        with pytest.raises(UnknownLabel, match="负面, 中性, 正面"):
            runtime.feedback.record(text="好", task="sentiment", label="好")
        with pytest.raises(UnknownPrediction):
            runtime.feedback.record(prediction_id="none", label="正面")
        for arguments in ({}, {"text": "好"}, {"text": "好", "task": "sentiment", "prediction_id": "x"}):
            with pytest.raises(InvalidInput):
                runtime.feedback.record(label="正面", **arguments)
        assert runtime.samples.page().total == 0


def test_agreeing_feedback_makes_a_version_good(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        assert served(runtime).state == "trying"
        teach(runtime, FOLLOWING, "负面")
        assert served(runtime).state == "good"


def test_a_version_worse_than_its_parent_is_rolled_back_by_itself(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        base = {text: label_of(runtime, text) for text in FOLLOWING}
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        before = served(runtime).version
        for text, label in base.items():
            runtime.feedback.record(text=text, task="sentiment", label=label)
        model = served(runtime)
        assert (before, model.version, model.serving) == (1, 0, 0)
        entry = next(entry for entry in runtime.audit.page().items if entry.action == "automatic-rollback")
        assert (entry.actor, entry.version_from, entry.version_to) == ("trial", 1, 0)
        assert entry.detail["right_by_parent_alone"] == 7
        assert {text: label_of(runtime, text) for text in FOLLOWING} == base


def test_a_version_proves_nothing_on_what_it_was_taught(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        teach(runtime, TAUGHT, "负面")
        assert served(runtime).state == "trying"
        teach(runtime, FOLLOWING, "负面")
        assert served(runtime).state == "good"


def test_lessons_that_are_taken_back_speak_against_a_version(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        base = {text: label_of(runtime, text) for text in TAUGHT}
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        for text, label in base.items():
            runtime.feedback.record(text=text, task="sentiment", label=label)
        assert served(runtime).version == 0
        assert runtime.models.versions("sentiment")[1].state == "rolled_back"


def test_rollback_goes_to_the_parent_a_number_or_the_bundle(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        with pytest.raises(NothingToRollBack):
            runtime.models.rollback("sentiment")
        for start in (0, 5, 10):
            teach(runtime, TAUGHT[start : start + 5], "负面")
            assert update(runtime, epochs=1, learning_rate=1e-5).outcome == "published"
        assert runtime.models.rollback("sentiment").version == 2
        with pytest.raises(NothingToRollBack, match="not before"):
            runtime.models.rollback("sentiment", 3)
        with pytest.raises(UnknownVersion):
            runtime.models.rollback("sentiment", 99)
        assert runtime.models.rollback("sentiment", 1).previous == 2
        assert runtime.models.activate("sentiment", 3).previous == 1
        assert runtime.models.rollback("sentiment", 0).version == 0
        for number in (4, -1):
            with pytest.raises(UnknownVersion):
                runtime.models.activate("sentiment", number)
        assert [version.number for version in runtime.models.versions("sentiment") if version.active] == [0]


def test_a_rejected_version_can_not_be_activated(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        labels = np.random.default_rng(0).permutation(["负面", "中性", "正面"] * 7)[: len(TAUGHT)]
        for text, label in zip(TAUGHT, labels, strict=True):
            teach(runtime, [text], str(label))
        assert update(runtime).outcome == "rejected"
        with pytest.raises(VersionNotServable, match="rejected"):
            runtime.models.activate("sentiment", 1)


def test_a_damaged_version_falls_back_to_its_nearest_good_ancestor(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:10], "负面")
        update(runtime)
        answer = predict(runtime, FOLLOWING[0])
        teach(runtime, TAUGHT[10:], "负面")
        update(runtime)
        with runtime.state.transaction() as connection:
            connection.execute("UPDATE versions SET parameters = X'00' WHERE number = 2")
    with phone(bundle, tmp_path) as runtime:
        model = served(runtime)
        assert (model.version, model.serving) == (2, 1)
        assert predict(runtime, FOLLOWING[0]) == answer
        health = runtime.health()
        assert health.status == "degraded"
        assert "version 2 can't be loaded" in health.reasons[0]
        with runtime.state.transaction() as connection:
            connection.execute("UPDATE versions SET parameters = NULL WHERE number = 1")
    with phone(bundle, tmp_path) as runtime:
        assert served(runtime).serving == 0
        assert runtime.models.rollback("sentiment", 0).version == 0
        assert runtime.health().status == "ready"


def test_the_schedule_waits_until_all_holds_and_keeps_its_decision(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        waiting = runtime.schedule.tick()
        assert (waiting.action, waiting.reasons[0]) == ("wait", "not charging")
        runtime.device.put(DeviceChange(charging=True, wifi=True, idle=True))
        decision = runtime.schedule.tick()
        assert decision.action == "train"
        assert runtime.updates.wait(decision.update_ids[0], 30).outcome == "published"
        assert runtime.schedule.get().last_decision == decision
        assert set(runtime.schedule.tick().reasons) == {"route: 0 of 20 new samples", "sentiment: 0 of 20 new samples"}
    with phone(bundle, tmp_path) as runtime:
        assert runtime.device.get().charging
        assert runtime.schedule.get().last_decision is not None


def test_the_device_trains_by_itself_when_its_ticks_come(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.device.put(DeviceChange(charging=True, wifi=True, idle=True))
        teach(runtime, TAUGHT, "负面")
        runtime.schedule.put({"every_seconds": 1})
        published = threading.Event()
        for _ in range(100):
            if served(runtime).version == 1:
                published.set()
                break
            published.wait(0.1)
        assert published.is_set()
        assert runtime.updates.page().items[0].trigger == "schedule"


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_a_day_loses_nothing(bundle: TinyBundle, tmp_path: Path, days: int) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.schedule.put({"parameters": GENTLE})
        teach(runtime, TAUGHT[:10], "正面")
        jumped = datetime.now(UTC) + timedelta(days=days)
        state = runtime.device.put(DeviceChange(now=jumped, charging=True, wifi=True, idle=True))
        assert state.clock == "set"
        assert abs(datetime.fromisoformat(state.now) - jumped) < timedelta(seconds=5)
        # Later by number, though not by the clock: the last word counts.
        teach(runtime, TAUGHT, "负面")
        assert runtime.schedule.tick().action == "train"
        runtime.device.put(DeviceChange(follow_real_clock=True))
        while runtime.updates.running:
            threading.Event().wait(0.01)
        assert runtime.samples.page().total == 30
        assert served(runtime).version == 1
        assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16
        assert runtime.device.get().clock == "real"


def test_learnt_samples_are_deleted_when_they_are_older_than_the_policy_keeps_them(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"
        waiting = teach(runtime, FOLLOWING[:4], "负面")
        runtime.schedule.put({"retention_days": 30})
        runtime.device.put(DeviceChange(now=datetime.now(UTC) + timedelta(days=31)))
        runtime.schedule.tick()
        assert [sample.id for sample in runtime.samples.page().items] == [receipt.sample_id for receipt in waiting]
        entry = runtime.audit.page().items[-1]
        assert (entry.action, entry.detail["samples"]) == ("expire-samples", len(TAUGHT))


def test_predictions_through_changes_always_name_the_version_that_answered(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        answers = {}
        for number in (0, 1):
            runtime.models.activate("sentiment", number)
            answers[number] = predict(runtime, FOLLOWING[0])
        assert answers[0] != answers[1]
        stop, mixed, asked = threading.Event(), [], []

        def ask() -> None:
            while not stop.is_set():
                for prediction in runtime.predictor.submit([FOLLOWING[0]] * 3, "sentiment").result():
                    asked.append(prediction.version)
                    if prediction.probabilities != answers[prediction.version]:
                        mixed.append(prediction)

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        for _ in range(30):
            runtime.models.rollback("sentiment", 0)
            runtime.models.activate("sentiment", 1)
        stop.set()
        for client in clients:
            client.join()
        assert mixed == []
        assert {0, 1} == set(asked)
