"""`attune calendar`, `contacts` and `notes`: the phone's own data, by hand and from files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import Json, Limit, Url, pages, session
from app.cli.output import print_answer, print_fields, print_json, print_table, say
from app.cli.refusal import Refusal

calendar = typer.Typer(help="The calendar on the device.", no_args_is_help=True)
contacts = typer.Typer(help="The contacts on the device.", no_args_is_help=True)
notes = typer.Typer(help="The notes on the device.", no_args_is_help=True)

_Row = Callable[[dict[str, Any]], Sequence[object]]


def _offer(group: typer.Typer, kind: str, file: str, columns: Sequence[str], row: _Row) -> None:
    """The commands that are the same for all three kinds; `file` says what `import` reads."""
    path = f"/v1/personal/{kind}"

    @group.command()
    def search(
        query: Annotated[str, typer.Argument(help="Words to look for.")],
        limit: Limit = 10,
        as_json: Json = False,
        url: Url = None,
    ) -> None:
        """Look something up, the best match first."""
        with session(url) as api:
            found = api.call("GET", path, query={"q": query, "limit": min(limit, 200)})
        _tell(found["items"], columns, row, as_json)

    @group.command()
    def show(
        entry: Annotated[int, typer.Argument(help="Its number.", min=1)], as_json: Json = False, url: Url = None
    ) -> None:
        """Show one entry."""
        with session(url) as api:
            print_answer(api.call("GET", f"{path}/{entry}"), as_json)

    @group.command()
    def remove(
        entry: Annotated[int | None, typer.Argument(help="Its number.", min=1)] = None,
        everything: Annotated[bool, typer.Option("--all", help="Remove every entry.")] = False,
        as_json: Json = False,
        url: Url = None,
    ) -> None:
        """Remove one entry, or all."""
        if (entry is None) is not everything:
            raise typer.BadParameter("give the number of one entry, or --all")
        with session(url) as api:
            answer = api.call("DELETE", path if entry is None else f"{path}/{entry}") or {"deleted": 1}
        print_answer(answer, as_json)

    @group.command("import")
    def import_(
        source: Annotated[Path, typer.Argument(help=file, metavar="FILE")], as_json: Json = False, url: Url = None
    ) -> None:
        """Add what a file holds; what was imported before is not added again."""
        body = {"content": _text(source)}
        with session(url) as api:
            answer = api.call("POST", f"{path}/import", body)
        if as_json:
            print_json(answer)
        else:
            _tell_import(answer)


@calendar.command("list")
def calendar_list(
    since: Annotated[str | None, typer.Option("--from", help="A date or time, as 2026-12-01.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A date or time; what begins then is left out.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List events in the order in which they begin."""
    with session(url) as api:
        items = pages(api, "/v1/personal/calendar", limit, **{"from": since, "to": to})
    _tell(items, _EVENT_COLUMNS, _event_row, as_json)


@calendar.command("add")
def calendar_add(
    title: Annotated[str, typer.Argument(help="What it is.")],
    start: Annotated[str, typer.Argument(help="When it begins, as 2026-12-01T09:30; a date takes the whole day.")],
    end: Annotated[str | None, typer.Argument(help="When it is over; by default after an hour, or the day.")] = None,
    place: Annotated[str | None, typer.Option(help="Where.")] = None,
    person: Annotated[list[str] | None, typer.Option(help="With whom; may be repeated.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Put an event into the calendar."""
    whole_day = "T" not in start and ":" not in start
    body = {"title": title, "start": start, "end": end, "whole_day": whole_day, "place": place, "people": person or []}
    with session(url) as api:
        print_answer(api.call("POST", "/v1/personal/calendar", body), as_json)


@contacts.command("list")
def contacts_list(limit: Limit = 50, as_json: Json = False, url: Url = None) -> None:
    """List contacts in the order in which they were added."""
    with session(url) as api:
        items = pages(api, "/v1/personal/contacts", limit)
    _tell(items, _CONTACT_COLUMNS, _contact_row, as_json)


@contacts.command("add")
def contacts_add(
    name: Annotated[str, typer.Argument(help="The name.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name; may be repeated.")] = None,
    phone: Annotated[list[str] | None, typer.Option(help="A phone number; may be repeated.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="A mail address; may be repeated.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Where they work.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Keep a contact."""
    body = {
        "name": name, "aliases": alias or [], "phones": phone or [], "emails": email or [],
        "organisation": organisation,
    }  # fmt: skip
    with session(url) as api:
        print_answer(api.call("POST", "/v1/personal/contacts", body), as_json)


@notes.command("list")
def notes_list(limit: Limit = 50, as_json: Json = False, url: Url = None) -> None:
    """List notes in the order in which they were added."""
    with session(url) as api:
        items = pages(api, "/v1/personal/notes", limit)
    _tell(items, _NOTE_COLUMNS, _note_row, as_json)


@notes.command("add")
def notes_add(
    title: Annotated[str, typer.Argument(help="The title.")],
    body: Annotated[str, typer.Argument(help="The text.")] = "",
    at: Annotated[str | None, typer.Option(help="The time that it is about; by default now.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Keep a note."""
    with session(url) as api:
        print_answer(api.call("POST", "/v1/personal/notes", {"title": title, "body": body, "at": at}), as_json)


_EVENT_COLUMNS = ("event", "start", "end", "title", "place", "people")
_CONTACT_COLUMNS = ("contact", "name", "also called", "phones", "mail", "organisation")
_NOTE_COLUMNS = ("note", "at", "title", "text")


def _tell(items: Sequence[dict[str, Any]], columns: Sequence[str], row: _Row, as_json: bool) -> None:
    if as_json:
        print_json({"items": items})
    else:
        print_table(columns, map(row, items), "nothing there")


def _tell_import(answer: dict[str, Any]) -> None:
    print_fields({"added": answer["added"], "known already": answer["skipped"]})
    if answer["rejected"]:
        say("")
        print_table(("line", "not added because"), ((one["line"], one["reason"]) for one in answer["rejected"]), "")


def _event_row(one: dict[str, Any]) -> Sequence[object]:
    return one["id"], one["start"], one["end"], one["title"], one["place"], one["people"]


def _contact_row(one: dict[str, Any]) -> Sequence[object]:
    return one["id"], one["name"], one["aliases"], one["phones"], one["emails"], one["organisation"]


def _note_row(one: dict[str, Any]) -> Sequence[object]:
    return one["id"], one["at"], one["title"], one["body"][:60]


def _text(file: Path) -> str:
    from device_sim.personal.files import decoded

    try:
        return decoded(file.read_bytes())
    except OSError as error:
        raise Refusal.unreadable(file, error) from None
    except UnicodeDecodeError:
        detail = "it is no text in UTF-8, UTF-16 or GB 18030"
        raise Refusal.because("unreadable-file", "The file can't be read", detail) from None


_offer(calendar, "calendar", "A calendar (.ics).", _EVENT_COLUMNS, _event_row)
_offer(contacts, "contacts", "An address book (.vcf), in UTF-8, UTF-16 or GBK.", _CONTACT_COLUMNS, _contact_row)
_offer(notes, "notes", "Notes (Markdown).", _NOTE_COLUMNS, _note_row)
