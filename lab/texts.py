"""Sets of texts with their labels: a scenario's own, and those that ship, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import Field

Sentence = Annotated[str, Field(min_length=1, max_length=10_000)]
LabelName = Annotated[str, Field(min_length=1, max_length=64)]
Labelled = dict[LabelName, Annotated[list[Sentence], Field(min_length=1, max_length=2000)]]


@dataclass(frozen=True)
class LabelledText:
    """A text, and what its user takes it for."""

    text: str
    label: str


def flat(labelled: Mapping[str, list[str]]) -> tuple[LabelledText, ...]:
    """The texts of a set in the order in which they were written."""
    return tuple(LabelledText(text, label) for label, texts in labelled.items() for text in texts)


def shipped_names() -> tuple[str, ...]:
    """The names of the sets that ship."""
    folder = resources.files("lab") / "texts"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


@cache
def shipped(name: str) -> tuple[LabelledText, ...]:
    """A set that ships."""
    content = (resources.files("lab") / "texts" / f"{name}.yaml").read_text(encoding="utf-8")
    return flat(yaml.safe_load(content))
