"""Names of persons that are told by what stands around them, even if they are everyday words: 我叫小满, 联系人：甘露,
饶恕17389201546, 温暖这名字.
"""

import re
from collections.abc import Iterator, Sequence

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import (
    AFTER,
    CITIES,
    COMPOUND_SURNAMES,
    COUNTRIES,
    GIVEN,
    HOMOGRAPHS,
    KIN_GIVEN,
    NO_ENTRY,
    PERSON_LABELS,
    PET_NAMES,
    PROVINCES,
    SURNAMES,
    TITLES,
    WEAK_SURNAMES,
    one_of,
)  # fmt: skip
from device_sim.privacy.reading import Place
from model_store.han import HAN

_LONGEST = 4  # characters of a name
_ENDS = rf"(?=$|[^\w{HAN}]|的|(?:{one_of(AFTER)}))"
_STOPS = rf"(?=$|[^\w{HAN}]|\d|这|那个|的(?:人|那|网友|同学|朋友))"
_BEGINS = rf"(?<![{HAN}A-Za-z0-9])"
_SURNAME = rf"(?:{one_of(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES))}])"
_NAMED = re.compile(
    rf"(?:名字?叫做?|外号叫?|绰号叫?|昵称叫?|小名叫?|大名叫?|乳名叫?|艺名叫?|笔名叫?|花名叫?|网名叫?|人称(?!之)|实名是|本名|原名|名字是"
    rf"|真的?叫|都叫他|都叫她|都喊他|都喊她|管他叫|管她叫)[是为:：\s「“\"]{{0,2}}(?P<name>[{HAN}]{{2,5}}?){_STOPS}"
)
_CALLED = re.compile(
    rf"(?:我|他|她|孩子|宝宝|儿子|女儿|女友|男友|朋友|同学|同事|老师|师傅|司机|医生|教练|店长|老板|弟弟|妹妹|哥哥|姐姐|弟|妹|哥|姐|爸|妈"
    rf"|经理|护工|保姆|邻居|室友|同桌|网友|客户|患者|实习生|新人|学徒|助理|组长|老乡|外公|外婆|爷爷|奶奶|叔叔|阿姨|孙子|孙女|外甥|侄子|侄女|人)叫(?P<name>[{HAN}]{{2,4}}?){_STOPS}"
)
_SELF = re.compile(rf"{_BEGINS}我是(?P<name>[{HAN}]{{2,3}})(?=$|[，,。！!~～、])")
_THE_NAME = re.compile(
    rf"{_BEGINS}(?P<name>[{HAN}]{{2,3}})(?=(?:这(?:孩子|小子|丫头|闺女|姑娘|家伙)|这个?名字|是人名|这名儿?|(?<!是)这个人[很挺就真不太]))"
)
_SENT = re.compile(rf"是(?P<name>[{HAN}]{{2,3}})(?=[发打寄送]来的|送的|介绍的|推荐的)")
# What a line about a person goes on with: a number of theirs, a day, a sex.
_DIGITS = (
    r"(?:1[3-9]\d[\d\s-]{8,10}|\d{15,19}|\d{17}[Xx]|[A-Z]{1,2}\d{7,9}"
    r"|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?\s?(?:出?生)?|[男女](?=[，,。、;；|｜/\s\d]))"
)
_RECORD = re.compile(
    rf"{_BEGINS}(?P<name>{_SURNAME}[{HAN}]{{1,3}})[\s,，:：|｜/（(\t]{{0,2}}(?=(?:手机|电话|身份证)?号?[:：\s]?{_DIGITS})"
)
_LISTED = re.compile(
    rf"(?:{one_of(PERSON_LABELS)})(?:姓名|名字|人员)?\s?[:：|｜\t为是]\s?(?P<names>[{HAN}·]{{2,8}}(?:[、，,/|｜\s和]{{1,2}}[{HAN}·]{{2,4}}(?![{HAN}]))*)"
)
_ITEM = re.compile(rf"[{HAN}·]{{2,8}}")
_PAIR = re.compile(
    rf"{_BEGINS}(?P<one>[{HAN}]{{2,3}})[和跟与](?P<two>[{HAN}]{{2,3}})"
    r"(?=是(?:一?对|亲?兄弟|亲?姐妹|姐弟|兄妹|父子|母女|夫妻|同事|同学|室友|情侣|双胞胎|发小|闺蜜))"
)
_BOTH = re.compile(
    rf"{_BEGINS}(?P<one>{_SURNAME}[{HAN}]{{1,2}})[和跟与](?P<two>{_SURNAME}[{HAN}]{{1,2}})(?=都|一起|两个|俩)"
)
_SPEAKS = re.compile(
    rf"(?:{_BEGINS}|(?<=管家|同事|师傅|司机|经理|医生|护士|老师|助理|前台|客服|中介|邻居|室友|同学|朋友|女儿|儿子|表妹|表姐|表哥|表弟))"
    rf"(?P<name>{one_of((*HOMOGRAPHS, *PET_NAMES))}|[小老阿][{''.join(sorted(SURNAMES - WEAK_SURNAMES))}])"
    r"(?=说|让我|问我|告诉|发来|打来|请假|今天没|昨天没|住院|过生日|结婚|离职|跟我|给我|约我|找我|叫我|要交|交的|交了|没交|的妈妈|的爸爸|的家长|的电话|的微信|家里人)"
)
_KIN = re.compile(
    rf"(?:{_BEGINS}|(?<=[找跟和给让叫是把被问约请的、称见]))[{''.join(sorted(KIN_GIVEN))}][哥姐叔姨嫂婶爷](?![{HAN}]?[妹弟俩们])"
)
_KINSHIP = re.compile("[我你他她爸妈爷奶哥姐弟妹叔姨舅姑外老男女这那]|父|母|儿子|女儿")
_PLACES = frozenset((*PROVINCES, *CITIES, *COUNTRIES))
_GRAMMAR = frozenset("的了是在我你他她它们这那不没有就很吗呢吧啊些么哪谁什被把呀哦")
_TITLE_END = re.compile(rf"(?:{one_of(TITLES)})$")
_NEXT = re.compile(
    rf"[、/|｜]\s?(?P<name>[{HAN}]{{2,3}})(?=[、/|｜，,。；;\s]|$|和|等|都)|[和与跟及](?P<last>[{HAN}]{{2,3}})(?=都|一起|也|两|，|。|$)"
)
_LOOKS_BACK = 6  # characters
_BEFORE = re.compile(rf"(?:^|[、：:，,\s|｜/]|[组班排])(?P<name>[{HAN}]{{2,3}})(?:[、/|｜]\s?|和|与|跟)$")


def told(text: str, everyday: EverydayWords) -> Iterator[Place]:
    """Where the words around say that a person is named."""
    for pattern in (_NAMED, _CALLED, _THE_NAME, _SENT):
        for match in pattern.finditer(text):
            sure = pattern is _NAMED or (pattern is _THE_NAME and is_formed(match["name"], everyday))
            if _may_be_called(match["name"], everyday, sure=sure):
                yield match.span("name")
    for match in _SELF.finditer(text):
        if match["name"] not in NO_ENTRY and GIVEN.issuperset(match["name"][match["name"][0] in SURNAMES :]):
            yield match.span("name")
    yield from _listed(text, everyday)
    for match in (*_PAIR.finditer(text), *_BOTH.finditer(text)):
        if not {match["one"], match["two"]} & NO_ENTRY and not _KINSHIP.match(match["one"]):
            yield match.span("one")
            yield match.span("two")
    yield from (match.span("name") for match in _SPEAKS.finditer(text))
    yield from (match.span() for match in _KIN.finditer(text) if everyday.is_rare(match[0]))


def _listed(text: str, everyday: EverydayWords) -> Iterator[Place]:
    """Names in records and tables."""
    for match in _RECORD.finditer(text):
        if match["name"] not in NO_ENTRY and not match["name"].endswith(tuple("号码证卡费款")):
            yield match.span("name")
    for match in _LISTED.finditer(text):
        for item in _ITEM.finditer(text, *match.span("names")):
            given = item[0][1:] if item[0][0] in SURNAMES else item[0]
            usual = item[0] in everyday or item[0][0] not in SURNAMES
            if item[0] in NO_ENTRY or (len(item[0]) > _LONGEST and "·" not in item[0]):
                continue
            if "·" in item[0] or not usual or GIVEN.issuperset(given):
                yield item.span()


def beside(text: str, found: Sequence[Place], everyday: EverydayWords) -> Iterator[Place]:
    """What stands in one list with names that are found: 万里 and 江河 of 时宇、万里和江河."""
    known = set(found)  # each goes on by itself from there
    for start, end in found:
        last = end
        while match := _NEXT.match(text, last):
            group = "name" if match["name"] else "last"
            if match.span(group) in known or not is_formed(match[group], everyday, listed=True):
                break
            yield match.span(group)
            last = match.end()
        first = start
        while before := _BEFORE.search(text[max(0, first - _LOOKS_BACK) : first]):
            shift = max(0, first - _LOOKS_BACK)
            first = shift + before.start("name")
            place = first, shift + before.end("name")
            if place in known or not is_formed(before["name"], everyday, listed=True):
                break
            yield place


def _may_be_called(name: str, everyday: EverydayWords, *, sure: bool) -> bool:
    if name in NO_ENTRY or any(character in "什么谁啥我你他她" for character in name):
        return False
    formed = name[0] in SURNAMES or name[0] in "小阿老大" or name[0] == name[1] or GIVEN.issuperset(name)
    return sure or name not in everyday or (formed and len(name) <= 3 and GIVEN.issuperset(name[1:]))


def is_formed(name: str, everyday: EverydayWords, *, listed: bool = False) -> bool:
    """Might it be a name, where names stand? A common word has to be made of what given names are made of, with a
    surname or without; if it is `listed` with names, a rarer word passes too.
    """
    if not may_be_name(name):
        return False
    if GIVEN.issuperset(name[1:] if name[0] in SURNAMES else name):
        return True
    if name not in everyday:
        return name[0] in SURNAMES or listed
    return listed and everyday.is_rare(name)


def may_be_name(name: str) -> bool:
    """Is it nothing that is said instead of a name, no title, no place, and without words of grammar?"""
    return not (name in NO_ENTRY or name in _PLACES or _TITLE_END.search(name)) and _GRAMMAR.isdisjoint(name)
