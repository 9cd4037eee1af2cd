"""What happens to the device in an ordinary day: its conditions, its schedule, its power; and what is noted of it."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lab.user_actions import Until
from lab.vocabulary import Action, Figure, Kept, Name, Part, Passphrase, Share, bare

Thermal = Literal["nominal", "fair", "serious", "critical"]
_WAYS = {
    "resting": {"charging": True, "wifi": True, "idle": True},
    "in use": {"charging": False, "wifi": False, "idle": False},
}


def _way(value: object) -> object:
    if isinstance(value, str) and value in _WAYS:
        return _WAYS[value]
    if not isinstance(value, dict):
        known = ", ".join(sorted(Conditions.model_fields))
        raise ValueError(f"must be resting, in use, or a mapping; known in it are: {known}")  # noqa: TRY004  # pydantic tells those
    return value


def _word(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


class Change(Part):
    """New values for some of the things that it knows."""

    @model_validator(mode="after")
    def _something(self) -> "Change":
        if not self.model_dump(exclude_none=True):
            raise ValueError(f"changes nothing: write one at least of: {', '.join(sorted(type(self).model_fields))}")
        return self


class Conditions(Change):
    """What the phone senses; what is left out stays. `resting` and `in use` set charging, wifi and idle at once."""

    charging: bool | None = None
    wifi: bool | None = None
    idle: bool | None = None
    battery: Share | None = None
    thermal: Thermal | None = None


class Phone(Action):
    """Change the conditions."""

    phone: Annotated[
        Conditions, BeforeValidator(_way, json_schema_input_type=Conditions | Literal["resting", "in use"])
    ]

    def told(self) -> str:
        """The action in words."""
        given = self.phone.model_dump(exclude_none=True)
        for name, values in _WAYS.items():
            if given == values:
                return f"the phone is {name}"
        return "the phone: " + ", ".join(f"{name} {_word(value)}" for name, value in given.items())


class ScheduleParameters(Part):
    """Parameters of scheduled updates."""

    epochs: int | None = None
    mini_batch_size: int | None = None
    learning_rate: Figure | None = None


class Policy(Change):
    """A change of the schedule's policy, as `PUT /v1/schedule`, which has these bounds."""

    enabled: bool | None = None
    every_seconds: int | None = Field(None, ge=1, le=604_800)
    min_new_samples: int | None = Field(None, ge=1, le=100_000)
    require_charging: bool | None = None
    require_wifi: bool | None = None
    require_idle: bool | None = None
    min_battery: Share | None = None
    max_thermal: Thermal | None = None
    samples_after: Literal["keep", "keep_features", "delete"] | None = None
    retention_days: int | None = Field(None, ge=1, le=36_500)
    parameters: ScheduleParameters | None = None


class Schedule(Action):
    """Change the schedule."""

    schedule: Policy

    def told(self) -> str:
        """The action in words."""
        given = self.schedule.model_dump(exclude_none=True)
        given |= given.pop("parameters", {})
        return "the schedule: " + ", ".join(f"{name} {_word(value)}" for name, value in given.items())


class LookWish(Part):
    """How long to wait for the update that the look may begin."""

    until: Until = "end"


class Look(Action):
    """The schedule looks at the conditions now."""

    look: Annotated[LookWish, bare(LookWish)]

    def told(self) -> str:
        """The action in words."""
        return "the schedule looks" + (f" (until {self.look.until})" if self.look.until != "end" else "")


class Wait(Action):
    """Wait until no update runs."""

    wait: Annotated[Part, bare(Part)]

    def told(self) -> str:
        """The action in words."""
        return "the update ends"

    def mark(self) -> None:
        """Nothing happens."""


class StartWish(Part):
    """With what: another passphrase than the scenario's."""

    passphrase: Passphrase | None = None


class Start(Action):
    """Start the device. One that was never started is started by what is done with it first."""

    start: Annotated[StartWish, bare(StartWish)]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        return "the device starts" + (" with another passphrase" if self.start.passphrase else "")


class Stop(Action):
    """Stop it in good order."""

    stop: Annotated[Part, bare(Part)]

    def told(self) -> str:
        """The action in words."""
        return "the device stops"


class Restart(Action):
    """Stop it, and start it again."""

    restart: Annotated[Part, bare(Part)]

    def told(self) -> str:
        """The action in words."""
        return "the device restarts"


class Remembering(Part):
    """Answers to `texts`, remembered under a name."""

    as_: Name = Field(alias="as")
    texts: Name


class Remember(Action):
    """Remember what the device answers, to compare it later."""

    remember: Remembering

    def told(self) -> str:
        """The action in words."""
        return f"the answers to {self.remember.texts} are noted as {self.remember.as_}"

    def mark(self) -> None:
        """Nothing happens to the device."""

    def texts(self) -> Iterable[str]:
        """The set."""
        return (self.remember.texts,)

    def keeps(self) -> Iterable[Kept]:
        """The answers."""
        return (Kept("answers", self.remember.as_),)
