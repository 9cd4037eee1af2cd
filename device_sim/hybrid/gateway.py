"""The privacy gateway of one device: its recognisers, the two redactors made of them, and the last check."""

import threading
from collections.abc import Iterator, Sequence

from device_sim.errors import EgressBlocked
from device_sim.heads import ServingHeads
from device_sim.hybrid.dispatcher import Evidence
from device_sim.hybrid.prompt import OWN_WORDS
from device_sim.inference import Encoder
from device_sim.personal.people import Secrets
from device_sim.personal.store import PersonalStore
from device_sim.privacy.called_names import Called
from device_sim.privacy.entities import Entities
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding, Recogniser, SensitiveType
from device_sim.privacy.last_check import LastCheck, Secret, StoredSecrets
from device_sim.privacy.names import KNOWN, Names
from device_sim.privacy.patterns import Patterns
from device_sim.privacy.redactor import Redactor
from device_sim.privacy.vault import Vault

# Values that are the user's by their form; amounts, dates and links are in many general questions too.
_OWN = frozenset(SensitiveType) - {SensitiveType.AMOUNT, SensitiveType.DATE, SensitiveType.LINK, SensitiveType.TERM}

_TELLING = 2  # characters of a name or rare word that is looked for in notes


class Gateway:
    """`plain` hides what the recognisers know; `strict`, for what comes out of private data, also every word that
    everyday public text does not hold. Thread-safe.
    """

    def __init__(self, encoder: Encoder, heads: ServingHeads, store: PersonalStore) -> None:
        self._store = store
        self._everyday = everyday = EverydayWords()
        self._names = Names(store, everyday)
        self._patterns = Patterns()
        self._stored = Stored(store)
        marked = Entities(encoder, heads, everyday)
        known: Sequence[Recogniser] = (self._patterns, self._stored, self._names)
        self._once: Sequence[Recogniser] = (marked,) if marked.available else ()
        self.plain = Redactor(known, once=self._once, own_words=OWN_WORDS)
        self.strict = Redactor((*known, Called(everyday)), once=self._once, afterwards=(everyday,), own_words=OWN_WORDS)

    def evidence(self, text: str) -> Evidence:
        """What of the user's a request touches."""
        named = self._names.find(text)
        own = [one for one in self._patterns.find(text) if one.type in _OWN]
        own += [*self._stored.find(text), *(one for one in named if one.source == KNOWN)]
        marked = [finding for one in (*self._once, self._everyday) for finding in one.find(text)]
        values = {text[one.start : one.end] for one in (*named, *marked)}
        held = sum(self._store.holds(value) for value in values if len(value) >= _TELLING)
        return Evidence(tuple(dict.fromkeys(one.type.value for one in own)), held + self._store.answers(text))

    def check(self, body: bytes, vault: Vault, model: str) -> None:
        """Look at the bytes that are about to leave once more.

        Raises:
            EgressBlocked: they hold a stored or recognised secret; the message names its kind and place, not the value.
        """
        known = (self._patterns, self._names)
        leaks = LastCheck(known, self._stored.secrets(), constants={*OWN_WORDS, model}).scan(body, vault)
        if leaks:
            found = "; ".join(f"{leak.type.value} at {leak.where} ({leak.source})" for leak in leaks[:3])
            raise EgressBlocked(f"the last check found what must not leave: {found}")

    def forget(self) -> None:
        """Drop what was made ready of the personal data; it is made again when it is next needed."""
        self._stored.forget()
        self._names.forget()


class Stored:
    """Recognises whatever is stored on the phone, as it was written there. Made ready again when that has changed."""

    def __init__(self, store: PersonalStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._ready: tuple[Secrets, StoredSecrets] | None = None

    def secrets(self) -> StoredSecrets:
        """All of it, made ready to be sought."""
        now = self._store.secrets()
        with self._lock:
            if self._ready is None or self._ready[0] is not now:
                self._ready = (now, StoredSecrets(_secrets(now)))
            return self._ready[1]

    def find(self, text: str) -> list[Finding]:
        """See `Recogniser`."""
        return self.secrets().find(text)

    def forget(self) -> None:
        """Drop it."""
        with self._lock:
            self._ready = None


def _secrets(stored: Secrets) -> Iterator[Secret]:
    kinds = (
        (SensitiveType.PERSON, "contacts", stored.names),
        (SensitiveType.PHONE, "contacts", stored.phones),
        (SensitiveType.EMAIL, "contacts", stored.emails),
        (SensitiveType.COMPANY, "contacts", stored.organisations),
        (SensitiveType.ADDRESS, "calendar", stored.places),
    )
    for kind, source, values in kinds:
        yield from (Secret(value, kind, source) for value in values)
