"""The shape of an export: which tables and columns it holds, and a check of every value before any is stored."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import numpy as np

from device_sim.errors import InvalidEntry, InvalidExport, InvalidInput, InvalidText, KnowledgeInvalid
from device_sim.hybrid.cloud import Outcome
from device_sim.inference import check_text
from device_sim.insights.knowledge import MOST_OWN, is_own, read_insights
from device_sim.personal.tables import check_rows
from device_sim.samples import Source
from device_sim.settings_table import check_setting
from device_sim.update_task import TaskState

# Kinds of values; a ? allows null.
_TEXT, _STAMP, _INTEGER, _BYTES, _NUMBER = "text", "stamp", "integer", "bytes", "number"
_OPTIONAL_TEXT, _OPTIONAL_STAMP, _OPTIONAL_INTEGER = "text?", "stamp?", "integer?"
# Text that holds JSON: an object, an object of numbers, a list of strings.
_OBJECT, _FIGURES, _STRINGS = "object", "figures", "strings"

# In the order in which foreign keys allow rows to be inserted.
_SHAPE: dict[str, dict[str, str]] = {
    "consent": {"id": _INTEGER, "personalization": _INTEGER, "cloud_assist": _INTEGER, "since": _STAMP},
    "samples": {
        "id": _INTEGER, "task": _TEXT, "text": _OPTIONAL_TEXT, "text_digest": _BYTES, "label": _TEXT, "source": _TEXT,
        "state": _TEXT, "features": _BYTES, "base_id": _TEXT, "created_at": _STAMP,
    },
    "versions": {
        "task": _TEXT, "number": _INTEGER, "parent": _INTEGER, "base_id": _TEXT, "labels": _STRINGS,
        "bundle_version": _TEXT,
        "state": _TEXT, "sha256": _OPTIONAL_TEXT, "metrics": _FIGURES, "update_id": _TEXT, "created_at": _STAMP,
        "parameters": _OPTIONAL_TEXT,
    },
    "version_samples": {"task": _TEXT, "number": _INTEGER, "sample_id": _INTEGER},
    "active_versions": {"task": _TEXT, "number": _INTEGER},
    "trials": {
        "task": _TEXT, "number": _INTEGER, "sample_id": _INTEGER, "version_right": _INTEGER, "parent_right": _INTEGER,
    },
    "updates": {
        "seq": _INTEGER, "id": _TEXT, "task": _TEXT, "trigger": _TEXT, "state": _TEXT, "outcome": _OPTIONAL_TEXT,
        "version": _OPTIONAL_INTEGER, "up_to": _OPTIONAL_INTEGER, "parameters": _FIGURES, "metrics": _FIGURES,
        "reasons": _STRINGS, "created_at": _STAMP, "finished_at": _OPTIONAL_STAMP,
    },
    "thoughts": {
        "id": _INTEGER, "public_id": _TEXT, "text": _TEXT, "intent": _TEXT, "sentiment": _TEXT, "direction": _TEXT,
        "entities": _STRINGS, "mood": _NUMBER, "at": _STAMP,
    },
    "offers": {
        "thought_id": _INTEGER, "place": _INTEGER, "insight_id": _TEXT, "direction": _TEXT, "title": _TEXT,
        "at": _STAMP,
        "reaction": _OPTIONAL_TEXT, "reacted_at": _OPTIONAL_STAMP, "done_at": _OPTIONAL_STAMP,
        "sample_id": _OPTIONAL_INTEGER,
    },
    "goals": {
        "id": _INTEGER, "thought_id": _OPTIONAL_INTEGER, "text": _TEXT, "direction": _OPTIONAL_TEXT,
        "created_at": _STAMP, "done_at": _OPTIONAL_STAMP,
    },
    "own_insights": {"id": _TEXT, "content": _OBJECT, "created_at": _STAMP},
    "knowledge": {"id": _INTEGER, "content": _OBJECT, "installed_at": _STAMP},
    "calendar": {
        "id": _INTEGER, "uid": _OPTIONAL_TEXT, "title": _TEXT, "starts": _TEXT, "ends": _TEXT, "whole_day": _INTEGER,
        "place": _OPTIONAL_TEXT, "people": _STRINGS,
    },
    "contacts": {
        "id": _INTEGER, "uid": _OPTIONAL_TEXT, "name": _TEXT, "aliases": _STRINGS, "phones": _STRINGS,
        "emails": _STRINGS, "organisation": _OPTIONAL_TEXT,
    },
    "notes": {"id": _INTEGER, "uid": _OPTIONAL_TEXT, "title": _TEXT, "body": _TEXT, "at": _STAMP},
    "egress": {
        "id": _INTEGER, "request_id": _TEXT, "attempt": _INTEGER, "at": _STAMP, "purpose": _TEXT,
        "consent_since": _STAMP, "host": _TEXT, "model": _TEXT, "body": _BYTES, "outcome": _TEXT,
        "status": _OPTIONAL_INTEGER, "answered_at": _OPTIONAL_STAMP,
    },
    "audit": {
        "id": _INTEGER, "at": _STAMP, "actor": _TEXT, "action": _TEXT, "task": _OPTIONAL_TEXT,
        "version_from": _OPTIONAL_INTEGER, "version_to": _OPTIONAL_INTEGER, "detail": _OBJECT,
    },
    "settings": {"name": _TEXT, "value": _OBJECT},
    "idempotency": {
        "key": _TEXT, "fingerprint": _BYTES, "sample_id": _INTEGER, "task": _TEXT, "pending": _INTEGER,
    },
}  # fmt: skip

TABLES: dict[str, tuple[str, ...]] = {table: tuple(columns) for table, columns in _SHAPE.items()}

# Exports of earlier editions lack these.
_ADDED = frozenset(
    {"thoughts", "offers", "goals", "own_insights", "knowledge", "calendar", "contacts", "notes", "egress"}
)
_UPDATE_STATES = tuple(TaskState)
_SAMPLE_STATES = ("new", "used", "set_aside")
_VERSION_STATES = ("trying", "good", "rejected", "rolled_back", "destroyed")


def check_export(document: Mapping[str, Any], base_id: str, feature_width: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of an export, by table, every value such as the device itself would have stored; features of `base_id`
    must have `feature_width` values.

    Raises:
        InvalidExport: naming the table and column; never the value.
    """
    tables = {table: _rows(document, table, columns) for table, columns in _SHAPE.items()}
    _unique(tables)
    for sample in tables["samples"]:
        _check_sample(sample, base_id, feature_width)
    _check_versions(tables)
    for update in tables["updates"]:
        if update["state"] not in _UPDATE_STATES or update["outcome"] not in (None, "published", "rejected"):
            raise InvalidExport("updates: a state or an outcome is not what it should be")
    _check_insights(tables)
    _check_egress(tables["egress"])
    try:
        check_rows(tables)
    except InvalidEntry as error:
        raise InvalidExport(str(error)) from None
    for setting in tables["settings"]:
        try:
            check_setting(setting["name"], json.loads(setting["value"]))
        except InvalidInput as error:
            raise InvalidExport(f"settings: {error}") from None
    return tables


def _check_sample(sample: Mapping[str, Any], base_id: str, feature_width: int) -> None:
    if sample["state"] not in _SAMPLE_STATES or sample["source"] not in get_args(Source):
        raise InvalidExport("samples: a state or a source is not what it should be")
    if sample["text"] is not None:
        try:
            check_text(sample["text"])
        except InvalidText as error:
            raise InvalidExport(f"samples: {error}") from None
    blob = sample["features"]
    if len(blob) % 4 or (sample["base_id"] == base_id and len(blob) != 4 * feature_width):
        raise InvalidExport("samples: the features are not as many as they should be")
    if not np.isfinite(np.frombuffer(blob, dtype="<f4")).all():
        raise InvalidExport("samples: the features are not finite")


def _check_insights(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    thoughts = {thought["id"] for thought in tables["thoughts"]}
    if any(row["thought_id"] not in {*thoughts, None} for table in ("offers", "goals") for row in tables[table]):
        raise InvalidExport("offers, goals: a thought is missing")
    if any(offer["reaction"] not in (None, "like", "dismiss") for offer in tables["offers"]):
        raise InvalidExport("offers: a reaction is not what it should be")
    identities = [thought["public_id"] for thought in tables["thoughts"]]
    if len(set(identities)) != len(identities):
        raise InvalidExport("thoughts: two rows have the same public_id")
    if any(row["id"] != 1 for row in tables["knowledge"]):
        raise InvalidExport("knowledge: there is one row, with id 1")
    for table in ("thoughts", "goals"):
        try:
            for row in tables[table]:
                check_text(row["text"])
        except InvalidText as error:
            raise InvalidExport(f"{table}: {error}") from None
    contents = [json.loads(row["content"]) for row in tables["own_insights"]]
    names = [(row["id"], content.get("id")) for row, content in zip(tables["own_insights"], contents, strict=True)]
    if len(names) > MOST_OWN or any(name != own or not is_own(name) for name, own in names):
        raise InvalidExport(f"own_insights: an id is not what it should be, or there are more than {MOST_OWN}")
    try:
        read_insights(contents, {}, "own_insights")
    except KnowledgeInvalid as error:
        raise InvalidExport(str(error)) from None


def _check_egress(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        if row["outcome"] not in get_args(Outcome):
            raise InvalidExport("egress: an outcome is not what it should be")
        try:
            row["body"].decode()
        except UnicodeDecodeError:
            raise InvalidExport("egress: a body is not text in UTF-8") from None


def _check_versions(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    known = {(version["task"], version["number"]) for version in tables["versions"]}
    served = {(row["task"], row["number"]) for row in tables["versions"] if row["state"] in ("trying", "good")}
    for version in tables["versions"]:
        if version["state"] not in _VERSION_STATES or not 0 < version["number"] > version["parent"] >= 0:
            raise InvalidExport("versions: a state, a number or a parent is not what it should be")
        if (version["parameters"] is None) != (version["sha256"] is None):
            raise InvalidExport("versions: parameters and their hash come together")
        if version["parent"] and (version["task"], version["parent"]) not in known:
            raise InvalidExport("versions: a parent is missing")
    for table in ("version_samples", "trials"):
        if any((row["task"], row["number"]) not in known for row in tables[table]):
            raise InvalidExport(f"{table}: a version is missing")
    for pointer in tables["active_versions"]:
        if pointer["number"] and (pointer["task"], pointer["number"]) not in served:
            raise InvalidExport("active_versions: a version is missing, or was never published")


def _rows(document: Mapping[str, Any], table: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = document.get(table, [] if table in _ADDED else None)
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
    if kind == _NUMBER:
        if isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1:
            return value
        raise InvalidExport(f"{table}.{name} must be a number from -1 to 1")
    if not isinstance(value, str):
        raise InvalidExport(f"{table}.{name} must be a string")
    if not _fits(kind.rstrip("?"), value):
        raise InvalidExport(f"{table}.{name} is not what it should be: {_WANTED[kind.rstrip('?')]}")
    return value


def _fits(kind: str, text: str) -> bool:
    try:
        text.encode()  # Refuses halves of surrogate pairs.
        if kind == _STAMP:
            return datetime.fromisoformat(text).tzinfo is not None
        if kind not in _JSON_KINDS:
            return True
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
        return _JSON_KINDS[kind](value)
    except (ValueError, RecursionError):
        return False


def _is_figure(value: Any) -> bool:
    return value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


_JSON_KINDS: Mapping[str, Callable[[Any], bool]] = {
    _OBJECT: lambda value: isinstance(value, dict),
    _FIGURES: lambda value: isinstance(value, dict) and all(map(_is_figure, value.values())),
    _STRINGS: lambda value: isinstance(value, list) and all(isinstance(entry, str) for entry in value),
}
_WANTED = {
    _TEXT: "a string of characters", _STAMP: "an ISO 8601 time with its zone", _OBJECT: "a JSON object",
    _FIGURES: "a JSON object of numbers", _STRINGS: "a JSON list of strings",
}  # fmt: skip


_KEYS = {
    "consent": ("id",), "samples": ("id",), "versions": ("task", "number"),
    "version_samples": ("task", "number", "sample_id"), "active_versions": ("task",),
    "trials": ("task", "number", "sample_id"), "updates": ("seq",), "audit": ("id",), "settings": ("name",),
    "idempotency": ("key",), "thoughts": ("id",), "offers": ("thought_id", "insight_id"), "goals": ("id",),
    "own_insights": ("id",), "knowledge": ("id",), "calendar": ("id",), "contacts": ("id",), "notes": ("id",),
    "egress": ("id",),
}  # fmt: skip


def _unique(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    for table, names in _KEYS.items():
        keys = [tuple(row[name] for name in names) for row in tables[table]]
        if len(set(keys)) != len(keys):
            raise InvalidExport(f"{table}: two rows have the same {', '.join(names)}")
    if any(row["id"] != 1 for row in tables["consent"]):
        raise InvalidExport("consent: there is one row, with id 1")
    for table in ("calendar", "contacts", "notes"):
        given = [row["uid"] for row in tables[table] if row["uid"] is not None]
        if len(set(given)) != len(given):
            raise InvalidExport(f"{table}: two rows have the same uid")
    identities = [row["id"] for row in tables["updates"]]
    if len(set(identities)) != len(identities):
        raise InvalidExport("updates: two rows have the same id")
