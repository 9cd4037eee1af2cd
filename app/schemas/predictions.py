"""Shapes of prediction and feedback."""

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from app.schemas.base import AnswerModel, Identifier, Label, RequestModel, TaskName, Text, either

MAX_TEXTS = 256


class PredictRequest(RequestModel):
    """One text or several."""

    model_config = ConfigDict(json_schema_extra=either(("text",), ("texts",)))

    text: Text = ""
    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)] = Field(default_factory=list)
    task: TaskName = "sentiment"

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

    id: str
    task: str
    label: str
    probabilities: dict[str, float]
    version: int = Field(ge=0)
    bundle: str
    elapsed_ms: float = Field(ge=0)


class EntityAnswer(AnswerModel):
    """A part of a text, by its characters (Unicode code points) from `start` to `end`, exclusive."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    type: str = Field(examples=["TOPIC"])
    text: str = Field(min_length=1, examples=["演讲能力"])
    probability: float = Field(ge=0, le=1)


class EntitiesAnswer(AnswerModel):
    """What a token task found in one text, in the text's order, and by which version; of a text longer than the model
    reads, in what it reads.
    """

    id: str
    task: str
    entities: list[EntityAnswer]
    version: int = Field(ge=0)
    bundle: str
    elapsed_ms: float = Field(ge=0)


class PredictionsAnswer(AnswerModel):
    """The answers to several texts, in their order, all by one version."""

    predictions: list[PredictionAnswer] | list[EntitiesAnswer]


class FeedbackRequest(RequestModel):
    """What an earlier prediction, or a text of its own, should have been."""

    model_config = ConfigDict(json_schema_extra=either(("prediction_id",), ("text", "task")))

    label: Label
    prediction_id: Identifier = ""
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

    sample_id: int = Field(ge=1)
    task: str
    pending: int = Field(ge=0)
