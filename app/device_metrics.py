"""What the device holds, as Prometheus metrics: read from it when they are scraped."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from device_sim.conditions import Thermal
from device_sim.errors import DeviceError
from device_sim.figures import CAUSES, Figures, read_figures
from device_sim.hybrid.cloud import Outcome
from device_sim.runtime import Runtime
from model_store.errors import StoreError
from model_store.versions import VersionState

_OTHER = "other"  # a task that is stored and that this bundle has not: a label has a bounded set of values
_STATES = ("base", *(state.value for state in VersionState))
_ENDS = ("published", "rejected", "failed")


class DeviceCollector(Collector):
    """Asks the device at each scrape."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        """Nothing: else registering would already ask the device."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The device's present state; little of it where the state can't be read."""
        readable = True
        try:
            # All at once: half of it would read as zeros of the other half.
            yield from (*self._models(), *self._stored(), *self._conditions())
        except (DeviceError, StoreError):
            readable = False
        yield _gauge("attune_state_readable", "Whether the device's state could be read.", readable)
        yield from self._readiness()

    def _models(self) -> Iterator[Metric]:
        models = self._runtime.models.list()
        yield _gauges("attune_active_version", "Active version of a task's head.", {m.task: m.version for m in models})
        yield _gauges(
            "attune_serving_version", "Version that answers for a task; not the active one while degraded.",
            {m.task: m.serving for m in models},
        )  # fmt: skip
        states = GaugeMetricFamily(
            "attune_active_version_state", "1 for the state that the active version is in; trying is on trial.",
            labels=["task", "state"],
        )  # fmt: skip
        for model in models:
            for state in _STATES:
                states.add_metric([model.task, state], float(model.state == state))
        yield states

    def _stored(self) -> Iterator[Metric]:
        runtime, figures = self._runtime, read_figures(self._runtime.state)
        updatable = [task for task, spec in runtime.heads.tasks.items() if spec.updatable]
        pending = runtime.samples.pending()
        yield _gauges(
            "attune_pending_samples",
            "Samples that wait to be learnt.",
            {task: pending.get(task, 0) for task in updatable},
        )
        yield self._pairs(GaugeMetricFamily, "attune_samples", "Samples stored.", "state", figures.samples)
        yield self._pairs(GaugeMetricFamily, "attune_versions", "Versions known, by state.", "state", figures.versions)
        yield self._pairs(
            CounterMetricFamily, "attune_updates", "Updates that have ended.", "outcome",
            {(task, end): 0 for task in updatable for end in _ENDS} | dict(figures.updates),
        )  # fmt: skip
        yield self._pairs(
            CounterMetricFamily, "attune_rollbacks", "Returns to an earlier version, by what caused them.", "cause",
            {(task, cause): 0 for task in updatable for cause in CAUSES} | dict(figures.rollbacks),
        )  # fmt: skip
        yield _gauges(
            "attune_time_to_version_seconds",
            "From the oldest feedback that the active version was the first to learn to that version (device's clock).",
            {task: seconds for task, seconds in figures.waited.items() if task in runtime.heads.tasks},
        )
        yield _gauge("attune_update_running", "Whether an update runs now.", runtime.updates.running)
        yield from _privacy(figures)
        yield _gauge("attune_database_bytes", "Size of the encrypted database's file.", figures.database_bytes)
        yield _gauge("attune_database_wal_bytes", "Size of its write-ahead log.", figures.wal_bytes)

    def _conditions(self) -> Iterator[Metric]:
        now, policy = self._runtime.device.conditions, self._runtime.schedule.policy
        yield _gauge("attune_device_charging", "Whether the device charges.", now.charging)
        yield _gauge("attune_device_wifi", "Whether the device is on Wi-Fi.", now.wifi)
        yield _gauge("attune_device_idle", "Whether nobody uses the device.", now.idle)
        yield _gauge("attune_device_battery_ratio", "How full the battery is, from 0 to 1.", now.battery)
        yield _gauge("attune_device_thermal_level", "Heat: 0 nominal to 3 critical.", Thermal[now.thermal.upper()])
        yield _gauge("attune_schedule_enabled", "Whether the device trains by itself.", policy.enabled)
        yield _gauge("attune_schedule_min_new_samples", "Samples it waits for.", policy.min_new_samples)
        allowed = policy.enabled and not self._runtime.schedule.obstacles()
        yield _gauge("attune_training_allowed", "Whether schedule and conditions let the device train now.", allowed)

    def _readiness(self) -> Iterator[Metric]:
        reasons = self._runtime.health().reasons
        yield _gauge("attune_ready", "Whether everything serves as it should.", not reasons)
        yield _gauge("attune_degraded_reasons", "How many things do not serve as they should.", len(reasons))

    def _pairs(
        self, kind: type[CounterMetricFamily] | type[GaugeMetricFamily], name: str, text: str, label: str,
        values: Mapping[tuple[str, str], int],
    ) -> Metric:  # fmt: skip
        """A family with the labels `task` and `label`."""
        counts: Counter[tuple[str, str]] = Counter()
        for (task, value), count in values.items():
            counts[task if task in self._runtime.heads.tasks else _OTHER, value] += count
        family = kind(name, text, labels=["task", label])
        for (task, value), count in sorted(counts.items()):
            family.add_metric([task, value], count)
        return family


def _privacy(figures: Figures) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "attune_egress_requests", "Attempts to send to the cloud model, by what came of them.", labels=["outcome"]
    )
    sent = CounterMetricFamily("attune_egress_bytes", "Bytes of their bodies.", labels=["outcome"])
    for outcome in get_args(Outcome):
        count, size = figures.egress.get(outcome, (0, 0))
        requests.add_metric([outcome], count)
        sent.add_metric([outcome], size)
    yield requests
    yield sent
    agreed = GaugeMetricFamily("attune_consent", "Whether the user agrees, by purpose.", labels=["purpose"])
    agreed.add_metric(["personalization"], float(figures.consent.personalization))
    agreed.add_metric(["cloud_assist"], float(figures.consent.cloud_assist))
    yield agreed


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _gauges(name: str, text: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["task"])
    for task, value in values.items():
        family.add_metric([task], value)
    return family
