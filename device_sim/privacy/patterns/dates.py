"""Full dates, and birthdays. A day without a year is what questions about plans need, and stays."""

import re
from collections.abc import Iterator

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.labels import Label, label_before
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.public import asks, tells_of_somebody

_ZH_YEAR = "[〇零○一二三四五六七八九]{4}"
_ZH_DAY = "[一二三四五六七八九十]{1,3}"
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_ZH_MONTH_DAY = (
    r"(?:农历|阴历|阳历|公历)? ?(?:\d{1,2} ?月 ?\d{1,2} ?[日号]?"
    rf"|(?:{_ZH_DAY}|正|腊|冬)月(?:初|廿|二十|三十)?(?:{_ZH_DAY})?[日号]?)"
)
_ZH_TWO = "[〇零一二三四五六七八九]{2}"
_DAYS = r"(?:19|20)\d\d[.\-/年](?:1[0-2]|0?[1-9])月?(?:[.\-/]?(?:3[01]|[12]\d|0?[1-9])日?)?"
_PERIOD = rf"(?<![\d.\-/]){_DAYS} ?[-~至到]{{1,2}} ?(?:{_DAYS}|至今|今(?!天)|现在|长期)"
_FULL = re.compile(
    r"(?<![\d.\-/])(?:1[89]|20)\d\d(?: ?年 ?(?:1[0-2]|0?[1-9]) ?月 ?(?:3[01]|[12]\d|0?[1-9])(?: ?[日号]|(?!\d))"
    r"|([\-/. ])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?![\d\-/]|\.\d))"
    rf"|{_ZH_YEAR}年{_ZH_DAY}月{_ZH_DAY}[日号]?"
    rf"|(?<!\d)\d\d年 ?(?:1[0-2]|0?[1-9]) ?月 ?(?:3[01]|[12]\d|0?[1-9]) ?[日号]"
    rf"|(?<![a-z])(?:{_MONTHS})\.? (?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?,? (?:19|20)\d\d(?!\d)"
    rf"|(?<!\d)(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})\.?,? (?:19|20)\d\d(?!\d)"
    r"|(?<![\d.\-/])(?:(?:1[0-2]|0?[1-9])([\-/.])(?:3[01]|[12]\d|0?[1-9])\2|(?:3[01]|[12]\d"
    r"|0?[1-9])([\-/.])(?:1[0-2]|0?[1-9])\3)"
    r"(?:19|20)\d\d(?![\d/\-])"
    rf"|(?:(?<!\d)(?:19|20)\d\d|{_ZH_YEAR}|(?<![\d年]){_ZH_TWO}|(?<!\d)\d\d) ?年 ?(?:农历|阴历)?(?:{_ZH_DAY}"
    rf"|正|腊|冬)月"
    rf"(?:初|廿|三?十)?(?:{_ZH_DAY}|\d{{1,2}})[日号]?"
    # Digits alone, if they are a day of a life; and periods: 2019.09-2023.06.
    r"|(?<![a-z0-9_.\-/])(?:19[2-9]|20[0-4])\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?![a-z0-9_]|[.\-/]\d)"
    rf"|{_PERIOD}"
)
# Said first: without one of these there is no date.
_MAY_BE = re.compile(rf"年|月|\d{{8}}|\d[\-/. ]\d|{_MONTHS}")
_WHEN = (
    rf"(?:(?:(?:{_MONTHS})\.?,? (?:19|20)\d\d)|(?:[12]\d|3[01]|0?[1-9]) (?:{_MONTHS})"
    r"|\d\d[\-/.]\d{1,2}[\-/.]\d{1,2}(?!\d)|[一二三四五六七八九]{2}年(?:[一二三四五六七八九十]{1,3}月)?|(?:1[89]"
    r"|20)?\d\d ?年 ?(?:\d{1,2} ?月(?:份| ?\d{1,2} ?[日号]?)?)?|(?:1[89]|20)\d\d[\-/.](?:1[0-2]"
    r"|0?[1-9])(?:[\-/.]\d{1,2})?"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d(?![\d年])"
    rf"|{_ZH_YEAR}年(?:{_ZH_DAY}月(?:{_ZH_DAY}[日号]?)?)?|{_ZH_MONTH_DAY}|(?<!\d)(?:\d\d)?(?:0[1-9]|1[0-2])(?:0[1-9]"
    rf"|[12]\d|3[01])(?!\d)|(?<!\d)(?:1[0-2]|0?[1-9])[\-/.](?:3[01]|[12]\d"
    rf"|0?[1-9])(?!\d))"
)
_BIRTH = re.compile(r"生[日于的人]|出生|诞|周岁|birth|born|dob|满月|百日")
_BORN_AFTER = re.compile(
    rf"(?:生日[宴会]?|周岁[宴酒]?|满月酒?|百日宴|出生(?:日期|年月日?|年份?|时间)?|生于|诞辰|(?<![a-z])"
    rf"(?:birthday|birth ?date"
    r"|date of birth|dob|born(?: on| in)?))"
    rf"[^\d\n。；，一二三四五六七八九十正腊冬农阴阳公零〇]{{0,8}}?({_WHEN})"
)
_BORN_BEFORE = re.compile(
    rf"({_WHEN})(?:那[天年]|当天)?(?:[是为]?[我他她你您]?的?)(?:出生|生的|生人|生日|过生日|诞生)"
    rf"|({_ZH_MONTH_DAY})[^\d\n。；]{{0,8}}(?:生日[宴会]?|周岁[宴酒]?|满月酒?|百日宴|出生|满月|周岁)"
)
_CALENDAR = re.compile(
    r"星期|周几|礼拜|什么日子|什么节|[农阴黄]历|历史|放.{0,2}假|放假|闰年|春节|国庆|元旦|中秋|端午|清明|节气"
    r"|发生|日食|月食|天气|召开|是怎么回事|正则|python|java|sql|格式|转[成换]|解析"
)  # questions of almanacs
_HOLIDAY = re.compile(
    r"星期几|周几|放假安排|放几天|大年|除夕|元宵|闰年|[夏冬]至|立[春夏秋冬]|[春秋]分|工作日|合法"
    r"|[相间][差隔]|农历几|距今"
)
_NUMBERED = (Label.ORDER, Label.DEVICE)
_DAY_OF = re.compile(r"\D*(\d{4})\D+(\d{1,2})\D+(\d{1,2})")
# Days of history are about nobody.
_HISTORY_WRITTEN = (
    "1776-7-4 1789-7-14 1911-10-10 1919-5-4 1921-7-1 1921-7-23 1931-9-18 1937-7-7 1937-12-13 1939-9-1 1941-12-7 "
    "1945-8-15 1945-9-2 1945-9-3 1949-10-1 1964-10-16 1969-7-20 1969-7-21 1970-1-1 1976-7-28 1978-12-18 1997-7-1 "
    "1999-12-20 2000-1-1 2001-9-11 2001-12-11 2003-10-15 2008-5-12 2008-8-8 2012-12-21 2022-2-4"
)
_HISTORY = frozenset(_HISTORY_WRITTEN.split())


def dates(text: str) -> Iterator[Match]:
    """The full dates and the birthdays of a plain text."""
    if (_HOLIDAY.search(text) or (_CALENDAR.search(text) and asks(text))) and not tells_of_somebody(text):
        return
    for found in _FULL.finditer(text) if _MAY_BE.search(text) else ():
        number = found[0].isdigit()
        if not _is_history(found[0]) and not (number and label_before(text, found.start()) in _NUMBERED):
            yield Match(found.start(), found.end(), SensitiveType.DATE)
    if _BIRTH.search(text):
        for pattern in (_BORN_AFTER, _BORN_BEFORE):
            for found in pattern.finditer(text):
                start, end = found.span(found.lastindex or 0)
                if not _is_history(text[start:end]):
                    yield Match(start, end, SensitiveType.DATE)


def _is_history(written: str) -> bool:
    day = _DAY_OF.match(written)
    if day is None:
        return False
    return int(day[1]) < 1900 or "-".join(str(int(part)) for part in day.groups()) in _HISTORY
