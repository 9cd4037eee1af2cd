"""The problem documents that a route may answer with, for the OpenAPI document."""

from typing import Any

from app.problems import documented

Responses = dict[int | str, dict[str, Any]]

# Any call may lack the token, come from a foreign page, name another host, meet a closing device or a bug.
_ALWAYS = (401, 403, 421, 500, 503)


def reads(*statuses: int) -> Responses:
    """A call without a body."""
    return documented(*_ALWAYS, 422, *statuses)


def writes(*statuses: int) -> Responses:
    """A call that may carry a body or change something: the body may be no JSON or too large, the disk full."""
    return documented(*_ALWAYS, 400, 413, 415, 422, 507, *statuses)
