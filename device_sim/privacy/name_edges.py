"""Where a name ends that a recogniser found a part of: with its title, its legal form, its door, its last letter."""

import re

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.name_words import (
    BUSINESSES,
    COMPOUND_SURNAMES,
    ORGANISATION_ENDS,
    ORGANISATION_PARTS,
    SURNAMES,
    TITLES,
    WEAK_SURNAMES,
    one_of,
)
from device_sim.privacy.reading import Reading
from model_store.han import HAN

_TITLE = re.compile(one_of(TITLES))
_TITLE_CUT = re.compile(r"[哥姐叔姨总工局队妈爸]")
_MORE = re.compile(
    one_of(word for word in {*ORGANISATION_ENDS, *ORGANISATION_PARTS, *BUSINESSES} if len(word) > 1)
    + "|[行店厂馆社庄坊铺站]"
)
_BUSINESS = re.compile(one_of(BUSINESSES))  # behind one more word: 七彩, 童年 and 舞蹈
_DOOR = re.compile(
    r"(?:\s?[甲乙丙丁附]?[-#]?[0-9A-Za-z]{1,5}(?:-[0-9A-Za-z]{1,5})*"
    r"(?:号楼|号院|单元|[号栋幢座室层楼户门铺弄组期区])*|[一二三四五六七八九十]{1,3}(?:单元|[期楼层栋座区]))+(?![0-9])"
)
_REST = re.compile(rf"[{HAN}]{{1,2}}(?![{HAN}\w])")  # of a name that a line or a cell ends with
_SURNAME_LEFT = re.compile(rf"(?<![{HAN}])[{''.join(sorted(SURNAMES - WEAK_SURNAMES))}]$")
_LETTERS = re.compile(r"[A-Za-zÀ-ÿ0-9]")
_LONGEST_PERSON = 4
_ASKED_OF = re.compile("(?:电话|手机号?|号码|邮箱|微信号?|地址|生日|家长)$")
_LINK = re.compile("[的地得]$")
_BEFORE = frozenset("谈于在跟与到给向对把问催")
_SHORTEST = 2


def without_neighbours(text: str, start: int, end: int, kind: SensitiveType) -> tuple[int, int]:
    """`start` to `end` without the words of the sentence that a rule or the head took along: 谈青竹项目的, 王总电话."""
    ours = _ASKED_OF if kind is SensitiveType.PERSON else _LINK
    behind = ours.search(text, start + 1, end)
    if behind is not None and behind.start() >= start + _SHORTEST:
        end = behind.start()
    if kind is not SensitiveType.PERSON and text[start] in _BEFORE and end - start > _SHORTEST + 1:
        start += 1
    return start, end


def whole(reading: Reading, start: int, end: int, kind: SensitiveType) -> tuple[int, int]:
    """`start` to `end` and what belongs to them on both sides: 华宇 and 建材, 上官 and 导演, 13 and 号."""
    text = reading.text
    start, end = _letters(text, start, end)
    if kind is SensitiveType.PERSON:
        if text[max(0, start - 2) : start] in COMPOUND_SURNAMES:
            start -= 2
        elif end - start <= 2 and _SURNAME_LEFT.search(text, max(0, start - 2), start):
            start -= 1
        return start, _person_end(reading, start, end)
    if start in reading.inside and kind is not SensitiveType.PROJECT:
        start = reading.word_before(start + 1)
    end = _word_end(reading, end)
    while kind is SensitiveType.COMPANY:
        more = _MORE.match(text, end) or _BUSINESS.match(text, reading.words.get(end, len(text)))
        if more is None or more.end() in reading.inside:
            break
        end = more.end()
    if kind is SensitiveType.ADDRESS:
        door = _DOOR.match(text, end)
        end = door.end() if door else end
    return start, end


def _person_end(reading: Reading, start: int, end: int) -> int:
    text = reading.text
    longer = _word_end(reading, end)
    rest = _REST.match(text, end)
    if (
        rest
        and rest.end() - start <= _LONGEST_PERSON
        and not _TITLE.match(text, end)
        and not re.match(r"[\w]", text[start - 1 : start])
    ):
        return rest.end()
    if longer - start <= _LONGEST_PERSON and text[end - 1] not in "总工局":
        end = longer
    title = _TITLE.match(text, end)
    if title and title.end() not in reading.inside:
        return title.end()
    return end + 1 if reading.single(end) and _TITLE_CUT.match(text, end) else end


def _word_end(reading: Reading, end: int) -> int:
    while end in reading.inside:
        end += 1
    return end


def _letters(text: str, start: int, end: int) -> tuple[int, int]:
    """A word of letters is hidden as a whole."""
    if _LETTERS.match(text, start):
        while start > 0 and _LETTERS.match(text, start - 1):
            start -= 1
    if _LETTERS.match(text, end - 1):
        while _LETTERS.match(text, end):
            end += 1
    return start, end
