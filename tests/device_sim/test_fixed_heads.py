"""Tasks whose heads can't be trained: they answer, and nothing of the user's is stored for them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from device_sim.conditions import DeviceChange
from device_sim.errors import ConsentRequired, NothingToRollBack, TaskNotUpdatable, UnknownTask
from device_sim.runtime import Runtime
from model_store.errors import UnknownVersion
from tests.support.phone import phone
from tests.support.tiny_bundle import TinyBundle

TEXT = "我的老师的课几点"


def predicted(runtime: Runtime, task: str) -> str:
    """The id of a prediction."""
    return runtime.predictor.answer([TEXT], task).result()[0].id


@pytest.mark.parametrize("task", ["intent", "entities"])
@pytest.mark.parametrize(
    "say",
    [
        lambda runtime, task, label: runtime.feedback.record(text=TEXT, task=task, label=label),
        lambda runtime, task, label: runtime.feedback.record(text=" ", task=task, label=label),
        lambda runtime, task, label: runtime.feedback.record(prediction_id=predicted(runtime, task), label=label),
        lambda runtime, task, label: runtime.feedback.record(
            prediction_id=predicted(runtime, task), label=label, idempotency_key="k"
        ),
    ],
)
def test_feedback_is_refused_and_nothing_of_it_is_stored(
    bundle: TinyBundle, tmp_path: Path, task: str, say: Callable[[Runtime, str, str], object]
) -> None:
    with phone(bundle, tmp_path) as runtime:
        label = runtime.heads.spec(task).labels[1]
        with pytest.raises(ConsentRequired):
            say(runtime, task, label)
        runtime.consent.put(personalization=True)
        for said in (label, "no such label"):
            with pytest.raises(TaskNotUpdatable, match="not updatable") as refusal:
                say(runtime, task, said)
            assert refusal.value.allowed == ("route", "sentiment")
        assert runtime.samples.page().total == 0
        assert runtime.rights.export()["idempotency"] == []


def test_they_are_neither_updated_nor_rolled_back(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        for task in ("intent", "entities"):
            with pytest.raises(TaskNotUpdatable):
                runtime.updates.start(task, {"epochs": 1}, force=True)
            with pytest.raises(NothingToRollBack):
                runtime.models.rollback(task)
            with pytest.raises(UnknownVersion):
                runtime.models.activate(task, 1)
            assert runtime.models.activate(task, 0).version == 0
            (version,) = runtime.models.versions(task)
            assert (version.number, version.state, version.active) == (0, "base", True)
        with pytest.raises(UnknownTask):
            runtime.updates.start("weather", force=True)


def test_the_schedule_looks_at_the_others_only(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.device.put(DeviceChange(charging=True, wifi=True, idle=True))
        runtime.consent.put(personalization=True)
        policy = runtime.schedule.put({"parameters": {"epochs": 7}}).policy
        assert policy.parameters.epochs == 7
        assert set(runtime.schedule.tick().reasons) == {
            "route: 0 of 20 new samples", "sentiment: 0 of 20 new samples",
        }  # fmt: skip
