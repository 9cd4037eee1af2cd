"""Organisations and projects that nobody listed, by how they end and what they are made of."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.latin_names import latin_firms
from device_sim.privacy.name_words import (
    ASKED_OF_ANY,
    CITIES,
    NOT_BEFORE,
    NOT_SHOPS,
    ORGANISATION_ENDS,
    ORGANISATION_PARTS,
    ORGANISATIONS,
    PERSONAL,
    PROVINCES,
    SHOP_CHARACTERS,
    SURE_ENDS,
    SURNAMES,
    WEAK_SURNAMES,
    one_of,
)  # fmt: skip
from device_sim.privacy.reading import Place, Reading
from device_sim.privacy.trade_names import trade_names
from model_store.han import HAN

_LONGEST = 14  # characters before the end of an organisation's name
_PLACES = frozenset((*PROVINCES, *CITIES, "中国", "国家", "中央", "全国", "亚洲", "国际"))
_END = re.compile(one_of(ORGANISATION_ENDS))
_KNOWN = re.compile(rf"(?:{one_of(ORGANISATIONS)})(?:[一二三四五六七八九十]{{1,2}}局)?")
_SHORT = 40  # characters of a question
_ASKED = re.compile(one_of(ASKED_OF_ANY))
_PERSONAL = re.compile(rf"{one_of(PERSONAL)}|[小老阿][{''.join(sorted(SURNAMES - WEAK_SURNAMES))}]|\d{{6}}|@")
_ORDINAL = "第?[一二三四五六七八九十]{1,3}"
# Those of a place, which need no other name: 省人民医院, 上海第六中学.
_LOCAL = re.compile(
    rf"(?:(?:{one_of((*PROVINCES, *CITIES))})[省市]?|(?<![{HAN}])[省市区县镇]|(?<=[在去到从是给回进找])[省市区县镇])"
    rf"(?:{_ORDINAL}|人民|中心|中医|肿瘤|儿童|妇幼|妇女儿童|口腔|胸科|精神病|传染病|立|实验|师范|理工|科技|财经|医科|农业|交通|工业|外国语)*"
    rf"(?:医院|{_ORDINAL}院|法院|检察院|公安局|教育局|税务局|社保局|民政局|房管局|卫健委|{_ORDINAL}中(?:学)?|中学|小学|大学|学院|银行|图书馆|博物馆)"
)
_QUOTED = re.compile(
    r"[「『“\"'《【](?P<name>[^「」『』“”\"'《》【】\n]{1,16})[」』”\"'》】](?=\s?(?:项目|计划|工程|行动|系统|平台|二期|一期|三期))"
)
_CODED = re.compile(
    rf"(?:代号|项目名称?|项目叫|内部叫)[::为叫是\s]{{0,2}}[「“\"《]?(?P<name>[A-Za-z][\w-]{{0,15}}|[{HAN}]{{2,4}})"
)
_LATIN_PLAN = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][A-Za-z0-9-]{1,15}(?: [A-Z][A-Za-z0-9]+)?\s?(?:项目|计划|工程)(?!经理)|Project [A-Z]\w+"
    r"|[A-Z][a-z]+(?= (?:kickoff|kick-off|launch|rollout|roll-out|milestone|sprint|roadmap|go-live)\b))"
)
_THINGS = SHOP_CHARACTERS | frozenset("灯豚狼狮虎豹鹭鸥隼鸢雷电火焰冰雪极斗破晓曙潮汐浪帆舟锚矛盾剑刃")
_PLAN_END = re.compile(r"项目|计划|工程|行动|专项")


def organisations(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name an organisation."""
    for start, end in _organisations(reading, everyday):
        if not is_public(reading.text, start, end):
            yield start, end


def is_general(text: str) -> bool:
    """Does it seem to be a short question about nobody's life?"""
    return len(text) <= _SHORT and _ASKED.search(text) is not None and _PERSONAL.search(text) is None


def is_public(text: str, start: int, end: int) -> bool:
    """Is this one that everybody knows, in a general question?"""
    return _KNOWN.match(text, start, end) is not None and is_general(text)


def _organisations(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    text = reading.text
    for match in _END.finditer(text):
        if match.end() in reading.inside:
            continue
        start = _left_edge(reading, everyday, match.start(), match[0])
        found = text[start : match.end()]
        if start < match.start() and not everyday.is_plan(found) and found not in everyday:
            yield start, match.end()
    for match in _KNOWN.finditer(text):
        if reading.parts(*match.span()) and not _in_latin(text, *match.span()):
            yield match.span()
    yield from latin_firms(text)
    yield from trade_names(reading, everyday)
    for match in _LOCAL.finditer(text):
        if reading.parts(*match.span()) and text[match.start() : match.end()] not in everyday:
            yield match.span()


def projects(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name a project."""
    text = reading.text
    for pattern in (_QUOTED, _CODED):
        for match in pattern.finditer(text):
            if match["name"] not in everyday or pattern is _QUOTED:
                yield match.span("name")
    yield from (match.span() for match in _LATIN_PLAN.finditer(text))
    for match in _PLAN_END.finditer(text):
        start = _odd_before(reading, everyday, match.start())
        if start == match.start():
            start = _thing_before(reading, match.start())
        if start < match.start() and not everyday.is_plan(text[start : match.end()]):
            yield start, match.end()


def _left_edge(reading: Reading, everyday: EverydayWords, end: int, ending: str) -> int:
    """Where the organisation's name that ends there begins; `end` if there is none."""
    text = reading.text
    start, named = end, False
    if end in reading.inside:  # the end is part of a longer word: 分公司, 人民法院
        end = reading.word_before(end + 1)
        start = end
    while start > 0 and end - start < _LONGEST:
        before = reading.word_before(start)
        word = text[before:start]
        if not word.isalnum() or word in NOT_BEFORE:
            break
        if word in _PLACES:
            named = True
        elif len(word) == 1 and not (word.isascii() or word in ORGANISATION_PARTS):
            if everyday.is_free(word):
                break
            named = named or not everyday.is_usual(word) or start - before > 1
        elif word.isascii():
            named = True
        elif word not in ORGANISATION_PARTS:
            if start == end and ending in SURE_ENDS:
                named, start = True, before
            break
        start = before
    return start if named and len(text[start:end]) > 1 else end


def _odd_before(reading: Reading, everyday: EverydayWords, end: int) -> int:
    """Where a run of characters that are no words, before `end`, begins; `end` if it is no name."""
    text = reading.text
    if end in reading.inside:
        return end
    start = end
    while reading.single(start - 1) and not everyday.is_free(text[start - 1]) and end - start < 4:
        start -= 1
    odd = any(not everyday.is_usual(character) for character in text[start:end])
    return start if end - start >= 2 and odd else end


def _thing_before(reading: Reading, end: int) -> int:
    """Where a word that projects are named with begins: 海豚, 灯塔; `end` if it is no such word."""
    start = reading.word_before(end) if end > 0 and end not in reading.inside else end
    word = reading.text[start:end]
    named = len(word) > 1 and word not in NOT_SHOPS and _THINGS.issuperset(word)
    return start if named else end


def _in_latin(text: str, start: int, end: int) -> bool:
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    return (first.isascii() and before.isascii() and before.isalpha()) or (
        last.isascii() and after.isascii() and after.isalpha()
    )
