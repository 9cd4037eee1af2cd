"""Shapes of the device's conditions, the schedule, and health."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from app.schemas.base import AnswerModel, RequestModel
from app.schemas.updates import TrainingParameters

Thermal = Literal["nominal", "fair", "serious", "critical"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class DeviceRequest(RequestModel):
    """New conditions; what is left out stays as it is. `now: null` follows the real clock again."""

    charging: bool | None = None
    wifi: bool | None = None
    idle: bool | None = None
    battery: Share | None = None
    thermal: Thermal | None = None
    now: Annotated[AwareDatetime, Field(strict=False)] | None = Field(None, description="ISO 8601 with an offset")


class DeviceAnswer(AnswerModel):
    """What the phone senses, and its time."""

    charging: bool
    wifi: bool
    idle: bool
    battery: float
    thermal: Thermal
    now: str
    clock: Literal["real", "set"]


class ScheduleRequest(RequestModel):
    """A new policy; what is left out stays as it is."""

    enabled: bool | None = None
    every_seconds: Annotated[int, Field(ge=1, le=604_800)] | None = None
    min_new_samples: Annotated[int, Field(ge=1, le=100_000)] | None = None
    require_charging: bool | None = None
    require_wifi: bool | None = None
    require_idle: bool | None = None
    min_battery: Share | None = None
    max_thermal: Thermal | None = None
    parameters: TrainingParameters | None = Field(
        None, description="all of the update's parameters: those left out are the head's defaults again"
    )
    samples_after: Literal["keep", "keep_features", "delete"] | None = None
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None

    def changes(self) -> dict[str, Any]:
        """What was given; null is the same as leaving out."""
        return self.model_dump(exclude_none=True)


class TrainingParametersAnswer(AnswerModel):
    """Parameters of scheduled updates; null is the head's default."""

    epochs: int | None
    mini_batch_size: int | None
    learning_rate: float | None
    shuffle: bool | None
    seed: int | None


class PolicyAnswer(AnswerModel):
    """When the device may train by itself, and what becomes of samples afterwards."""

    enabled: bool
    every_seconds: int
    min_new_samples: int
    require_charging: bool
    require_wifi: bool
    require_idle: bool
    min_battery: float
    max_thermal: Thermal
    parameters: TrainingParametersAnswer
    samples_after: Literal["keep", "keep_features", "delete"]
    retention_days: int


class DecisionAnswer(AnswerModel):
    """What a look at the conditions led to, and why."""

    at: str
    trigger: str
    action: Literal["train", "wait"]
    reasons: list[str]
    update_ids: list[str]


class ScheduleAnswer(AnswerModel):
    """The policy, when the device looks next, and what it decided last."""

    policy: PolicyAnswer
    next_look: str | None
    last_decision: DecisionAnswer | None


class LiveAnswer(AnswerModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class ReadyAnswer(AnswerModel):
    """Whether everything serves as it should."""

    status: Literal["ready", "degraded"]
    reasons: list[str]
