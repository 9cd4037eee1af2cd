"""Names of persons that nobody listed, by how they are formed and what stands beside them."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import (
    AFTER, AMBIGUOUS_FIRST_NAMES, COMPOUND_SURNAMES, CUES, FIRST_NAMES, GIVEN, PINYIN_SURNAMES, SHORT_TITLES,
    SURE_SURNAMES, SURNAMES, TITLES,
)  # fmt: skip
from device_sim.privacy.reading import Reading

Place = tuple[int, int]

# Ordinary characters, as which these surnames are far more frequent.
_WEAK = frozenset("时成能向应明全那过初原阳项相解当乐同单车路池边花米支经要和从都有国老官公后麦古党冷应上")
_TITLE = re.compile("|".join(sorted(TITLES, key=len, reverse=True)))
_CUE = re.compile(rf"(?:{'|'.join(sorted(CUES, key=len, reverse=True))})[::\s]*$")
_CUE_LENGTH = 6
_AFTER = re.compile(rf"$|[^\w]|{'|'.join(AFTER)}")
_CLAUSE_START = re.compile(r"(?:^|[^\w])\s*$")
_DOTTED = re.compile(r"[\u4e00-\u9fff]{1,7}(?:[·•・‧][\u4e00-\u9fff]{1,8})+")
_HIDDEN = re.compile(
    rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(SURNAMES - _WEAK)}])(?:某某?|X{{1,2}}|x{{1,2}}|[*]{{1,2}})(?!种|些|个|处|人|地)"
)
_FAMILY = re.compile(rf"(?<=姓)[{''.join(SURNAMES)}](?=的|[^\w]|$)")
_LATIN = re.compile(r"(?<![A-Za-z])[A-Za-z][a-z]+(?![A-Za-z])")
_MORE = re.compile(r"(?:[ ·.][A-Z](?:[a-z]+|\.)?(?![A-Za-z])){1,2}")
_FORMAL = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.?\s?[A-Z][a-z]+(?:\s[A-Z][a-z]+)?(?![A-Za-z])"
)
_SYLLABLE = (
    r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|uan|uai|ian|iao|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|vn|ia|ua|uo|a|o|e|i|u|v)"
)
_PINYIN = re.compile(
    rf"(?<![A-Za-z])(?P<a>[A-Z][a-z]{{1,7}})\s(?P<b>[A-Z][a-z]{{1,7}}(?:[-' ]?[A-Za-z][a-z]{{1,6}})?)(?![A-Za-z])"
)
_SYLLABLES = re.compile(rf"(?:{_SYLLABLE}){{1,3}}", re.IGNORECASE)


def persons(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name a person."""
    text = reading.text
    for place, character in enumerate(text):
        if character in SURNAMES or text[place : place + 2] in COMPOUND_SURNAMES:
            yield from _by_surname(reading, everyday, place)
        if character in "小阿老" and place not in reading.inside:
            yield from _nickname(reading, everyday, place)
    for pattern in (_DOTTED, _HIDDEN, _FAMILY, _FORMAL):
        yield from (match.span() for match in pattern.finditer(text))
    yield from _latin(text)


def _by_surname(reading: Reading, everyday: EverydayWords, start: int) -> Iterator[Place]:
    text = reading.text
    compound = text[start : start + 2] in COMPOUND_SURNAMES
    after = start + (2 if compound else 1)
    if start in reading.inside or (not compound and start in reading.words):
        return
    titled = _titled(reading, start, after)
    if titled:
        yield start, titled
        return
    if compound and start in reading.words and not _cued(text, start):
        return
    end = _given(reading, everyday, after)
    if end is None:
        return
    title = _TITLE.match(text, end)
    if title or _cued(text, start) or compound:
        if text[start] not in _WEAK or title or _cued(text, start) or compound:
            yield start, end
    elif text[start] in SURE_SURNAMES and (_rare(text[after:end], everyday) or _stands(text, start, end)):
        yield start, end


def _titled(reading: Reading, start: int, after: int) -> int | None:
    """Where 王总, 李老师 end, if that is what stands there."""
    text = reading.text
    title = _TITLE.match(text, after)
    if title and after not in reading.inside and title.end() not in reading.inside:
        weak = text[start] in _WEAK and not _CLAUSE_START.search(text[:start])
        return None if weak else title.end()
    if reading.single(after) and text[after] in SHORT_TITLES and text[start] not in _WEAK:
        return after + 1
    return None


def _given(reading: Reading, everyday: EverydayWords, start: int) -> int | None:
    """Where the given name that begins at `start` ends."""
    text = reading.text
    if reading.words.get(start) == start + 2:
        return start + 2 if GIVEN.issuperset(text[start : start + 2]) else None
    if not (reading.single(start) and text[start] in GIVEN):
        return None
    second = start + 1
    if reading.single(second) and text[second] in GIVEN and not everyday.is_free(text[second]):
        return second + 1
    return second


def _cued(text: str, start: int) -> bool:
    return _CUE.search(text[max(0, start - _CUE_LENGTH) : start]) is not None


def _rare(given: str, everyday: EverydayWords) -> bool:
    """Is the given name nothing that everyday text says?"""
    return given not in everyday and not all(everyday.is_usual(character) for character in given)


def _stands(text: str, start: int, end: int) -> bool:
    """A clause begins with it, and goes on as after a name."""
    return _CLAUSE_START.search(text[max(0, start - 2) : start]) is not None and _AFTER.match(text, end) is not None


def _nickname(reading: Reading, everyday: EverydayWords, start: int) -> Iterator[Place]:
    """老王, 小李, 阿强, 阿May."""
    text = reading.text
    if start in reading.words or start + 1 >= len(text):
        return
    character = text[start + 1]
    latin = re.compile(r"[A-Z][a-z]+").match(text, start + 1)
    if text[start] in "阿小" and latin:
        yield start, latin.end()
    if not reading.single(start + 1):
        return
    named = character in SURNAMES - _WEAK or (text[start] == "阿" and character in GIVEN)
    rare = text[start] != "老" and character in GIVEN and not everyday.is_usual(character)
    if named or rare:
        title = _TITLE.match(text, start + 2)
        end = title.end() if title else start + 2
        if not title and reading.single(end) and text[end] in SHORT_TITLES:
            end += 1
        yield start, end


def _latin(text: str) -> Iterator[Place]:
    for match in _LATIN.finditer(text):
        word = match[0].lower()
        if word not in FIRST_NAMES and word not in AMBIGUOUS_FIRST_NAMES:
            continue
        more = _MORE.match(text, match.end())
        if word in AMBIGUOUS_FIRST_NAMES and not more and not (match[0][0].isupper() and _among_han(text, match)):
            continue
        yield match.start(), more.end() if more and match[0][0].isupper() else match.end()
    for match in _PINYIN.finditer(text):
        first, second = match["a"].lower(), match["b"].lower()
        if (first in PINYIN_SURNAMES and _SYLLABLES.fullmatch(re.sub(r"[-' ]", "", second))) or (
            second in PINYIN_SURNAMES and _SYLLABLES.fullmatch(first)
        ):
            yield match.span()


def _among_han(text: str, match: re.Match[str]) -> bool:
    """Is it a lone word of letters, not one of an English sentence?"""
    before, after = text[: match.start()].rstrip()[-1:], text[match.end() :].lstrip()[:1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
