"""The HTTP reference: the application's OpenAPI document as pages, one for each group of calls.

`python -m docs.scripts.http_api` writes them. Examples are real answers of a device (`docs/scripts/examples.json`, made
by `docs/scripts/record_examples.py`).
"""

import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from docs.scripts import pages
from docs.scripts.json_types import Shapes

_BY = "docs/scripts/http_api.py"
_EXAMPLES = Path(__file__).with_name("examples.json")
_INTRODUCTION = """\
Version {version} of the contract. The service has it as OpenAPI, too, at `/openapi.json`. What all calls have in common
is told in [Reference](../index.md)."""

# In the order in which a newcomer needs them: the tag, the page's title, and what the group is for.
_GROUPS = {
    "prediction": ("Prediction", "What a text expresses, by the version that is active."),
    "feedback": ("Feedback", "What the answer should have been: the samples that a head learns from."),
    "consent": ("Consent", "Nothing is stored before it is given."),
    "updates": ("Updates", "Training a head on the device, watching it, stopping it."),
    "models": ("Models and versions", "What answers, where it came from, rolling back and forward, the audit."),
    "device": ("Device", "The simulated phone's conditions and clock."),
    "schedule": ("Schedule", "When the device trains by itself."),
    "samples": ("Samples", "What feedback left on the device."),
    "insights": ("Insights", "Thoughts, insights that fit them, reactions, goals, summaries, the knowledge base."),
    "assistant": ("Assistant", "Requests answered on the device or, redacted, with a cloud model's help."),
    "personal": ("Calendar, contacts, notes", "The simulated phone's own data."),
    "egress": ("Egress ledger", "Every byte that left the device."),
    "rights": ("Data rights", "Export, import, erasure."),
    "health": ("Health and metrics", "For whoever watches the service."),
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the application without any setting of this machine."""
    from app.server import create_app
    from app.settings import Settings

    settings = Settings.model_validate({"state_dir": Path("/nowhere")})
    return create_app(settings).openapi()


def examples() -> dict[str, dict[str, Any]]:
    """Real calls by their method and path template."""
    return json.loads(_EXAMPLES.read_text("utf-8")) if _EXAMPLES.is_file() else {}


def http_pages() -> dict[str, str]:
    """The pages, by their paths below `docs`."""
    found = {name: _group_page(name) for name in _GROUPS}
    made = {f"reference/http/{name}.md": content for name, content in found.items()}
    return {"reference/http/index.md": _overview(), **made}


def calls(tag: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of the calls of a group, in the document's order."""
    return [
        (method.upper(), path, call)
        for path, methods in document()["paths"].items()
        for method, call in methods.items()
        if tag in call["tags"]
    ]


def _overview() -> str:
    tags = {tag for methods in document()["paths"].values() for call in methods.values() for tag in call["tags"]}
    if tags != set(_GROUPS):
        raise SystemExit(f"{_BY} has no place for the calls of: {', '.join(sorted(tags ^ set(_GROUPS)))}")
    parts = [
        "# HTTP API",
        _INTRODUCTION.format(version=document()["info"]["version"]),
    ]
    for tag, (title, purpose) in _GROUPS.items():
        rows = [
            (f"[`{method} {path}`]({tag}.md#{_anchor(method, path)})", _first_sentence(call))
            for method, path, call in calls(tag)
        ]
        parts += [f"## [{title}]({tag}.md)", purpose, pages.table(("call", "does"), rows)]
    return pages.page(_BY, *parts)


def _group_page(tag: str) -> str:
    title, purpose = _GROUPS[tag]
    parts = [f"# {title}", purpose]
    shapes = Shapes(document())
    for method, path, call in calls(tag):
        parts += _call(method, path, call, shapes)
    return pages.page(_BY, *parts)


def _call(method: str, path: str, call: dict[str, Any], shapes: Shapes) -> list[str]:
    here = f"[`{method} {path}`](#{_anchor(method, path)})"
    example = examples().get(f"{method} {path}", {})
    parts = [f"## `{method} {path}`", call.get("description", "")]
    parts += _parameters(call, shapes)
    parts += _body(call, shapes)
    if "request" in example:
        parts += [_code("json", example["request"])]
    parts += _answers(call, shapes, here)
    if "answer" in example:
        to = f" to `{method} {example['at']}`" if "at" in example else ""
        parts += [f"A real answer{to}, shortened (`...`):" if example.get("cut") else f"A real answer{to}:"]
        parts += [_code("text" if isinstance(example["answer"], str) else "json", example["answer"])]
    parts += [_refusals(call)]
    return parts


def _parameters(call: dict[str, Any], shapes: Shapes) -> list[str]:
    rows = [
        (
            f"`{parameter['name']}`",
            parameter["in"],
            shapes.type(parameter["schema"]),
            "yes" if parameter.get("required") else "",
            parameter.get("description") or parameter["schema"].get("description", ""),
        )
        for parameter in call.get("parameters", ())
    ]
    return ["**Parameters**", pages.table(("name", "in", "type", "required", "meaning"), rows)] if rows else []


def _body(call: dict[str, Any], shapes: Shapes) -> list[str]:
    if "requestBody" not in call:
        return []
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    options = shapes.alternatives(schema)
    optional = "" if call["requestBody"].get("required") else " (may be left out)"
    parts = [f"**Body**{optional}"]
    for option in options:
        rows = [row.cells(shows_required=True) for row in shapes.rows(option)]
        parts += [option.get("description") or schema.get("description", "")]
        parts += [pages.table(("field", "type", "required", "meaning"), rows), _either(option)]
    return parts


def _either(schema: dict[str, Any]) -> str:
    """Of a body that takes one set of fields or another."""
    ways = [" and ".join(f"`{name}`" for name in way["required"]) for way in schema.get("oneOf", ())]
    return f"Give either {', or '.join(ways)}." if ways else ""


def _answers(call: dict[str, Any], shapes: Shapes, here: str) -> list[str]:
    parts: list[str] = []
    for status, answer in call["responses"].items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            continue
        kinds = answer.get("content", {})
        named = ", ".join(f"`{kind}`" for kind in kinds)
        parts += [f"**Answer {status}**" + (f" {named}" if named else " without a body")]
        for kind in kinds.values():
            for option in kind.get("schema", {}).get("anyOf", [kind.get("schema", {})]):
                parts += _shape(option, shapes, here)
    return parts


def _shape(schema: dict[str, Any], shapes: Shapes, here: str) -> list[str]:
    told = shapes.told_at(schema)
    if told:
        return [f"As the answer of {told}."]
    found = shapes.resolved(schema)
    rows = [row.cells(shows_required=False) for row in shapes.rows(found)]
    if not rows:
        return []
    for name in (schema, *found["properties"].values()):
        reference = str(name.get("items", name).get("$ref", "")).rpartition("/")[2]
        if reference:
            shapes.told.setdefault(reference, here)
    return [found.get("description", ""), pages.table(("field", "type", "meaning"), rows)]


def _refusals(call: dict[str, Any]) -> str:
    found = sorted(int(status) for status in call["responses"] if int(status) >= HTTPStatus.BAD_REQUEST)
    return f"**Refusals** [problem documents](../problems.md) with status {', '.join(map(str, found))}."


def _code(language: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return f"```{language}\n{text.rstrip()}\n```"


def _first_sentence(call: dict[str, Any]) -> str:
    first, stop, _ = str(call.get("description", "")).replace("\n", " ").partition(". ")
    return first + ("." if stop else "")


def _anchor(method: str, path: str) -> str:
    """What code hosts and MkDocs alike make of the heading."""
    return f"{method.lower()}-" + "".join(letter for letter in path if letter.isalnum() or letter in "-_")


if __name__ == "__main__":
    pages.write(http_pages())
