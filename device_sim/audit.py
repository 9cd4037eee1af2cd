"""The audit trail: every change of what is served or kept, and who or what caused it. Never any text of the user's."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from device_sim.clock import Clock
from device_sim.state import State

_log = logging.getLogger(__name__)

Action = Literal[
    "consent", "publish", "reject", "update-failed", "activate", "rollback", "automatic-rollback", "destroy",
    "delete-samples", "expire-samples", "import", "erase", "install-knowledge", "reset-knowledge",
]  # fmt: skip
Detail = Mapping[str, str | float | int | bool | Sequence[str] | Sequence[int] | None]


@dataclass(frozen=True)
class AuditEntry:
    """One row. `detail` holds figures and reasons."""

    id: int
    at: str
    actor: str
    action: str
    task: str | None
    version_from: int | None
    version_to: int | None
    detail: Detail


@dataclass(frozen=True)
class AuditPage:
    """Some entries, oldest first; `next_after` is None on the last page."""

    items: tuple[AuditEntry, ...]
    next_after: int | None


class Audit:
    """Writes rows in the transaction of the change they record, and log entries once it is committed."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def record(
        self,
        connection: Any,
        actor: str,
        action: Action,
        *,
        task: str | None = None,
        change: tuple[int, int] | None = None,
        detail: Detail | None = None,
    ) -> None:
        """Add a row in the caller's transaction; `change` is (version before, version after)."""
        before, after = change or (None, None)
        connection.execute(
            "INSERT INTO audit (at, actor, action, task, version_from, version_to, detail) VALUES (?,?,?,?,?,?,?)",
            (self._clock.stamp(), actor, action, task, before, after, json.dumps(detail or {}, ensure_ascii=False)),
        )
        fields = {"actor": actor, "task": task, "version_from": before, "version_to": after, "detail": detail}
        told = {name: value for name, value in fields.items() if value is not None}
        self._state.after_commit(lambda: _log.info(action, extra=told))

    def page(self, after: int | None = None, limit: int = 50) -> AuditPage:
        """Up to `limit` entries that follow entry `after`."""
        with self._state.reading() as connection:
            rows = connection.execute(
                "SELECT id, at, actor, action, task, version_from, version_to, detail FROM audit "
                "WHERE id > ? ORDER BY id LIMIT ?",
                (after or 0, limit + 1),
            ).fetchall()
        items = tuple(AuditEntry(*(*columns, json.loads(detail))) for *columns, detail in rows[:limit])
        return AuditPage(items, items[-1].id if len(rows) > limit else None)
