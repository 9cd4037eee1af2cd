"""The bundle's manifest: what it holds, and what may be done with its heads."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from model_store.spans import tags_of, types_of

SCHEMA = 1
MOST_LABELS = 256
ENCODER = "encoder.onnx"
TOKENIZER = "tokenizer.json"
CARD = "CARD.md"
CHECKPOINT = "checkpoint"
TRAINING_FILES = ("training_model.onnx", "eval_model.onnx", "optimizer_model.onnx", "replay.npz")

_FILE_NAME = re.compile(r"[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*")
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class IntegerBound(_Frozen):
    """A whole-number training parameter: its default, and the closed range it may take."""

    default: int
    minimum: int
    maximum: int

    @model_validator(mode="after")
    def _default_within(self) -> Self:
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError("the default lies outside minimum..maximum")
        return self


class NumberBound(_Frozen):
    """A real training parameter: its default, and the closed range it may take."""

    default: float
    minimum: float
    maximum: float

    @model_validator(mode="after")
    def _default_within(self) -> Self:
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError("the default lies outside minimum..maximum")
        return self


class Switch(_Frozen):
    """A yes-or-no training parameter."""

    default: bool


class ParameterBounds(_Frozen):
    """What an update may ask for, as Core ML's model description bounds MLParameterKey values."""

    epochs: IntegerBound
    mini_batch_size: IntegerBound
    learning_rate: NumberBound
    seed: IntegerBound
    shuffle: Switch


@dataclass(frozen=True)
class UpdateTerms:
    """What an updatable head may be trained with. `user_weight` is that of the user's mean loss beside the rehearsal's
    mean loss of weight 1.
    """

    parameters: ParameterBounds
    user_weight: float


class TaskManifest(_Frozen):
    """One task: its labels in output order, and its head.

    A `sentence` task chooses one label for a text. A `token` task gives each token one of its labels, which are
    begin-inside-outside tags (see `model_store.spans`): two of each type, and one for outside. `parameters` and
    `user_weight` are there where the head is updatable; `terms` has both.
    """

    kind: Literal["sentence", "token"]
    labels: tuple[Annotated[str, Field(min_length=1, max_length=66)], ...] = Field(
        min_length=2, max_length=2 * MOST_LABELS + 1
    )
    updatable: bool
    parameters: ParameterBounds | None = None
    user_weight: float | None = Field(default=None, gt=0, le=1)
    metrics: dict[str, float] = {}

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError("labels must differ")
        return labels

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.updatable and (self.parameters is None or self.user_weight is None):
            raise ValueError("an updatable head needs parameters and user_weight")
        if self.kind == "token":
            if self.updatable:
                raise ValueError("the head of a token task can't be updatable")
            if self.labels != tags_of(types_of(self.labels)):
                raise ValueError("the labels of a token task must be O, then B- and I- of each type")
        return self

    @property
    def terms(self) -> UpdateTerms | None:
        """What updates of its head may do; None where it is not updatable."""
        if not self.updatable or self.parameters is None or self.user_weight is None:
            return None
        return UpdateTerms(self.parameters, self.user_weight)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files of its head."""
        return (CHECKPOINT, *TRAINING_FILES) if self.updatable else (CHECKPOINT,)


class FileEntry(_Frozen):
    """Size in bytes and SHA-256 of one file."""

    sha256: Sha256
    size: int = Field(ge=0)


class Signature(_Frozen):
    """See `model_store.signing`."""

    algorithm: Literal["ed25519"]
    key_id: str
    value: str


class Manifest(_Frozen):
    """Everything a runtime must know of a bundle before it reads another byte of it."""

    schema_: Literal[1] = Field(alias="schema")
    bundle_version: str = Field(min_length=1, max_length=64)
    base_id: Sha256
    feature_width: int = Field(ge=1, le=8192)
    max_length: int = Field(ge=8, le=8192)
    tasks: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")], TaskManifest] = Field(min_length=1)
    files: dict[str, FileEntry]
    provenance: dict[str, JsonValue] = {}
    signature: Signature

    @field_validator("files")
    @classmethod
    def _names_stay_inside(cls, files: dict[str, FileEntry]) -> dict[str, FileEntry]:
        for name in files:
            if not _FILE_NAME.fullmatch(name) or ".." in name.split("/"):
                raise ValueError("a file name leaves the bundle or holds odd characters")
        return files

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = [ENCODER, TOKENIZER, CARD]
        needed += [head_file(task, name) for task, spec in self.tasks.items() for name in spec.files]
        missing = [name for name in needed if name not in self.files]
        if missing:
            raise ValueError(f"files lacks {', '.join(missing)}")
        if self.base_id != base_id(self.files[ENCODER].sha256, self.files[TOKENIZER].sha256):
            raise ValueError("base_id is not that of the encoder and the tokenizer")
        return self


def head_file(task: str, name: str) -> str:
    """Path inside the bundle of the file `name` of a task's head."""
    return f"heads/{task}/{name}"


def base_id(encoder_sha256: str, tokenizer_sha256: str) -> str:
    """Name of a base: features of two encoders, or of two tokenisations, must never be mixed."""
    return hashlib.sha256(f"{encoder_sha256}{tokenizer_sha256}".encode()).hexdigest()
