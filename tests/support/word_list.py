"""A small real recogniser: words that a test lists."""

from collections.abc import Mapping
from dataclasses import dataclass

from device_sim.privacy.findings import Finding, SensitiveType


@dataclass(frozen=True)
class WordList:
    """Finds each word wherever it stands; `subjects` says which words mean the same thing."""

    words: Mapping[str, SensitiveType]
    subjects: Mapping[str, str] | None = None

    def find(self, text: str) -> list[Finding]:
        """As the protocol asks."""
        found = []
        for word, kind in self.words.items():
            start = text.find(word)
            while start >= 0:
                subject = (self.subjects or {}).get(word)
                found.append(Finding(start, start + len(word), kind, "word list", subject))
                start = text.find(word, start + 1)
        return found
