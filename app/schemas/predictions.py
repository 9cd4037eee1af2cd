"""Shapes of prediction and feedback."""

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from app.schemas.base import AnswerModel, Identifier, Label, RequestModel, TaskName, Text, VersionNumber, either

MAX_TEXTS = 256


class PredictRequest(RequestModel):
    """One text or several."""

    model_config = ConfigDict(json_schema_extra=either(("text",), ("texts",)))

    text: Text = ""
    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)] = Field(
        default_factory=list, description="answered in their order"
    )
    task: TaskName = "sentiment"
    version: VersionNumber | None = Field(
        None, description="ask this version, whatever its state, instead of the one that serves: to compare them"
    )

    @model_validator(mode="after")
    def _one_of(self) -> "PredictRequest":
        if ("text" in self.model_fields_set) == ("texts" in self.model_fields_set):
            raise ValueError("give either text or texts")
        return self

    def asked(self) -> list[str]:
        """The texts, whichever way they came."""
        return [self.text] if "text" in self.model_fields_set else self.texts


class PredictionAnswer(AnswerModel):
    """What a sentence task took one text for, and by which version."""

    id: str = Field(description="names the prediction in feedback")
    task: str = Field(description="the task that was asked")
    label: str = Field(description="the most probable label")
    probabilities: dict[str, float] = Field(description="of every label; their sum is 1")
    version: int = Field(ge=0, description="the version of the head that answered; 0 is the bundle's")
    bundle: str = Field(description="the bundle's version")
    elapsed_ms: float = Field(ge=0, description="inside the service, in milliseconds")


class EntityAnswer(AnswerModel):
    """A part of a text, by its characters (Unicode code points) from `start` to `end`, exclusive."""

    start: int = Field(ge=0, description="first character")
    end: int = Field(ge=1, description="the character after the last")
    type: str = Field(examples=["TOPIC"], description="one of the task's types")
    text: str = Field(min_length=1, examples=["演讲能力"], description="the characters themselves")
    probability: float = Field(ge=0, le=1, description="mean of its tokens' tags")


class EntitiesAnswer(AnswerModel):
    """What a token task found in one text, in the text's order, and by which version; of a text longer than the model
    reads, in what it reads.
    """

    id: str = Field(description="names the prediction")
    task: str = Field(description="the task that was asked")
    entities: list[EntityAnswer] = Field(description="in the text's order; they never overlap")
    version: int = Field(ge=0, description="the version of the head that answered; 0 is the bundle's")
    bundle: str = Field(description="the bundle's version")
    elapsed_ms: float = Field(ge=0, description="inside the service, in milliseconds")


class PredictionsAnswer(AnswerModel):
    """The answers to several texts, in their order, all by one version."""

    predictions: list[PredictionAnswer] | list[EntitiesAnswer] = Field(description="in the order of `texts`")


class FeedbackRequest(RequestModel):
    """What an earlier prediction, or a text of its own, should have been."""

    model_config = ConfigDict(json_schema_extra=either(("prediction_id",), ("text", "task")))

    label: Label
    prediction_id: Annotated[Identifier, Field(description="the `id` of an earlier answer of this device")] = ""
    text: Text = ""
    task: TaskName = ""

    @model_validator(mode="after")
    def _one_of(self) -> "FeedbackRequest":
        given = self.model_fields_set
        if ("prediction_id" in given) == ("text" in given):
            raise ValueError("give either prediction_id, or text and task")
        if "text" in given and "task" not in given:
            raise ValueError("text needs a task")
        return self


class FeedbackAnswer(AnswerModel):
    """The sample that was stored, and how many of its task wait to be learnt."""

    sample_id: int = Field(ge=1, description="the sample; it can be deleted by this id")
    task: str = Field(description="whose head will learn it")
    pending: int = Field(ge=0, description="samples of the task that wait to be learnt")
