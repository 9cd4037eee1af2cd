"""`attune assist` and `attune redact`."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.options import Json, Url, session
from app.cli.output import note, print_json, print_table, say

Conversation = Annotated[
    str | None, typer.Option("--conversation", help="Go on with this conversation; its placeholders stay the same.")
]


class Route(StrEnum):
    """Where a request is answered."""

    PRIVATE = "private"
    GENERAL = "general"
    MIXED = "mixed"


def assist(
    text: Annotated[str, typer.Argument(help="A request.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    route: Annotated[Route | None, typer.Option(help="Your own choice, instead of the device's.")] = None,
    conversation: Conversation = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Answer a request: on the device, or with a cloud model that sees placeholders only.

    Exits with 1 where the cloud model gave no whole answer.
    """
    body = {"text": text, "dry_run": dry_run, "route": route and route.value, "conversation_id": conversation}
    with session(url) as api:
        answer = api.call("POST", "/v1/assist", body)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)
    if answer["route"] == Route.PRIVATE and not answer["understood"] and not answer["help"]:
        note("answered on the phone; --route general or mixed asks the cloud model")
    if answer["problem"]:
        raise typer.Exit(1)


def redact(
    text: Annotated[str, typer.Argument(help="A text.")],
    strict: Annotated[bool, typer.Option("--strict", help="Hide every word too that everyday text lacks.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show a text as it might leave the device; nothing is sent."""
    with session(url) as api:
        answer = api.call("POST", "/v1/redact", {"text": text, "strict": strict})
    if as_json:
        print_json(answer)
        return
    for line in answer["redacted"].splitlines():
        say(line)
    _hidden(answer["entities"])


def _tell(answer: dict[str, Any]) -> None:
    for line in answer["answer"].splitlines():
        say(line)
    if answer["undo"]:
        say(answer["undo"])
    for one in answer["help"]["resources"] if answer["help"] else ():
        say(f"{one['name']} {one['contact']}：{one['when']}")
    note(f"{answer['route']}: {'; '.join(answer['reasons'])}")
    if answer["problem"]:
        note(answer["problem"]["detail"])
    outbound = answer["outbound"]
    if not outbound:
        note("nothing left the device")
        return
    note("left the device:" if answer["sent"] else "would leave the device:")
    for message in outbound["messages"]:
        for place, line in enumerate(message["content"].splitlines()):
            note(f"  {message['role'] + ':' if place == 0 else '':<10} {line}")
    _hidden(outbound["placeholders"])
    if answer["unresolved"]:
        note(f"not matched with certainty: {', '.join(answer['unresolved'])}")


def _hidden(placeholders: list[dict[str, Any]]) -> None:
    rows = {(one["placeholder"], one["type"], one["text"]): None for one in placeholders}
    print_table(("placeholder", "type", "stands for"), rows, "nothing is hidden in it")
