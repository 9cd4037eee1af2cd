"""The knowledge base: insights, written by people, with when each one applies.

The source is TOML, a file a direction of life, read by people and by this. A package from a server holds the same
entries as JSON, signed; an own entry of the user is one of them too. Every entry is checked before it is used.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_sim.errors import KnowledgeInvalid
from model_store.errors import BundleUntrusted
from model_store.signing import verify

DIRECTIONS = (
    "career", "learning", "emotion", "relationship", "family", "health", "time", "finance", "expression", "meaning",
)  # fmt: skip
INTENTS = ("goal_setting", "emotion_record", "advice_seeking")
FEELINGS = ("negative", "neutral", "positive")
SHIPPED = Path(__file__).parent / "knowledge"
PACKAGE_SCHEMA = "attune-knowledge/1"
MOST_ENTRIES = 2_000
MOST_OWN = 500
_OWN = re.compile(r"own-[1-9][0-9]{0,8}")
_SHOWABLE = re.compile(r"[a-z_]{1,40}")
_VERSION_FILE = "version.toml"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,11}")
# Least and most characters of each text, and parts of each list.
_LENGTHS = {"title": (2, 40), "body": (10, 600), "action": (2, 120), "topic": (1, 20)}
_ALLOWED = {"intents": INTENTS, "feelings": FEELINGS}
_COUNTS = {"actions": (1, 6), "intents": (1, 3), "feelings": (1, 3), "topics": (1, 24)}


@dataclass(frozen=True)
class Insight:
    """One entry. `intents` and `feelings` are those that it fits, `topics` words that a fitting thought may hold."""

    id: str
    direction: str
    title: str
    body: str
    actions: tuple[str, ...]
    intents: tuple[str, ...]
    feelings: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Knowledge:
    """A version of the knowledge base."""

    version: str
    insights: tuple[Insight, ...]

    def find(self, insight_id: str) -> Insight | None:
        """The entry of that id."""
        return next((insight for insight in self.insights if insight.id == insight_id), None)


def shipped_knowledge(folder: Path = SHIPPED) -> Knowledge:
    """What comes with the app: `version.toml`, and a file for each direction.

    Raises:
        KnowledgeInvalid: naming the file or the entry, and what is wrong.
    """
    version = _toml(folder / _VERSION_FILE).get("version")
    insights: list[Insight] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != _VERSION_FILE:
            content = _toml(path)
            odd = set(content) - {"direction", "insight"}
            if odd or not isinstance(content.get("insight"), list):
                raise KnowledgeInvalid(f"{path.name} must hold a direction and [[insight]] entries, and nothing else")
            insights += read_insights(content["insight"], {"direction": content.get("direction")}, path.name)
    return _knowledge(version, insights)


def packaged_knowledge(document: Mapping[str, Any], trusted: Mapping[str, Ed25519PublicKey]) -> Knowledge:
    """A signed package from a server: {schema, version, insights, signature}.

    Raises:
        KnowledgeInvalid: no trusted key signed it, or an entry is wrong; the message names it.
    """
    if document.get("schema") != PACKAGE_SCHEMA:
        raise KnowledgeInvalid(f"the package is not of the schema {PACKAGE_SCHEMA}")
    try:
        verify(document, trusted)
    except BundleUntrusted as error:
        raise KnowledgeInvalid(str(error).replace("the manifest", "the package")) from None
    entries = document.get("insights")
    if not isinstance(entries, list) or set(document) != {"schema", "version", "insights", "signature"}:
        raise KnowledgeInvalid("the package must hold schema, version, a list of insights and a signature")
    return _knowledge(document.get("version"), read_insights(entries, {}, "the package"))


def is_own(insight_id: str) -> bool:
    """Is it the id of an entry of the user's own?"""
    return _OWN.fullmatch(insight_id) is not None


def package_of(knowledge: Knowledge) -> dict[str, Any]:
    """The package of a knowledge base, to be signed."""
    insights = [
        {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(insight).items()}
        for insight in knowledge.insights
    ]
    return {"schema": PACKAGE_SCHEMA, "version": knowledge.version, "insights": insights}


def read_insights(entries: Iterable[Any], common: Mapping[str, Any], where: str) -> list[Insight]:
    """Entries as they stand in a file, with the fields `common` to all.

    Raises:
        KnowledgeInvalid: naming the entry, by its id or its place, and what is wrong.
    """
    found = []
    for place, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise KnowledgeInvalid(f"{where}: entry {place} is no table")
        name = entry.get("id")
        called = f"{where}: {name}" if isinstance(name, str) and _ID.fullmatch(name) else f"{where}: entry {place}"
        for fault in _faults({**common, **entry}):
            raise KnowledgeInvalid(f"{called}: {fault}")
        found.append(_insight({**common, **entry}))
    return found


def _knowledge(version: Any, insights: Sequence[Insight]) -> Knowledge:
    if not isinstance(version, str) or not re.fullmatch(r"[0-9A-Za-z.+-]{1,40}", version):
        raise KnowledgeInvalid("the version of the knowledge base must be 1 to 40 letters, digits, dots, + or -")
    if not 1 <= len(insights) <= MOST_ENTRIES:
        raise KnowledgeInvalid(f"a knowledge base has between 1 and {MOST_ENTRIES} entries, not {len(insights)}")
    seen: set[str] = set()
    for insight in insights:
        if is_own(insight.id):
            raise KnowledgeInvalid(f"{insight.id}: such an id is that of an own entry of a user")
        if insight.id in seen:
            raise KnowledgeInvalid(f"{insight.id}: the id is there twice")
        seen.add(insight.id)
    return Knowledge(version, tuple(insights))


def _insight(entry: Mapping[str, Any]) -> Insight:
    lists = {name: tuple(entry[name]) for name in _COUNTS}
    return Insight(entry["id"], entry["direction"], entry["title"], entry["body"], **lists)


def _faults(entry: Mapping[str, Any]) -> Iterator[str]:
    fields = set(Insight.__dataclass_fields__)
    if set(entry) != fields:
        # Own entries are personal: what a field is called is shown only where it looks like a name.
        odd = sorted({name if _SHOWABLE.fullmatch(str(name)) else "?" for name in set(entry) ^ fields})
        yield f"it must have {', '.join(sorted(fields))}; wrong or missing: {', '.join(odd)}"
        return
    if not isinstance(entry["id"], str) or not _ID.fullmatch(entry["id"]):
        yield "the id must be lower-case letters and digits, in up to 12 parts joined by -"
    if entry["direction"] not in DIRECTIONS:
        yield f"there is no such direction; directions are {', '.join(DIRECTIONS)}"
    for name in ("title", "body"):
        yield from _of_text(name, name, entry[name])
    for name in _COUNTS:
        yield from _of_list(name, entry[name])


def _of_list(name: str, values: Any) -> Iterator[str]:
    least, most = _COUNTS[name]
    if not isinstance(values, list | tuple) or not least <= len(values) <= most:
        yield f"{name} must be a list of {least} to {most}"
        return
    if len(set(map(str, values))) != len(values):
        yield f"{name} has something twice"
    if name in _ALLOWED:
        if any(value not in _ALLOWED[name] for value in values):
            yield f"{name} may be {', '.join(_ALLOWED[name])}, and nothing else"
        return
    for value in values:
        yield from _of_text(f"a part of {name}", name.removesuffix("s"), value)


def _of_text(called: str, kind: str, value: Any) -> Iterator[str]:
    least, most = _LENGTHS[kind]
    if not isinstance(value, str):
        yield f"{called} must be text"
    elif not least <= len(value) <= most or value != value.strip() or any(ord(letter) < ord(" ") for letter in value):
        yield f"{called} must have {least} to {most} characters on one line, without spaces at its ends"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise KnowledgeInvalid(f"{path.name} can't be read: {error.strerror}") from None
    except ValueError as error:  # also of what is not UTF-8
        raise KnowledgeInvalid(f"{path.name} is no TOML: {error}") from None
