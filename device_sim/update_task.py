"""The update task: one training run of one head, as Core ML's MLUpdateTask runs it.

It stores nothing, schedules nothing and judges nothing; `device_sim.updates` does. Sources: developer.apple.com,
MLUpdateTask, MLTaskState, MLUpdateProgressEvent, MLParameterKey.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device_sim.errors import ParameterOutOfBounds, UpdateCancelled
from model_store.head import Float32, HeadParameters
from model_store.manifest import IntegerBound, NumberBound, ParameterBounds

Requested = Mapping[str, int | float | bool]


class TaskState(StrEnum):
    """MLTaskState."""

    SUSPENDED = "suspended"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"


class Event(StrEnum):
    """MLUpdateProgressEvent."""

    TRAINING_BEGIN = "training_begin"
    MINI_BATCH_END = "mini_batch_end"
    EPOCH_END = "epoch_end"


@dataclass(frozen=True)
class TrainingParameters:
    """MLParameterKey values of one run."""

    epochs: int
    mini_batch_size: int
    learning_rate: float
    shuffle: bool
    seed: int

    @classmethod
    def resolve(cls, bounds: ParameterBounds, requested: Requested) -> "TrainingParameters":
        """The head's defaults with what was asked for in their place.

        Raises:
            ParameterOutOfBounds: an unknown name, a wrong kind of value, or one outside its bound, which is named.
        """
        names = [field.name for field in fields(cls)]
        for name in requested:
            if name not in names:
                raise ParameterOutOfBounds(
                    f"there is no such training parameter; parameters are: {', '.join(names)}",
                    field="parameters",
                    allowed=names,
                )
        values = {name: getattr(bounds, name).default for name in names}
        for name, value in requested.items():
            values[name] = _bounded(name, getattr(bounds, name), value)
        return cls(**values)


@dataclass(frozen=True)
class UpdateMetrics:
    """MLMetricKey values: the loss of the last mini-batch, and where the run is, counted from 0."""

    loss_value: float
    epoch_index: int
    mini_batch_index: int


@dataclass(frozen=True)
class UpdateContext:
    """What a handler sees. `model()` copies the head as it stands, in memory."""

    task: "UpdateTask"
    event: Event
    parameters: TrainingParameters
    metrics: UpdateMetrics
    model: Callable[[], HeadParameters]


@dataclass(frozen=True)
class ProgressHandlers:
    """MLUpdateProgressHandlers. The run pauses while a handler runs; a handler that raises fails the run."""

    events: frozenset[Event] = frozenset()
    progress: Callable[[UpdateContext], None] | None = None
    completion: Callable[["UpdateTask"], None] | None = None


class TrainableHead(Protocol):
    """A head in training; `device_sim.onnx_runtime.HeadTrainer` is the one that ships."""

    def set_learning_rate(self, learning_rate: float) -> None: ...

    def step(self, features: Float32, targets: Float32, weights: Float32) -> float: ...

    def parameters(self) -> HeadParameters: ...


class BatchProvider(Protocol):
    """The user's samples, by index, as rows of a training step."""

    def __len__(self) -> int: ...

    def mini_batch(self, indices: NDArray[np.int64]) -> tuple[Float32, Float32, Float32]: ...


class UpdateTask:
    """One run. It begins suspended; `resume` starts it in a thread of its own, `wait` waits for its end.

    Raises:
        ParameterOutOfBounds: `parameters` are not what the head's manifest, with its `bounds`, allows.
    """

    def __init__(
        self,
        head: TrainableHead,
        batch_provider: BatchProvider,
        parameters: TrainingParameters,
        handlers: ProgressHandlers | None = None,
        *,
        bounds: ParameterBounds,
    ) -> None:
        self._head = head
        self._batches = batch_provider
        self._bounds = bounds
        self._parameters = TrainingParameters.resolve(bounds, vars(parameters))
        self._handlers = handlers or ProgressHandlers()
        self._state = TaskState.SUSPENDED
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self.error: Exception | None = None

    @property
    def state(self) -> TaskState:
        """Where the run stands."""
        return self._state

    @property
    def parameters(self) -> TrainingParameters:
        """The parameters in force."""
        return self._parameters

    def resume(self, parameters: Requested | None = None) -> None:
        """Start a suspended run; in a handler of a running one, change its learning rate from the next step on.

        Raises:
            ParameterOutOfBounds: also for any parameter but the learning rate once the run has begun, as in Core ML.
        """
        with self._lock:
            if parameters:
                self._change(parameters)
            if self._state is not TaskState.SUSPENDED:
                return
            self._state = TaskState.RUNNING
        threading.Thread(target=self._run, name="update-task", daemon=True).start()

    def run(self) -> HeadParameters:
        """Start a suspended run in this thread and return the trained head.

        Raises:
            UpdateCancelled: it was cancelled. Otherwise whatever the run or a handler raised.
        """
        with self._lock:
            begins = self._state is TaskState.SUSPENDED
            if begins:
                self._state = TaskState.RUNNING
        if begins:
            self._run()
        self._finished.wait()
        if self.error is not None:
            raise self.error
        return self._head.parameters()

    def cancel(self) -> None:
        """Stop before the next step; the run ends as failed, with `UpdateCancelled` as its error."""
        with self._lock:
            never_ran = self._state is TaskState.SUSPENDED
            if self._state in (TaskState.SUSPENDED, TaskState.RUNNING):
                self._state = TaskState.CANCELLING
        if never_ran:
            self._end(UpdateCancelled("the update was cancelled"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; whether it has come."""
        return self._finished.wait(timeout)

    def _run(self) -> None:
        try:
            for epoch, index, last, batch in self._steps():
                self._step(epoch, index, last, batch)
            self._ensure_not_cancelled()
        except Exception as error:  # noqa: BLE001  # a run ends in a state, whatever its head or a handler raised
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        self.error = error
        self._state = TaskState.COMPLETED if error is None else TaskState.FAILED
        try:
            if self._handlers.completion is not None:
                self._handlers.completion(self)
        finally:
            self._finished.set()

    def _steps(self) -> Iterator[tuple[int, int, bool, NDArray[np.int64]]]:
        """(epoch, mini-batch, last of its epoch, sample indices), in the order that the seed fixes."""
        generator = np.random.default_rng(self._parameters.seed)
        count, size = len(self._batches), self._parameters.mini_batch_size
        self._emit(Event.TRAINING_BEGIN, UpdateMetrics(float("nan"), 0, 0))
        for epoch in range(self._parameters.epochs):
            order = generator.permutation(count) if self._parameters.shuffle else np.arange(count)
            starts = range(0, count, size)
            for index, start in enumerate(starts):
                yield epoch, index, index == len(starts) - 1, order[start : start + size].astype(np.int64)

    def _step(self, epoch: int, index: int, last: bool, indices: NDArray[np.int64]) -> None:
        self._ensure_not_cancelled()
        metrics = UpdateMetrics(self._head.step(*self._batches.mini_batch(indices)), epoch, index)
        self._emit(Event.MINI_BATCH_END, metrics)
        if last:
            self._emit(Event.EPOCH_END, metrics)

    def _emit(self, event: Event, metrics: UpdateMetrics) -> None:
        if event in self._handlers.events and self._handlers.progress is not None:
            context = UpdateContext(self, event, self._parameters, metrics, self._head.parameters)
            self._handlers.progress(context)

    def _ensure_not_cancelled(self) -> None:
        if self._state is TaskState.CANCELLING:
            raise UpdateCancelled("the update was cancelled")

    def _change(self, requested: Requested) -> None:
        if self._state is TaskState.SUSPENDED:
            self._parameters = TrainingParameters.resolve(self._bounds, {**vars(self._parameters), **requested})
        elif set(requested) == {"learning_rate"}:
            rate = float(_bounded("learning_rate", self._bounds.learning_rate, requested["learning_rate"]))
            self._parameters = replace(self._parameters, learning_rate=rate)
        else:
            raise ParameterOutOfBounds("only learning_rate can be changed in a running update", field="parameters")
        self._head.set_learning_rate(self._parameters.learning_rate)


def _bounded(name: str, bound: object, value: int | float | bool) -> int | float | bool:
    field = f"parameters.{name}"
    if not isinstance(bound, IntegerBound | NumberBound):
        if not isinstance(value, bool):
            raise ParameterOutOfBounds(f"{name} is true or false", field=field)
        return value
    whole = isinstance(bound, IntegerBound)
    if isinstance(value, bool) or (whole and not isinstance(value, int)):
        raise ParameterOutOfBounds(f"{name} is a {'whole ' if whole else ''}number", field=field)
    if not bound.minimum <= value <= bound.maximum:  # also false for NaN
        message = f"{name} lies between {bound.minimum} and {bound.maximum}"
        raise ParameterOutOfBounds(message, field=field)
    return value
