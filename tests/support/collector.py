"""An OpenTelemetry collector as tests meet it: real HTTP on a real port, which keeps every byte that reaches it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """One span."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    failed: bool
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[str]
    """Ids of spans."""


@dataclass
class Collector:
    """Answers every export with `status`."""

    port: int
    status: int = 200
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """For ATTUNE_OTEL_ENDPOINT."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def resources(self) -> list[dict[str, Any]]:
        """What the spans say of their process."""
        return [_values(batch.resource.attributes) for request in self._requests() for batch in request.resource_spans]

    @property
    def spans(self) -> list[Seen]:
        """All spans so far."""
        return [
            _seen(span)
            for request in self._requests()
            for batch in request.resource_spans
            for scope in batch.scope_spans
            for span in scope.spans
        ]

    def wait(self, enough: Callable[[list[Seen]], bool]) -> list[Seen]:
        """The spans, as soon as they are enough."""
        for _ in range(1000):
            if enough(self.spans):
                return self.spans
            time.sleep(0.02)
        raise AssertionError(f"only these spans came: {sorted(span.name for span in self.spans)}")

    def _requests(self) -> list[Any]:
        return [ExportTraceServiceRequest.FromString(body) for body in tuple(self.bodies)]


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that serves until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # of the base class
            running.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            running.paths.append(self.path)
            self.send_response(running.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Collector(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="collector", daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


def _seen(span: Any) -> Seen:
    events = [(event.name, _values(event.attributes)) for event in span.events]
    return Seen(
        span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.kind,
        span.status.code == span.status.STATUS_CODE_ERROR, _values(span.attributes), events,
        [link.span_id.hex() for link in span.links],
    )  # fmt: skip


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
