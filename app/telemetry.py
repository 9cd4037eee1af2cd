"""OpenTelemetry traces, to a collector on this machine: requests, and the device's stages below them.

Nothing of it is loaded unless an endpoint is set. Spans hold fixed names, tasks and figures. FastAPI's own telemetry
stays off, since it puts paths and queries into spans, and so are exceptions' messages, and `tracestate`, which holds
what a client likes. https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import http.client
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import Bound
from app.requests import known_method, route_template
from device_sim.stages import Fact, Stage, listening

_log = logging.getLogger(__name__)

_PATH = "/v1/traces"
_TIMEOUT = 2.0  # seconds; a collector on this machine that takes longer loses the spans
_QUEUED, _AT_ONCE, _EVERY_MS = 2048, 512, 2000
_ONLY_WITHIN = frozenset({"encode", "head"})  # at start-up alone there are hundreds of encodings that nobody asked for
_GOES_ON = "update"  # after the request that began it has its answer, so it is a trace of its own, linked to that
_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """The spans of one service: a layer around its requests, and a `Listener` of its device's stages."""

    def __init__(self, endpoint: str) -> None:
        self._exporter = LocalExporter(endpoint)
        resource = Resource({"service.name": "attune", "service.version": version("attune")})
        # A provider of our own, not the process's: no library may add to it. Its environment is not asked either.
        self._provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter, max_queue_size=_QUEUED, schedule_delay_millis=_EVERY_MS,
                max_export_batch_size=_AT_ONCE, export_timeout_millis=_TIMEOUT * 1000,
            )
        )  # fmt: skip
        self.tracer = self._provider.get_tracer("attune", version("attune"))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make spans while the block runs, and send the last ones after it."""
        with listening(self):
            yield
        self._exporter.hurry()
        self._provider.shutdown()

    def began(self, stage: Stage) -> object:
        """See `Listener`."""
        if stage.name in _ONLY_WITHIN and not trace.get_current_span().is_recording():
            return None
        if stage.name == _GOES_ON:
            asking = trace.get_current_span().get_span_context()
            links = [trace.Link(asking)] if asking.is_valid else []
            span = self.tracer.start_span(stage.name, context.Context(), attributes=dict(stage.facts), links=links)
        else:
            span = self.tracer.start_span(stage.name, attributes=dict(stage.facts))
        return span, context.attach(trace.set_span_in_context(span))

    def ended(self, stage: Stage, kept: object) -> None:
        """See `Listener`."""
        if not isinstance(kept, tuple):
            return
        span, token = kept
        context.detach(token)
        span.set_attributes(stage.facts)
        _end(span, stage.error)

    def happened(self, name: str, facts: Mapping[str, Fact]) -> None:
        """See `Listener`."""
        trace.get_current_span().add_event(name, dict(facts))


class TracedRequests:
    """A span a request. A caller's `traceparent` is taken up."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on in the span's context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = known_method(scope)
        carrier = {"traceparent": Headers(scope=scope).get("traceparent", "")}
        parent = _PROPAGATOR.extract(carrier, context.Context())
        attributes = {"http.request.method": method, "url.scheme": str(scope.get("scheme", "http"))}
        span = self._tracing.tracer.start_span(method, parent, SpanKind.SERVER, attributes)
        status, failure = 500, None

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        token = context.attach(trace.set_span_in_context(span, parent))
        try:
            with Bound(trace_id=trace.format_trace_id(span.get_span_context().trace_id)):
                await self._app(scope, receive, watching)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            context.detach(token)
            route = route_template(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": int(status)})
            _end(span, failure or (str(int(status)) if status >= 500 else None))


class LocalExporter(SpanExporter):
    """Sends spans by OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp, and drops what it can't.

    The library's own exporter would heed the environment's proxies, and try again for long while the service stops.
    """

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        self._host, self._port, self._path = url.hostname or "", url.port or 80, url.path.rstrip("/") + _PATH
        self._hurried = self._given_up = self._told = False

    def hurry(self) -> None:
        """The service stops: from now on the first failure is the last try."""
        self._hurried = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them once."""
        if self._given_up:
            return SpanExportResult.FAILURE
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            body = encode_spans(spans).SerializeToString()
            connection.request("POST", self._path, body, {"Content-Type": "application/x-protobuf"})
            status = connection.getresponse().status
            taken, answer = status == http.HTTPStatus.OK, f"status {status}"
        except (OSError, http.client.HTTPException) as error:
            taken, answer = False, type(error).__name__
        finally:
            connection.close()
        if not taken and not self._told:
            self._told = True
            _log.warning("the collector of traces did not take some, which are lost: %s; it is told once", answer)
        self._given_up = self._hurried and not taken
        return SpanExportResult.SUCCESS if taken else SpanExportResult.FAILURE


def _end(span: Span, failure: str | None) -> None:
    if failure is not None:
        span.set_attribute("error.type", failure)
        span.set_status(StatusCode.ERROR)
    span.end()
