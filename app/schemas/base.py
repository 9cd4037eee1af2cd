"""What all requests and answers have in common, and the types that several of them use."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

# Larger ones are not exact in every reader of JSON.
LARGEST_INTEGER = 2**53 - 1


class RequestModel(BaseModel):
    """A body or a query from outside: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnswerModel(BaseModel):
    """An answer, read off the device's own values by attribute."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, frozen=True)


Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=10_000,
        description="the user's text: not blank, no NUL",
        json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"},
        examples=["今天又要加班到很晚"],
    ),
]
TaskName = Annotated[
    str, Field(min_length=1, max_length=64, description="a task of the bundle", examples=["sentiment"])
]
Label = Annotated[str, Field(min_length=1, max_length=64, description="a label of the task", examples=["正面"])]
Identifier = Annotated[str, Field(min_length=1, max_length=64)]
VersionNumber = Annotated[int, Field(ge=0, le=LARGEST_INTEGER, description="a version of a head; 0 is the bundle's")]
After = Annotated[
    int | None, Field(ge=0, le=LARGEST_INTEGER, strict=False, description="`next_after` of the page before")
]
Limit = Annotated[int, Field(ge=1, le=200, strict=False, description="entries a page")]


class Page(RequestModel):
    """Which part of a list."""

    after: After = None
    limit: Limit = 50


def either(one: tuple[str, ...], other: tuple[str, ...]) -> Callable[[dict[str, Any]], None]:
    """An amendment of a model's JSON schema: the fields of `one`, or those of `other`, but not the first of both.

    Fields that may be left out need a default in Python; no value that could be sent stands for it.
    """

    def amend(schema: dict[str, Any]) -> None:
        schema["oneOf"] = [
            {"required": list(one), "not": {"required": [other[0]]}},
            {"required": list(other), "not": {"required": [one[0]]}},
        ]
        for name in (*one, *other):
            schema["properties"][name].pop("default", None)

    return amend
