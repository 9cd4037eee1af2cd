"""The user's rights over the data: take all of it along, bring it back, destroy it."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from device_sim.audit import Audit
from device_sim.clock import Clock
from device_sim.errors import ConsentRequired, InvalidExport
from device_sim.export_rows import TABLES, check_export
from device_sim.keystore import EXPORT_KEY
from device_sim.personal.tables import reindex_all
from device_sim.state import State
from model_store.errors import HeadInvalid, SealBroken
from model_store.head import HeadParameters, digest
from model_store.sealing import Seal
from model_store.versions import BASE_VERSION

SCHEMA = "attune-export/1"
SEALED_SCHEMA = "attune-sealed-export/1"


@dataclass(frozen=True)
class ImportReport:
    """What an import restored. `versions_without_parameters` could not be unsealed and can't be served."""

    samples: int
    versions: int
    versions_without_parameters: int


class Rights:
    """Export, import and erase. Within `quiet` nothing runs that uses the data, and at its end the device takes up what
    there is then.
    """

    def __init__(
        self, state: State, audit: Audit, clock: Clock, base_id: str, feature_width: int,
        quiet: Callable[[], AbstractContextManager[None]],
    ) -> None:  # fmt: skip
        self._base_id = base_id
        self._feature_width = feature_width
        self._state = state
        self._audit = audit
        self._clock = clock
        self._quiet = quiet

    def export(self, sealed: bool = False, passphrase: str | None = None) -> dict[str, Any]:
        """Everything personal, as JSON. Trained heads are sealed in it always, all of it if `sealed`.

        What is sealed opens on this device until its data is erased or, with a `passphrase`, on any.
        """
        with self._state.reading() as connection:
            seal = Seal.make(self._state.keys.key(EXPORT_KEY), passphrase)
            document: dict[str, Any] = {"schema": SCHEMA, "exported_at": self._clock.stamp()}
            document["seal"] = seal.description
            for table, columns in TABLES.items():
                rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2").fetchall()
                document[table] = [_exported(table, dict(zip(columns, row, strict=True)), seal) for row in rows]
        if not sealed:
            return document
        content = json.dumps(document, ensure_ascii=False).encode()
        return {"schema": SEALED_SCHEMA, "seal": seal.description, "content": seal.close(content, "export")}

    def import_(self, document: Mapping[str, Any], passphrase: str | None = None) -> ImportReport:
        """Replace what the device holds by an export: afterwards it is in the exported state.

        Raises:
            InvalidExport: nothing was changed.
            ConsentRequired: the export carries samples, and no trace of a consent. (A withdrawn one leaves samples.)
        """
        with self._state.reading():
            key = self._state.keys.key(EXPORT_KEY)
        if document.get("schema") == SEALED_SCHEMA:
            document = _read(_opened(_seal(document, key, passphrase), document.get("content"), "export"))
        if document.get("schema") != SCHEMA:
            raise InvalidExport("the document is not an Attune export that this version reads")
        tables = check_export(document, self._base_id, self._feature_width)
        personal = [table for table in ("samples", "thoughts", "goals", "own_insights") if tables[table]]
        if personal and not tables["consent"]:
            raise ConsentRequired(f"the export holds {personal[0]}, and no consent was ever given to keep them")
        unreadable = _unseal(tables, _seal(document, key, passphrase))
        with self._quiet():
            with self._state.transaction() as connection:
                before = _pointers(connection)
                _replace(connection, tables)
                detail = {"samples": len(tables["samples"]), "versions": len(tables["versions"])}
                self._audit.record(connection, "user", "import", detail=detail)
                self._record_moves(connection, before, _pointers(connection))
            self._state.database.checkpoint()
        return ImportReport(len(tables["samples"]), len(tables["versions"]), unreadable)

    def erase(self) -> None:
        """Destroy the keys, then every file that they encrypted, and begin as a new device."""
        with self._quiet():
            self._state.erase()
            with self._state.transaction() as connection:
                self._audit.record(connection, "user", "erase")

    def _record_moves(self, connection: Any, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        for task in sorted({*before, *after}):
            change = (before.get(task, BASE_VERSION), after.get(task, BASE_VERSION))
            if change[0] != change[1]:
                detail = {"reason": "an export was imported"}
                self._audit.record(connection, "user", "activate", task=task, change=change, detail=detail)


def _pointers(connection: Any) -> dict[str, int]:
    return dict(connection.execute("SELECT task, number FROM active_versions").fetchall())


def _replace(connection: Any, tables: Mapping[str, list[dict[str, Any]]]) -> None:
    for table in reversed(TABLES):
        connection.execute(f"DELETE FROM {table}")
    for table, columns in TABLES.items():
        names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
        for row in tables[table]:
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [row[name] for name in columns])
    reindex_all(connection)
    connection.execute("UPDATE generation SET value = value + 1")
    # Ids of samples that were deleted before the export must not be given again: versions still name them.
    named = [row["sample_id"] or 0 for table in ("version_samples", "trials", "offers") for row in tables[table]]
    newest = max([0, *named, *(row["id"] for row in tables["samples"])])
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'samples'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('samples', ?)", (newest,))


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, Mapping):
        raise InvalidExport("what was sealed is no export")
    return document


def _exported(table: str, row: dict[str, Any], seal: Seal) -> dict[str, Any]:
    if table == "versions" and row["parameters"] is not None:
        row["parameters"] = seal.close(row["parameters"], f"{row['task']} {row['number']}")
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _seal(document: Mapping[str, Any], device_key: bytes, passphrase: str | None) -> Seal:
    try:
        return Seal.reopen(document.get("seal"), device_key, passphrase)
    except SealBroken as error:
        raise InvalidExport(f"the export can't be opened: {error}") from None


def _opened(seal: Seal, sealed: Any, purpose: str) -> bytes:
    try:
        return seal.open(sealed, purpose)
    except SealBroken as error:
        raise InvalidExport(str(error)) from None


def _unseal(tables: Mapping[str, list[dict[str, Any]]], seal: Seal) -> int:
    """Replace sealed parameters by their bytes, and check them. Those of another device can't be opened: the version
    stays in the lineage, destroyed, and its pointer goes to version 0. How many.

    Raises:
        InvalidExport: the passphrase is wrong, or bytes were changed.
    """
    lost = set()
    for row in tables["versions"]:
        if row["parameters"] is None:
            continue
        try:
            row["parameters"] = _opened(seal, row["parameters"], f"{row['task']} {row['number']}")
        except InvalidExport:
            if seal.description["kind"] == "passphrase":
                raise
            row.update(parameters=None, sha256=None, state="destroyed")
            lost.add((row["task"], row["number"]))
            continue
        try:
            HeadParameters.from_bytes(row["parameters"])
        except HeadInvalid as error:
            raise InvalidExport(f"version {row['number']}: {error}") from None
        if digest(row["parameters"]) != row["sha256"]:
            raise InvalidExport(f"version {row['number']}: the parameters are not those published")
    for pointer in tables["active_versions"]:
        if (pointer["task"], pointer["number"]) in lost:
            pointer["number"] = 0
    return len(lost)
