"""A labelled text: what every source is read into."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Annotation:
    """The spans of a text, complete for `types`; of others nothing is known."""

    spans: tuple[Span, ...]
    types: frozenset[str]


@dataclass(frozen=True)
class Example:
    """A text with a label (its index) for some sentence tasks, and spans for some token tasks, by the task's name."""

    text: str
    source: str
    labels: Mapping[str, int] = field(default_factory=dict)
    spans: Mapping[str, Annotation] = field(default_factory=dict)
