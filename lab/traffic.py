"""Clients that predict without a pause, and a look at whether one answer ever mixes two versions."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.errors import PhoneHung, StepFailed
from lab.phone import Phone

# A text's probabilities may differ in their last digits with the texts that it is encoded together with.
_SAME = 1e-3


@dataclass
class Met:
    """What the clients met. `mixed` counts answers of several versions, or that are not those of their version."""

    calls: int = 0
    failures: int = 0
    mixed: int = 0
    versions: set[int] = field(default_factory=set)


class Traffic:
    """Asks for the answers to the same texts, with several clients, until it is stopped."""

    def __init__(self, url: str, patience: float, texts: Sequence[str], task: str, clients: int) -> None:
        self._url, self._patience, self._task = url, patience, task
        self._texts = list(texts)
        self._met = Met()
        self._first: dict[int, list[dict[str, float]]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._counts = [0] * clients
        self._threads = [threading.Thread(target=self._ask, args=(one,), daemon=True) for one in range(clients)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        try:
            self.settle()
        except PhoneHung:
            self._stop.set()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def met(self) -> Met:
        """What was met so far."""
        with self._lock:
            return self._met

    def settle(self) -> None:
        """Wait until every client has had an answer to a question that it began after now. Raises PhoneHung."""
        goal = [count + 2 for count in self._counts]
        deadline = time.monotonic() + self._patience
        while any(count < wanted for count, wanted in zip(self._counts, goal, strict=True)):
            if time.monotonic() > deadline:
                raise PhoneHung(f"the clients had no answer within {self._patience:g} s")
            time.sleep(0.005)

    def _ask(self, number: int) -> None:
        with Phone(self._url, self._patience) as phone:
            while not self._stop.is_set():
                try:
                    answers = phone.predict(self._texts, self._task)
                    with self._lock:
                        self._take_in(answers)
                except (StepFailed, KeyError, TypeError, ValueError):  # Another build may answer anything.
                    with self._lock:
                        self._met.failures += 1
                    time.sleep(0.02)
                self._counts[number] += 1

    def _take_in(self, answers: list[Any]) -> None:
        self._met.calls += 1
        versions = {answer["version"] for answer in answers}
        self._met.versions |= versions
        if len(versions) != 1:
            self._met.mixed += 1
            return
        found = [answer["probabilities"] for answer in answers]
        first = self._first.setdefault(versions.pop(), found)
        same = all(
            abs(one[label] - other[label]) < _SAME for one, other in zip(found, first, strict=True) for label in one
        )
        self._met.mixed += not same
