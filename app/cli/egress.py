"""`attune egress`: what left the device."""

from typing import Annotated

import typer

from app.cli.options import Json, Limit, Url, pages, session
from app.cli.output import note, print_json, print_table, say


def egress(
    bodies: Annotated[bool, typer.Option("--bodies", help="Print every body as it left.")] = False,
    limit: Limit = 100,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show what was sent to the cloud model, newest first: when, why, under which consent, and what came of it."""
    with session(url) as api:
        entries = pages(api, "/v1/egress", limit)
    if as_json:
        print_json({"items": entries})
        return
    if bodies:
        for entry in entries:
            note(f"{entry['id']}  {entry['at']}  {entry['host']}  {entry['outcome']}")
            say(str(entry["body"]))
        return
    columns = ("id", "at", "host", "model", "why", "consent_since", "bytes", "outcome", "status")
    rows = ([entry[column] for column in columns] for entry in entries)
    print_table(
        ("id", "at", "host", "model", "why", "consent since", "bytes", "outcome", "status"), rows, "nothing ever left"
    )
