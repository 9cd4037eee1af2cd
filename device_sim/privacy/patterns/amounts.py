"""Amounts of money: with a currency, by a word of money, in a column of a table, or as only money is spoken: 八千六."""

import re
from collections.abc import Iterator, Sequence

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns import money_words as words
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.public import asks, tells_of_somebody

_ZH = "[几数零〇一二两三四五六七八九十百千万亿半壹贰叁肆伍陆柒捌玖拾佰仟萬]"
_ONE = "[一二两三四五六七八九]"
_FREE = r"(?<![\d.])(?<!\d,)"  # no number goes on before
_PLAIN = r"(?:\d{1,3}(?:[,，]\d{3})++(?!\d)|\d++)(?:\.\d++)?"
_SCALE = r"(?: ?(?:[十百千万亿]{1,2}|(?:k|w|m)(?![a-z])|million|billion|thousand))?"
_ABOUT = "(?:多|来|余|几|出头)?+"
_NUMBER = rf"(?:\d{{1,4}}[百千万亿]){{0,3}}{_PLAIN}{_SCALE}"
_LARGE = (
    rf"(?:{_PLAIN} ?(?:[千万kw])? ?[-~到至] ?)?{_PLAIN}{_ABOUT} ?"
    rf"(?:[百千]?万(?:\d|{_ONE})?|[百千]?亿|千|million|billion|thousand|(?:k|w)(?![a-z]))"
)
_ZH_LARGE = (
    rf"(?<!{_ZH})(?![百千万]{{2}}(?!{_ZH}))(?:(?![百千万]){_ZH}{{1,8}}[多来余]?[百千万亿]{_ZH}{{0,8}}"
    rf"|[百千万]{_ONE}){_ABOUT}"
)
# 三元 and 一块 are also parts of words: what might be one must end a phrase.
_ENDS = r"(?=$|[，。；！？、\s,.;!?:()”\"\]|+]|左右|上下|以[上下内]|[的了吗呢吧啊呀多和与或到/]|之间|整|起)"
_GOES_ON = rf"(?:{_ENDS}|(?=[没给才就都还块入吃买哈]|自己|过[来去]|转|一个?[年月天]|[一-鿿]{{0,2}}(?:{words.NAMES})))"
_WITHIN = (
    r"(?: ?(?:以[内上下]|左右|上下)| ?/ ?(?:人|月|年|天|晚|次|小时|季度?)|\+| (?:a|per) (?:year|month|week|day|night))?"
)
_UNCOUNTED = (
    rf"(?![\d.a-z%:_\-]|{_ZH}|/\d|,\d"
    rf"| ?(?!个人[支负自]|月[底初中末内]|年[底末])[{words.COUNTERS}](?!钱|转))"
)
_SAYS = r"(?:[^\d#，。；！？\n]{0,6}?|[a-z ]{0,16}?)[-+]?"
_SAYS_SOON = r"(?:[了是为约:|才就要共也在给出扣交到]| |大概|一年|每?月|他|她|我|你){0,4}"

_ALWAYS = [
    re.compile(pattern)
    for pattern in (
        # With a currency.
        (
            rf"{_FREE}{words.CURRENCY}? ?{_NUMBER}{_ABOUT} ?(?:{words.COIN})(?:\d[毛分]?|{_ONE}毛?"
            rf"(?![斤个只张本月年天份克公小]))?(?![件素音宵旦数组法气]){_WITHIN}"
        ),
        rf"{words.CURRENCY} ?(?:{_NUMBER}(?![\d.,]*\d)|\d{{1,3}}(?:\.\d{{3}})+,\d\d(?!\d)|{_ZH}{{1,14}}+){_WITHIN}",
        (
            rf"(?<!{_ZH})(?:人民币)?(?![百千万亿]{{1,3}}[元块]){_ZH}{{2,14}}+{_ABOUT}(?:{words.COIN})(?:{_ZH}毛?"
            rf"|{_ZH}角{_ZH}分)?(?!一次|二次|件|素|一[分货])"
        ),
        (
            rf"(?<!{_ZH})(?![百千万]{{2}}){_ZH}{_ABOUT}(?:[块毛分角]钱(?!一分)|(?:元|块|万|百万|千万|亿元"
            rf"|美[元金]|欧元|英镑|港币|日元){_ENDS})"
        ),
        rf"(?<![a-z])(?:(?:{words.ENGLISH})[ \-]){{1,6}}(?:dollars?|bucks|yuan|pounds?|euros?|grand|rmb|quid)(?![a-z])",
        # After a word of money.
        (
            rf"(?={words.NAMES_BEGIN})(?:{words.NAMES})(?:{_SAYS}((?:{_LARGE}|{_ZH_LARGE}|(?:\d{{1,3}}(?:[,，]\d{{3}})++|\d{{3,10}})"
            rf"(?:\.\d++)?(?:-\d++k?)?){_UNCOUNTED}{_WITHIN})|{_SAYS_SOON}(\d{{2,10}}(?:\.\d++)?){_UNCOUNTED})"
        ),
        (
            rf"(?:{words.VERBS})[ :]?(?:((?:{_LARGE}|{_ZH_LARGE}|\d{{2,10}}(?:\.\d++)?){_UNCOUNTED}{_WITHIN}){_GOES_ON}"
            rf"|((?:\d{{4,7}}|\d{{2,7}}\.\d\d|{_ZH_LARGE}(?<!百)){_UNCOUNTED}))"
        ),
        rf"(?:[人均每一]人|人均|均摊|aa)[了是: ]?((?!一半){_ZH}{{2,4}})(?![{words.COUNTERS}])",
        rf"{words.PERIODS}[的是要给约: ]{{0,2}}((?:{_LARGE}|{_ZH_LARGE}|\d{{2,7}}(?:\.\d++)?){_UNCOUNTED}){_GOES_ON}",
        rf"{_FREE}({_LARGE}|\d{{3,7}}|{_ZH_LARGE})(?= ?(?:/ ?(?:月|年|天|晚|小时)|一个?[月年晚]|每个?[月年晚]))",
        rf"{_FREE}({_LARGE}|\d{{3,7}}|{_ZH_LARGE})(?:左右|多|上下)?(?=的?(?:{words.FOR}))",
        # By itself: so many 万, sums to the cent, and numerals that are cut short.
        rf"{_FREE}(?<![a-z])({_LARGE}\+?)(?<![k千])(?<!\d{{4}}w){_UNCOUNTED}(?:{_ENDS}|(?=可小?刀|不议|拿下|成交))",
        rf"(?<!{_ZH})([几十两二三四五六七八九一]{{1,4}}[多来余]?万{_UNCOUNTED}{_ENDS}{_WITHIN})",
        rf"{_FREE}(\d{{1,3}}(?:,\d{{3}})++\.\d\d)(?!\d)",
        rf"(?:{_FREE}\d++(?:\.\d++)?|{_ZH}{{1,4}}|半)个(?:亿|w){_ENDS}",
        rf"(?<!{_ZH})({_ZH}{{1,4}}块{_ONE})(?!{_ZH}(?![个斤份本张只]))",
        rf"(?:转|汇|打)(?:给|了)?[你他她我您]?({_LARGE}){_UNCOUNTED}",
        rf"给了?[你他她我您](\d{{2,6}}){_UNCOUNTED}(?=[她他我你没就还都吧，。！？、\s]|$)",
        (
            rf"(?<!{_ZH})(?<!分之)({_ONE}?十?{_ONE}[千万](?:{_ONE}[百千])?{_ONE}|{_ONE}?十{_ONE}?万{_ONE}"
            rf"(?:千{_ONE}?)?){_GOES_ON}"
        ),
        rf"(?<!{_ZH})(?:{_ZH}{{1,6}}[百千万]|(?<!\d)[1-9]\d{{1,6}})整(?![个体天数年夜合理顿])",
    )
]
# A number that may be anything else, in a text that tells of somebody, or that asks nothing.
_IF_TOLD = [
    re.compile(pattern)
    for pattern in (
        rf"(?<!第)(?<!分之)({_ZH_LARGE})(?<!百){_UNCOUNTED}{_WITHIN}",
        rf"{_FREE}(?<![a-z\d])(?<!码 )([-+]\d{{1,7}}\.\d\d(?!\d)|\d{{2,7}}\.\d\d{_UNCOUNTED})",
    )
]
# The same where it does tell of somebody.
_IF_PRIVATE = [
    re.compile(pattern)
    for pattern in (
        (
            rf"{_FREE}(?<![a-z\d#])(\d{{1,3}}(?:,\d{{3}})+(?:\.\d++)?|\d++(?:\.\d++)? ?(?:k|thousand|million"
            rf"|billion)){_UNCOUNTED}"
        ),
    )
]
# Beside a sum, in such a text, other bare numbers are sums as well: a pay slip, a bill.
_BESIDE = re.compile(rf"(?:(?<=[一-鿿 |])|(?<=[一-鿿]:))(\d{{2,6}}(?:\.\d++)?){_UNCOUNTED}(?![年月])")
_HUNDREDS = re.compile(rf"(?<!{_ZH})(?<!第)(?<!分之)({_ONE}百{_ABOUT}){_UNCOUNTED}(?![强倍姓货科叶般]|来[人个])")
_WATTS = re.compile(words.POWER)
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]*\n?")
_PUBLIC, _PRICES = re.compile(words.PUBLIC), re.compile(words.PRICES)
_SCHOOL = re.compile(words.SCHOOL)
_COLUMN = re.compile(rf"(?:{words.NAMES})[^\d|,]{{0,6}}$")
_CELL = re.compile(rf" *([-+]?{_PLAIN}|{_ZH}+) *$")


def amounts(text: str, *, private: bool) -> Iterator[Match]:
    """The amounts of money of a plain text; but for public ones, unless the text is `private` for another reason."""
    if not private and _SCHOOL.search(text) and asks(text):
        return
    if private or tells_of_somebody(text):
        yield from _told(text, 0, len(text), _ALWAYS + _IF_TOLD + _IF_PRIVATE)
    else:
        for sentence in _SENTENCE.finditer(text):
            if not _is_public(sentence[0]):
                yield from _of_nobody(text, *sentence.span())
    yield from _columns(text)


def _told(text: str, begin: int, finish: int, patterns: Sequence[re.Pattern[str]]) -> Iterator[Match]:
    found = _within(text, begin, finish, patterns)
    if found and _WATTS.search(text, begin, finish):
        found = [match for match in found if text[match.end - 1] != "w"]
    yield from found
    places = [match.start for match in found]
    for sentence in _SENTENCE.finditer(text, begin, finish) if places else ():
        if any(sentence.start() <= place < sentence.end() for place in places):
            yield from _within(text, *sentence.span(), [_BESIDE, _HUNDREDS])


def _of_nobody(text: str, begin: int, finish: int) -> Iterator[Match]:
    if not asks(text[begin:finish]):
        yield from _told(text, begin, finish, _ALWAYS + _IF_TOLD)
    else:
        yield from (match for match in _within(text, begin, finish, _ALWAYS) if text[match.end - 1] != "w")


def _is_public(sentence: str) -> bool:
    return bool(_PUBLIC.search(sentence)) or (asks(sentence) and bool(_PRICES.search(sentence)))


def _within(text: str, begin: int, finish: int, patterns: Sequence[re.Pattern[str]]) -> list[Match]:
    matches = []
    for pattern in patterns:
        for found in pattern.finditer(text, begin, finish):
            start, end = found.span(found.lastindex or 0)
            start += len(text[start:end]) - len(text[start:end].lstrip())
            if start < end:
                matches.append(Match(start, end, SensitiveType.AMOUNT))
    return matches


def _columns(text: str) -> Iterator[Match]:
    """The numbers of a table below a heading of money; cells are parted by bars, commas or tabs (spaces here)."""
    headings: list[str] = []
    start = 0
    for line in text.split("\n"):
        cells = re.split(r"[|,]" if "|" in line or "," in line else " ", line)
        if headings and len(cells) == len(headings):
            at = start
            for heading, cell in zip(headings, cells, strict=True):
                if _COLUMN.search(heading) and (value := _CELL.match(cell)):
                    yield Match(at + value.start(1), at + value.end(1), SensitiveType.AMOUNT)
                at += len(cell) + 1
        elif len(cells) > 1:
            headings = cells
        start += len(line) + 1
