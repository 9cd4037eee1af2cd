"""`attune versions`, `rollback`, `activate` and `audit`."""

from typing import Annotated

import typer

from app.cli.options import Json, Limit, Task, Url, pages, segment, session
from app.cli.output import print_json, print_table, say


def versions(task: Task = "sentiment", as_json: Json = False, url: Url = None) -> None:
    """List a task's versions."""
    with session(url) as api:
        lineage = api.call("GET", f"/v1/models/{segment(task)}/versions")
    if as_json:
        print_json(lineage)
        return
    rows = (
        ("*" if one["active"] else "", one["number"], one["parent"], one["state"], one["sample_count"],
         one["created_at"], one["metrics"])
        for one in lineage["versions"]
    )  # fmt: skip
    print_table(("", "version", "parent", "state", "samples", "created", "metrics"), rows, "no versions")


def rollback(
    to: Annotated[int | None, typer.Option("--to", help="The version to go back to; 0 is the bundle's own.")] = None,
    task: Task = "sentiment",
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Let an earlier version answer again, by default the parent of the active one."""
    body = {"to": to} if to is not None else {}
    _move(url, task, "rollback", body, as_json)


def activate(
    version: Annotated[int, typer.Argument(help="The version that shall answer.")],
    task: Task = "sentiment",
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Let a version answer, be it older or newer."""
    _move(url, task, "activate", {"version": version}, as_json)


def _move(url: str | None, task: str, action: str, body: dict[str, int], as_json: bool) -> None:
    with session(url) as api:
        change = api.call("POST", f"/v1/models/{segment(task)}/{action}", body)
    if as_json:
        print_json(change)
    else:
        say(f"version {change['version']} of {change['task']} answers now; before, version {change['previous']} did")


def audit(limit: Limit = 100, as_json: Json = False, url: Url = None) -> None:
    """Show the latest changes of what is served or kept, and what caused them."""
    with session(url) as api:
        entries = pages(api, "/v1/audit")[-limit:]
    if as_json:
        print_json({"items": entries})
        return
    columns = ("id", "at", "actor", "action", "task", "version_from", "version_to", "detail")
    rows = ([entry[column] for column in columns] for entry in entries)
    print_table(("id", "at", "actor", "action", "task", "from", "to", "detail"), rows, "nothing has changed yet")
