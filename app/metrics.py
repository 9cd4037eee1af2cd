"""Prometheus metrics: what was asked, how long it took, and what the device holds. Never any text of the user's."""

from collections.abc import Iterable
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from device_sim.errors import DeviceError
from device_sim.runtime import Runtime
from model_store.errors import StoreError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_UNROUTED = "none"


class Metrics:
    """The counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "attune_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._predict_seconds = Histogram(
            "attune_predict_seconds",
            "Time of one predict call in the service",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._predictions = Counter(
            "attune_predictions", "Texts answered", ["task", "version"], registry=self._registry
        )

    def watch(self, runtime: Runtime) -> None:
        """Report what `runtime` holds at each scrape."""
        self._registry.register(_DeviceCollector(runtime))

    def answered(self, method: str, route: str, status: int) -> None:
        """Count one answer."""
        self._requests.labels(method, route, str(status)).inc()

    def predicted(self, task: str, version: int, texts: int, seconds: float) -> None:
        """Count one predict call's texts and its time."""
        self._predictions.labels(task, str(version)).inc(texts)
        self._predict_seconds.observe(seconds)

    def exposition(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)


class RequestCounter:
    """Counts answers by route template, so that paths with ids in them do not multiply."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            self._metrics.answered(scope["method"], route_template(scope), status)


def route_template(scope: Scope) -> str:
    """The path with its parameters unfilled, or `none` where no route answered."""
    return str(getattr(scope.get("route"), "path", _UNROUTED))


class _DeviceCollector(Collector):
    """What the device holds, read when it is scraped."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        """Nothing: else registering would already ask the device."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Gauges of the device's present state; none where the state can't be read."""
        try:
            yield from self._gauges()
        except (DeviceError, StoreError):
            yield GaugeMetricFamily("attune_state_readable", "Whether the device's state could be read", value=0)

    def _gauges(self) -> Iterable[Metric]:
        active = GaugeMetricFamily("attune_active_version", "Active version of a task's head", labels=["task"])
        serving = GaugeMetricFamily("attune_serving_version", "Version that answers for a task", labels=["task"])
        for model in self._runtime.models.list():
            active.add_metric([model.task], model.version)
            serving.add_metric([model.task], model.serving)
        yield active
        yield serving
        pending = GaugeMetricFamily("attune_pending_samples", "Samples that wait to be learnt", labels=["task"])
        for task, count in self._runtime.samples.pending().items():
            pending.add_metric([task], count)
        yield pending
        updates = CounterMetricFamily("attune_updates", "Updates that have ended", labels=["outcome"])
        for outcome, count in self._runtime.updates.tally().items():
            updates.add_metric([outcome], count)
        yield updates
        ready = self._runtime.health().status == "ready"
        yield GaugeMetricFamily("attune_ready", "1 where everything serves as it should", value=float(ready))
        yield GaugeMetricFamily("attune_state_readable", "Whether the device's state could be read", value=1)
