"""What the device does, told while it does it: stages that take time, and things that happened; for metrics and traces.

Like `logging` this is of the whole process, and costs a microsecond where nobody listens. Names and facts are fixed
words, names of tasks, and figures: never any text of the user's.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

Fact = str | int | float | bool


class Stage:
    """A stage under way, to be used in a `with` statement. `facts` may be added to until it ends; from then on
    `seconds` is what it took, and `error` the type of what ended it, if it failed.
    """

    __slots__ = ("_started", "_told", "error", "facts", "name", "seconds")

    def __init__(self, name: str, facts: dict[str, Fact]) -> None:
        self.name = name
        self.facts = facts
        self.seconds = 0.0
        self.error: str | None = None

    def __enter__(self) -> "Stage":
        self._told = [(listener, listener.began(self)) for listener in _listeners]
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, places: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._started
        if kind is not None and kind is not GeneratorExit:  # whoever read along has left: that is no failure
            self.error = kind.__name__
        for listener, kept in reversed(self._told):
            listener.ended(self, kept)


class Listener(Protocol):
    """Is told in the thread that does the work, so it must be quick, and must not raise."""

    def began(self, stage: Stage) -> object:
        """A stage begins; what this returns is given back at its end."""

    def ended(self, stage: Stage, kept: object) -> None:
        """It has ended."""

    def happened(self, name: str, facts: Mapping[str, Fact]) -> None:
        """Something happened that takes no time."""


_listeners: tuple[Listener, ...] = ()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell `listener` of everything while the block runs."""
    global _listeners  # noqa: PLW0603  # replaced as a whole, so that telling needs no lock
    _listeners = (*_listeners, listener)
    try:
        yield
    finally:
        _listeners = tuple(one for one in _listeners if one is not listener)


def stage(name: str, **facts: Fact) -> Stage:
    """A stage of that name, yet to be entered."""
    return Stage(name, facts)


def happened(name: str, **facts: Fact) -> None:
    """Tell that something happened."""
    for listener in _listeners:
        listener.happened(name, facts)
