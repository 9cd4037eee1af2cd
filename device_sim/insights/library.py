"""The knowledge base in use: what ships, or a signed package that replaced it, and the user's own entries."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_sim.audit import Audit, Detail
from device_sim.clock import Clock
from device_sim.consent import require_personalization
from device_sim.errors import KnowledgeInvalid, UnknownInsight
from device_sim.inference import Encoder
from device_sim.insights.journal import own_insights
from device_sim.insights.knowledge import (
    MOST_OWN,
    SHIPPED,
    Insight,
    Knowledge,
    packaged_knowledge,
    read_insights,
    shipped_knowledge,
)
from device_sim.insights.search import InsightIndex
from device_sim.state import State
from model_store.head import Float32


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
        self._vectors: dict[str, Float32] = {}
        self.set_aside: str | None = None  # why an installed package is not used, if one is not

    @property
    def index(self) -> InsightIndex:
        """The entries, with what is looked up in. Raises KnowledgeInvalid if what ships is broken."""
        with self._lock:
            if self._index is None:
                self._index = InsightIndex(
                    (*self._knowledge()[1].insights, *self._own()), self._vector, self._encoder.encode
                )
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
        """Add an entry of the user's own; its id is made here. Raises KnowledgeInvalid, ConsentRequired."""
        with self._state.transaction() as connection:
            require_personalization(connection)
            # Numbers are never given twice: an offer may still name an entry that was removed.
            count, last = connection.execute(
                "SELECT (SELECT COUNT(*) FROM own_insights), MAX(CAST(SUBSTR(id, 5) AS INTEGER)) FROM "
                "(SELECT id FROM own_insights UNION SELECT insight_id FROM offers WHERE insight_id LIKE 'own-%')"
            ).fetchone()
            if count >= MOST_OWN:
                raise KnowledgeInvalid(f"there are {count} own entries; at most {MOST_OWN} are kept")
            insight = read_insights([{**entry, "id": f"own-{(last or 0) + 1}"}], {}, "the entry")[0]
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

    def forget(self, *, everything: bool = False) -> None:
        """Read it again when it is next asked for: it was changed; or, with `everything`, the state was replaced."""
        with self._lock:
            self._index = None
            self._base = None
            if everything:
                self._vectors.clear()  # features of own entries are personal

    def _vector(self, text: str) -> Float32:
        """Features of an entry's text. They are kept: a change of one entry leaves the others as they are."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest not in self._vectors:
            self._vectors[digest] = self._encoder.encode(text)
        return self._vectors[digest]

    def _own(self) -> list[Insight]:
        with self._state.reading() as connection:
            return own_insights(connection)

    def _knowledge(self) -> tuple[str, Knowledge]:
        if self._base is None:
            with self._state.reading() as connection:
                row = connection.execute("SELECT content FROM knowledge").fetchone()
            self.set_aside = None
            try:
                self._base = ("package", packaged_knowledge(json.loads(row[0]), self._trusted)) if row else None
            except KnowledgeInvalid as error:  # its key is no longer trusted, after another start
                self._base, self.set_aside = None, f"the installed knowledge base is set aside: {error}"
            self._base = self._base or ("shipped", shipped_knowledge(self._source))
        return self._base
