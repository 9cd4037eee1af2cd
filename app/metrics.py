"""Prometheus metrics: what was asked, how long it took, and what the process did. Never any text of the user's.

Names and units follow https://prometheus.io/docs/practices/naming/; every label has a bounded set of values. What the
device holds is read at each scrape, by `app.device_metrics`.
"""

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest

from app.device_metrics import DeviceCollector
from device_sim.runtime import Runtime
from device_sim.stages import Fact, Stage, listening

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_QUICK = (0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SLOW = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The counters of one service, in a registry of their own. A `Listener` of the device's stages."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, which says when it began
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "attune_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "attune_http_request_duration_seconds",
            "From a request's arrival to the end of its answer; streamed answers last as long as they are read.",
            ["method", "route"],
            buckets=_QUICK,
            registry=registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.in_flight = Gauge("attune_http_requests_in_flight", "Requests being answered now.", registry=registry)
        self._predict_seconds = Histogram(
            "attune_predict_seconds", "Time of one predict call in the service.", buckets=_QUICK, registry=registry
        )
        self._predictions = Counter("attune_predictions", "Texts answered.", ["task", "version"], registry=registry)
        self._encoder_seconds = Histogram(
            "attune_encoder_seconds", "Time of the encoder for one text, whatever for.", buckets=_QUICK,
            registry=registry,
        )  # fmt: skip
        self._feedback = Counter("attune_feedback", "Pieces of feedback stored.", ["task"], registry=registry)
        self._update_seconds = Histogram(
            "attune_update_duration_seconds",
            "From an update's start until its outcome is stored and, if it is published, its version answers.",
            ["task", "outcome"],
            buckets=_SLOW,
            registry=registry,
        )
        self._training_seconds = Histogram(
            "attune_training_seconds", "Time of one training run; an update has several, to judge its candidate.",
            ["task"], buckets=_SLOW, registry=registry,
        )  # fmt: skip
        self._looks = Counter(
            "attune_schedule_decisions", "Looks whether to train, by what was decided.", ["action"], registry=registry
        )
        self._assists = Counter(
            "attune_assist_requests", "Requests to the assistant, by where they were answered and what went wrong.",
            ["route", "fault"], registry=registry,
        )  # fmt: skip
        self._redactions = Counter(
            "attune_redactions", "Sensitive values replaced by placeholders.", ["type"], registry=registry
        )

    @contextmanager
    def watching(self, runtime: Runtime) -> Iterator[None]:
        """While the block runs, hear of the device's stages, and report what `runtime` holds at each scrape."""
        info = Gauge("attune_build_info", "What runs here; always 1.", ["version", "bundle", "python"], registry=None)
        info.labels(version("attune"), runtime.bundle.version, platform.python_version()).set(1)
        collectors = (info, DeviceCollector(runtime))
        for collector in collectors:
            self._registry.register(collector)
        try:
            with listening(self):
                yield
        finally:
            for collector in collectors:
                self._registry.unregister(collector)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:  # looking labels up takes longer than counting, and each request does it
            count = self._requests.labels(method, route, str(int(status)))
            series = self._series[key] = (count, self._request_seconds.labels(method, route))
        series[0].inc()
        series[1].observe(seconds)

    def predicted(self, task: str, version: int, texts: int, seconds: float) -> None:
        """Count one predict call's texts and its time."""
        self._predictions.labels(task, str(version)).inc(texts)
        self._predict_seconds.observe(seconds)

    def began(self, stage: Stage) -> None:
        """See `Listener`."""

    def ended(self, stage: Stage, kept: object) -> None:  # noqa: ARG002  # of `Listener`
        """See `Listener`."""
        facts = {name: str(value) for name, value in stage.facts.items()}
        match stage.name:
            case "encode":
                self._encoder_seconds.observe(stage.seconds)
            case "train":
                self._training_seconds.labels(facts["task"]).observe(stage.seconds)
            case "update":
                self._update_seconds.labels(facts["task"], facts.get("outcome", "failed")).observe(stage.seconds)
            case "assist":
                fault = stage.error or facts.get("fault", "reader-left")
                self._assists.labels(facts.get("route", "none"), fault).inc()

    def happened(self, name: str, facts: Mapping[str, Fact]) -> None:
        """See `Listener`."""
        match name:
            case "feedback":
                self._feedback.labels(str(facts["task"])).inc()
            case "look":
                self._looks.labels(str(facts["action"])).inc()
            case "redacted":
                self._redactions.labels(str(facts["type"])).inc(float(facts["count"]))

    def exposition(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)
