"""The update task against Core ML's semantics, and ONNX Runtime Training against a NumPy Adam."""

import hashlib
import threading
from typing import Any

import numpy as np
import pytest

from device_sim.errors import ParameterOutOfBounds, UpdateCancelled
from device_sim.runtime import ort_trainers
from device_sim.training_data import Replay, TrainingSet
from device_sim.update_task import Event, ProgressHandlers, TaskState, TrainingParameters, UpdateContext, UpdateTask
from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.manifest import ParameterBounds
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle

TASK = "sentiment"


class Bench:
    """A bundle's head with random user samples to train it on."""

    def __init__(self, bundle: TinyBundle, count: int = 20) -> None:
        self.bundle = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
        terms = self.bundle.manifest.tasks[TASK].terms
        assert terms is not None
        self.bounds: ParameterBounds = terms.parameters
        generator = np.random.default_rng(1)
        width = self.bundle.manifest.feature_width
        self.features = generator.normal(size=(count, width)).astype(np.float32)
        self.labels = generator.integers(0, 3, count)
        self.start = HeadParameters(
            generator.normal(size=(3, width)).astype(np.float32) * 0.1, np.zeros(3, dtype=np.float32)
        )
        self.replay = Replay.load(self.bundle, TASK)

    def rows(self) -> TrainingSet:
        return TrainingSet(self.replay, self.features, self.labels, 3, 0.2)

    def task(self, handlers: ProgressHandlers | None = None, **parameters: Any) -> UpdateTask:
        resolved = TrainingParameters.resolve(self.bounds, parameters)
        trainer = ort_trainers(self.bundle)(TASK)(self.start, resolved.learning_rate)
        return UpdateTask(trainer, self.rows(), resolved, handlers, bounds=self.bounds)


@pytest.fixture
def bench(bundle: TinyBundle) -> Bench:
    return Bench(bundle)


def numpy_adam(bench: Bench, parameters: TrainingParameters) -> HeadParameters:
    """The same training, written out: soft-target cross entropy, Adam (Kingma and Ba, 2015) with eps 1e-8."""
    weight, bias = bench.start.weight.astype(np.float64), bench.start.bias.astype(np.float64)
    moments = [np.zeros((2, *weight.shape)), np.zeros((2, *bias.shape))]
    generator = np.random.default_rng(parameters.seed)
    rows = bench.rows()
    step = 0
    for _ in range(parameters.epochs):
        order = generator.permutation(len(rows)) if parameters.shuffle else np.arange(len(rows))
        for start in range(0, len(rows), parameters.mini_batch_size):
            features, targets, weights = rows.mini_batch(order[start : start + parameters.mini_batch_size])
            logits = features @ weight.T + bias
            answers = np.exp(logits - logits.max(1, keepdims=True))
            answers /= answers.sum(1, keepdims=True)
            error = weights[:, None] * (answers - targets)
            step += 1
            rate = parameters.learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            for value, gradient, moment in ((weight, error.T @ features, moments[0]), (bias, error.sum(0), moments[1])):
                moment[0] += 0.1 * (gradient - moment[0])
                moment[1] += 0.001 * (gradient**2 - moment[1])
                np.subtract(value, rate * moment[0] / (np.sqrt(moment[1]) + 1e-8), out=value)
    return HeadParameters(weight.astype(np.float32), bias.astype(np.float32))


@pytest.mark.parametrize("shuffle", [False, True])
def test_ort_training_agrees_with_a_numpy_adam(bench: Bench, shuffle: bool) -> None:
    parameters: dict[str, Any] = {"epochs": 10, "mini_batch_size": 8, "learning_rate": 0.01, "seed": 3}
    parameters["shuffle"] = shuffle
    trained = bench.task(**parameters).run()
    expected = numpy_adam(bench, TrainingParameters.resolve(bench.bounds, parameters))
    assert np.abs(trained.weight - bench.start.weight).max() > 0.05
    assert np.abs(trained.weight - expected.weight).max() < 1e-4
    assert np.abs(trained.bias - expected.bias).max() < 1e-4


def test_two_runs_of_one_seed_give_the_same_bytes_and_another_seed_others(bench: Bench) -> None:
    digests = [
        hashlib.sha256(bench.task(epochs=5, mini_batch_size=4, seed=seed).run().to_bytes()).hexdigest()
        for seed in (7, 7, 8)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_events_come_in_order_and_the_model_is_at_hand(bench: Bench) -> None:
    seen: list[tuple[str, int, int]] = []
    heads: list[bytes] = []

    def progress(context: UpdateContext) -> None:
        seen.append((context.event.value, context.metrics.epoch_index, context.metrics.mini_batch_index))
        heads.append(context.model().to_bytes())

    bench.task(ProgressHandlers(frozenset(Event), progress), epochs=2, mini_batch_size=16).run()
    epoch = [("mini_batch_end", 0), ("mini_batch_end", 1), ("epoch_end", 1)]
    expected = [("training_begin", 0, 0), *((name, index, batch) for index in (0, 1) for name, batch in epoch)]
    assert seen == expected
    assert heads[0] == bench.start.to_bytes() != heads[-1]


def test_only_the_events_that_were_asked_for_are_told(bench: Bench) -> None:
    seen: list[Event] = []
    handlers = ProgressHandlers(frozenset({Event.EPOCH_END}), lambda context: seen.append(context.event))
    bench.task(handlers, epochs=3).run()
    assert seen == [Event.EPOCH_END] * 3


def test_a_run_pauses_while_a_handler_runs(bench: Bench) -> None:
    entered, leave = threading.Event(), threading.Event()
    calls: list[int] = []

    def progress(context: UpdateContext) -> None:
        calls.append(context.metrics.epoch_index)
        entered.set()
        leave.wait(10)

    task = bench.task(ProgressHandlers(frozenset({Event.EPOCH_END}), progress), epochs=3)
    task.resume()
    assert entered.wait(10)
    assert not task.wait(0.1)
    assert calls == [0]
    leave.set()
    assert task.wait(10)
    assert task.state is TaskState.COMPLETED


def test_a_handler_changes_the_learning_rate_of_the_steps_that_follow(bench: Bench) -> None:
    def slow_down(context: UpdateContext) -> None:
        context.task.resume({"learning_rate": 1e-5})

    full = bench.task(epochs=20, learning_rate=0.05).run()
    slowed = bench.task(ProgressHandlers(frozenset({Event.EPOCH_END}), slow_down), epochs=20, learning_rate=0.05).run()
    one_epoch = bench.task(epochs=1, learning_rate=0.05).run()
    assert np.abs(slowed.weight - one_epoch.weight).max() < 1e-3 < np.abs(full.weight - one_epoch.weight).max()


def test_other_parameters_can_not_be_changed_once_it_runs(bench: Bench) -> None:
    def lengthen(context: UpdateContext) -> None:
        context.task.resume({"epochs": 5})

    task = bench.task(ProgressHandlers(frozenset({Event.TRAINING_BEGIN}), lengthen))
    with pytest.raises(ParameterOutOfBounds, match="only learning_rate"):
        task.run()
    assert task.state is TaskState.FAILED


def test_a_suspended_run_takes_new_parameters_when_resumed(bench: Bench) -> None:
    epochs: list[int] = []
    handlers = ProgressHandlers(frozenset({Event.EPOCH_END}), lambda context: epochs.append(1))
    task = bench.task(handlers, epochs=1)
    assert task.state is TaskState.SUSPENDED
    task.resume({"epochs": 4})
    assert task.wait(10)
    assert len(epochs) == 4


def test_a_cancelled_run_stops_at_the_next_step_and_fails(bench: Bench) -> None:
    task = bench.task(
        ProgressHandlers(frozenset({Event.MINI_BATCH_END}), lambda context: context.task.cancel()), epochs=1_000
    )
    with pytest.raises(UpdateCancelled):
        task.run()
    assert task.state is TaskState.FAILED


def test_completion_is_told_once_with_the_error_of_a_failing_handler(bench: Bench) -> None:
    ends: list[Exception | None] = []

    def fail(context: UpdateContext) -> None:
        raise ZeroDivisionError

    task = bench.task(ProgressHandlers(frozenset({Event.EPOCH_END}), fail, lambda ended: ends.append(ended.error)))
    task.resume()
    assert task.wait(10)
    assert [type(error) for error in ends] == [ZeroDivisionError]


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"epochs": 0}, "epochs lies between 1 and 5000"),
        ({"epochs": 5001}, "epochs lies between 1 and 5000"),
        ({"epochs": 1.5}, "epochs is a whole number"),
        ({"epochs": True}, "epochs is a whole number"),
        ({"learning_rate": float("nan")}, "learning_rate lies between"),
        ({"learning_rate": 1.0}, "learning_rate lies between"),
        ({"mini_batch_size": 65}, "mini_batch_size lies between 1 and 64"),
        ({"shuffle": 1}, "shuffle is true or false"),
        ({"momentum": 0.9}, "parameters are: epochs"),
    ],
)
def test_parameters_out_of_bounds_name_the_bound(bench: Bench, requested: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterOutOfBounds, match=message):
        TrainingParameters.resolve(bench.bounds, requested)
