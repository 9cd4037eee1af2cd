"""Small settings that live in the database: conditions, clock, policy, the last decision."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from device_sim.clock import ClockSetting
from device_sim.conditions import Conditions, Decision, SchedulePolicy
from device_sim.errors import InvalidInput

Setting = TypeVar("Setting", Conditions, ClockSetting, SchedulePolicy, Decision)

_KINDS: Mapping[type, str] = {
    Conditions: "conditions",
    ClockSetting: "clock",
    SchedulePolicy: "schedule",
    Decision: "last_decision",
}
_ADAPTERS: Mapping[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in _KINDS}


def read_setting(connection: Any, kind: type[Setting]) -> Setting | None:
    """The stored setting of a kind, or None if it was never written."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_KINDS[kind],)).fetchone()
    return None if row is None else _parse(kind, json.loads(row[0]))


def write_setting(connection: Any, setting: Any) -> None:
    """Store a setting in the caller's transaction."""
    value = json.dumps(asdict(setting), ensure_ascii=False)
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_KINDS[type(setting)], value))


def check_setting(name: str, value: Any) -> None:
    """Check a setting that comes from outside. Raises InvalidInput, never quoting the value."""
    kinds = {known: kind for kind, known in _KINDS.items()}
    if name not in kinds:
        raise InvalidInput("there is no such setting", allowed=sorted(kinds))
    _parse(kinds[name], value)


def _parse(kind: type[Setting], value: Any) -> Setting:
    try:
        setting: Setting = _ADAPTERS[kind].validate_python(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InvalidInput(f"{_KINDS[kind]}.{where} is not what it should be") from None
    setting.check()
    return setting
