"""Shapes of updates of a head."""

from typing import Annotated

from pydantic import Field

from app.schemas.base import LARGEST_INTEGER, AnswerModel, RequestModel, TaskName

Count = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


class TrainingParameters(RequestModel):
    """Parameters of a run; the head's manifest bounds each and has the defaults."""

    epochs: Count | None = None
    mini_batch_size: Count | None = None
    learning_rate: Annotated[float, Field(allow_inf_nan=False)] | None = None
    shuffle: bool | None = None
    seed: Count | None = None

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

    epoch: int
    epochs: int
    loss: float | None


class UpdateAnswer(AnswerModel):
    """One run of the update task: where it stands, and what came of it."""

    id: str
    task: str
    trigger: str
    state: str = Field(description="suspended, running, cancelling, completed or failed")
    outcome: str | None = Field(description="published or rejected, once the candidate was judged")
    version: int | None
    parameters: dict[str, float | int | bool]
    metrics: dict[str, float | int | None]
    reasons: list[str]
    created_at: str
    finished_at: str | None
    progress: ProgressAnswer


class UpdatesAnswer(AnswerModel):
    """Some updates, newest first."""

    items: list[UpdateAnswer]
    next_after: int | None
