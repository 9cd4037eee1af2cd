"""Another bundle under a device that has learnt: what is served then, and what is learnt again."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_sim.conditions import DeviceChange
from device_sim.errors import NothingToLearn, TaskNotUpdatable, UnknownTask
from device_sim.runtime import Runtime
from device_sim.update_records import Update
from model_store.errors import VersionNotServable
from model_store.head import Float32, HeadParameters
from tests.support.changed_bundle import changed
from tests.support.phone import FOLLOWING, TAUGHT, label_of, phone, predict, served, teach, update
from tests.support.tiny_bundle import TinyBundle, build_tiny_bundle

PLUGGED_IN = DeviceChange(charging=True, wifi=True, idle=True)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> TinyBundle:
    """The next edition, on another base."""
    return build_tiny_bundle(tmp_path_factory.mktemp("second"), seed=1, version="0.2.0")


class NeverFinite:
    """A trainer whose head is always rejected."""

    def __init__(self, start: HeadParameters, learning_rate: float) -> None:
        self._head = HeadParameters(start.weight * np.float32("nan"), start.bias)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Of no account."""

    def step(self, features: Float32, targets: Float32, weights: Float32) -> float:
        return 0.0

    def parameters(self) -> HeadParameters:
        return self._head


def taught(bundle: TinyBundle, folder: Path, **policy: Any) -> None:
    """A device that learnt what its user taught it as version 1, and is off again."""
    with phone(bundle, folder) as runtime:
        runtime.schedule.put(policy)
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).version == 1


def states(runtime: Runtime) -> Counter[str]:
    return Counter(sample.state for sample in runtime.samples.page(limit=200).items)


def tick(runtime: Runtime) -> Update:
    """Look whether to train while all conditions hold, and wait for what is trained."""
    runtime.device.put(PLUGGED_IN)
    decision = runtime.schedule.tick()
    assert decision.action == "train", decision.reasons
    return runtime.updates.wait(decision.update_ids[0], 60)


def audited(runtime: Runtime) -> list[tuple[str, str, int | None, int | None]]:
    entries = runtime.audit.page(limit=200).items
    return [(e.actor, e.action, e.version_from, e.version_to) for e in entries if e.task == "sentiment"]


def test_what_was_taught_is_learnt_again_on_a_new_base_and_on_the_old_one_after_a_way_back(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).version == 1
        learnt = [predict(runtime, text) for text in TAUGHT]
        first_base = runtime.encoder.base_id
    with phone(second, tmp_path) as runtime:
        assert runtime.encoder.base_id != first_base
        assert (served(runtime).version, served(runtime).serving, runtime.health().status) == (0, 0, "ready")
        version = runtime.models.versions("sentiment")[1]
        assert (version.number, version.servable, version.base_id) == (1, False, first_base)
        with pytest.raises(VersionNotServable, match="another base"):
            runtime.models.activate("sentiment", 1)
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        entry = runtime.audit.page().items[-1]
        assert (entry.actor, entry.action, entry.version_from, entry.version_to) == ("bundle", "rollback", 1, 0)
        assert entry.detail["samples_to_learn_again"] == len(TAUGHT)
        ended = tick(runtime)
        assert (ended.outcome, ended.version, ended.trigger) == ("published", 2, "schedule"), ended.reasons
        version = runtime.models.versions("sentiment")[2]
        assert (version.parent, version.sample_count, version.servable) == (0, len(TAUGHT), True)
        assert {sample.learned_by for sample in runtime.samples.page(limit=200).items} == {(1, 2)}
        assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16
        answers = [predict(runtime, text) for text in FOLLOWING]
        trail = audited(runtime)
    with phone(second, tmp_path) as runtime:
        assert audited(runtime) == trail
        assert states(runtime) == {"used": len(TAUGHT)}
        assert (served(runtime).version, [predict(runtime, text) for text in FOLLOWING]) == (2, answers)
    with phone(bundle, tmp_path) as runtime:
        assert served(runtime).version == 0
        assert [version.servable for version in runtime.models.versions("sentiment")] == [True, True, False]
        assert states(runtime) == {"new": len(TAUGHT)}
        # What was learnt on this base before can be had at once, and then there is nothing to learn again.
        assert runtime.models.activate("sentiment", 1).version == 1
        assert [predict(runtime, text) for text in TAUGHT] == learnt
        assert runtime.samples.pending() == {}
        runtime.models.rollback("sentiment", 0)
    with phone(second, tmp_path) as runtime:
        assert (served(runtime).version, states(runtime)) == (0, {"used": len(TAUGHT)})


def test_a_way_back_without_an_update_in_between_loses_nothing(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path)
    with phone(second, tmp_path):
        pass
    with phone(bundle, tmp_path) as runtime:
        assert (served(runtime).version, states(runtime)) == (0, {"new": len(TAUGHT)})
        assert tick(runtime).version == 2
        assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16


def test_samples_without_text_lie_aside_until_their_base_is_back(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.schedule.put({"samples_after": "keep_features"})
        teach(runtime, TAUGHT[:5], "负面")
        update(runtime)
        runtime.schedule.put({"samples_after": "keep"})
        teach(runtime, TAUGHT[5:], "负面")
        update(runtime)
    with phone(second, tmp_path) as runtime:
        assert states(runtime) == {"set_aside": 5, "new": len(TAUGHT) - 5}
        assert runtime.audit.page().items[-1].detail["samples_to_learn_again"] == len(TAUGHT) - 5
        ended = update(runtime)
        assert (ended.version, ended.metrics["samples"]) == (3, len(TAUGHT) - 5)
        assert states(runtime) == {"set_aside": 5, "used": len(TAUGHT) - 5}
    with phone(bundle, tmp_path) as runtime:
        assert states(runtime) == {"new": len(TAUGHT)}
        assert tick(runtime).metrics["samples"] == len(TAUGHT)


def test_what_was_taught_and_kept_as_features_is_learnt_again_after_a_way_back(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path, samples_after="keep_features")
    for _ in range(2):  # A second start with the same bundle changes nothing.
        with phone(second, tmp_path) as runtime:
            assert (served(runtime).version, states(runtime)) == (0, {"set_aside": len(TAUGHT)})
            assert (runtime.samples.pending(), runtime.rights.export()["samples"][0]["state"]) == ({}, "new")
            assert runtime.schedule.tick().action == "wait"
            with pytest.raises(NothingToLearn):
                runtime.updates.start("sentiment", force=True)
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        assert tick(runtime).version == 2
        assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16
        assert states(runtime) == {"used": len(TAUGHT)}


def test_what_the_user_had_rolled_back_is_not_learnt_after_a_way_back(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path, samples_after="keep_features")
    with phone(bundle, tmp_path) as runtime:
        runtime.models.activate("sentiment", 0)
    with phone(second, tmp_path):
        pass
    with phone(bundle, tmp_path) as runtime:
        assert (served(runtime).version, states(runtime)) == (0, {"used": len(TAUGHT)})


def test_what_an_earlier_edition_had_set_aside_is_learnt_once_its_base_is_there(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path, samples_after="keep_features")
    with phone(second, tmp_path) as runtime:
        document = runtime.rights.export()
        for sample in document["samples"]:
            sample["state"] = "set_aside"
        runtime.rights.import_(document)
        assert states(runtime) == {"set_aside": len(TAUGHT)}
    with phone(bundle, tmp_path) as runtime:
        assert tick(runtime).version == 2


def test_samples_that_no_bundle_came_for_are_deleted_when_they_are_too_old(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path, samples_after="keep_features", retention_days=30)
    with phone(second, tmp_path) as runtime:
        waiting = teach(runtime, FOLLOWING[:1], "负面")[0].sample_id
        runtime.device.put(DeviceChange(now=datetime.now(UTC) + timedelta(days=31)))
        runtime.schedule.tick()
        assert [sample.id for sample in runtime.samples.page().items] == [waiting]


def test_what_the_user_had_rolled_back_is_not_taught_to_the_new_base(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:10], "负面")
        update(runtime)
        teach(runtime, TAUGHT[10:], "负面")
        update(runtime)
        runtime.models.rollback("sentiment", 1)
    with phone(second, tmp_path) as runtime:
        waiting = [sample.text for sample in runtime.samples.page(limit=200).items if sample.state == "new"]
        assert waiting == TAUGHT[:10]


def test_a_rejection_on_one_base_says_nothing_of_the_next(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path, trainers=lambda _: lambda _: NeverFinite) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert tick(runtime).outcome == "rejected"
        assert "sentiment: a candidate from just these samples was rejected" in runtime.schedule.tick().reasons
    with phone(second, tmp_path) as runtime:
        assert tick(runtime).version == 2


def test_a_destroyed_version_is_learnt_again_though_one_of_another_base_is_left(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        runtime.models.rollback("sentiment", 0)
    with phone(second, tmp_path) as runtime:
        receipt = teach(runtime, FOLLOWING[:1], "负面")[0]
        assert update(runtime).metrics["samples"] == len(TAUGHT) + 1
        runtime.deletions.delete(receipt.sample_id, "destroy")
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}


def test_a_task_that_the_new_bundle_lacks_rests_until_it_is_back(bundle: TinyBundle, tmp_path: Path) -> None:
    def without_route(manifest: dict[str, Any]) -> None:
        del manifest["tasks"]["route"]

    smaller = changed(bundle, tmp_path / "smaller", without_route)
    state = tmp_path / "state"
    with phone(bundle, state) as runtime:
        teach(runtime, TAUGHT[:8], "private", task="route")
        started = runtime.updates.start("route", {"epochs": 1, "learning_rate": 1e-5}, force=True)
        assert runtime.updates.wait(started.id, 60).outcome == "published"
        teach(runtime, TAUGHT[8:9], "private", task="route")
    with phone(smaller, state) as runtime:
        assert runtime.health().status == "ready"
        assert runtime.samples.page("route").total == 9
        assert runtime.samples.pending() == {}
        for refused in (
            lambda: runtime.predictor.answer(["我的课几点"], "route"),
            lambda: runtime.feedback.record(text="我的课几点", task="route", label="private"),
            lambda: runtime.updates.start("route", force=True),
            lambda: runtime.models.versions("route"),
        ):
            with pytest.raises(UnknownTask, match="tasks are: entities, intent, sentiment"):
                refused()
        runtime.device.put(PLUGGED_IN)
        assert runtime.schedule.tick().reasons == ("sentiment: 0 of 20 new samples",)
        assert runtime.rights.import_(runtime.rights.export()).versions == 1
    with phone(bundle, state) as runtime:
        assert (served(runtime, "route").version, served(runtime, "route").serving) == (1, 1)


@pytest.mark.parametrize("policy", ["keep", "keep_features", "delete"])
def test_samples_whose_label_is_no_more_stay_and_are_not_learnt(
    bundle: TinyBundle, tmp_path: Path, policy: str
) -> None:
    def renamed(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["sentiment"]["labels"] = ["负面", "一般", "正面"]

    other = changed(bundle, tmp_path / "renamed", renamed)
    state = tmp_path / "state"
    with phone(bundle, state) as runtime:
        teach(runtime, TAUGHT, "负面")
        teach(runtime, ["下午开始", "在三楼"], "中性")
        assert update(runtime).outcome == "published"
    with phone(other, state) as runtime:
        assert (served(runtime).version, runtime.models.versions("sentiment")[1].servable) == (0, False)
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        teach(runtime, ["改到周五"], "一般")
        runtime.schedule.put({"samples_after": policy})
        ended = update(runtime)
        assert (ended.outcome, ended.metrics["samples"]) == ("published", len(TAUGHT) + 1)
        kept = [sample for sample in runtime.samples.page(limit=200).items if sample.label == "中性"]
        assert [(sample.text, sample.learned_by) for sample in kept] == [("下午开始", (1,)), ("在三楼", (1,))]
    with phone(bundle, state) as runtime:
        runtime.models.activate("sentiment", 1)
        assert runtime.models.versions("sentiment")[2].servable is False


def test_samples_of_unknown_labels_alone_are_nothing_to_learn(bundle: TinyBundle, tmp_path: Path) -> None:
    def renamed(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["sentiment"]["labels"] = ["差", "一般", "好"]

    other = changed(bundle, tmp_path / "renamed", renamed)
    state = tmp_path / "state"
    with phone(bundle, state) as runtime:
        teach(runtime, TAUGHT, "负面")
    with phone(other, state) as runtime:
        with pytest.raises(NothingToLearn):
            runtime.updates.start("sentiment", force=True)
        assert "sentiment: 0 of 20 new samples" in runtime.schedule.tick().reasons
        assert runtime.samples.pending() == {}
    with phone(bundle, state) as runtime:
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        assert update(runtime).metrics["samples"] == len(TAUGHT)


def test_a_head_that_became_fixed_serves_the_bundles_version_and_waits_for_nothing(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    def fixed(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["sentiment"]["updatable"] = False

    other = changed(bundle, tmp_path / "fixed", fixed)
    state = tmp_path / "state"
    with phone(bundle, state) as runtime:
        before = predict(runtime, TAUGHT[0])
        teach(runtime, TAUGHT, "负面")
        update(runtime)
    with phone(other, state) as runtime:
        assert (served(runtime).version, predict(runtime, TAUGHT[0])) == (0, before)
        assert runtime.models.versions("sentiment")[1].servable is False
        with pytest.raises(VersionNotServable, match="not updatable"):
            runtime.models.activate("sentiment", 1)
        with pytest.raises(TaskNotUpdatable):
            teach(runtime, FOLLOWING[:1], "负面")
        assert runtime.samples.pending() == {}
        assert runtime.schedule.tick().reasons[-1] == "route: 0 of 20 new samples"
        assert runtime.audit.page().items[-1].detail["samples_to_learn_again"] == 0


def test_what_was_taught_before_a_fixed_head_is_learnt_by_the_next_updatable_one(
    bundle: TinyBundle, second: TinyBundle, tmp_path: Path
) -> None:
    def fixed(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["sentiment"]["updatable"] = False

    other = changed(bundle, tmp_path / "fixed", fixed)
    for name, following in (("back", bundle), ("onwards", second)):
        state = tmp_path / name
        with phone(bundle, state) as runtime:
            teach(runtime, TAUGHT, "负面")
            assert update(runtime).version == 1
        with phone(other, state) as runtime:
            assert served(runtime).version == 0
        with phone(following, state) as runtime:
            assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
            ended = tick(runtime)
            assert (ended.version, ended.metrics["samples"]) == (2, len(TAUGHT))
            assert [label_of(runtime, text) for text in TAUGHT].count("负面") >= 16
