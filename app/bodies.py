"""What a request may carry: JSON, and not more of it than a phone would take."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_response, refused
from app.security import Guard

# 256 texts of 10,000 Chinese characters in UTF-8 fit.
MAX_BODY = 8 * 1024 * 1024
MAX_IMPORT = 64 * 1024 * 1024

_WITH_BODY = frozenset({"POST", "PUT"})


class BodyLimit:
    """Refuses bodies over the path's limit (413), by what they announce and by what they turn out to be."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY, limits: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit = limit
        self._limits = dict(limits or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], self._limit)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
            response = refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await response(scope, receive, send)
            return
        counted = 0

        async def counting() -> Message:
            nonlocal counted
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counting, send)


class JsonOnly(Guard):
    """Refuses bodies of another type than JSON (415)."""

    def refusal(self, scope: Scope) -> Response | None:
        """Of a request that carries another body."""
        if scope["method"] not in _WITH_BODY:
            return None
        headers = Headers(scope=scope)
        carries = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if not carries or _is_json(headers.get("content-type", "")):
            return None
        return problem_response(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body must be JSON",
            "send the body as 'Content-Type: application/json'",
        )


def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [part.partition("=")[2].strip("\"' ") for part in parameters if part.startswith("charset=")]
    return kind == "application/json" and all(name in {"utf-8", "utf8"} for name in charsets)
