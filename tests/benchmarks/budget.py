"""The rows of the budget: what is measured, how far it must reach, and the figure."""

import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np

from device_sim.inference import Encoder
from device_sim.runtime import Runtime, ort_trainers
from device_sim.samples import learning_samples
from device_sim.settings import DeviceSettings
from device_sim.training_data import Replay, TrainingSet
from model_store.bundle import SHIPPED_BUNDLE, Bundle
from model_store.head import Float32
from tests.benchmarks.service import Served, served
from tests.benchmarks.wire import Load, Wire, load, request

TASK = "sentiment"
TEXT = "今天又加班到十点，回家路上一个人都没有"
TAUGHT = [f"{who}{when}加班到很晚" for who in ("我", "老板让我", "同事陪我", "又要") for when in
          ("今天", "昨天", "周末", "节假日", "临下班")]  # fmt: skip
# So few steps at the default rate would end before Adam has settled, and the gate would refuse the candidate.
TEN_EPOCHS: dict[str, float] = {"epochs": 10, "learning_rate": 0.003}
_BLOCKS = 10


@dataclass(frozen=True)
class Row:
    """One line of the table. `met` is None where a row only informs."""

    what: str
    figure: float
    unit: str
    bound: str
    met: bool | None
    note: str = ""


@dataclass(frozen=True)
class Effort:
    """How long to measure: all of it, or a short look that only shows that it runs."""

    requests: int = 3_000
    updates: int = 15
    swaps: int = 100
    seconds: float = 5.0


QUICK = Effort(requests=200, updates=3, swaps=3, seconds=0.5)


def measure(effort: Effort, progress: Callable[[str], None]) -> Iterator[Row]:
    """All rows, one after the other."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "state") as service:
        progress("one client")
        yield from latency(Wire(service.port), effort)
        progress("updates")
        wire = Wire(service.port)
        wire.call("PUT", "/v1/consent", {"personalization": True})
        for text in TAUGHT:
            wire.call("POST", "/v1/feedback", {"text": text, "task": TASK, "label": "正面"})
        yield from expiry_time(wire, effort)
        yield from update_time(wire, service.port, effort)
        progress("32 clients")
        yield from throughput(service.port, effort)
        progress("updates and rollbacks under load")
        yield from swaps_under_load(Wire(service.port), service.port, effort)
        progress("memory")
        yield from memory(Wire(service.port), service, effort)
    progress("cached features")
    yield cached_epoch(effort)


def latency(wire: Wire, effort: Effort) -> Iterator[Row]:
    """HTTP predict at one client, against the encoder's own time on the same text, taken in turn."""
    encoder = Encoder(Bundle.open(SHIPPED_BUNDLE))
    content = request("POST", "/v1/predict", {"text": TEXT})
    for _ in range(100):
        wire.send(content)
        encoder.encode(TEXT)
    added, tails, own_tails, p50s, own_times = [], [], [], [], []
    # In blocks, each compared with the one beside it: a shared machine drifts, and alternating single calls would
    # cool each other's caches.
    for _ in range(_BLOCKS):
        over_http = [_timed(lambda: wire.send(content)) for _ in range(effort.requests // _BLOCKS)]
        alone = [_timed(lambda: encoder.encode(TEXT)) for _ in range(effort.requests // _BLOCKS)]
        p50, p99 = (float(np.percentile(over_http, percent)) for percent in (50, 99))
        own, own_p99 = (float(np.percentile(alone, percent)) for percent in (50, 99))
        added.append(p50 - own)
        tails.append(p99 / p50)
        own_tails.append(own_p99 / own)
        p50s.append(p50)
        own_times.append(own)
    more, tail = statistics.median(added), statistics.median(tails)
    note = f"p50 {statistics.median(p50s):.2f} ms, encoder {statistics.median(own_times):.2f} ms"
    yield Row("HTTP predict p50 over the encoder's own time", more, "ms", "<= 1.0", more <= 1.0, note)
    note = f"worst of {_BLOCKS}: {max(tails):.2f}; the encoder's own: {statistics.median(own_tails):.2f}"
    yield Row("HTTP predict p99 over p50", tail, "x", "<= 1.5", tail <= 1.5, note)


def update_time(wire: Wire, port: int, effort: Effort) -> Iterator[Row]:
    """From the update's HTTP call until a prediction comes from the new version, each time from version 0."""
    asking, content, times = Wire(port), request("POST", "/v1/predict", {"text": TEXT}), []
    for _ in range(effort.updates):
        started = time.perf_counter()
        update = wire.call("POST", "/v1/updates", {"task": TASK, "parameters": TEN_EPOCHS, "force": True})
        while asking.send(content).json()["version"] == 0:
            if wire.call("GET", f"/v1/updates/{update['id']}")["outcome"] == "rejected":
                raise RuntimeError("the update was rejected: there is nothing to measure")
            time.sleep(0.002)  # Asking without a pause would take the time from the training that is measured.
        times.append((time.perf_counter() - started) * 1000)
        wire.call("POST", f"/v1/models/{TASK}/rollback", {"to": 0})
    asking.close()
    middle = statistics.median(times)
    yield Row("update of 20 samples x 10 epochs, to the new version answering", middle, "ms", "<= 150, aim 50",
              middle <= 150, f"slowest of {len(times)}: {max(times):.0f} ms")  # fmt: skip


def expiry_time(wire: Wire, effort: Effort) -> Iterator[Row]:
    """From the call that unplugs the device until the update that it stops has ended."""
    ready = {"charging": True, "wifi": True, "idle": True}
    times = []
    for _ in range(effort.updates):
        wire.call("PUT", "/v1/device", ready)
        update = wire.call("POST", "/v1/updates", {"task": TASK, "parameters": {"epochs": 5_000}})
        time.sleep(0.05)
        started = time.perf_counter()
        wire.call("PUT", "/v1/device", {"charging": False})
        while (ended := wire.call("GET", f"/v1/updates/{update['id']}"))["finished_at"] is None:
            pass
        times.append((time.perf_counter() - started) * 1000)
        if ended["reasons"] != ["expired: not charging"]:
            raise RuntimeError(f"the update was to expire, and ended otherwise: {ended['reasons']}")
    yield Row("unplugged while training, to the end of the update", max(times), "ms", "<= 100", max(times) <= 100,
              f"the slowest of {len(times)}; median {statistics.median(times):.0f} ms")  # fmt: skip


def throughput(port: int, effort: Effort) -> Iterator[Row]:
    """Answers a second at 32 clients against one; the clients run in a process of their own."""
    content = request("POST", "/v1/predict", {"text": TEXT})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        rates: dict[int, list[float]] = {1: [], 32: []}
        for clients in (1, 32, 1, 32, 1, 32):
            rates[clients].append(pool.apply(load, (port, clients, effort.seconds, content)).rate)
    one, many = statistics.median(rates[1]), statistics.median(rates[32])
    yield Row("throughput of 32 clients against 1", many / one, "x", ">= 2", many >= 2 * one,
              f"{one:.0f} and {many:.0f} answers/s")  # fmt: skip


def swaps_under_load(wire: Wire, port: int, effort: Effort) -> Iterator[Row]:
    """32 clients predict while versions come and go; afterwards each version is asked quietly what it answers."""
    content = request("POST", "/v1/predict", {"text": TEXT})
    stop = threading.Event()
    with ThreadPool(1) as pool:
        running = pool.apply_async(load, (port, 32, 3_600.0, content, stop))
        for swap in range(effort.swaps):
            # Each with a rate of its own: equal versions could not be told apart by their answers.
            parameters = {**TEN_EPOCHS, "learning_rate": TEN_EPOCHS["learning_rate"] + 1e-5 * swap}
            update = wire.call("POST", "/v1/updates", {"task": TASK, "parameters": parameters, "force": True})
            while wire.call("GET", f"/v1/updates/{update['id']}")["finished_at"] is None:
                time.sleep(0.005)
            wire.call("POST", f"/v1/models/{TASK}/rollback", {"to": 0})
        stop.set()
        seen: Load = running.get()
    mixed = 0
    for version, answers in seen.by_version.items():
        wire.call("POST", f"/v1/models/{TASK}/activate", {"version": version})
        quiet = wire.call("POST", "/v1/predict", {"text": TEXT})
        mixed += answers != {json.dumps(quiet["probabilities"])} or quiet["version"] != version
    wire.call("POST", f"/v1/models/{TASK}/activate", {"version": 0})
    different = len({answer for answers in seen.by_version.values() for answer in answers})
    note = (
        f"{seen.answers} answers from {len(seen.by_version)} versions with {different} different answers, "
        f"{effort.swaps} updates and rollbacks"
    )
    yield Row("failures under 32 clients", seen.failures, "", "0", seen.failures == 0, note)
    yield Row("versions with mixed answers", mixed, "", "0", mixed == 0)


def memory(wire: Wire, service: Served, effort: Effort) -> Iterator[Row]:
    """Start, resident memory, and how it grows with swaps."""
    yield Row("start to first prediction", service.start_seconds, "s", "<= 1.5", service.start_seconds <= 1.5)
    versions = [version["number"] for version in wire.call("GET", f"/v1/models/{TASK}/versions")["versions"]]
    _swap(wire, versions[:2], effort.swaps * 2)
    before = service.resident_megabytes()
    _swap(wire, versions[:2], effort.swaps * 10)
    growth = (service.resident_megabytes() - before) * 1_000 / (effort.swaps * 10)
    resident = service.resident_megabytes()
    yield Row("resident memory", resident, "MB", "<= 250", resident <= 250)
    yield Row("growth in 1,000 swaps", growth, "MB", "<= 1", growth <= 1)
    torch = service.holds_torch()
    yield Row("torch in the serving process", float(torch), "", "never", not torch)


def cached_epoch(effort: Effort) -> Row:
    """An epoch on cached features, the encrypted read included, against one that encodes the texts again."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(DeviceSettings(Path(folder)))
        runtime.consent.put(personalization=True)
        for text in TAUGHT:
            runtime.feedback.record(text=text, task=TASK, label="正面")
        bundle, spec = runtime.bundle, runtime.bundle.manifest.tasks[TASK]
        replay, base = Replay.load(bundle, TASK), runtime.heads.base(TASK).parameters
        trainer = ort_trainers(bundle)(TASK)(base, 1e-4)
        labels = np.full(len(TAUGHT), spec.labels.index("正面"))

        def read() -> Float32:
            with runtime.state.reading() as connection:
                samples = learning_samples(connection, TASK, spec.labels, runtime.encoder.base_id)
            return np.stack([sample.features for sample in samples])

        def encode(rows: int = len(TAUGHT)) -> Float32:
            return np.stack([runtime.encoder.encode(TAUGHT[row % len(TAUGHT)]) for row in range(rows)])

        def epoch(features: Float32) -> None:
            rows = TrainingSet(replay, features, labels, len(spec.labels), runtime.heads.terms(TASK).user_weight)
            trainer.step(*rows.mini_batch(np.arange(len(rows))))

        def epoch_that_encodes() -> None:
            # The rehearsal's features are cached too: without a cache its rows would be encoded as well.
            epoch(encode(len(replay.features) + len(TAUGHT))[: len(TAUGHT)])

        cached = statistics.median(_timed(lambda: epoch(read())) for _ in range(effort.updates * 2))
        user_only = statistics.median(_timed(lambda: epoch(encode())) for _ in range(effort.updates))
        encoded = statistics.median(_timed(epoch_that_encodes) for _ in range(max(1, effort.updates // 5)))
        runtime.close()
    note = (
        f"{len(replay.features)} rehearsed and {len(TAUGHT)} user rows: {cached:.2f} ms against {encoded:.0f} ms; "
        f"{user_only / cached:.0f} x if only the user's rows were encoded again"
    )
    return Row("epoch that re-encodes over epoch on cached features", encoded / cached, "x", ">= 300",
               encoded >= 300 * cached, note)  # fmt: skip


def _swap(wire: Wire, versions: list[int], times: int) -> None:
    for index in range(times):
        wire.call("POST", f"/v1/models/{TASK}/activate", {"version": versions[index % len(versions)]})


def _timed(action: Callable[[], object]) -> float:
    """Milliseconds that `action` takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000
