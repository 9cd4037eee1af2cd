"""A device on a state directory of a test's own, and the short ways to use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from device_sim.feedback import FeedbackReceipt
from device_sim.models import ActiveModel
from device_sim.runtime import Runtime, Trainers
from device_sim.settings import DeviceSettings
from device_sim.update_records import Update
from model_store.bundle import Bundle
from tests.support.tiny_bundle import TinyBundle

# Gentle enough for the tiny bundle's small yardstick.
GENTLE = {"epochs": 100, "mini_batch_size": 16, "learning_rate": 0.02}


def phone_settings(bundle: TinyBundle, state_dir: Path, passphrase: str | None = None, **rest: bool) -> DeviceSettings:
    """Settings that run `bundle` on `state_dir`."""
    return DeviceSettings(state_dir, bundle.path, (bundle.public_key,), passphrase, **rest)  # type: ignore[arg-type]  # one flag


@contextmanager
def phone(
    bundle: TinyBundle,
    state_dir: Path,
    *,
    passphrase: str | None = None,
    trainers: Callable[[Bundle], Trainers] | None = None,
) -> Iterator[Runtime]:
    """An open device; closed in an orderly way at the end."""
    runtime = Runtime.open(phone_settings(bundle, state_dir, passphrase), trainers)
    try:
        yield runtime
    finally:
        runtime.close()


def predict(runtime: Runtime, text: str) -> dict[str, float]:
    """Probabilities of one text."""
    return runtime.predictor.submit([text], "sentiment").result()[0].probabilities


def label_of(runtime: Runtime, text: str) -> str:
    """The label of one text."""
    return runtime.predictor.submit([text], "sentiment").result()[0].label


def served(runtime: Runtime, task: str = "sentiment") -> ActiveModel:
    """What a task serves."""
    return next(model for model in runtime.models.list() if model.task == task)


def teach(runtime: Runtime, texts: list[str], label: str, task: str = "sentiment") -> list[FeedbackReceipt]:
    """Give consent and send `label` as the right one for each text."""
    runtime.consent.put(personalization=True)
    return [runtime.feedback.record(text=text, task=task, label=label) for text in texts]


def update(runtime: Runtime, **parameters: float) -> Update:
    """Train now, whatever the conditions, and wait for the outcome."""
    started = runtime.updates.start("sentiment", {**GENTLE, **parameters}, force=True)
    return runtime.updates.wait(started.id, 60)


_WHEN = ("今天", "明天", "晚上", "周末", "昨天")
_HOW = ("到十点", "了", "到很晚", "六个人", "不睡觉", "一二三", "九点", "和老板")
# Like the squares of a chessboard: what follows is no sentence that was taught, but nothing wholly new either.
TAUGHT = [f"{when}加班{how}" for row, when in enumerate(_WHEN) for column, how in enumerate(_HOW) if (row + column) % 2]
FOLLOWING = [
    f"{when}加班{how}" for row, when in enumerate(_WHEN) for column, how in enumerate(_HOW) if (row + column) % 2 == 0
]
