"""Several tasks that are ready at once: whose turn it is."""

from pathlib import Path
from typing import Any

from device_sim.candidate import MakeTrainer
from device_sim.conditions import DeviceChange
from device_sim.runtime import Runtime, Trainers, ort_trainers
from device_sim.update_task import TrainableHead
from model_store.bundle import Bundle
from model_store.head import HeadParameters
from tests.support.changed_bundle import changed
from tests.support.phone import TAUGHT, phone, teach
from tests.support.tiny_bundle import TinyBundle

PLUGGED_IN = DeviceChange(charging=True, wifi=True, idle=True)


def two_tasks_taught(runtime: Runtime) -> None:
    """Samples enough for sentiment and for route, which comes first in the alphabet, and all conditions."""
    runtime.schedule.put({"min_new_samples": 4})
    teach(runtime, TAUGHT[:4], "负面")
    teach(runtime, TAUGHT[:4], "private", task="route")
    runtime.device.put(PLUGGED_IN)


def look(runtime: Runtime) -> tuple[str, str]:
    """Look whether to train, and wait: the task that was trained, and the state in which its update ended."""
    decision = runtime.schedule.tick()
    assert decision.action == "train", decision.reasons
    ended = runtime.updates.wait(decision.update_ids[0], 60)
    return ended.task, ended.state


def test_a_task_whose_update_can_not_start_keeps_no_other_waiting(bundle: TinyBundle, tmp_path: Path) -> None:
    def fewer_epochs(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["route"]["parameters"]["epochs"] = {"default": 1, "minimum": 1, "maximum": 1}

    other = changed(bundle, tmp_path / "other", fewer_epochs)
    state = tmp_path / "state"
    with phone(bundle, state) as runtime:
        two_tasks_taught(runtime)
        runtime.schedule.put({"parameters": {"epochs": 2}})
    with phone(other, state) as runtime:
        runtime.device.put(PLUGGED_IN)
        decision = runtime.schedule.tick()
        assert decision.reasons[-1] == "route: epochs lies between 1 and 1"
        assert runtime.updates.wait(decision.update_ids[0], 60).task == "sentiment"


def failing(*tasks: str) -> Any:
    """Trainers that break for `tasks`."""

    def trainers(bundle: Bundle) -> Trainers:
        def for_task(task: str) -> MakeTrainer:
            def make(start: HeadParameters, learning_rate: float) -> TrainableHead:
                raise RuntimeError("broken")

            return make if task in tasks else ort_trainers(bundle)(task)

        return for_task

    return trainers


def test_a_task_whose_updates_fail_keeps_no_other_waiting(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path, trainers=failing("route")) as runtime:
        two_tasks_taught(runtime)
        assert look(runtime) == ("route", "failed")
        assert look(runtime) == ("sentiment", "completed")
        teach(runtime, TAUGHT[4:8], "负面")
        # Its update was more recent, but did not fail.
        assert look(runtime) == ("sentiment", "completed")
        # Alone it has its turn again.
        assert look(runtime) == ("route", "failed")


def test_tasks_whose_updates_all_fail_take_turns(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path, trainers=failing("route", "sentiment")) as runtime:
        two_tasks_taught(runtime)
        assert [look(runtime)[0] for _ in range(4)] == ["route", "sentiment", "route", "sentiment"]
