"""The last barrier: a bug becomes a 500 problem document and a log entry without anything of the request in it."""

import logging
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import places
from app.problems import problem_response
from app.requests import known_method, route_template

_log = logging.getLogger("attune")


class AnswerCutShortError(Exception):
    """An answer failed after it had begun; the server closes the connection."""


class FaultBarrier:
    """Answers what no handler knew.

    An exception's message may quote what it failed on, so only types and places are logged, whatever the formatter.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for it if it fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watching(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:  # noqa: BLE001  # a bug may raise anything
            _log.error("%s %s failed: %s", known_method(scope), route_template(scope), places(error))
            if begun:
                raise AnswerCutShortError from None
            response = problem_response(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "internal-error",
                "Something went wrong inside",
                "this is a bug: the log says where it happened, and nothing of the request was written there",
            )
            await response(scope, receive, send)
