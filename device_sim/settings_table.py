"""Small settings that live in the database: conditions, clock, policy, the last decision."""

import json
from collections.abc import Mapping
from typing import Any


def read_setting(connection: Any, name: str) -> dict[str, Any] | None:
    """The setting `name`, or None if it was never written."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def write_setting(connection: Any, name: str, value: Mapping[str, Any]) -> None:
    """Store the setting `name` in the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, json.dumps(value, ensure_ascii=False))
    )
