"""A scenario: a day, or several, on a device."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from lab.actions import Do
from lab.expectations import Expect
from lab.texts import Labelled, LabelledText, flat, shipped
from lab.times import FirstDay, Moment, MomentText
from lab.vocabulary import Name, Part, Passphrase


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone: write its IANA name, as Asia/Shanghai") from None
    return name


class Settings(Part):
    """What the device is started with."""

    passphrase: Passphrase | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"


class Step(Part):
    """What is done at a time, on a device, and what is expected then."""

    at: MomentText
    device: Name = Field("phone", description="which device; one that was not named before is new")
    why: str | None = Field(None, max_length=500, description="a remark for the report")
    do: Do = Field(default_factory=list)
    expect: Expect = Field(default_factory=Expect)

    @property
    def moment(self) -> Moment:
        """Its time."""
        return Moment.parse(self.at)

    @model_validator(mode="after")
    def _something(self) -> "Step":
        if not self.do and not self.expect.model_fields_set:
            raise ValueError("needs do, expect or both")
        return self


class Scenario(Part):
    """A file of the lab. What its steps need of each other is for `lab.foresight` to see."""

    name: Name
    about: str = Field(min_length=1, max_length=500, description="which feature it shows, in a sentence")
    seed: int = Field(1, ge=0, le=2**31 - 1)
    task: str = Field("sentiment", min_length=1, max_length=64)
    first_day: FirstDay = date(2026, 3, 2)
    settings: Settings = Settings()
    texts: dict[Name, Labelled] = Field(default_factory=dict)
    steps: list[Step] = Field(min_length=1, max_length=500)

    def labelled(self, name: str) -> tuple[LabelledText, ...]:
        """A set of texts, the scenario's own or one that ships."""
        return flat(self.texts[name]) if name in self.texts else shipped(name)

    @property
    def zone(self) -> ZoneInfo:
        """The devices' time zone."""
        return ZoneInfo(self.settings.timezone)
