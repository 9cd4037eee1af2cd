"""Options that many commands share, and the session that they lead to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import load_settings

if TYPE_CHECKING:
    from app.cli.api import Api

json_wanted: ContextVar[bool] = ContextVar("json_wanted", default=False)


def _want_json(value: bool) -> bool:
    json_wanted.set(value)
    return value


Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.", callback=_want_json)]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Call the service at this address instead of the state directory's own.", metavar="URL"),
]
Task = Annotated[str, typer.Option("--task", help="The task of the bundle.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]


def segment(task: str) -> str:
    """A task as part of a path."""
    from urllib.parse import quote

    return quote(task, safe="", errors="replace")


def passphrase_header(variable: str) -> dict[str, str]:
    """What carries the passphrase that the environment variable holds."""
    from model_store.errors import SealBroken
    from model_store.sealing import check_passphrase  # what seals takes time to load

    value = os.environ.get(variable)
    if not value:
        raise typer.BadParameter(f"the environment variable {variable} is not set or empty")
    try:
        check_passphrase(value)
    except SealBroken as error:
        raise typer.BadParameter(f"the environment variable {variable}: {error}") from None
    return {"Attune-Export-Passphrase": value}


@contextmanager
def session(url: str | None) -> "Iterator[Api]":
    """The service that a command talks to."""
    from app.cli.api import connect  # an HTTP client takes time to load, which `serve` need not spend

    with connect(load_settings(), url) as api:
        yield api


def pages(api: "Api", path: str, limit: int | None = None, **query: str | int | None) -> list[dict[str, object]]:
    """Up to `limit` entries of a paged list, or all of them."""
    found: list[dict[str, object]] = []
    after: int | None = None
    while limit is None or len(found) < limit:
        size = 200 if limit is None else min(200, limit - len(found))
        page = api.call("GET", path, query={**query, "after": after, "limit": size})
        found += page["items"]
        after = page["next_after"]
        if after is None:
            break
    return found
