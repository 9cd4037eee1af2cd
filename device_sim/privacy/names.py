"""Names: of those whom the user knows, by all that people call them, and of others by how names are formed."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Protocol

from device_sim.personal.mentions import Certainty, Mention, People
from device_sim.personal.people import Secrets
from device_sim.personal.records import Contact
from device_sim.privacy.address_rules import addresses
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.name_edges import without_neighbours
from device_sim.privacy.name_words import NO_NAMES
from device_sim.privacy.organisation_rules import organisations, projects
from device_sim.privacy.person_context import beside
from device_sim.privacy.person_records import recorded
from device_sim.privacy.person_rules import persons
from device_sim.privacy.phrase_index import PhraseIndex
from device_sim.privacy.plain_text import Plain, unhidden
from device_sim.privacy.reading import Place, Reading, read
from model_store.han import simplified

KNOWN, _RULES = "personal data", "rules for names"
_POINTS = frozenset("这那把将")  # what no name begins with: 把这段话翻译成
_LEGAL_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "集团", "公司")
_SHORTEST = 2


class KnownNames(Protocol):
    """Where the user's own contacts and events are; `PersonalStore` is one."""

    def secrets(self) -> Secrets:
        """What is there now. Called for every text."""
        ...


class Names:
    """A recogniser. What is known is made ready again when it has changed."""

    def __init__(self, known: KnownNames | None, everyday: EverydayWords) -> None:
        self._source = known
        self._everyday = everyday
        self._ready: _Known | None = None
        self._lock = threading.Lock()

    def find(self, text: str) -> list[Finding]:
        """See `Recogniser`. A name that is found by a rule is found wherever the text has it."""
        squeezed, spaced = unhidden(text), unhidden(text, spaces=True)
        found = list(self._in(squeezed))
        if spaced.text != squeezed.text:
            found += self._in(spaced)  # 周一 付一笑
        return found

    def _in(self, made: Plain) -> Iterator[Finding]:
        reading = read(made.text, self._everyday)
        for one in (*self._known_in(reading), *self._unknown_in(reading)):
            yield Finding(*made.original(one.start, one.end), one.type, one.source, one.subject)

    def forget(self) -> None:
        """Drop what was made ready."""
        with self._lock:
            self._ready = None

    def _known_in(self, reading: Reading) -> Iterator[Finding]:
        if self._source is None:
            return
        secrets = self._source.secrets()
        ready = self._ready
        if ready is None or ready.secrets is not secrets:
            with self._lock:
                ready = self._ready
                if ready is None or ready.secrets is not secrets:
                    ready = self._ready = _Known(secrets)
        yield from ready.find(reading, self._everyday)

    def _unknown_in(self, reading: Reading) -> Iterator[Finding]:
        text = reading.text
        rules = (
            (SensitiveType.PERSON, persons),
            (SensitiveType.COMPANY, organisations),
            (SensitiveType.PROJECT, projects),
            (SensitiveType.ADDRESS, addresses),
        )
        found: dict[Place, SensitiveType] = {}
        told = ((place, kind) for kind, rule in rules for place in rule(reading, self._everyday))
        for found_place, kind in chain(told, recorded(text, self._everyday)):
            place = without_neighbours(text, *found_place, kind)
            if text[slice(*place)] not in NO_NAMES and text[place[0]] not in _POINTS:
                found.setdefault(place, kind)
        persons_found = [place for place, kind in found.items() if kind is SensitiveType.PERSON]
        for place in beside(text, persons_found, self._everyday):
            found.setdefault(place, SensitiveType.PERSON)
        yield from (Finding(start, end, kind, _RULES) for (start, end), kind in self._again(reading, found).items())

    def _again(self, reading: Reading, found: dict[Place, SensitiveType]) -> dict[Place, SensitiveType]:
        """With the other places of the same values."""
        text = reading.text
        for value, kind in {text[start:end]: kind for (start, end), kind in found.items()}.items():
            if len(value) >= _SHORTEST and value not in self._everyday:
                at = text.find(value)
                while at >= 0:
                    if reading.parts(at, at + len(value)):
                        found.setdefault((at, at + len(value)), kind)
                    at = text.find(value, at + len(value))
        return found


class _Known:
    """The names of one state of the personal data."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self._contacts = People(map(_simplified, secrets.contacts))
        # Those that are only named in events are as good as contacts of that name.
        listed = {name for one in secrets.contacts for name in (one.name, *one.aliases)}
        self._others = People(_only_named(name for name in secrets.people if name not in listed))
        self._organisations: PhraseIndex[str] = PhraseIndex()
        for name in sorted(map(simplified, secrets.organisations)):
            for form in _organisation_forms(name):
                self._organisations.add(form, _short(name))
        self._places: PhraseIndex[str] = PhraseIndex()
        for place in map(simplified, secrets.places):
            if len(place) > _SHORTEST:
                self._places.add(place, place)

    def find(self, reading: Reading, everyday: EverydayWords) -> Iterator[Finding]:
        """The places of `reading` that name any of them."""
        text = reading.text
        for mention in self._contacts.find(text):
            if _meant(mention, reading, everyday):
                ids = [one.id for one in mention.contacts]
                subject = f"contact {ids[0]}" if len(ids) == 1 else None
                yield Finding(mention.begin, mention.stop, SensitiveType.PERSON, KNOWN, subject)
        for mention in self._others.find(text):
            if _meant(mention, reading, everyday):
                names = {one.name for one in mention.contacts}
                subject = f"person {names.pop()}" if len(names) == 1 else None
                yield Finding(mention.begin, mention.stop, SensitiveType.PERSON, KNOWN, subject)
        for found in self._organisations.find(text):
            if text[found.start : found.end] not in everyday or found.end - found.start > _SHORTEST:
                yield Finding(found.start, found.end, SensitiveType.COMPANY, KNOWN, f"organisation {found.label}")
        for place in self._places.find(text):
            if text[place.start : place.end] not in everyday:
                yield Finding(place.start, place.end, SensitiveType.ADDRESS, KNOWN)


def _meant(mention: Mention, reading: Reading, everyday: EverydayWords) -> bool:
    """Names and aliases always are; what is made of them is not as a part of an everyday word, or as one: 小王子,
    国王总是. A word that only begins in it (王总和) may be chance.
    """
    if mention.certainty is Certainty.NAMED:
        return True
    begin, stop = mention.begin, mention.stop
    within = begin in reading.inside or reading.words.get(begin, 0) > stop
    return not within and reading.text[begin:stop] not in everyday


def _only_named(names: Iterable[str]) -> list[Contact]:
    """Contacts of whom only a name is known."""
    named = sorted({simplified(name) for name in names if name.strip()})
    return [Contact(-1, name, (), (), (), None) for name in named]


def _simplified(contact: Contact) -> Contact:
    return replace(contact, name=simplified(contact.name), aliases=tuple(map(simplified, contact.aliases)))


def _organisation_forms(name: str) -> Iterator[str]:
    yield name
    if len(_short(name)) >= _SHORTEST:
        yield _short(name)


def _short(name: str) -> str:
    for form in _LEGAL_FORMS:
        name = name.removesuffix(form)
    return name
