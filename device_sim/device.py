"""The simulated phone's conditions and clock, kept across restarts. This is what QA turns."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta

from device_sim.clock import Clock, ClockSetting
from device_sim.conditions import Conditions, DeviceChange
from device_sim.errors import InvalidInput
from device_sim.settings_table import read_setting, write_setting
from device_sim.state import State


@dataclass(frozen=True)
class DeviceState:
    """The conditions and the time on the device; `clock` says whether it follows the machine's."""

    charging: bool
    wifi: bool
    idle: bool
    battery: float
    thermal: str
    now: str
    clock: str


class Device:
    """Reads and sets the conditions. `on_change` is called after each change, with the new conditions in force."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self.conditions = Conditions()
        self.on_change: Callable[[], None] = lambda: None

    def load(self) -> None:
        """Take up the stored conditions and clock, or those of a new device."""
        with self._state.reading() as connection:
            stored, clock = read_setting(connection, Conditions), read_setting(connection, ClockSetting)
        self.conditions = stored or Conditions()
        self._clock.offset = timedelta(seconds=clock.offset_seconds) if clock else timedelta()

    def get(self) -> DeviceState:
        """The device as it is now."""
        following = "real" if self._clock.offset == timedelta() else "set"
        return DeviceState(**asdict(self.conditions), now=self._clock.stamp(), clock=following)

    def put(self, change: DeviceChange) -> DeviceState:
        """Change some conditions, or the clock. Raises InvalidInput."""
        with self._state.database.lock:
            self._change(change)
        self.on_change()
        return self.get()

    def _change(self, change: DeviceChange) -> None:
        conditions = change.apply(self.conditions)
        offset = self._clock.offset
        if change.now is not None:
            if change.now.tzinfo is None:
                raise InvalidInput("now needs a time zone, as in 2026-01-31T08:00:00+08:00", field="now")
            if not 2000 <= change.now.year <= 2999:
                raise InvalidInput("now lies between the years 2000 and 2999", field="now")
            offset = change.now.astimezone(UTC) - Clock().now()
        elif change.follow_real_clock:
            offset = timedelta()
        with self._state.transaction() as connection:
            write_setting(connection, conditions)
            write_setting(connection, ClockSetting(offset.total_seconds()))
        self.conditions, self._clock.offset = conditions, offset
