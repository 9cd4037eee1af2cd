"""The knowledge base in use: what ships, or a signed package that replaced it, and the user's own entries."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_sim.audit import Audit, Detail
from device_sim.clock import Clock
from device_sim.errors import KnowledgeInvalid, UnknownInsight
from device_sim.inference import Encoder
from device_sim.insights.journal import own_insights
from device_sim.insights.knowledge import (
    SHIPPED,
    Insight,
    Knowledge,
    packaged_knowledge,
    read_insights,
    shipped_knowledge,
)
from device_sim.insights.search import InsightIndex
from device_sim.state import State

_OWN = "own-"
_MOST_OWN = 500


@dataclass(frozen=True)
class LibraryInfo:
    """Which version is in use, where it comes from (`shipped` or `package`), and how many entries there are."""

    version: str
    source: str
    insights: int
    own: int


class Library:
    """Gives the entries in use; changes are seen by the next answer. Nothing is loaded before it is asked for."""

    def __init__(
        self, state: State, encoder: Encoder, audit: Audit, clock: Clock, trusted: Mapping[str, Ed25519PublicKey],
        source: Path = SHIPPED,
    ) -> None:  # fmt: skip
        self._state = state
        self._encoder = encoder
        self._audit = audit
        self._clock = clock
        self._trusted = trusted
        self._source = source
        self._lock = threading.RLock()
        self._base: tuple[str, Knowledge] | None = None
        self._index: InsightIndex | None = None

    @property
    def index(self) -> InsightIndex:
        """The entries, with what is looked up in. Raises KnowledgeInvalid if what ships is broken."""
        with self._lock:
            if self._index is None:
                self._index = InsightIndex((*self._knowledge()[1].insights, *self._own()), self._encoder)
            return self._index

    def info(self) -> LibraryInfo:
        """What is in use."""
        with self._lock:
            source, knowledge = self._knowledge()
            return LibraryInfo(knowledge.version, source, len(knowledge.insights), len(self._own()))

    def find(self, insight_id: str) -> Insight:
        """Raises UnknownInsight."""
        found = next((insight for insight in self.index.insights if insight.id == insight_id), None)
        if found is None:
            raise UnknownInsight("the knowledge base has no such insight", field="insight_id")
        return found

    def install(self, document: Mapping[str, Any]) -> LibraryInfo:
        """Replace what ships by a signed package, with own entries kept. Raises KnowledgeInvalid: nothing changed."""
        knowledge = packaged_knowledge(document, self._trusted)
        content = json.dumps(document, ensure_ascii=False)
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO knowledge (id, content, installed_at) VALUES (1, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET content = excluded.content, installed_at = excluded.installed_at",
                (content, self._clock.stamp()),
            )
            detail: Detail = {"version": knowledge.version, "insights": len(knowledge.insights)}
            self._audit.record(connection, "user", "install-knowledge", detail=detail)
        self.forget()
        return self.info()

    def reset(self) -> LibraryInfo:
        """Go back to what ships."""
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM knowledge")
            self._audit.record(connection, "user", "reset-knowledge")
        self.forget()
        return self.info()

    def add(self, entry: Mapping[str, Any]) -> Insight:
        """Add an entry of the user's own; its id is made here. Raises KnowledgeInvalid."""
        with self._state.transaction() as connection:
            count, last = connection.execute(
                "SELECT COUNT(*), MAX(CAST(SUBSTR(id, ?) AS INTEGER)) FROM own_insights", (len(_OWN) + 1,)
            ).fetchone()
            if count >= _MOST_OWN:
                raise KnowledgeInvalid(f"there are {count} own entries; at most {_MOST_OWN} are kept")
            insight = read_insights([{**entry, "id": f"{_OWN}{(last or 0) + 1}"}], {}, "the entry")[0]
            connection.execute(
                "INSERT INTO own_insights (id, content, created_at) VALUES (?, ?, ?)",
                (insight.id, json.dumps(asdict(insight), ensure_ascii=False), self._clock.stamp()),
            )
        self.forget()
        return insight

    def remove(self, insight_id: str) -> None:
        """Remove an own entry. Raises UnknownInsight: there is none of that id among them."""
        with self._state.transaction() as connection:
            deleted = connection.execute("DELETE FROM own_insights WHERE id = ?", (insight_id,))
            if not deleted.rowcount:
                raise UnknownInsight("there is no own entry of that id", field="insight_id")
        self.forget()

    def forget(self) -> None:
        """Read it all again when it is next asked for: it was changed, or the state was replaced."""
        with self._lock:
            self._index = None
            self._base = None

    def _own(self) -> list[Insight]:
        with self._state.reading() as connection:
            return own_insights(connection)

    def _knowledge(self) -> tuple[str, Knowledge]:
        if self._base is None:
            with self._state.reading() as connection:
                row = connection.execute("SELECT content FROM knowledge").fetchone()
            # A package whose key is no longer trusted, after another start, is left aside.
            try:
                self._base = ("package", packaged_knowledge(json.loads(row[0]), self._trusted)) if row else None
            except KnowledgeInvalid:
                self._base = None
            self._base = self._base or ("shipped", shipped_knowledge(self._source))
        return self._base
