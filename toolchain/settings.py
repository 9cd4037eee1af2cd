"""The base of everything that a recipe says: unchanging, and strict about names and types."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Settings(BaseModel):
    """A part of a recipe; unknown names are refused. Where a default is a part itself, what is not said stays as that
    default says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _over_defaults(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        parts = {
            name: {**field.default.model_dump(exclude_unset=True), **said[name]}
            for name, field in cls.model_fields.items()
            if isinstance(field.default, Settings) and isinstance(said.get(name), dict)
        }
        return {**said, **parts}
