"""Updates: what is published, what is refused, and that a refusal changes nothing."""

import gc
import re
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from device_sim.candidate import MakeTrainer
from device_sim.conditions import DeviceChange
from device_sim.errors import (
    ConditionsNotMet,
    ConsentRequired,
    NothingToLearn,
    ParameterOutOfBounds,
    UnknownTask,
    UnknownUpdate,
    UpdateFinished,
    UpdateRunning,
)
from device_sim.runtime import Runtime, Trainers, ort_trainers
from device_sim.update_task import TrainableHead
from model_store.bundle import Bundle
from model_store.head import Float32, HeadParameters
from tests.support.phone import FOLLOWING, TAUGHT, label_of, phone, predict, served, teach, update
from tests.support.tiny_bundle import TinyBundle

PLUGGED_IN = DeviceChange(charging=True, wifi=True, idle=True)


def test_the_loop_learns_rolls_back_and_forward_bit_for_bit(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        before = [predict(runtime, text) for text in TAUGHT]
        teach(runtime, TAUGHT, "负面")
        ended = update(runtime)
        assert (ended.state, ended.outcome, ended.version) == ("completed", "published", 1)
        learnt = [predict(runtime, text) for text in TAUGHT]
        right = [max(answer, key=lambda label: answer[label]) for answer in learnt].count("负面")
        assert right >= 16
        assert [label_of(runtime, text) for text in FOLLOWING].count("负面") >= 14
        kept, base = (float(ended.metrics[name] or 0) for name in ("replay_accuracy", "replay_accuracy_base"))
        assert kept >= base - 0.01
        assert runtime.models.rollback("sentiment").version == 0
        assert [predict(runtime, text) for text in TAUGHT] == before
        runtime.models.activate("sentiment", 1)
        assert [predict(runtime, text) for text in TAUGHT] == learnt


def test_a_version_outlives_the_process_bit_for_bit(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        answers = [predict(runtime, text) for text in FOLLOWING]
    with phone(bundle, tmp_path) as runtime:
        assert [predict(runtime, text) for text in FOLLOWING] == answers
        assert served(runtime).version == 1


def test_equal_samples_seed_and_parent_give_equal_bytes(bundle: TinyBundle, tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "other"):
        with phone(bundle, tmp_path / name) as runtime:
            teach(runtime, TAUGHT, "负面")
            update(runtime, seed=5)
            with runtime.state.versions() as versions:
                hashes.append(versions.find("sentiment", 1).sha256)
    assert hashes[0] == hashes[1]


def test_a_later_correction_of_the_same_text_wins(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "正面")
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).metrics["samples"] == len(TAUGHT)
        assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16


def test_samples_of_one_class_only_are_learnt_from(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:3], "负面")
        # So little that the tiny bundle's yardstick, where two wrong answers are too many, has no part in it.
        assert update(runtime, learning_rate=0.01, epochs=30).outcome == "published"


def test_random_labels_are_refused_and_the_samples_stay_new(bundle: TinyBundle, tmp_path: Path) -> None:
    # As many of each label: were one more frequent, guessing it could pass for learning.
    labels = np.random.default_rng(0).permutation(["负面", "中性", "正面"] * 7)[: len(TAUGHT)]
    with phone(bundle, tmp_path) as runtime:
        before = [predict(runtime, text) for text in FOLLOWING]
        for text, label in zip(TAUGHT, labels, strict=True):
            teach(runtime, [text], str(label))
        ended = update(runtime)
        assert ended.outcome == "rejected"
        assert "held-out" in ended.reasons[0]
        assert [predict(runtime, text) for text in FOLLOWING] == before
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        entry = runtime.audit.page().items[-1]
        assert entry.action == "reject"
        assert entry.detail["held_out"] == len(TAUGHT)


@dataclass
class SpoiltHead:
    """Trains as it should, and then gives something else."""

    inner: TrainableHead
    spoil: Callable[[HeadParameters], HeadParameters]

    def set_learning_rate(self, learning_rate: float) -> None:
        self.inner.set_learning_rate(learning_rate)

    def step(self, features: Float32, targets: Float32, weights: Float32) -> float:
        return self.inner.step(features, targets, weights)

    def parameters(self) -> HeadParameters:
        return self.spoil(self.inner.parameters())


def spoiling(spoil: Callable[[HeadParameters], HeadParameters]) -> Callable[[Bundle], Trainers]:
    """Trainers whose heads come out spoilt."""

    def trainers(bundle: Bundle) -> Trainers:
        def for_task(task: str) -> MakeTrainer:
            make = ort_trainers(bundle)(task)
            return lambda start, rate: SpoiltHead(make(start, rate), spoil)

        return for_task

    return trainers


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda head: HeadParameters(head.weight * np.float32("nan"), head.bias), "not finite"),
        (lambda head: HeadParameters(head.weight, head.bias + np.float32("inf")), "not finite"),
        (lambda head: HeadParameters(head.weight[:, :-1], head.bias), "shapes"),
        (lambda head: HeadParameters(head.weight[:2], head.bias[:2]), "shapes"),
        (lambda head: HeadParameters(-head.weight, head.bias), "worse|forgets|guessing"),
    ],
)
def test_a_spoilt_head_is_rejected_with_the_reason(
    bundle: TinyBundle, tmp_path: Path, spoil: Callable[[HeadParameters], HeadParameters], reason: str
) -> None:
    with phone(bundle, tmp_path, trainers=spoiling(spoil)) as runtime:
        before = predict(runtime, TAUGHT[0])
        teach(runtime, TAUGHT, "负面")
        ended = update(runtime)
        assert ended.outcome == "rejected"
        assert re.search(reason, " ".join(ended.reasons))
        assert predict(runtime, TAUGHT[0]) == before
        assert runtime.models.versions("sentiment")[-1].state == "rejected"
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}


def test_a_finished_update_leaves_no_trainer_in_memory(bundle: TinyBundle, tmp_path: Path) -> None:
    made: list[weakref.ref[TrainableHead]] = []

    def noting(bundle: Bundle) -> Trainers:
        def for_task(task: str) -> MakeTrainer:
            def make(start: HeadParameters, learning_rate: float) -> TrainableHead:
                trainer = ort_trainers(bundle)(task)(start, learning_rate)
                made.append(weakref.ref(trainer))
                return trainer

            return make

        return for_task

    with phone(bundle, tmp_path, trainers=noting) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"
        gc.collect()
        assert made
        assert all(trainer() is None for trainer in made)


def test_what_can_not_start_says_why(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        with pytest.raises(ConsentRequired):
            runtime.updates.start("sentiment", force=True)
        runtime.consent.put(personalization=True)
        with pytest.raises(NothingToLearn):
            runtime.updates.start("sentiment", force=True)
        with pytest.raises(UnknownTask, match="tasks are: entities, intent, route, sentiment"):
            runtime.updates.start("weather", force=True)
        teach(runtime, TAUGHT[:1], "负面")
        with pytest.raises(ParameterOutOfBounds):
            runtime.updates.start("sentiment", {"epochs": 0}, force=True)
        with pytest.raises(ConditionsNotMet, match="not charging, not on Wi-Fi, not idle"):
            runtime.updates.start("sentiment")
        with pytest.raises(UnknownUpdate):
            runtime.updates.get("nothing")
        assert runtime.updates.page().items == ()


def test_a_lesson_said_again_is_no_held_out_sample_but_one_taken_back_is(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).metrics["held_out"] == len(TAUGHT)
        teach(runtime, TAUGHT, "负面")
        again = update(runtime)
        assert (again.outcome, again.metrics["held_out"]) == ("published", 0), again.reasons
        teach(runtime, [*TAUGHT[:3], *FOLLOWING[:4]], "负面")
        assert update(runtime).metrics["held_out"] == 4
        teach(runtime, TAUGHT[:5], "正面")
        assert update(runtime).metrics["held_out"] == 5


def test_what_the_active_version_has_learnt_is_not_learnt_again(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        with pytest.raises(NothingToLearn, match="version 1 of sentiment has learnt"):
            runtime.updates.start("sentiment", force=True)
        runtime.models.rollback("sentiment")
        assert update(runtime).version == 2


def test_the_end_is_told_to_whoever_was_cut_off_before_a_restart(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        ended = update(runtime)
    with phone(bundle, tmp_path) as runtime:
        events, finished = runtime.updates.events(ended.id, 57)
        assert finished
        assert [(event.seq, event.event, event.data["outcome"]) for event in events] == [(58, "finished", "published")]


def test_a_machine_without_a_thread_left_refuses_and_recovers(
    bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(UpdateRunning, match="no thread"):
                runtime.updates.start("sentiment", force=True)
        assert update(runtime).outcome == "published"


def start_long(runtime: Runtime, force: bool = True) -> str:
    """An update that goes on for minutes, once its first steps were done."""
    started = runtime.updates.start("sentiment", {"epochs": 5_000, "mini_batch_size": 1}, force=force)
    while not runtime.updates.events(started.id)[0]:
        time.sleep(0.001)
    return started.id


def test_one_update_at_a_time_and_a_cancelled_one_leaves_nothing(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        running = start_long(runtime)
        with pytest.raises(UpdateRunning):
            runtime.updates.start("sentiment", force=True)
        runtime.updates.cancel(running)
        ended = runtime.updates.wait(running, 10)
        assert (ended.state, ended.outcome, ended.reasons) == ("failed", None, ("cancelled by the user",))
        assert len(runtime.models.versions("sentiment")) == 1
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        with pytest.raises(UpdateFinished):
            runtime.updates.cancel(running)


def test_losing_a_condition_expires_the_update_and_restoring_it_trains(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        runtime.device.put(PLUGGED_IN)
        running = start_long(runtime, force=False)
        runtime.device.put(DeviceChange(charging=False))
        ended = runtime.updates.wait(running, 10)
        assert (ended.state, ended.reasons) == ("failed", ("expired: not charging",))
        assert served(runtime).version == 0
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        runtime.device.put(DeviceChange(charging=True))
        decision = runtime.schedule.tick()
        assert decision.action == "train"
        assert runtime.updates.wait(decision.update_ids[0], 30).outcome == "published"


def test_a_forced_update_does_not_expire(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        running = start_long(runtime)
        runtime.device.put(DeviceChange(charging=False))
        assert not runtime.updates.get(running).finished_at
        runtime.updates.cancel(running)


def test_a_rollback_while_it_trains_wins_over_the_candidate(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        teach(runtime, FOLLOWING, "负面")
        started = runtime.updates.start("sentiment", {"epochs": 400, "mini_batch_size": 1}, force=True)
        while not runtime.updates.events(started.id)[
            0
        ]:  # Before its first step it would begin from what is active then.
            time.sleep(0.001)
        runtime.models.rollback("sentiment", 0)
        ended = runtime.updates.wait(started.id, 60)
        assert ended.outcome == "rejected"
        assert any("changed from 1 while it trained" in reason for reason in ended.reasons)
        assert served(runtime).version == 0


def test_withdrawing_consent_stops_a_running_update(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        running = start_long(runtime)
        runtime.consent.withdraw()
        assert runtime.updates.get(running).reasons == ("consent was withdrawn",)


def test_closing_the_device_ends_a_running_update_with_a_record(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        running = start_long(runtime)
    with phone(bundle, tmp_path) as runtime:
        assert runtime.updates.get(running).reasons == ("the device was shut down",)


@pytest.mark.parametrize(("policy", "kept"), [("keep", 20), ("keep_features", 20), ("delete", 0)])
def test_samples_are_kept_thinned_or_deleted_afterwards(
    bundle: TinyBundle, tmp_path: Path, policy: str, kept: int
) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.schedule.put({"samples_after": policy})
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"
        page = runtime.samples.page()
        assert page.total == kept
        assert all((sample.text is None) == (policy == "keep_features") for sample in page.items)
        assert all(sample.state == "used" and sample.learned_by == (1,) for sample in page.items)


def leaning(shift: float) -> Callable[[Bundle], Trainers]:
    """Trainers whose heads lean toward the first label by so many logits, which makes them forget the others."""
    lean = np.array([shift, 0, 0], dtype=np.float32)
    return spoiling(lambda head: HeadParameters(head.weight, head.bias + lean))


def test_of_a_training_that_would_forget_a_share_is_kept(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path, trainers=leaning(3)) as runtime:
        teach(runtime, TAUGHT, "负面")
        ended = update(runtime)
        assert ended.outcome == "published", ended.reasons
        figures = [ended.metrics[name] for name in ("training_kept", "replay_accuracy", "replay_accuracy_base")]
        share, kept, base = (float(figure or 0) for figure in figures)
        assert 0 < share < 1
        assert kept >= base - 0.01
        before, after = runtime.heads.base("sentiment").parameters, runtime.heads.serving("sentiment").parameters
        assert after.bias[0] - before.bias[0] == pytest.approx(3 * share, abs=0.3), "that far along the way"
        judged, right = (int(ended.metrics[name] or 0) for name in ("held_out_right", "samples_right"))
        assert judged <= right, "judged by heads that went no further"


def test_a_training_that_forgets_in_any_share_is_rejected_for_it(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path, trainers=leaning(60)) as runtime:
        teach(runtime, TAUGHT, "负面")
        ended = update(runtime)
        assert ended.outcome == "rejected"
        assert re.search(r"forgets: [2-9]\d\.\d points lost", " ".join(ended.reasons)), ended.reasons
        assert ended.metrics["training_kept"] == 1
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}


def test_a_share_that_teaches_nothing_is_not_kept(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path, trainers=leaning(6)) as runtime:
        known = next(text for text in TAUGHT if predict(runtime, text)["负面"] > 0.5)
        teach(runtime, [known], "负面")
        ended = update(runtime)
        assert (ended.outcome, ended.metrics["training_kept"]) == ("rejected", 1)
        assert "forgets" in ended.reasons[0]
