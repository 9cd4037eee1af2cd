"""The device's clock, which QA may set.

Nothing is ordered by it: samples, versions and audit rows have rising ids, so a clock that jumps loses nothing.
"""

from datetime import UTC, datetime, timedelta


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

    def set(self, moment: datetime | None) -> None:
        """Make it `moment` now, or follow the machine again."""
        self.offset = timedelta() if moment is None else moment - datetime.now(UTC)
