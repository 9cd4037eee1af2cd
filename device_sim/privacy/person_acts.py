"""Names of persons that are told by what persons do, and by whose relatives are named: 关心问我, 陪春晓, 一诺妈妈,
厉害家的猫.
"""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import (
    ACTS,
    GIVEN,
    HOMOGRAPHS,
    KIN_TITLES,
    PET_NAMES,
    SURNAMES,
    WEAK_SURNAMES,
    one_of,
)
from device_sim.privacy.person_context import may_be_name
from device_sim.privacy.reading import Place, Reading
from model_store.han import HAN

_GIVEN = GIVEN | {"一"}
_ACT = re.compile(one_of(ACTS))
_START = re.compile(
    rf"(?<![{HAN}A-Za-z0-9])(?:(?:今天|昨天|明天|早上|晚上|上午|下午|刚才|刚刚|听说|因为|如果|但是|可是|不过|另外|还有|后来)[，,]?)?"
)
_BEFORE = re.compile("梦见|梦到|碰见|遇见|遇到|想起|接上|陪着|带着|通知|提醒|转告|感谢|[陪让叫找问欠约催谢]")
_END = re.compile(r"[^\w]|$|[的了来去说把在给]|一起|什么|下周|明天|今天|周末|几")
_OF_KIN = re.compile(
    rf"(?:(?<![{HAN}])|(?<=[有跟和找问给见的让叫陪是请约]))(?P<name>[{HAN}]{{2}})(?P<title>{one_of(KIN_TITLES)}|[哥姐](?![弟妹哥姐们]))"
)
_OF_HOME = re.compile(
    rf"(?<![{HAN}])(?P<name>[{HAN}]{{2}})(?=家的(?:[还都在猫狗也]|孩子|小孩|房子)|一家(?:[坐来去人都也三四五]|子))"
)


def acting(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name one who does something, or to whom something is done."""
    text = reading.text
    for match in _START.finditer(text):
        for size in (3, 2):
            start, end = match.end(), match.end() + size
            if _is_name(reading, everyday, start, end) and _stands_before(reading, _ACT, end):
                yield start, end
                break
    for match in _BEFORE.finditer(text):
        if reading.words.get(match.start(), match.end()) > match.end() or match.start() in reading.inside:
            continue
        for size in (3, 2):
            start, end = match.end(), match.end() + size
            told = _stands_before(reading, _ACT, end) or _stands_before(reading, _END, end)
            if told and _is_name(reading, everyday, start, end):
                yield start, end
                break
    yield from _of_relatives(text, everyday)


def _of_relatives(text: str, everyday: EverydayWords) -> Iterator[Place]:
    for match in _OF_KIN.finditer(text):
        if _is_person(match["name"], everyday, titled=True):
            yield match.span()
    for match in _OF_HOME.finditer(text):
        if _is_person(match["name"], everyday) or match["name"][0] in SURNAMES - WEAK_SURNAMES:
            yield match.span("name")


def _is_name(reading: Reading, everyday: EverydayWords, start: int, end: int) -> bool:
    name = reading.text[start:end]
    if end > len(reading.text) or not all("\u3400" <= character <= "\u9fff" for character in name):
        return False
    if len(name) == 2:
        return _is_person(name, everyday) and (start not in reading.words or reading.words[start] == end)
    return (
        name[0] in SURNAMES - WEAK_SURNAMES
        and name not in everyday
        and may_be_name(name)
        and reading.words.get(start, end) in (start + 1, end)
        and end not in reading.inside
    )


def _is_person(name: str, everyday: EverydayWords, *, titled: bool = False) -> bool:
    """Is it what two characters of a name may be, and no common word?"""
    if name in PET_NAMES or (name in HOMOGRAPHS and titled):
        return True
    given = _GIVEN.issuperset(name) or name[0] == name[1]
    surname = name[0] in SURNAMES - WEAK_SURNAMES and (titled or name[1] in GIVEN)
    return (given or surname) and everyday.is_rare(name) and may_be_name(name)


def _stands_before(reading: Reading, pattern: re.Pattern[str], place: int) -> bool:
    """Does the pattern match there, and no word go on beyond the match?"""
    match = pattern.match(reading.text, place)
    return match is not None and match.end() not in reading.inside
