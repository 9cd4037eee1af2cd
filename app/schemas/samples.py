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

    personalization: bool = Field(description="to learning from feedback")
    cloud_assist: bool = Field(description="to sending redacted prompts to the configured cloud model")
    since: str | None = Field(description="when it was last changed; null if it never was")


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

    id: int = Field(description="for its deletion")
    task: str = Field(description="whose head learns it")
    text: str | None = Field(description="the user's words; null where the policy kept the features only")
    label: str = Field(description="what it should have been")
    source: str = Field(description="feedback on a `prediction`, or on a `text` of its own")
    state: str = Field(
        description="`new` while it waits to be learnt, `used` after, `set_aside` where this bundle can't learn it"
    )
    created_at: str = Field(description="by the device's clock")
    learned_by: list[int] = Field(description="numbers of the versions that learnt it")


class SamplesAnswer(AnswerModel):
    """Some samples, oldest first."""

    items: list[SampleAnswer] = Field(description="oldest first")
    next_after: int | None = Field(description="for the next page; null on the last")
    total: int = Field(description="on all pages")


class VersionName(AnswerModel):
    """A version of a task's head."""

    task: str = Field(description="the head's task")
    version: int = Field(description="its number")


class DeletionAnswer(AnswerModel):
    """What was deleted, and which versions hold something of it."""

    deleted: int = Field(description="how many samples")
    affected_versions: list[VersionName] = Field(
        description="that learnt from them, or were trained onwards from one that did"
    )
    updates: list[str] = Field(description="ids of the updates that were started to train without them")


class ExportQuery(RequestModel):
    """In which form."""

    sealed: bool = Field(False, strict=False, description="encrypt the export")


class ImportAnswer(AnswerModel):
    """What an import restored; a version without its parameters can't be served."""

    samples: int = Field(description="restored")
    versions: int = Field(description="restored")
    versions_without_parameters: int = Field(
        description="of these, such that can't be served: their seal was not for this device"
    )


class ErasedAnswer(AnswerModel):
    """The user's data is gone, and its keys with it."""

    erased: Literal[True] = Field(True, description="always true")
