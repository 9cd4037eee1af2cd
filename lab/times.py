"""Times of a scenario: `08:30` on the first day, `day 2 02:00` on a later one; and spans as `-3d` or `90m`."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

_MOMENT = re.compile(r"(?:day (?P<day>[1-9][0-9]{0,3}) )?(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])")
_SPAN = re.compile(r"(?P<sign>[+-]?)(?P<count>[0-9]{1,5})(?P<unit>[dhm])")
FIRST_YEAR, LAST_YEAR = 2000, 2999  # that a device's clock can be set to
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, order=True)
class Moment:
    """Minutes since midnight of the scenario's first day."""

    minutes: int

    @classmethod
    def parse(cls, text: str) -> "Moment":
        """Read `08:30` or `day 2 02:00`. Raises ValueError."""
        found = _MOMENT.fullmatch(text)
        if found is None:
            raise ValueError('is no time: write "08:30", or "day 2 02:00" for a later day')
        day = int(found["day"] or 1)
        return cls((day - 1) * 1440 + int(found["hour"]) * 60 + int(found["minute"]))

    def on(self, first_day: date, zone: ZoneInfo, shift: timedelta) -> datetime:
        """The time that a device's clock shows, if it is off by `shift`."""
        return datetime.combine(first_day, time(), zone) + timedelta(minutes=self.minutes) + shift

    def __str__(self) -> str:
        day, minutes = divmod(self.minutes, 1440)
        clock = f"{minutes // 60:02}:{minutes % 60:02}"
        return clock if day == 0 else f"day {day + 1} {clock}"


def parse_span(text: str) -> timedelta:
    """Read `-3d`, `+2h` or `90m`. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError('is no span of time: write days, hours or minutes, as "-3d", "+2h" or "90m"')
    span = timedelta(**{_UNITS[found["unit"]]: int(found["count"])})
    return -span if found["sign"] == "-" else span


def is_skipped(local: datetime) -> bool:
    """Does no clock of its zone show it, because all are put forward over it?"""
    shown = local.astimezone(UTC).astimezone(local.tzinfo)
    return shown.replace(tzinfo=None) != local.replace(tzinfo=None)


def _is_moment(text: str) -> str:
    Moment.parse(text)
    return text


def _is_span(text: str) -> str:
    parse_span(text)
    return text


def _is_date(value: object) -> object:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date):
        raise ValueError("is no date: write it as 2026-03-02")  # noqa: TRY004  # pydantic tells ValueErrors
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a device's clock shows the years {FIRST_YEAR} to {LAST_YEAR} only")
    return value


MomentText = Annotated[
    str,
    AfterValidator(_is_moment),
    Field(
        examples=["08:30", "day 2 02:00"],
        json_schema_extra={"pattern": r"^(day [1-9][0-9]{0,3} )?([01][0-9]|2[0-3]):[0-5][0-9]$"},
    ),
]
SpanText = Annotated[
    str,
    AfterValidator(_is_span),
    Field(examples=["-3d", "+90m"], json_schema_extra={"pattern": r"^[+-]?[0-9]{1,5}[dhm]$"}),
]
FirstDay = Annotated[date, BeforeValidator(_is_date, json_schema_input_type=date)]
