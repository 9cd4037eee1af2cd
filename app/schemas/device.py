"""Shapes of the device's conditions, the schedule, and health."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from app.schemas.base import AnswerModel, RequestModel
from app.schemas.updates import TrainingParameters

Thermal = Literal["nominal", "fair", "serious", "critical"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class DeviceRequest(RequestModel):
    """New conditions; what is left out stays as it is. `now: null` follows the real clock again."""

    charging: bool | None = Field(None, description="on a charger")
    wifi: bool | None = Field(None, description="on Wi-Fi")
    idle: bool | None = Field(None, description="nobody is using it")
    battery: Share | None = Field(None, description="charge, from 0 to 1")
    thermal: Thermal | None = Field(None, description="heat, as iOS names it")
    now: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        None, description="its clock, ISO 8601 with an offset; null follows the real clock again"
    )


class DeviceAnswer(AnswerModel):
    """What the phone senses, and its time."""

    charging: bool = Field(description="on a charger")
    wifi: bool = Field(description="on Wi-Fi")
    idle: bool = Field(description="the user is not using it")
    battery: float = Field(description="charge, from 0 to 1")
    thermal: Thermal = Field(description="heat, as iOS names it")
    now: str = Field(description="the device's time, ISO 8601")
    clock: Literal["real", "set"] = Field(
        description="`real` follows the machine's; `set` goes on from where it was set"
    )


class ScheduleRequest(RequestModel):
    """A new policy; what is left out stays as it is."""

    enabled: bool | None = Field(None, description="whether it trains by itself at all")
    every_seconds: Annotated[int, Field(ge=1, le=604_800)] | None = Field(None, description="seconds between looks")
    min_new_samples: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="of a task, for it to be trained"
    )
    require_charging: bool | None = Field(None, description="only on a charger")
    require_wifi: bool | None = Field(None, description="only on Wi-Fi")
    require_idle: bool | None = Field(None, description="only while nobody uses it")
    min_battery: Share | None = Field(None, description="least charge")
    max_thermal: Thermal | None = Field(None, description="most heat")
    parameters: TrainingParameters | None = Field(
        None, description="all of the update's parameters: those left out are the head's defaults again"
    )
    samples_after: Literal["keep", "keep_features", "delete"] | None = Field(
        None, description="what becomes of samples that were learnt"
    )
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        None, description="days that samples are kept"
    )

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

    enabled: bool = Field(description="whether it trains by itself at all")
    every_seconds: int = Field(description="between looks")
    min_new_samples: int = Field(description="of a task, for it to be trained")
    require_charging: bool = Field(description="only on a charger")
    require_wifi: bool = Field(description="only on Wi-Fi")
    require_idle: bool = Field(description="only while nobody uses it")
    min_battery: float = Field(description="least charge, from 0 to 1")
    max_thermal: Thermal = Field(description="most heat")
    parameters: TrainingParametersAnswer = Field(description="of scheduled updates")
    samples_after: Literal["keep", "keep_features", "delete"] = Field(
        description="what becomes of samples that were learnt"
    )
    retention_days: int = Field(description="days that samples are kept")


class DecisionAnswer(AnswerModel):
    """What a look at the conditions led to, and why."""

    at: str = Field(description="by the device's clock")
    trigger: str = Field(description="what made it look")
    action: Literal["train", "wait"] = Field(description="what it decided")
    reasons: list[str] = Field(description="every reason, for or against")
    update_ids: list[str] = Field(description="updates that were started")


class ScheduleAnswer(AnswerModel):
    """The policy, what waits to be learnt, when the device looks next, and what it decided last."""

    policy: PolicyAnswer = Field(description="when it may train by itself")
    pending: dict[str, int] = Field(description="samples that wait to be learnt, of each task that can learn")
    next_look: str | None = Field(description="null when it does not look by itself")
    last_decision: DecisionAnswer | None = Field(description="null before the first look")


class LiveAnswer(AnswerModel):
    """The process is alive."""

    status: Literal["ok"] = Field("ok", description="always `ok`")


class ReadyAnswer(AnswerModel):
    """Whether everything serves as it should."""

    status: Literal["ready", "degraded"] = Field(description="`degraded` still serves, but not as it should")
    reasons: list[str] = Field(description="what is amiss")
