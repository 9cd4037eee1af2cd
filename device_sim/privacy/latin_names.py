"""Names of persons in Latin letters: first names, forms of address, and Chinese names in pinyin."""

import re
from collections.abc import Iterator

from device_sim.privacy.name_words import AMBIGUOUS_FIRST_NAMES, FIRST_NAMES, PINYIN_SURNAMES

_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z][a-z]+(?![A-Za-z])")
_MORE = re.compile(r"(?:[ ·.][A-Z](?:[a-z]+|\.)(?![A-Za-z])){1,2}")  # surnames, initials
_ADDRESSED = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.?\s?[A-Z][a-z]+(?:\s[A-Z][a-z]+)?(?![A-Za-z])"
)
_PINYIN = re.compile(r"(?<![A-Za-z])([A-Z][a-z]{1,7})\s([A-Z][a-z]{1,7}(?:[-' ]?[A-Za-z][a-z]{1,6})?)(?![A-Za-z])")
_SYLLABLES = re.compile(
    r"(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|uan|uai|ian|iao|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|vn|ia|ua|uo|[aoeiuv])"
    r"){1,3}"
)


def latin_names(text: str) -> Iterator[tuple[int, int]]:
    """Where the text seems to name a person in Latin letters."""
    for match in _WORD.finditer(text):
        word, capital = match[0].lower(), match[0][0].isupper()
        more = _MORE.match(text, match.end()) if capital else None
        if word in FIRST_NAMES or (
            word in AMBIGUOUS_FIRST_NAMES and capital and (more or _among_han(text, *match.span()))
        ):
            yield match.start(), more.end() if more else match.end()
    yield from (match.span() for match in _ADDRESSED.finditer(text))
    yield from (match.span() for match in _PINYIN.finditer(text) if _is_pinyin(match[1], match[2]))


def is_first_name(words: str) -> bool:
    """Is one of the words a first name, or the first a surname in pinyin with a given name?"""
    parts = words.lower().split()
    return any(part in FIRST_NAMES for part in parts) or (len(parts) > 1 and _is_pinyin(parts[0], " ".join(parts[1:])))


def _is_pinyin(first: str, second: str) -> bool:
    first, second = first.lower(), re.sub(r"[-' ]", "", second).lower()
    return (first in PINYIN_SURNAMES and _SYLLABLES.fullmatch(second) is not None) or (
        second in PINYIN_SURNAMES and _SYLLABLES.fullmatch(first) is not None
    )


def _among_han(text: str, start: int, end: int) -> bool:
    """Is it a lone word of letters, not one of an English sentence?"""
    around = (text[:start].rstrip()[-1:], text[end:].lstrip()[:1])
    return not any(c.isascii() and c.isalnum() for c in around)
