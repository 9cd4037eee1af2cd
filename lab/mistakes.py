"""How what is written wrongly in a scenario file is told: its line, its place, and what may stand there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lab.scenario import Scenario

_SAID = {
    "invalid_key": "is a key, and must be text",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "too_long": "must hold {max_length} at most",
    "string_too_long": "must have {max_length} characters at most",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "greater_than_equal": "must be {ge} at least",
    "less_than_equal": "must be {le} at most",
    "literal_error": "must be {expected}",
}


@dataclass(frozen=True)
class Mistake:
    """Where something is wrong, as keys and indices from the top of the file, and what."""

    where: tuple[int | str, ...]
    said: str


def of_shape(error: ValidationError) -> list[Mistake]:
    """What a file holds that a scenario may not."""
    return [
        Mistake(item["loc"][:-1], f"{item['loc'][-1]} is missing")
        if item["type"] == "missing"
        else Mistake(item["loc"], _sentence(item))
        for item in error.errors(include_url=False)
    ]


def told(path: Path, node: yaml.Node, mistakes: Iterable[Mistake]) -> str:
    """A line for each, in the order of the file."""
    placed = []
    for mistake in mistakes:
        line, shown = _place(node, mistake.where)
        placed.append((line, f"{path}:{line}: {shown or 'the scenario'}: {mistake.said}"))
    placed.sort(key=lambda one: one[0])
    return "\n".join(dict.fromkeys(sentence for _, sentence in placed))


def _sentence(item: Any) -> str:
    kind, given, where = item["type"], item["input"], item["loc"]
    if kind == "extra_forbidden":
        known = _known(where[:-1])
        return f"is not known here; known are: {', '.join(known)}" if known else "is not known here; nothing is"
    if kind == "model_type":
        known = _known(where)
        return f"must be a mapping; known in it are: {', '.join(known)}" if known else "takes nothing"
    if kind == "string_type" and isinstance(given, int | float):
        word = str(given).lower() if isinstance(given, bool) else given
        return f'must be text: write it in quotes, as "{word}"'
    if kind in _SAID:
        return _SAID[kind].format_map({name: _shown(value) for name, value in item.get("ctx", {}).items()})
    said: str = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return said


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value).replace("'", "")


def _place(node: yaml.Node, where: Sequence[int | str]) -> tuple[int, str]:
    """The line of a place, and its path as people write it: counted from 1, as steps are. Parts that the file does not
    hold are left out: the tags of pydantic's unions, and the lists and mappings that a short way of writing stands for.
    """
    line, shown = node.start_mark.line + 1, ""
    for part in where:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
            shown = f"step {part + 1}, " if shown == "steps" else f"{shown}[{part + 1}]"
        elif isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                continue
            line, node = found[0].start_mark.line + 1, found[1]
            shown += f".{part}" if shown and not shown.endswith(", ") else str(part)
    return line, shown.removesuffix(", ")


@cache
def _schema() -> dict[str, Any]:
    return Scenario.model_json_schema()


def _known(where: Sequence[int | str]) -> list[str]:
    """The keys that a mapping may hold."""
    schema = _schema()
    definitions = schema["$defs"]
    here = [schema]
    for part in where:
        here = [inner for one in here for inner in _inside(one, part, definitions)] or here
    return sorted({key for one in here for key in one.get("properties", ())})


def _inside(schema: Any, part: int | str, definitions: Any) -> list[Any]:
    found: list[Any] = []
    pending = [schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)]
    while pending:
        one = pending.pop()
        if not isinstance(one, dict):
            continue
        if "$ref" in one:
            pending.append(definitions[one["$ref"].rsplit("/", 1)[1]])
        elif "anyOf" in one or "oneOf" in one:
            pending += one.get("anyOf") or one["oneOf"]
        else:
            found.append(one)
    return found
