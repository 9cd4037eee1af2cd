"""Tasks as a recipe declares them: what is decided of a text, or of its tokens."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from model_store.manifest import MOST_LABELS
from model_store.spans import OUTSIDE, tags_of
from toolchain.settings import Settings
from toolchain.words import KINDS

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Task(Settings):
    """A decision and its labels: of a sentence, one of `labels`; of tokens, spans of the types `labels`.

    `weight` is that of its loss beside other tasks' in training; `updatable` heads can be trained on a device. The
    spans of a `segmented` task are the words of every text, by kind, as a dictionary has them (`toolchain.words`): it
    helps other tasks in training, and is no part of a bundle.
    """

    kind: Literal["sentence", "token"] = "sentence"
    labels: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(min_length=1, max_length=MOST_LABELS)
    updatable: bool = False
    segmented: bool = False
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must differ")
        if self.kind == "sentence" and len(self.labels) < 2:
            raise ValueError("a sentence task needs two labels at least")
        if self.kind == "token" and (self.updatable or OUTSIDE in self.labels):
            raise ValueError(f"a token task is not updatable, and {OUTSIDE} is no type of a span")
        if self.segmented and (self.kind != "token" or set(self.labels) != set(KINDS)):
            raise ValueError(f"a segmented task is of tokens, and its labels are {', '.join(KINDS)}")
        return self

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the head's outputs stand for: the labels, or begin-inside-outside tags of the types."""
        return tags_of(self.labels) if self.kind == "token" else self.labels
