"""What runs in the process that is killed: a device under load that says what it begins and what was acknowledged.

Each line that goes up the pipe is one JSON object: {"begin": id, "do": operation, ...} before a call, {"done": id, ...}
as it returns. A line is one write of less than PIPE_BUF bytes, so a kill never cuts it.
"""

import json
import os
import random
import threading
from typing import Any

from device_sim.errors import DeviceError
from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from model_store.errors import StoreError

TASK = "sentiment"
LABELS = ("负面", "中性", "正面")
PARAMETERS: dict[str, int | float | bool] = {"epochs": 8, "mini_batch_size": 16, "learning_rate": 0.002}


class Log:
    """The pipe to the parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._next = 0
        self._lock = threading.Lock()

    def say(self, **content: Any) -> None:
        """Send one line."""
        os.write(self._descriptor, (json.dumps(content) + "\n").encode())

    def number(self) -> int:
        """An id for one call."""
        with self._lock:
            self._next += 1
            return self._next


def worker(settings: DeviceSettings, descriptor: int, seed: int, first_text: int, erase: bool) -> None:
    """Open the device and use it in every way until the process is killed."""
    log = Log(descriptor)
    log.say(begin=0, do="open")
    runtime = Runtime.open(settings)
    log.say(done=0)
    runtime.consent.put(personalization=True)
    log.say(ready=True)
    threads = [
        threading.Thread(target=_feedback, args=(runtime, log, random.Random(seed), first_text), daemon=True),
        threading.Thread(target=_updates, args=(runtime, log), daemon=True),
        threading.Thread(target=_pointers, args=(runtime, log, random.Random(seed + 1)), daemon=True),
    ]
    if erase:
        threads.append(threading.Thread(target=_erase, args=(runtime, log, random.Random(seed + 2)), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _call(log: Log, name: str, action: Any, **told: Any) -> None:
    number = log.number()
    log.say(begin=number, do=name, **told)
    try:
        answer = action()
    except (DeviceError, StoreError) as error:
        log.say(refused=number, code=error.code)
        return
    log.say(done=number, **answer)


def _feedback(runtime: Runtime, log: Log, generator: random.Random, first_text: int) -> None:
    text_number = first_text
    while True:
        text_number += 1
        text, label = sentence(text_number), generator.choice(LABELS[:2])

        def send(text: str = text, label: str = label) -> dict[str, Any]:
            runtime.consent.put(personalization=True)
            return {"sample": runtime.feedback.record(text=text, task=TASK, label=label).sample_id}

        _call(log, "feedback", send, text=text_number, label=label)


def _updates(runtime: Runtime, log: Log) -> None:
    def train() -> dict[str, Any]:
        update = runtime.updates.start(TASK, PARAMETERS, force=True)
        ended = runtime.updates.wait(update.id)
        return {"outcome": ended.outcome, "version": ended.version}

    while True:
        _call(log, "update", train)


def _pointers(runtime: Runtime, log: Log, generator: random.Random) -> None:
    def move() -> dict[str, Any]:
        versions = [version.number for version in runtime.models.versions(TASK) if version.servable]
        return {"version": runtime.models.activate(TASK, generator.choice(versions)).version}

    def back() -> dict[str, Any]:
        return {"version": runtime.models.rollback(TASK).version}

    while True:
        if generator.random() < 0.5:
            _call(log, "activate", move)
        else:
            _call(log, "rollback", back)
        threading.Event().wait(generator.random() * 0.02)


def _erase(runtime: Runtime, log: Log, generator: random.Random) -> None:
    threading.Event().wait(generator.random() * 0.2)

    def erase() -> dict[str, Any]:
        runtime.rights.erase()
        return {}

    _call(log, "erase", erase)


def sentence(number: int) -> str:
    """A text of its own for every number."""
    return f"第{number}次加班到很晚"
