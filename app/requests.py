"""Requests as they are watched: each has an id, is counted and timed by its route, and may be written to the log."""

import logging
import re
import secrets
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import Bound
from app.metrics import Metrics

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")  # what can neither break a line nor pass for a field of one
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNROUTED = "none"
_log = logging.getLogger("attune.access")


class RequestWatch:
    """The outermost layer. Routes are told by their template, so that paths with ids in them neither multiply series
    nor are written down.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._level = logging.INFO if log else logging.DEBUG

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and watch its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id)]
            await send(message)

        started = time.perf_counter()
        self._metrics.in_flight.inc()
        with Bound(request_id=request_id.decode("ascii")):
            try:
                await self._app(scope, receive, watching)
            finally:
                self._metrics.in_flight.dec()
                self._tell(known_method(scope), route_template(scope), status, time.perf_counter() - started)

    def _tell(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.answered(method, route, status, seconds)
        if _log.isEnabledFor(self._level):
            duration = round(seconds * 1000, 3)
            fields = {"method": method, "route": route, "status": int(status), "duration_ms": duration}
            _log.log(self._level, "request", extra=fields)


def known_method(scope: Scope) -> str:
    """The request's method, or `other` for one that somebody made up."""
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def route_template(scope: Scope) -> str:
    """The path with its parameters unfilled, or `none` where no route answered."""
    return str(getattr(scope.get("route"), "path", _UNROUTED))


def _request_id(scope: Scope) -> bytes:
    """The client's own, where it sends one that can be written down; else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER and _USABLE.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
