"""The last look at a request before it leaves: its final bytes against all that is stored and every recogniser."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from device_sim.privacy.disguises import decoded_bytes, decoded_text
from device_sim.privacy.findings import Finding, Recogniser, SensitiveType
from device_sim.privacy.phrase_index import PhraseIndex
from device_sim.privacy.placeholders import mentions
from device_sim.privacy.spans import outside
from device_sim.privacy.vault import Vault

LONG_SECRET = 6  # bytes of UTF-8; shorter ones turn up by chance in what base64 and hexadecimal digits decode to

# What the protocol itself says; never looked at, so that a contact called Max does not stop every `max_tokens`.
_PROTOCOL = frozenset(
    {
        "model", "messages", "role", "content", "system", "user", "assistant", "developer", "tool", "stream",
        "stream_options", "include_usage", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "n",
        "seed", "presence_penalty", "frequency_penalty", "response_format", "type", "text", "store",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not leave, and in which kind of record it is stored, for people."""

    value: str = field(repr=False)
    type: SensitiveType
    source: str


@dataclass(frozen=True, slots=True)
class Leak:
    """Something sensitive in a request: what it is, where (a path in the JSON document and the characters there), and
    who says so. Never the value.
    """

    type: SensitiveType
    where: str
    source: str


class StoredSecrets:
    """All that is stored, made ready to be sought; also a recogniser, so that what the last check would find is
    replaced before. Costs some 0.2 s for 5,000 contacts: made once, and again when the data has changed.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._all: PhraseIndex[tuple[SensitiveType, str]] = PhraseIndex()
        self._long: PhraseIndex[tuple[SensitiveType, str]] = PhraseIndex()
        for secret in secrets:
            for value in _spellings(secret):
                self._all.add(value, (secret.type, secret.source))
                if len(value.encode(errors="replace")) >= LONG_SECRET:
                    self._long.add(value, (secret.type, secret.source))

    def __len__(self) -> int:
        return len(self._all)

    def find(self, text: str) -> list[Finding]:
        """Where the text holds one."""
        return [Finding(found.start, found.end, *found.label) for found in self._all.find(text)]

    def find_long(self, text: str) -> list[Finding]:
        """Where the text holds one that is no accident in bytes without meaning."""
        return [Finding(found.start, found.end, *found.label) for found in self._long.find(text)]


def _spellings(secret: Secret) -> Iterator[str]:
    """The value; a mobile number also with and without the country's code, as no part of a longer number is found."""
    yield secret.value
    if secret.type is SensitiveType.PHONE:
        digits = re.sub("[^0-9]", "", unicodedata.normalize("NFKC", secret.value))
        if mobile := re.fullmatch("(?:(?:00)?86)?(1[0-9]{10})", digits):
            yield from (mobile[1], f"86{mobile[1]}", f"0086{mobile[1]}")


class LastCheck:
    """Seeks, in the bytes of a chat request, stored secrets and what the recognisers find. Thread-safe.

    `constants` are the texts of this program and its settings that go out as they are: system prompts, the name of the
    model. Placeholders, and what the constants hold, are no leaks.
    """

    def __init__(
        self, recognisers: Sequence[Recogniser], secrets: StoredSecrets, *, constants: Collection[str] = ()
    ) -> None:
        self._recognisers = tuple(recognisers)
        self._secrets = secrets
        self._constants = tuple(sorted(filter(None, constants), key=len, reverse=True))
        self._known = _PROTOCOL | frozenset(self._constants)
        written = {f'"{word}"' for word in _PROTOCOL} | {":true", ":false", ":null"}
        written |= {json.dumps(text, ensure_ascii=how)[1:-1] for text in self._constants for how in (True, False)}
        self._written = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))))

    def scan(self, body: bytes, vault: Vault | None = None) -> tuple[Leak, ...]:
        """What must not leave; none, and the request may go. Values of the conversation's `vault` are sought too. A
        body that is no JSON text can't be checked: that is a leak.
        """
        try:
            text = body.decode()
            document = json.loads(
                text, object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, parse_constant=_Number
            )  # fmt: skip
        except (ValueError, RecursionError):
            return (Leak(SensitiveType.TEXT, "body", "unreadable"),)
        leaks: dict[Leak, None] = {}
        for where, string, written in _strings(document, "body"):
            if string not in self._known:
                leaks.update(dict.fromkeys(self._leaks(where, string, vault, recognise=written)))
        if not leaks:  # nothing may rest on the decoding above alone
            rest = self._written.sub("\n", text)
            leaks.update(dict.fromkeys(self._named("body", rest, self._stored(rest, vault))))
        return tuple(leaks)

    def _stored(self, text: str, vault: Vault | None) -> list[Finding]:
        return self._secrets.find(text) + (vault.occurrences(text) if vault is not None else [])

    def _leaks(self, where: str, text: str, vault: Vault | None, *, recognise: bool) -> Iterator[Leak]:
        found = self._stored(text, vault)
        if recognise:
            found += [finding for one in self._recognisers for finding in one.find(text)]
        yield from self._named(where, text, found)
        for view in decoded_text(text):
            yield from self._named(f"{where}, decoded", view, self._stored(view, vault), place=False)
        for view in decoded_bytes(text):
            yield from self._named(f"{where}, decoded", view, self._secrets.find_long(view), place=False)

    def _named(self, where: str, text: str, found: Sequence[Finding], *, place: bool = True) -> Iterator[Leak]:
        if not found:
            return
        ours = self._ours(text)
        for finding in found:
            if any(outside(text, finding.start, finding.end, ours)):
                spot = f"{where}, characters {finding.start} to {finding.end}" if place else where
                yield Leak(finding.type, spot, finding.source)

    def _ours(self, text: str) -> list[tuple[int, int]]:
        """Placeholders and constants, in order and apart."""
        places = [(m.start, m.end) for m in mentions(text) if text[m.start : m.end] == m.name]
        for constant in self._constants:
            start = text.find(constant)
            while start >= 0:
                places.append((start, start + len(constant)))
                start = text.find(constant, start + len(constant))
        apart: list[tuple[int, int]] = []
        for start, end in sorted(places):
            if apart and start < apart[-1][1]:
                apart[-1] = (apart[-1][0], max(apart[-1][1], end))
            else:
                apart.append((start, end))
        return apart


class _Number(str):
    """A JSON number, as it is written."""

    __slots__ = ()


class _Object(list[tuple[str, object]]):
    """A JSON object with all its pairs, also those whose keys come twice."""


def _strings(value: object, where: str) -> Iterator[tuple[str, str, bool]]:
    """Every string of a document with its path, and whether it is text rather than a number. A path names only keys of
    the protocol: any other could be a secret itself.
    """
    if isinstance(value, _Object):
        for number, (key, item) in enumerate(value):
            path = f"{where}.{key}" if key in _PROTOCOL else f"{where}.key {number}"
            if key not in _PROTOCOL:
                yield path, key, True
            yield from _strings(item, path)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{where}[{number}]")
    elif isinstance(value, str):
        yield where, value, not isinstance(value, _Number)
