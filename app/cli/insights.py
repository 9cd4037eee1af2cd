"""`attune insights`: write a thought, see what fits, say how it was taken, look back."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import Json, Limit, Url, pages, segment, session
from app.cli.output import print_answer, print_fields, print_json, print_table, say
from app.cli.refusal import Refusal, refusal_of
from app.cli.rights import Then

insights = typer.Typer(help="Write a thought, see what fits it, and look back.", no_args_is_help=True)
goals = typer.Typer(help="The user's goals.", no_args_is_help=True)
knowledge = typer.Typer(help="The knowledge base.", no_args_is_help=True)
insights.add_typer(goals, name="goals")
insights.add_typer(knowledge, name="knowledge")


class Reaction(StrEnum):
    """How an insight was taken."""

    LIKE = "like"
    DISMISS = "dismiss"
    DONE = "done"


@insights.command()
def ask(
    text: Annotated[str, typer.Argument(help="A goal, a thought, a question.")],
    count: Annotated[int, typer.Option(help="Insights at most.", min=1, max=10)] = 3,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Say what a thought is about, and what fits it."""
    with session(url) as api:
        answer = api.call("POST", "/v1/insights", {"text": text, "count": count})
    if as_json:
        print_json(answer)
    elif answer["help"]:
        say(answer["help"]["answer"])
        rows = ((one["name"], one["contact"], one["when"]) for one in answer["help"]["resources"])
        print_table(("who", "contact", "when"), rows, "nobody")
    else:
        _tell(answer)


@insights.command()
def react(
    thought: Annotated[str, typer.Argument(help="The thought's id.")],
    insight: Annotated[str, typer.Argument(help="The insight's id.")],
    reaction: Annotated[Reaction, typer.Argument(help="How it was taken.")],
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Say how an insight was taken; a like is learnt from."""
    body = {"insight_id": insight, "reaction": reaction.value}
    with session(url) as api:
        print_answer(api.call("POST", f"/v1/insights/{segment(thought)}/reaction", body), as_json)


@insights.command()
def history(limit: Limit = 20, as_json: Json = False, url: Url = None) -> None:
    """Show past thoughts, newest first, and how what was offered was taken."""
    with session(url) as api:
        items = pages(api, "/v1/insights", limit)
    if as_json:
        print_json({"items": items})
        return
    rows = (
        [item["id"], item["at"], item["direction"], item["sentiment"], _taken(item), item["text"]] for item in items
    )
    print_table(("thought", "at", "direction", "feeling", "offered", "text"), rows, "no thoughts")


@insights.command()
def forget(
    thought: Annotated[str, typer.Argument(help="The thought's id.")],
    then: Annotated[Then, typer.Option(help="What becomes of versions that learnt from its likes.")] = Then.KEEP,
    url: Url = None,
) -> None:
    """Forget a thought, and the samples of its likes."""
    with session(url) as api:
        answer = api.call("DELETE", f"/v1/insights/{segment(thought)}", query={"then": then.value})
    affected = ", ".join(f"{one['task']} {one['version']}" for one in answer["affected_versions"]) or "none"
    say(f"forgotten: {thought}; versions that learnt from its likes: {affected}")


@insights.command()
def summary(
    weeks: Annotated[int, typer.Option(help="How many weeks.", min=1, max=53)] = 1,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show weeks at a glance."""
    with session(url) as api:
        answer = api.call("GET", "/v1/summary", query={"weeks": weeks})
    if as_json:
        print_json(answer)
        return
    rows = (
        (one["week"], one["thoughts"], _counts(one["directions"]), _counts(one["liked"]),
         f"{one['goals_done']} of {one['goals_set']}", " ".join(_mood(day["mood"]) for day in one["days"]))
        for one in answer["weeks"]
    )  # fmt: skip
    print_table(("week", "thoughts", "directions", "liked", "goals", "mood, Monday on"), rows, "no weeks")


@goals.command("list")
def goals_list(as_json: Json = False, url: Url = None) -> None:
    """List goals, open ones first."""
    with session(url) as api:
        answer = api.call("GET", "/v1/goals")
    if as_json:
        print_json(answer)
        return
    rows = ((one["id"], one["done_at"], one["direction"], one["text"]) for one in answer["goals"])
    print_table(("goal", "done", "direction", "text"), rows, "no goals")


@goals.command("add")
def goals_add(text: Annotated[str, typer.Argument(help="The goal.")], as_json: Json = False, url: Url = None) -> None:
    """Keep a goal."""
    with session(url) as api:
        print_answer(api.call("POST", "/v1/goals", {"text": text}), as_json)


@goals.command("done")
def goals_done(
    goal: Annotated[int, typer.Argument(help="The goal's number.")],
    undo: Annotated[bool, typer.Option("--undo", help="It is not reached after all.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Tick a goal off."""
    with session(url) as api:
        print_answer(api.call("PUT", f"/v1/goals/{goal}", {"done": not undo}), as_json)


@goals.command("delete")
def goals_delete(goal: Annotated[int, typer.Argument(help="The goal's number.")], url: Url = None) -> None:
    """Forget a goal."""
    with session(url) as api:
        api.call("DELETE", f"/v1/goals/{goal}")
    say(f"forgotten: goal {goal}")


@knowledge.command("show")
def knowledge_show(as_json: Json = False, url: Url = None) -> None:
    """Tell which knowledge base is in use."""
    with session(url) as api:
        print_answer(api.call("GET", "/v1/knowledge"), as_json)


@knowledge.command("search")
def knowledge_search(
    query: Annotated[str, typer.Argument(help="Words, or something alike in meaning.")],
    limit: Limit = 5, as_json: Json = False, url: Url = None,
) -> None:  # fmt: skip
    """Look entries up."""
    with session(url) as api:
        answer = api.call("GET", "/v1/knowledge/entries", query={"query": query, "limit": limit})
    if as_json:
        print_json(answer)
        return
    rows = ((one["id"], one["direction"], one["title"], one["body"]) for one in answer["items"])
    print_table(("insight", "direction", "title", "body"), rows, "no entries")


@knowledge.command("add")
def knowledge_add(
    file: Annotated[Path, typer.Argument(help="JSON: direction, title, body, actions, intents, feelings, topics.")],
    as_json: Json = False, url: Url = None,
) -> None:  # fmt: skip
    """Add an entry of your own."""
    with session(url) as api:
        print_answer(api.call("POST", "/v1/knowledge/entries", _json(file)), as_json)


@knowledge.command("remove")
def knowledge_remove(insight: Annotated[str, typer.Argument(help="The own entry's id.")], url: Url = None) -> None:
    """Remove an entry of your own."""
    with session(url) as api:
        api.call("DELETE", f"/v1/knowledge/entries/{segment(insight)}")
    say(f"removed: {insight}")


@knowledge.command("install")
def knowledge_install(
    file: Annotated[Path, typer.Argument(help="A signed package.")], as_json: Json = False, url: Url = None
) -> None:
    """Replace what ships by a signed package."""
    with session(url) as api:
        print_answer(api.call("PUT", "/v1/knowledge", _json(file)), as_json)


@knowledge.command("reset")
def knowledge_reset(as_json: Json = False, url: Url = None) -> None:
    """Go back to what ships."""
    with session(url) as api:
        print_answer(api.call("DELETE", "/v1/knowledge"), as_json)


@knowledge.command("package")
def knowledge_package(
    folder: Annotated[Path, typer.Argument(help="A folder of entries: version.toml, and a file for each direction.")],
    out: Annotated[Path, typer.Argument(help="The package to make.")],
    key: Annotated[Path, typer.Option("--signing-key", help="Ed25519 private key (PEM).")],
) -> None:
    """Check a folder of entries, and make a signed package of it, for a server to give out."""
    from device_sim.errors import DeviceError
    from device_sim.insights.knowledge import package_of, shipped_knowledge
    from model_store.errors import StoreError
    from model_store.signing import load_signing_key, sign

    try:
        package = package_of(shipped_knowledge(folder))
        package["signature"] = sign(package, load_signing_key(key))
    except (DeviceError, StoreError) as error:
        raise refusal_of(error) from None
    try:
        out.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Refusal.because("unwritable-file", "The file can't be written", error.strerror or "") from None
    say(f"{out}: version {package['version']}, {len(package['insights'])} entries")


def _tell(answer: dict[str, Any]) -> None:
    confidences = answer["confidences"]
    fields = {name: f"{answer[name]} ({confidences[name]:.2f})" for name in ("intent", "sentiment", "direction")}
    kept = "kept" if answer["kept"] else "not kept: no consent"
    print_fields({**fields, "topics": ", ".join(answer["entities"]) or "none", "thought": f"{answer['id']}, {kept}"})
    if answer["message"]:
        say(answer["message"])
    for one in answer["insights"]:
        say("")
        say(f"{one['title']}  [{one['id']}]")
        say(one["body"])
        for action in one["actions"]:
            say(f"  - {action}")
        say(f"  ({one['why']})")


def _taken(item: dict[str, Any]) -> str:
    marks = {"like": "+", "dismiss": "-", None: ""}
    return ", ".join(f"{marks[offer['reaction']]}{offer['insight_id']}" for offer in item["offers"])


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _mood(mood: float | None) -> str:
    return "." if mood is None else f"{mood:+.1f}"


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise Refusal.unreadable(file, error) from None
    except (ValueError, RecursionError):
        raise Refusal.because("malformed-json", "The file can't be read", "it is not JSON") from None
