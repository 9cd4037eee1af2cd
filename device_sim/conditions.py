"""The phone's conditions, and whether they allow training. Pure values and rules."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import IntEnum
from typing import Literal

from device_sim.errors import InvalidInput

SamplesAfter = Literal["keep", "keep_features", "delete"]


class Thermal(IntEnum):
    """Heat, as iOS's ProcessInfo.ThermalState grades it."""

    NOMINAL = 0
    FAIR = 1
    SERIOUS = 2
    CRITICAL = 3


_GRADES = [grade.name.lower() for grade in Thermal]


@dataclass(frozen=True)
class Conditions:
    """What the phone senses. A new device lies unplugged, away from Wi-Fi and in use: it will not train by itself."""

    charging: bool = False
    wifi: bool = False
    idle: bool = False
    battery: float = 1.0
    thermal: str = "nominal"

    def check(self) -> "Conditions":
        """These conditions, if they make sense. Raises InvalidInput."""
        if not 0 <= self.battery <= 1:
            raise InvalidInput("battery is a share between 0 and 1", field="battery")
        if self.thermal not in _GRADES:
            raise InvalidInput(f"thermal is one of {', '.join(_GRADES)}", field="thermal", allowed=_GRADES)
        return self


@dataclass(frozen=True)
class DeviceChange:
    """New conditions; None leaves one as it is. `now` sets the clock, `follow_real_clock` undoes that."""

    charging: bool | None = None
    wifi: bool | None = None
    idle: bool | None = None
    battery: float | None = None
    thermal: str | None = None
    now: datetime | None = None
    follow_real_clock: bool = False

    def apply(self, conditions: Conditions) -> Conditions:
        """`conditions` with this change."""
        names = {field.name for field in fields(Conditions)}
        changed = {name: value for name, value in vars(self).items() if name in names and value is not None}
        return replace(conditions, **changed).check()


@dataclass(frozen=True)
class TrainingParametersOverride:
    """Parameters that scheduled updates use in place of the head's defaults; None means the default."""

    epochs: int | None = None
    mini_batch_size: int | None = None
    learning_rate: float | None = None
    shuffle: bool | None = None
    seed: int | None = None

    def chosen(self) -> dict[str, int | float | bool]:
        """Those that were set."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class SchedulePolicy:
    """When the device may train by itself, and what becomes of samples afterwards."""

    enabled: bool = True
    every_seconds: int = 900
    min_new_samples: int = 20
    require_charging: bool = True
    require_wifi: bool = True
    require_idle: bool = True
    min_battery: float = 0.2
    max_thermal: str = "fair"
    parameters: TrainingParametersOverride = TrainingParametersOverride()
    samples_after: SamplesAfter = "keep"
    retention_days: int = 365

    def check(self) -> "SchedulePolicy":
        """This policy, if it makes sense. Raises InvalidInput naming the field and its bounds."""
        bounds = {"every_seconds": (1, 604_800), "min_new_samples": (1, 100_000), "retention_days": (1, 36_500)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise InvalidInput(f"{name} lies between {low} and {high}", field=name)
        if self.samples_after not in ("keep", "keep_features", "delete"):
            allowed = ("keep", "keep_features", "delete")
            raise InvalidInput(f"samples_after is one of {', '.join(allowed)}", field="samples_after", allowed=allowed)
        if not 0 <= self.min_battery <= 1:
            raise InvalidInput("min_battery is a share between 0 and 1", field="min_battery")
        if self.max_thermal not in _GRADES:
            raise InvalidInput(f"max_thermal is one of {', '.join(_GRADES)}", field="max_thermal", allowed=_GRADES)
        return self


@dataclass(frozen=True)
class Decision:
    """What a look decided; `at` is the device's time."""

    at: str
    trigger: str
    action: Literal["train", "wait"]
    reasons: tuple[str, ...]
    update_ids: tuple[str, ...] = ()

    def check(self) -> "Decision":
        """This decision, if a device could have made it. Raises InvalidInput."""
        try:
            zoned = datetime.fromisoformat(self.at).tzinfo is not None
        except ValueError:
            zoned = False
        if not zoned:
            raise InvalidInput("at is an ISO 8601 time with its zone", field="at")
        return self


def obstacles(policy: SchedulePolicy, conditions: Conditions) -> tuple[str, ...]:
    """Why the device may not train now; empty when it may."""
    found = []
    if policy.require_charging and not conditions.charging:
        found.append("not charging")
    if policy.require_wifi and not conditions.wifi:
        found.append("not on Wi-Fi")
    if policy.require_idle and not conditions.idle:
        found.append("not idle")
    if conditions.battery < policy.min_battery:
        found.append(f"battery at {conditions.battery:.0%}, below {policy.min_battery:.0%}")
    if Thermal[conditions.thermal.upper()] > Thermal[policy.max_thermal.upper()]:
        found.append(f"too hot: {conditions.thermal}, at most {policy.max_thermal}")
    return tuple(found)


def decide(
    policy: SchedulePolicy, conditions: Conditions, consent: bool, running: bool, new_samples: dict[str, int],
    refused: Collection[str] = (),
) -> tuple[tuple[str, ...], tuple[str, ...]]:  # fmt: skip
    """What a tick should do: (tasks to train, reasons). With tasks, the reasons say why they; without, why not.

    For the tasks in `refused` training would only repeat what was rejected: they wait for new samples.
    """
    against = list(obstacles(policy, conditions))
    if not policy.enabled:
        against.append("the schedule is switched off")
    if not consent:
        against.append("no consent to personalisation")
    if running:
        against.append("an update is running")
    counts = [f"{task}: {count} of {policy.min_new_samples} new samples" for task, count in new_samples.items()]
    counts += [f"{task}: a candidate from just these samples was rejected" for task in refused]
    ready = tuple(
        task for task, count in new_samples.items() if count >= policy.min_new_samples and task not in refused
    )
    if against or not ready:
        return (), (*against, *counts)
    return ready, tuple(counts)
