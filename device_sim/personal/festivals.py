"""Festivals that Chinese texts name: of the solar calendar, and of the lunar one for the years of a table.

The table was made by lunar-python and agrees with lunardate and borax on each of its dates. A festival that is not in
it is not understood, rather than wrong.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

# Year, then month and day of 春节 端午 七夕 中秋 重阳, then the day of April of 清明.
_TABLE = """
    2015 0219 0620 0820 0927 1021 05  2016 0208 0609 0809 0915 1009 04  2017 0128 0530 0828 1004 1028 04
    2018 0216 0618 0817 0924 1017 05  2019 0205 0607 0807 0913 1007 05  2020 0125 0625 0825 1001 1025 04
    2021 0212 0614 0814 0921 1014 04  2022 0201 0603 0804 0910 1004 05  2023 0122 0622 0822 0929 1023 05
    2024 0210 0610 0810 0917 1011 04  2025 0129 0531 0829 1006 1029 04  2026 0217 0619 0819 0925 1018 05
    2027 0206 0609 0808 0915 1008 05  2028 0126 0528 0826 1003 1026 04  2029 0213 0616 0816 0922 1016 04
    2030 0203 0605 0805 0912 1005 05  2031 0123 0624 0824 1001 1024 05  2032 0211 0612 0812 0919 1012 04
    2033 0131 0601 0801 0908 1001 04  2034 0219 0620 0820 0927 1020 05  2035 0208 0610 0810 0916 1009 05
    2036 0128 0530 0828 1004 1027 04  2037 0215 0618 0817 0924 1017 04  2038 0204 0607 0807 0913 1007 05
    2039 0124 0527 0826 1002 1026 05  2040 0212 0614 0814 0920 1014 04  2041 0201 0603 0803 0910 1003 04
    2042 0122 0622 0822 0928 1022 04  2043 0210 0611 0811 0917 1011 05  2044 0130 0531 0731 1005 1029 04
    2045 0217 0619 0819 0925 1018 04  2046 0206 0608 0808 0915 1008 04  2047 0126 0529 0827 1004 1027 05
    2048 0214 0615 0816 0922 1016 04  2049 0202 0604 0805 0911 1005 04  2050 0123 0623 0823 0930 1024 04
"""


def _lunar_dates() -> dict[int, dict[str, date]]:
    words = _TABLE.split()
    years: dict[int, dict[str, date]] = {}
    for place in range(0, len(words), 7):
        year = int(words[place])
        dates = [date(year, int(word[:2]), int(word[2:])) for word in words[place + 1 : place + 6]]
        years[year] = dict(zip(("春节", "端午", "七夕", "中秋", "重阳"), dates, strict=True))
        years[year]["清明"] = date(year, 4, int(words[place + 6]))
    return years


_LUNAR = _lunar_dates()
Span = Callable[[int], tuple[date, date]]


def _fixed(month: int, day: int, days: int = 1) -> Span:
    return lambda year: (date(year, month, day), date(year, month, day) + timedelta(days=days))


def _lunar(name: str, shift: int = 0, days: int = 1) -> Span:
    def span(year: int) -> tuple[date, date]:
        if year not in _LUNAR:
            raise ValueError("not in the table")
        first = _LUNAR[year][name] + timedelta(days=shift)
        return first, first + timedelta(days=days)

    return span


def _nth_weekday(month: int, weekday: int, count: int) -> Span:
    def span(year: int) -> tuple[date, date]:
        first = date(year, month, 1)
        day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
        return day, day + timedelta(days=1)

    return span


# Holidays (假期) last as long as the law says, without the days that are moved to them each year.
FESTIVALS: dict[str, Span] = {
    **dict.fromkeys(("元旦节", "元旦"), _fixed(1, 1)),
    "情人节": _fixed(2, 14),
    **dict.fromkeys(("妇女节", "三八节"), _fixed(3, 8)),
    "植树节": _fixed(3, 12),
    "愚人节": _fixed(4, 1),
    **dict.fromkeys(("劳动节", "五一"), _fixed(5, 1)),
    "五一假期": _fixed(5, 1, 2),
    "青年节": _fixed(5, 4),
    "母亲节": _nth_weekday(5, 6, 2),
    **dict.fromkeys(("儿童节", "六一"), _fixed(6, 1)),
    "父亲节": _nth_weekday(6, 6, 3),
    "建党节": _fixed(7, 1),
    "建军节": _fixed(8, 1),
    "教师节": _fixed(9, 10),
    **dict.fromkeys(("国庆节", "国庆"), _fixed(10, 1)),
    **dict.fromkeys(("国庆假期", "国庆长假", "十一假期", "十一长假", "十一黄金周"), _fixed(10, 1, 3)),
    **dict.fromkeys(("万圣节前夜", "万圣夜"), _fixed(10, 31)),
    "万圣节": _fixed(11, 1),
    **dict.fromkeys(("双十一", "双11", "光棍节"), _fixed(11, 11)),
    "感恩节": _nth_weekday(11, 3, 4),
    **dict.fromkeys(("双十二", "双12"), _fixed(12, 12)),
    "平安夜": _fixed(12, 24),
    **dict.fromkeys(("圣诞节", "圣诞"), _fixed(12, 25)),
    "跨年夜": _fixed(12, 31),
    **dict.fromkeys(("除夕夜", "除夕", "大年三十", "年三十"), _lunar("春节", -1)),
    **dict.fromkeys(("春节", "大年初一", "年初一", "正月初一"), _lunar("春节")),
    "大年初二": _lunar("春节", 1),
    "大年初三": _lunar("春节", 2),
    **dict.fromkeys(("春节假期", "春节长假"), _lunar("春节", -1, 5)),
    **dict.fromkeys(("元宵节", "元宵", "正月十五"), _lunar("春节", 14)),
    **dict.fromkeys(("清明节", "清明"), _lunar("清明")),
    **dict.fromkeys(("端午节", "端午"), _lunar("端午")),
    **dict.fromkeys(("七夕节", "七夕"), _lunar("七夕")),
    **dict.fromkeys(("中秋节", "中秋"), _lunar("中秋")),
    **dict.fromkeys(("重阳节", "重阳"), _lunar("重阳")),
}
# 五一路 is a street, 国庆 may be a person.
_FESTIVAL = re.compile(
    "(?:"
    + "|".join(sorted(FESTIVALS, key=len, reverse=True))
    + ")(?![一二三四五六七八九十0-9]|路|街|广场|桥|村|月|上河图|老师|目)"
)


def festival(text: str, at: int) -> tuple[str, int] | None:
    """The festival that is named at `at`, and where its name ends."""
    match = _FESTIVAL.match(text, at)
    return None if match is None else (match[0], match.end())
