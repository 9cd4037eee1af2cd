"""What happens to the device: its conditions, its clock, its schedule, its power, and the faults."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lab.times import SpanText, parse_span
from lab.user_actions import Until
from lab.vocabulary import Action, Name, Part, Passphrase, bare, either

Damaged = Literal["database", "keystore", "bundle"]
Thermal = Literal["nominal", "fair", "serious", "critical"]
Share = Annotated[float, Field(ge=0, le=1, strict=False)]
_WAYS = {
    "resting": {"charging": True, "wifi": True, "idle": True},
    "in use": {"charging": False, "wifi": False, "idle": False},
}


def _way(value: object) -> object:
    return _WAYS.get(value, value) if isinstance(value, str) else value


class Conditions(Part):
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
        words = (
            f"{name} {'yes' if value is True else 'no' if value is False else value}" for name, value in given.items()
        )
        return "the phone: " + ", ".join(words)


class Clock(Action):
    """The device's clock jumps, and stays wrong by that."""

    clock: SpanText

    def told(self) -> str:
        """The action in words."""
        way = "back" if self.span < timedelta() else "forward"
        return f"the clock jumps {way} by {self.clock.lstrip('+-')}"

    @property
    def span(self) -> timedelta:
        """How far."""
        return parse_span(self.clock)


class ScheduleParameters(Part):
    """Parameters of scheduled updates."""

    epochs: int | None = None
    mini_batch_size: int | None = None
    learning_rate: float | None = Field(None, strict=False)


class Policy(Part):
    """A change of the schedule's policy, as `PUT /v1/schedule`."""

    enabled: bool | None = None
    every_seconds: int | None = None
    min_new_samples: int | None = None
    require_charging: bool | None = None
    require_wifi: bool | None = None
    require_idle: bool | None = None
    min_battery: Share | None = None
    max_thermal: Thermal | None = None
    samples_after: Literal["keep", "keep_features", "delete"] | None = None
    retention_days: int | None = None
    parameters: ScheduleParameters | None = None


class Schedule(Action):
    """Change the schedule."""

    schedule: Policy

    def told(self) -> str:
        """The action in words."""
        given = self.schedule.model_dump(exclude_none=True)
        return "the schedule: " + ", ".join(f"{name} {value}" for name, value in given.items())


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


class Killing(Part):
    """At once, or so many milliseconds later."""

    after_ms: int = Field(0, ge=0, le=10_000)


class Kill(Action):
    """`kill -9`."""

    kill: Annotated[Killing, bare(Killing)]

    def told(self) -> str:
        """The action in words."""
        after = self.kill.after_ms
        return "the device is killed (kill -9)" + (f" {after} ms later" if after else "")


class SaveFiles(Action):
    """Copy the state directory of a device that is off."""

    save_files: Name
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        return f"the device's files are copied to {self.save_files}"


class PuttingBack(Part):
    """Which copy, and what of it."""

    from_: Name = Field(alias="from")
    only: Literal["database", "keystore", "all"] = "all"


class PutBack(Action):
    """Put a copy of the files back; the device must be off."""

    put_back: Annotated[PuttingBack, either("from", PuttingBack | Name)]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        what = {"all": "all files"}.get(self.put_back.only, f"the {self.put_back.only}")
        return f"{what} of the copy {self.put_back.from_} put back"


class Damaging(Part):
    """`flip` changes some bytes in the middle, `cut` takes the second half away, `remove` all."""

    what: Damaged
    how: Literal["flip", "cut", "remove"] = "flip"


class Damage(Action):
    """Damage files of a device that is off; of the bundle only a copy."""

    damage: Annotated[Damaging, either("what", Damaging | Damaged)]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        how = {"flip": "bytes changed", "cut": "cut in half", "remove": "gone"}[self.damage.how]
        return (
            f"damage: the {self.damage.what} has {how}" if how != "gone" else f"damage: the {self.damage.what} is gone"
        )


class Repair(Action):
    """Put the good bundle back."""

    repair: Literal["bundle"]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        return "the good bundle is back"


class Disk(Action):
    """Whether the running process finds room to write (Linux)."""

    disk: Literal["full", "free"]

    def told(self) -> str:
        """The action in words."""
        return "the disk is full" if self.disk == "full" else "the disk has room again"

    def mark(self) -> str:
        """Which of both."""
        return f"disk {self.disk}"


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
