"""What a scenario's parts have in common: exact types, no unknown key, and one key that says what an action is."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Passphrase = Annotated[str, Field(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=0, le=1_000_000)]


class Part(BaseModel):
    """A mapping of a scenario file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Action(Part):
    """One thing that is done: a mapping of one key, the verb.

    `needs_phone` tells whether the process must run for it; `changes_power` whether it is about starting and stopping.
    """

    needs_phone: ClassVar[bool] = True

    def told(self) -> str:
        """The action in words, for the report."""
        raise NotImplementedError

    def texts(self) -> Iterable[str]:
        """The names of the sets of texts that it uses."""
        return ()

    @classmethod
    def verb(cls) -> str:
        """The key that names it in a file."""
        name, field = next(iter(cls.model_fields.items()))
        return field.alias or name


def either(key: str) -> BeforeValidator:
    """`value` where a mapping is wanted stands for `{key: value}`: the short way to write it."""

    def spelled_out(value: Any) -> Any:
        return value if isinstance(value, dict) else {key: value}

    return BeforeValidator(spelled_out)


def nothing(value: Any) -> Any:
    """A verb without anything behind it takes all the defaults."""
    return {} if value is None else value


Bare = BeforeValidator(nothing)
