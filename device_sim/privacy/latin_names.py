"""Names in Latin letters: first names, forms of address, pinyin, words with capitals, firms."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import (
    AMBIGUOUS_FIRST_NAMES,
    FIRST_NAMES,
    LATIN_FIRM_ENDS,
    LATIN_NO_NAMES,
    PINYIN_SURNAMES,
    one_of,
)

_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ'’-"
_CAPITAL = rf"[{_UPPER}][{_LOWER}]*[a-zß-öø-ÿ](?![A-Za-zÀ-ÿ])"
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z][a-z]+(?![A-Za-z])")
_MORE = re.compile(rf"(?:[ ·.](?:(?:van|von|de|da|der|bin|al) )?(?:{_CAPITAL}|[A-Z]\.)){{1,2}}")  # surnames, initials
_ADDRESSED = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.?\s?[A-Z][a-z]+(?:\s[A-Z][a-z]+)?(?![A-Za-z])"
)
_PINYIN = re.compile(r"(?<![A-Za-z])([A-Z][a-z]{1,7})\s([A-Z][a-z]{1,7}(?:[-' ]?[A-Za-z][a-z]{1,6})?)(?![A-Za-z])")
_PINYIN_CAPITALS = re.compile(r"(?<![A-Za-z])([A-Z]{2,8})[\s/,]{1,2}([A-Z]{2,12}(?:[-' ][A-Z]{2,6})?)(?![A-Za-z])")
_PINYIN_WORD = re.compile(r"(?<![A-Za-z])[A-Z][a-z]{3,11}(?![A-Za-z])")
_SYLLABLES = re.compile(
    r"(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|uan|uai|ian|iao|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|vn|ia|ua|uo|[aoeiuv])"
    r"){1,3}"
)
_PAIR = re.compile(rf"(?<![A-Za-zÀ-ÿ@._/-])({_CAPITAL}) (?:[A-Z]\. )?({_CAPITAL}(?: {_CAPITAL})?)")
_LONE = re.compile(rf"(?<![A-Za-zÀ-ÿ@._/-]){_CAPITAL}")
_CUE = re.compile(
    r"(?:\b(?:hi|hello|dear|hey|with|from|by|to|and|thanks|cc|contact|ask|tell|meet|met|call|called|named|colleague|boss"
    r"|manager|friend|loop in|ping|remind|is|am)|,|&)[ ,:]{1,2}$",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r",? (?:and I|said|says|asked|wants|will|called|told|sent|signed|agreed|is (?:my|our|the)|can you|could you|please"
    r"|has|would|joined|left|likes|lives|emailed|texted)\b"
)
_FIRM = re.compile(
    rf"(?<![A-Za-zÀ-ÿ@._/-])(?:(?:St\.|&|[{_UPPER}][A-Za-zÀ-ÿ'’-]*|of|and)[ ]){{1,4}}(?:{one_of(LATIN_FIRM_ENDS)})"
    rf"(?:,? (?:\([A-Z]{{2,4}}\) )?(?:{one_of(LATIN_FIRM_ENDS)}))?\.?(?![A-Za-z])"
)
_FIRM_START = re.compile(r"(?:(?:The|Our|My|Your|This|That|We|At|In|On|I|For|And|Of|A|An)\s)+")
_SENTENCE_START = re.compile(r"(?:^|[.!?。!?\n])\s*$")
_ARTICLE = re.compile(r"\b(?:the|a|an|in|on|of)\s$", re.IGNORECASE)


def latin_names(text: str, everyday: EverydayWords) -> Iterator[tuple[int, int]]:
    """Where the text seems to name a person in Latin letters."""
    for match in _WORD.finditer(text):
        word, capital = match[0].lower(), match[0][0].isupper()
        more = _MORE.match(text, match.end()) if capital else None
        if word in FIRST_NAMES or (
            word in AMBIGUOUS_FIRST_NAMES and capital and (more or _among_han(text, *match.span()))
        ):
            yield match.start(), more.end() if more else match.end()
    yield from (match.span() for match in _ADDRESSED.finditer(text))
    for pattern in (_PINYIN, _PINYIN_CAPITALS):
        yield from (match.span() for match in pattern.finditer(text) if _is_pinyin(match[1], match[2]))
    firms = list(latin_firms(text))
    for match in _PAIR.finditer(text):
        if not _within(match.span(), firms) and all(
            _is_odd(word, everyday) for word in match[0].replace(".", "").split() if len(word) > 1
        ):
            yield match.span()
    for match in _LONE.finditer(text):
        if _is_odd(match[0], everyday) and not _within(match.span(), firms) and _is_meant(text, *match.span()):
            yield match.span()


def latin_firms(text: str) -> Iterator[tuple[int, int]]:
    """Where the text seems to name a firm in Latin letters: Northgate Capital, Keller GmbH."""
    for match in _FIRM.finditer(text):
        article = _FIRM_START.match(text, match.start(), match.end())
        start = article.end() if article else match.start()
        words = text[start : match.end()].lower().split()
        if len(words) > 1 and not LATIN_NO_NAMES.issuperset(words):
            yield start, match.end()


def _within(place: tuple[int, int], firms: list[tuple[int, int]]) -> bool:
    return any(start < place[1] and place[0] < end for start, end in firms)


def is_first_name(words: str) -> bool:
    """Is one of the words a first name, or the first a surname in pinyin with a given name?"""
    parts = words.lower().split()
    return any(part in FIRST_NAMES for part in parts) or (len(parts) > 1 and _is_pinyin(parts[0], " ".join(parts[1:])))


def is_pinyin_name(word: str) -> bool:
    """Is the one word a surname in pinyin with a given name behind it: wangxiaoyu?"""
    lower = re.sub(r"[ _.]", "", word.lower())
    return lower in FIRST_NAMES or any(
        lower[:size] in PINYIN_SURNAMES and _SYLLABLES.fullmatch(lower[size:]) is not None for size in range(2, 7)
    )


def _is_pinyin(first: str, second: str) -> bool:
    first, second = first.lower(), re.sub(r"[-' ]", "", second).lower()
    return (first in PINYIN_SURNAMES and _SYLLABLES.fullmatch(second) is not None) or (
        second in PINYIN_SURNAMES and _SYLLABLES.fullmatch(first) is not None
    )


def _is_odd(word: str, everyday: EverydayWords) -> bool:
    return word not in everyday and word.lower() not in LATIN_NO_NAMES


def _is_meant(text: str, start: int, end: int) -> bool:
    """Is a lone word with a capital written as a name is: after with, before said?"""
    before = text[max(0, start - 24) : start]
    if _ARTICLE.search(before):
        return False
    english = _among_latin(text, start, end)
    pinyin = _PINYIN_WORD.fullmatch(text, start, end) and _SYLLABLES.fullmatch(text[start:end].lower())
    says = _SAYS.match(text, end) is not None
    if _SENTENCE_START.search(before):
        return english and says
    return english and (says or bool(pinyin) or _CUE.search(before) is not None)


def _among_latin(text: str, start: int, end: int) -> bool:
    """Is it a word of an English sentence?"""
    around = text[max(0, start - 12) : start] + text[end : end + 12]
    return any(c.isascii() and c.isalpha() for c in around) and not any("\u3400" <= c <= "\u9fff" for c in around)


def _among_han(text: str, start: int, end: int) -> bool:
    """Is it a lone word of letters, not one of an English sentence?"""
    around = (text[:start].rstrip()[-1:], text[end:].lstrip()[:1])
    return not any(c.isascii() and c.isalnum() for c in around)
