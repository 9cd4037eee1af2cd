"""JSON Schema in words: the type, the bounds and the default of each field of a shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DEEPEST = 5
_BOUNDS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "over {}", "exclusiveMaximum": "under {}",
}  # fmt: skip
_LONGEST_PATTERN = 40
_LARGEST = 2**53 - 1


@dataclass(frozen=True)
class Row:
    """One field: where it is, what it may hold, whether it must be given, and what it means."""

    name: str
    type: str
    required: bool
    meaning: str

    def cells(self, *, shows_required: bool) -> tuple[str, ...]:
        """As a row of a table."""
        must = (("yes" if self.required else ""),) if shows_required else ()
        return (f"`{self.name}`", self.type, *must, self.meaning)


class Shapes:
    """The named schemas of an OpenAPI document, as one page tells them.

    `told` has the link to where on the page a shape was told already; it is not told again.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._named: dict[str, Any] = document["components"]["schemas"]
        self.told: dict[str, str] = {}

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema that a reference names, with what stands beside the reference."""
        if "$ref" not in schema:
            return schema
        named = self._named[schema["$ref"].rpartition("/")[2]]
        return {**self.resolved(named), **{key: value for key, value in schema.items() if key != "$ref"}}

    def alternatives(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        """The schemas of which a value is one, null left out."""
        found = self.resolved(schema)
        options = found.get("anyOf", [found])
        return [self.resolved(option) for option in options if option.get("type") != "null"]

    def rows(self, schema: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[Row]:
        """The fields of an object; those of objects within it follow with their path before the name."""
        found = self.resolved(schema)
        for name, field in found.get("properties", {}).items():
            required = name in found.get("required", ())
            told = self.told_at(field)
            meaning = self._meaning(field) + (f" (its fields: {told})" if told else "")
            yield Row(prefix + name, self.type(field), required, meaning)
            if depth < _DEEPEST and not told:
                for inner, path in self._within(field, prefix + name):
                    yield from self.rows(inner, f"{path}.", depth + 1)

    def told_at(self, schema: dict[str, Any]) -> str:
        """The link to where the shape, or that of a list's items, was told."""
        name = str(schema.get("items", schema).get("$ref", "")).rpartition("/")[2]
        return self.told.get(name, "")

    def _within(self, field: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str]]:
        options = self.alternatives(field)
        if len(options) > 1 and all(option.get("type") == "array" for option in options):
            return  # lists of shapes that the same answer shows by themselves
        for option in options:
            if option.get("type") == "array":
                yield from self._within(option["items"], f"{path}[]")
            elif "properties" in option:
                yield option, path

    def _meaning(self, field: dict[str, Any]) -> str:
        for schema in (field, *self.alternatives(field)):
            if "description" in schema:
                return str(schema["description"])
            if schema.get("type") == "array" and "description" in self.resolved(schema["items"]):
                return str(self.resolved(schema["items"])["description"])
        return ""

    def type(self, schema: dict[str, Any]) -> str:
        """What a value may be, in words."""
        found = self.resolved(schema)
        options = found.get("anyOf", [found])
        words = " or ".join(dict.fromkeys(self._plain(self.resolved(option)) for option in options))
        default = found.get("default")
        shown = "" if default is None or default == {} else f"; default {_literal(default)}"
        return words + shown

    def _plain(self, schema: dict[str, Any]) -> str:
        if "const" in schema:
            return _literal(schema["const"])
        if "enum" in schema:
            return " or ".join(_literal(value) for value in schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            return f"list of {self._items(schema)}{_range(schema, 'minItems', 'maxItems', '')}"
        if kind == "object":
            return self._object(schema)
        if kind == "string":
            return f"{_format(schema)}{_range(schema, 'minLength', 'maxLength', ' characters')}{_pattern(schema)}"
        bounds = [
            words.format(_number(schema[key]))
            for key, words in _BOUNDS.items()
            if key in schema and abs(schema[key]) != _LARGEST
        ]
        return ", ".join([str(kind or "any JSON value"), *bounds])

    def _items(self, schema: dict[str, Any]) -> str:
        inner = self.type(schema["items"])
        if inner in ("string", "object", "integer", "number"):
            return f"{inner}s"
        return f"({inner})" if "," in inner else inner

    def _object(self, schema: dict[str, Any]) -> str:
        more = schema.get("additionalProperties")
        if "properties" in schema or not isinstance(more, dict):
            return "object"
        return f"object of {self.type(more)}s" if " " not in self.type(more) else f"object of ({self.type(more)})"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return f"`{_number(value)}`"
    return f"`{value}`" if value not in ([], "") else "empty"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _format(schema: dict[str, Any]) -> str:
    return {"date-time": "string (a moment, ISO 8601 with an offset)"}.get(schema.get("format", ""), "string")


def _range(schema: dict[str, Any], least: str, most: str, of: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    if high is None:
        return f", at least {low:,}{of}"
    return f", {low:,} to {high:,}{of}" if low else f", at most {high:,}{of}"


def _pattern(schema: dict[str, Any]) -> str:
    pattern = schema.get("pattern")
    return f", as `{pattern}`" if pattern and len(pattern) <= _LONGEST_PATTERN and "x00" not in pattern else ""
