"""Shapes of updates of a head."""

from typing import Annotated

from pydantic import Field

from app.schemas.base import LARGEST_INTEGER, AnswerModel, RequestModel, TaskName

Count = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


class TrainingParameters(RequestModel):
    """Parameters of a run; the head's manifest bounds each and has the defaults."""

    epochs: Count | None = Field(None, description="passes over the samples")
    mini_batch_size: Count | None = Field(None, description="samples a step")
    learning_rate: Annotated[float, Field(allow_inf_nan=False)] | None = Field(None, description="Adam's step size")
    shuffle: bool | None = Field(None, description="mix the samples before each epoch")
    seed: Count | None = Field(None, description="of the shuffling")

    def chosen(self) -> dict[str, int | float | bool]:
        """Those that were given."""
        return self.model_dump(exclude_none=True)


class UpdateRequest(RequestModel):
    """Train a task's head on what the user has said."""

    task: TaskName = "sentiment"
    parameters: TrainingParameters = TrainingParameters()
    force: bool = Field(False, description="train although the device is not charging, on Wi-Fi, idle, charged or cool")


class ProgressAnswer(AnswerModel):
    """How far the training is."""

    epoch: int = Field(description="epochs that are over")
    epochs: int = Field(description="epochs in all; 0 before training begins")
    loss: float | None = Field(description="mean of the last epoch")


class UpdateAnswer(AnswerModel):
    """One run of the update task: where it stands, and what came of it."""

    id: str = Field(description="names the update")
    task: str = Field(description="whose head is trained")
    trigger: str = Field(description="what asked for it: `request`, `schedule` or `deletion`")
    state: str = Field(description="suspended, running, cancelling, completed or failed")
    outcome: str | None = Field(description="published or rejected, once the candidate was judged")
    version: int | None = Field(description="the version that was published")
    parameters: dict[str, float | int | bool] = Field(description="that the training ran with")
    metrics: dict[str, float | int | None] = Field(description="what training and gate measured")
    reasons: list[str] = Field(description="why it was rejected, or did not end")
    created_at: str = Field(description="by the device's clock")
    finished_at: str | None = Field(description="null while it runs")
    progress: ProgressAnswer = Field(description="how far the training is")


class UpdatesAnswer(AnswerModel):
    """Some updates, newest first."""

    items: list[UpdateAnswer] = Field(description="newest first")
    next_after: int | None = Field(description="for the next page; null on the last")
