"""The base of everything that a recipe says: unchanging, and strict about names and types."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A part of a recipe; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
