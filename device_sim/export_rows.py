"""The shape of an export: which tables and columns it holds, and a check of every value before any is stored."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

from device_sim.errors import InvalidExport

_TEXT, _OPTIONAL_TEXT, _INTEGER, _OPTIONAL_INTEGER, _BYTES, _JSON = (
    "text",
    "text?",
    "integer",
    "integer?",
    "bytes",
    "json",
)

# In the order in which foreign keys allow rows to be inserted.
_SHAPE: dict[str, dict[str, str]] = {
    "consent": {"id": _INTEGER, "personalization": _INTEGER, "cloud_assist": _INTEGER, "since": _TEXT},
    "samples": {
        "id": _INTEGER, "task": _TEXT, "text": _OPTIONAL_TEXT, "text_digest": _BYTES, "label": _TEXT, "source": _TEXT,
        "state": _TEXT, "features": _BYTES, "base_id": _TEXT, "created_at": _TEXT,
    },
    "versions": {
        "task": _TEXT, "number": _INTEGER, "parent": _INTEGER, "base_id": _TEXT, "bundle_version": _TEXT,
        "state": _TEXT, "sha256": _OPTIONAL_TEXT, "metrics": _JSON, "update_id": _TEXT, "created_at": _TEXT,
        "parameters": _OPTIONAL_TEXT,
    },
    "version_samples": {"task": _TEXT, "number": _INTEGER, "sample_id": _INTEGER},
    "active_versions": {"task": _TEXT, "number": _INTEGER},
    "trials": {
        "task": _TEXT, "number": _INTEGER, "sample_id": _INTEGER, "version_right": _INTEGER, "parent_right": _INTEGER,
    },
    "updates": {
        "seq": _INTEGER, "id": _TEXT, "task": _TEXT, "trigger": _TEXT, "state": _TEXT, "outcome": _OPTIONAL_TEXT,
        "version": _OPTIONAL_INTEGER, "parameters": _JSON, "metrics": _JSON, "reasons": _JSON, "created_at": _TEXT,
        "finished_at": _OPTIONAL_TEXT,
    },
    "audit": {
        "id": _INTEGER, "at": _TEXT, "actor": _TEXT, "action": _TEXT, "task": _OPTIONAL_TEXT,
        "version_from": _OPTIONAL_INTEGER, "version_to": _OPTIONAL_INTEGER, "detail": _JSON,
    },
    "settings": {"name": _TEXT, "value": _JSON},
    "idempotency": {
        "key": _TEXT, "fingerprint": _BYTES, "sample_id": _INTEGER, "task": _TEXT, "pending": _INTEGER,
    },
}  # fmt: skip

TABLES: dict[str, tuple[str, ...]] = {table: tuple(columns) for table, columns in _SHAPE.items()}

_SAMPLE_STATES = ("new", "used", "set_aside")
_VERSION_STATES = ("trying", "good", "rejected", "rolled_back", "destroyed")


def check_export(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of an export, by table, every value of the kind its column needs.

    Raises:
        InvalidExport: naming the table and column; never the value.
    """
    tables = {table: _rows(document, table, columns) for table, columns in _SHAPE.items()}
    _unique(tables)
    _check_samples(tables)
    _check_versions(tables)
    return tables


def _check_samples(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    for sample in tables["samples"]:
        if sample["state"] not in _SAMPLE_STATES or len(sample["features"]) % 4:
            raise InvalidExport("samples: a state or the features are not what they should be")
        if sample["text"] is not None and any("\ud800" <= letter <= "\udfff" for letter in sample["text"]):
            raise InvalidExport("samples: a text holds half of a surrogate pair")


def _check_versions(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    known = {(version["task"], version["number"]) for version in tables["versions"]}
    for version in tables["versions"]:
        if version["state"] not in _VERSION_STATES or not 0 < version["number"] > version["parent"] >= 0:
            raise InvalidExport("versions: a state, a number or a parent is not what it should be")
        if version["parent"] and (version["task"], version["parent"]) not in known:
            raise InvalidExport("versions: a parent is missing")
    for table in ("version_samples", "trials"):
        if any((row["task"], row["number"]) not in known for row in tables[table]):
            raise InvalidExport(f"{table}: a version is missing")
    for pointer in tables["active_versions"]:
        if pointer["number"] and (pointer["task"], pointer["number"]) not in known:
            raise InvalidExport("active_versions: a version is missing")


def _rows(document: Mapping[str, Any], table: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = document.get(table)
    if not isinstance(rows, list):
        raise InvalidExport(f"the export has no list of {table}")
    checked = []
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != set(columns):
            raise InvalidExport(f"{table}: a row has other columns than {', '.join(columns)}")
        checked.append({name: _value(table, name, kind, row[name]) for name, kind in columns.items()})
    return checked


def _value(table: str, name: str, kind: str, value: Any) -> Any:
    if value is None and kind.endswith("?"):
        return None
    if kind == _BYTES:
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (TypeError, KeyError, binascii.Error, ValueError):
            raise InvalidExport(f'{table}.{name}: binary values are {{"base64": ...}}') from None
    if kind.startswith(_INTEGER):
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62:
            return value
        raise InvalidExport(f"{table}.{name} must be a whole number, not negative")
    if not isinstance(value, str):
        raise InvalidExport(f"{table}.{name} must be a string")
    if kind == _JSON:
        try:
            json.loads(value, parse_constant=_no_constant)
        except ValueError:
            raise InvalidExport(f"{table}.{name} must hold JSON") from None
    return value


def _no_constant(_: str) -> float:
    raise ValueError(math.nan)


_KEYS = {
    "consent": ("id",), "samples": ("id",), "versions": ("task", "number"),
    "version_samples": ("task", "number", "sample_id"), "active_versions": ("task",),
    "trials": ("task", "number", "sample_id"), "updates": ("seq",), "audit": ("id",), "settings": ("name",),
    "idempotency": ("key",),
}  # fmt: skip


def _unique(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    for table, names in _KEYS.items():
        keys = [tuple(row[name] for name in names) for row in tables[table]]
        if len(set(keys)) != len(keys):
            raise InvalidExport(f"{table}: two rows have the same {', '.join(names)}")
    if any(row["id"] != 1 for row in tables["consent"]):
        raise InvalidExport("consent: there is one row, with id 1")
    identities = [row["id"] for row in tables["updates"]]
    if len(set(identities)) != len(identities):
        raise InvalidExport("updates: two rows have the same id")
