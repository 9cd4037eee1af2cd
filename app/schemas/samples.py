"""Shapes of consent, samples, export, import and erasure."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from app.schemas.base import AnswerModel, Page, RequestModel, TaskName


def _at_least_one(schema: dict[str, Any]) -> None:
    schema["minProperties"] = 1
    for field in schema["properties"].values():
        field.pop("default", None)


class ConsentRequest(RequestModel):
    """What the user agrees to, or no longer: at least one of both. What is left out keeps what holds."""

    model_config = ConfigDict(json_schema_extra=_at_least_one)

    personalization: bool = Field(False, description="learning from feedback")
    cloud_assist: bool = Field(False, description="sending redacted prompts to the configured cloud model")

    @model_validator(mode="after")
    def _some(self) -> "ConsentRequest":
        if not self.model_fields_set:
            raise ValueError("give personalization, cloud_assist or both")
        return self

    def given(self) -> dict[str, bool]:
        """What was not left out."""
        return self.model_dump(exclude_unset=True)


class ConsentAnswer(AnswerModel):
    """What the user has agreed to, since when."""

    personalization: bool
    cloud_assist: bool
    since: str | None


class SamplesQuery(Page):
    """Which samples."""

    task: TaskName | None = None


class DeletionQuery(RequestModel):
    """What becomes of versions that learnt from a deleted sample."""

    then: Literal["keep", "retrain", "destroy"] = Field(
        "keep", description="keep the versions, destroy them, or destroy them and train anew without the sample"
    )


class SampleAnswer(AnswerModel):
    """One piece of feedback; `text` is null where the policy kept the features only."""

    id: int
    task: str
    text: str | None
    label: str
    source: str
    state: str
    created_at: str
    learned_by: list[int]


class SamplesAnswer(AnswerModel):
    """Some samples, oldest first."""

    items: list[SampleAnswer]
    next_after: int | None
    total: int


class VersionName(AnswerModel):
    """A version of a task's head."""

    task: str
    version: int


class DeletionAnswer(AnswerModel):
    """What was deleted, and which versions hold something of it."""

    deleted: int
    affected_versions: list[VersionName]
    updates: list[str]


class ExportQuery(RequestModel):
    """In which form."""

    sealed: bool = Field(False, strict=False, description="encrypt the export")


class ImportAnswer(AnswerModel):
    """What an import restored; a version without its parameters can't be served."""

    samples: int
    versions: int
    versions_without_parameters: int


class ErasedAnswer(AnswerModel):
    """The user's data is gone, and its keys with it."""

    erased: Literal[True] = True
