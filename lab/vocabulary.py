"""What a scenario's parts have in common: exact types, no unknown key, and one key that says what an action is."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_NAME = r"[a-z0-9][a-z0-9-]{0,63}"


def _is_name(text: str) -> str:
    if re.fullmatch(_NAME, text) is None:
        raise ValueError("is no name: write small letters, digits and hyphens, 64 at most, as rain-new")
    return text


Name = Annotated[str, AfterValidator(_is_name), Field(json_schema_extra={"pattern": f"^{_NAME}$"})]
Share = Annotated[float, Field(ge=0, le=1)]
Figure = Annotated[float, Field(allow_inf_nan=False)]
Passphrase = Annotated[str, Field(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=0, le=1_000_000)]


class Part(BaseModel):
    """A mapping of a scenario file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Kept(NamedTuple):
    """What one action leaves for another, by its name."""

    kind: Literal["export", "answers", "copy", "damage"]
    name: str


class Action(Part, ABC):
    """One thing that is done: a mapping of one key, the verb. `needs_phone` tells whether a device that was never
    started is started for it.
    """

    needs_phone: ClassVar[bool] = True

    @abstractmethod
    def told(self) -> str:
        """The action in words, for the report."""

    def texts(self) -> Iterable[str]:
        """The names of the sets of texts that it uses."""
        return ()

    def keeps(self) -> Iterable[Kept]:
        """What it leaves for later."""
        return ()

    def needs(self) -> Iterable[Kept]:
        """What an earlier action must have left."""
        return ()

    def shift(self) -> timedelta:
        """How far it moves the device's clock."""
        return timedelta()

    def mark(self) -> str | None:
        """The action in a word or two, for the timeline; None where it is not worth one."""
        return self.verb().replace("_", " ")

    @classmethod
    def verb(cls) -> str:
        """The key that names it in a file."""
        name, field = next(iter(cls.model_fields.items()))
        return field.alias or name


def either(key: str, kind: Any) -> BeforeValidator:
    """`value` where a mapping is wanted stands for `{key: value}`: the short way to write it. `kind` is both of them,
    for the schema.
    """

    def spelled_out(value: Any) -> Any:
        return value if isinstance(value, dict) else {key: value}

    return BeforeValidator(spelled_out, json_schema_input_type=kind)


def bare(kind: Any) -> BeforeValidator:
    """A verb with nothing behind it takes all the defaults; `kind` is what may be there."""
    return BeforeValidator(lambda value: {} if value is None else value, json_schema_input_type=kind | None)


def several(kind: Any) -> BeforeValidator:
    """One of `kind` stands for a list of it."""
    return BeforeValidator(
        lambda value: value if isinstance(value, list) else [value], json_schema_input_type=kind | list[kind]
    )
