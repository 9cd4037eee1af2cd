"""Who may call: pure ASGI layers that look at headers before any route runs.

The service listens on loopback, and a browser on the same machine can reach loopback too. So the Host header must name
this service (a page that points its own domain at 127.0.0.1 is refused), and an Origin header must be ours or allowed.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_response
from app.settings import is_loopback

# The console's own files hold nothing of the user's; a browser must have them before it can ask for the token.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/", "/index.html", "/console"})
OPEN_FILES = "/console/"


def host_name(authority: str) -> str:
    """The name in `name:port`, in lower case and without an IPv6 address's brackets; empty where it is malformed."""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return parts.hostname or ""


class Guard(ABC):
    """A layer that refuses some requests by their headers, before any of the body is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @abstractmethod
    def refusal(self, scope: Scope) -> Response | None:
        """The problem document for an HTTP request that may not pass."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = self.refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)


class HostCheck(Guard):
    """Refuses requests that were addressed to another name (421)."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        super().__init__(app)
        self._allowed = frozenset(name.lower() for name in allowed)

    def _accepts(self, name: str) -> bool:
        return bool(name) and (is_loopback(name) or name in self._allowed or "*" in self._allowed)

    def refusal(self, scope: Scope) -> Response | None:
        """Of a request without one Host header that names this service."""
        hosts = [value for key, value in scope["headers"] if key == b"host"]
        if len(hosts) == 1 and self._accepts(host_name(hosts[0].decode("latin-1"))):
            return None
        return problem_response(
            HTTPStatus.MISDIRECTED_REQUEST,
            "host-not-allowed",
            "The Host header names another service",
            "call the service by a loopback name, or list its name in ATTUNE_ALLOWED_HOSTS",
        )


class OriginCheck(Guard):
    """Refuses web pages of other origins (403); programs send no Origin and pass."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        super().__init__(app)
        self._allowed = frozenset(origin.lower() for origin in allowed)

    def _accepts(self, origin: str, host: str) -> bool:
        if origin in self._allowed:
            return True
        scheme, _, authority = origin.partition("://")
        return scheme in {"http", "https"} and authority == host.lower()

    def refusal(self, scope: Scope) -> Response | None:
        """Of a request whose Origin header is neither ours nor allowed."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or self._accepts(origin.lower(), headers.get("host", "")):
            return None
        return problem_response(
            HTTPStatus.FORBIDDEN,
            "origin-not-allowed",
            "Web pages of other origins may not drive the device",
            "list the page's origin in ATTUNE_ALLOWED_ORIGINS if it may",
        )


class BearerToken(Guard):
    """Demands the token on every path but the health checks and the console's files (401)."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        super().__init__(app)
        self._expected = f"bearer {token}".encode("ascii")

    def _accepts(self, headers: Headers) -> bool:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        sent = f"{scheme.lower()} {credentials.strip()}".encode("latin-1")
        return hmac.compare_digest(sent, self._expected)

    def refusal(self, scope: Scope) -> Response | None:
        """Of a request without the token."""
        path: str = scope["path"]
        if path in OPEN_PATHS or path.startswith(OPEN_FILES) or self._accepts(Headers(scope=scope)):
            return None
        return problem_response(
            HTTPStatus.UNAUTHORIZED,
            "token-required",
            "A bearer token is required",
            "send the service's ATTUNE_TOKEN as 'Authorization: Bearer ...'",
            headers={"WWW-Authenticate": "Bearer"},
        )


class NoTraces:
    """Tells browsers to keep no answer and to guess at none: the user's texts belong on the device's disk alone."""

    _HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to its answer."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in self._HEADERS if pair[0] not in present)]
            await send(message)

        await self._app(scope, receive, adding if scope["type"] == "http" else send)
