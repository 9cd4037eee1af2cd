"""Which placeholder stands for which value, in one conversation. In memory only, and never shared with another."""

import threading
from collections.abc import Mapping
from types import MappingProxyType

from device_sim.errors import VaultFull
from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.phrase_index import PhraseIndex
from device_sim.privacy.placeholders import MOST_OF_A_TYPE, placeholder

MOST_VALUES = 4096


class Vault:
    """The values of one conversation. The same value of the same type always has the same placeholder; two values, also
    where only their case differs, never have the same one. Thread-safe.
    """

    def __init__(self, most_values: int = MOST_VALUES) -> None:
        self._most = most_values
        self._lock = threading.Lock()
        self._placeholders: dict[tuple[SensitiveType, str], str] = {}
        self._values: dict[str, str] = {}
        self._types: dict[str, SensitiveType] = {}  # of each value, the first that it was seen as
        self._of_type: dict[SensitiveType, int] = {}
        self._subjects: dict[str, set[str]] = {}  # by placeholder
        self._known: PhraseIndex[tuple[SensitiveType, str]] = PhraseIndex()

    def __repr__(self) -> str:
        return f"<Vault of {len(self._values)} values>"

    def __len__(self) -> int:
        return len(self._values)

    def __reduce__(self) -> str:
        raise TypeError("a vault stays in memory")

    def placeholder_for(self, value: str, kind: SensitiveType, subject: str | None = None) -> str:
        """The placeholder of `value`, a new one where it has none. Values with the same `subject` mean the same thing.

        Raises:
            VaultFull: there is no room for another value.
        """
        if not value:
            raise ValueError("nothing needs no placeholder")
        with self._lock:
            name = self._placeholders.get((kind, value))
            if name is None:
                name = self._add(value, kind)
            if subject is not None:
                self._subjects.setdefault(name, set()).add(subject)
            return name

    def _add(self, value: str, kind: SensitiveType) -> str:
        number = self._of_type.get(kind, 0)
        if len(self._values) >= self._most or number >= MOST_OF_A_TYPE:
            raise VaultFull(f"the conversation holds {len(self._values)} sensitive values; begin a new one")
        name = placeholder(kind, number)
        self._of_type[kind] = number + 1
        self._placeholders[kind, value] = name
        self._values[name] = value
        self._types.setdefault(value, kind)
        if kind is not SensitiveType.TEXT:  # what looks like a placeholder is found by its grammar
            self._known.add(value, (kind, name))
        return name

    def value_of(self, name: str) -> str | None:
        """What the placeholder stands for, or `None` if it is none of this conversation."""
        return self._values.get(name)

    def only_value_of(self, kind: SensitiveType) -> str | None:
        """The value of that type, where there is exactly one."""
        with self._lock:
            return self._values[placeholder(kind, 0)] if self._of_type.get(kind) == 1 else None

    def type_of(self, value: str) -> SensitiveType | None:
        """The type that the value was first seen as."""
        return self._types.get(value)

    def occurrences(self, text: str) -> list[Finding]:
        """Where the text holds a known value, also in another case or width or with spaces within."""
        found = []
        for place in self._known.find(text):
            kind, name = place.label
            found.append(Finding(place.start, place.end, kind, "known value", self._subject(name)))
        return found

    def _subject(self, name: str) -> str | None:
        subjects = self._subjects.get(name, ())
        return next(iter(subjects)) if len(subjects) == 1 else None

    @property
    def subjects(self) -> tuple[tuple[str, ...], ...]:
        """Groups of placeholders, two at least, that mean the same thing: 王总 and 王建国 of one contact. One that may
        mean several things is in none.
        """
        groups: dict[str, list[str]] = {}
        with self._lock:
            for name in self._values:
                if (subject := self._subject(name)) is not None:
                    groups.setdefault(subject, []).append(name)
        return tuple(tuple(names) for names in groups.values() if len(names) > 1)

    @property
    def values(self) -> Mapping[str, str]:
        """All values by placeholder, as they are now; for the user's own eyes."""
        with self._lock:
            return MappingProxyType(dict(self._values))
