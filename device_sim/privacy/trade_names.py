"""Names of shops and small firms, by what they do: 顺意搬家, 老邓家铺子; and what they are said to be called."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import (
    ACTIVITIES,
    BUSINESSES,
    CITIES,
    COUNTRIES,
    NOT_BEFORE,
    NOT_SHOPS,
    ORGANISATION_PARTS,
    PROVINCES,
    SHOP_CHARACTERS,
    SURNAMES,
    one_of,
)  # fmt: skip
from device_sim.privacy.reading import Place, Reading
from model_store.han import HAN

_BUSINESS = re.compile(rf"(?:{one_of(BUSINESSES)})+")
_PUBLIC = frozenset((*PROVINCES, *CITIES, *COUNTRIES))
_LONGEST = 7  # characters before the business
_OWNER = re.compile(
    rf"(?:[老小大阿]?[{''.join(sorted(SURNAMES))}]{{1,2}}|[{HAN}]嫂|[{HAN}]哥|[{HAN}]姐)[记家氏](?:{one_of(BUSINESSES)})"
)
_CALLED = re.compile(
    rf"(?:公司|餐厅|饭店|饭馆|面馆|花店|书店|咖啡馆|咖啡店|奶茶店|店|铺子|诊所|幼儿园|民宿|酒吧|茶馆|律所|工作室|品牌|平台|机构|旅行社|中介|我?叫了)"
    rf"(?:名?叫做?|名字是|名为|(?<=叫了))[「“\"]?(?P<name>[{HAN}]{{2,6}}?)(?=$|[^\w{HAN}]|的)"
)


_AT = re.compile(r"(?:^|[【（(\t|：:、，,\s]|[在去到从找给跟与]|入职|加入|推荐|供应商|任职于)$")


def trade_names(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name a small firm."""
    text = reading.text
    for match in _BUSINESS.finditer(text):
        begin, end = match.span()
        if begin in reading.inside:
            begin = reading.word_before(begin + 1)
            if reading.words[begin] < end:
                continue
        while end in reading.inside:
            end += 1
        start = _left_edge(reading, everyday, begin)
        if start < begin and text[start:end] not in everyday:
            yield start, end
    yield from (match.span() for match in _OWNER.finditer(text) if reading.parts(match.start(), match.start()))
    for match in _CALLED.finditer(text):
        if match["name"] not in everyday:
            yield match.span("name")


def _is_place_of_one(reading: Reading, everyday: EverydayWords, start: int, end: int) -> bool:
    """Is it a rarer word after what a firm follows: 在蜂巢仓储, 【邻家便利】?"""
    if any(reading.text.startswith(activity, end) for activity in ACTIVITIES):
        return False
    return everyday.is_rare(reading.text[start:end]) and _AT.search(reading.text[max(0, start - 4) : start]) is not None


def _left_edge(reading: Reading, everyday: EverydayWords, end: int) -> int:
    """Where what looks like the name of a shop begins; `end` if there is none."""
    text = reading.text
    start, named = end, False
    while start > 0 and end - start < _LONGEST:
        before = reading.word_before(start)
        word = text[before:start]
        if not ("\u4e00" <= word[0] <= "\u9fff") or word in NOT_BEFORE or word in NOT_SHOPS:
            break
        if len(word) == 1:
            if everyday.is_free(word):
                break
            run = reading.single(before - 1) and not everyday.is_free(text[before - 1])
            named = named or not everyday.is_usual(word) or (run and text[before - 1] not in NOT_BEFORE)
        elif word not in _PUBLIC:
            named_here = SHOP_CHARACTERS.issuperset(word) or (
                start == end and word in everyday and everyday.is_rare(word)
            )
            if not (named_here or (named and word in ORGANISATION_PARTS)):
                break
            named = named or named_here
        start = before
    return start if named and end - start > 1 else end
