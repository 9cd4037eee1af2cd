"""Names of persons that nobody listed, by how they are formed and what stands beside them."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.latin_names import latin_names
from device_sim.privacy.name_words import (
    AFTER,
    COMPOUND_SURNAMES,
    CUES,
    GIVEN,
    SHORT_TITLES,
    SURE_SURNAMES,
    SURNAMES,
    TITLES,
    WEAK_SURNAMES,
    one_of,
)  # fmt: skip
from device_sim.privacy.person_acts import acting
from device_sim.privacy.person_context import told
from device_sim.privacy.reading import Place, Reading
from model_store.han import HAN

_TITLE = re.compile(one_of(TITLES))
_CUE = re.compile(rf"(?:{one_of(CUES)})[:\s]*$")
_CUE_LENGTH = 6  # characters
_AFTER = re.compile(rf"$|\W|{one_of(AFTER)}")
_ROLE = re.compile("售后|客服|销售|安装|维修|财务|法务|前台|隔壁|联系|[找跟和问给见约请陪让]$")
_TITLED_AFTER = re.compile(
    r"(?:^|\W|语文|数学|英语|物理|化学|生物|历史|地理|政治|体育|音乐|美术|科学|[见找问约给跟请陪让催谢])\s*$"
)
_CLAUSE_START = re.compile(r"(?:^|\W)\s*$")
_ANY_SURNAME = rf"(?:{one_of(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES - WEAK_SURNAMES))}])"
_PATTERNS = (
    re.compile(
        rf"[{HAN}]{{1,7}}(?:[·•・‧][{HAN}]{{1,8}}?){{1,4}}(?=[的说在和跟是把要也都会来去想打]|[^\w·•・‧]|$)"
    ),  # 阿依古丽·买买提
    re.compile(rf"{_ANY_SURNAME}(?:某某?|[Xx*]{{1,2}})(?![种些个处人地])"),  # 张某
    re.compile(rf"(?<=姓){_ANY_SURNAME}(?=的|\W|$)"),  # 免贵姓张
)
_LATIN_NICKNAME = re.compile(r"[A-Z][a-z]+")  # 阿May
_OLD = frozenset(f"老{surname}" for surname in SURE_SURNAMES)
# 王总和, read as 王 总和.
_BOSS_AND = frozenset(f"总{character}" for character in "和是要会能在有说让不想")
_WITH_GIVEN = re.compile(r"[哥姐叔姨总妹弟]")  # 美凤姐


_TOO = re.compile("太[\u4e00-\u9fff](?<![太说来去问的让和是在也想要把])")  # 汤太咸 is no Mrs. Tang


def persons(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name a person."""
    text = reading.text
    for place, character in enumerate(text):
        if character in SURNAMES or text[place : place + 2] in COMPOUND_SURNAMES:
            yield from _by_surname(reading, everyday, place)
        if character in "小阿老大" and place not in reading.inside:
            yield from _nickname(reading, everyday, place)
        elif character in GIVEN:
            yield from _given_alone(reading, everyday, place)
    for pattern in _PATTERNS:
        yield from (match.span() for match in pattern.finditer(text))
    yield from latin_names(text, everyday)
    yield from told(text, everyday)
    yield from acting(reading, everyday)


def _by_surname(reading: Reading, everyday: EverydayWords, start: int) -> Iterator[Place]:
    text = reading.text
    compound = text[start : start + 2] in COMPOUND_SURNAMES
    after = start + (2 if compound else 1)
    if text[max(0, start - 1) : start + 1] in COMPOUND_SURNAMES:
        return
    if start in reading.inside or (start in reading.words and reading.words[start] != after):
        return
    titled = _titled(reading, start, after)
    if titled:
        yield start, titled
        return
    end = _given(reading, everyday, after)
    if end is None:
        return
    titled_behind = _TITLE.match(text, end) is not None
    backed = compound or titled_behind or _cued(text, start)
    sure = text[start] in SURE_SURNAMES and (_rare(text[after:end], everyday) or _stands(text, start, end))
    if end - after == 1 and not backed:
        sure = sure and (end in reading.words or _AFTER.match(text, end) is not None)
    if text[start:after] in WEAK_SURNAMES and not titled_behind:
        backed = backed and end - after > 1 and text[after:end] not in everyday
    if backed or sure:
        yield start, end


def _titled(reading: Reading, start: int, after: int) -> int | None:
    """Where 王总 or 李老师 ends, if that is what stands there."""
    text = reading.text
    weak = text[start] in WEAK_SURNAMES and after - start == 1
    title = _TITLE.match(text, after)
    if title and after not in reading.inside and title.end() not in reading.inside:
        return None if weak and not _TITLED_AFTER.search(text[max(0, start - 2) : start]) else title.end()
    if _TOO.match(text, after):
        return None
    if reading.single(after) and text[after] in SHORT_TITLES and (not weak or _addressed(text, start, after + 1)):
        return after + 1
    begins = _CLAUSE_START.search(text[max(0, start - 2) : start]) is not None and not weak
    if (text[start] in SURE_SURNAMES or begins) and text[after : after + 2] in _BOSS_AND:
        return after + 1
    return None


def _addressed(text: str, start: int, end: int) -> bool:
    """Does it stand as 成工 in 联系售后成工：, or 项队 in 项队和?"""
    begins = _CLAUSE_START.search(text[max(0, start - 2) : start]) or _ROLE.search(text[max(0, start - 2) : start])
    return begins is not None and re.match(r"$|\W|[和跟与说的让把在来]", text[end:]) is not None


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
    latin = _LATIN_NICKNAME.match(text, start + 1)
    if text[start] in "阿小" and latin:
        yield start, latin.end()
    if not reading.single(start + 1):
        return
    character = text[start + 1]
    named = (
        character in SURNAMES - WEAK_SURNAMES if text[start] in "小老" else character in GIVEN and text[start] == "阿"
    )
    if not named and not (character in GIVEN and text[start] != "老" and not everyday.is_usual(character)):
        return
    title = _TITLE.match(text, start + 2)
    end = title.end() if title else start + 2
    if not title and reading.single(end) and text[end] in SHORT_TITLES:
        end += 1
    if (
        end > start + 2
        or _cued(text, start)
        or _AFTER.match(text, end)
        or text[start] == "阿"
        or text[start:end] in _OLD
    ):
        yield start, end


def _given_alone(reading: Reading, everyday: EverydayWords, start: int) -> Iterator[Place]:
    """晓雯, 子轩, 美凤姐; 妞妞 after a word that a name follows."""
    text = reading.text
    second, end = start + 1, start + 2
    if not (reading.single(start) and reading.single(second)) or text[second] not in GIVEN:
        return
    free = everyday.is_free(text[start]) or everyday.is_free(text[second])
    if free or not _rare(text[start:end], everyday):
        return
    if reading.single(end) and _WITH_GIVEN.match(text, end):
        yield start, end + 1
    elif _cued(text, start) and text[start - 1] not in "是一和与" and _AFTER.match(text, end):
        yield start, end
