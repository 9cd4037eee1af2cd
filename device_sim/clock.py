"""The device's clock, which QA may set.

Nothing is ordered by it: samples, versions and audit rows have rising ids, so a clock that jumps loses nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from device_sim.errors import InvalidInput

_FURTHEST = 1_000 * 365.25 * 86_400


@dataclass(frozen=True)
class ClockSetting:
    """How far the device's clock was set from the machine's, in seconds."""

    offset_seconds: float

    def check(self) -> "ClockSetting":
        """This setting, if a clock can be set so. Raises InvalidInput."""
        if not abs(self.offset_seconds) <= _FURTHEST:
            raise InvalidInput("the clock is set further than a thousand years")
        return self


class Clock:
    """The machine's clock, shifted by `offset`."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The device's time, in UTC."""
        return datetime.now(UTC) + self.offset

    def stamp(self) -> str:
        """The device's time as ISO 8601 with milliseconds."""
        return self.now().isoformat(timespec="milliseconds")
