"""Digits written as Chinese words: 幺三八零零…"""

import re

_DIGITS = str.maketrans(
    "零〇○一幺二三四五六七八九壹贰叁肆伍陆柒捌玖弌貳叄陸", "000" + "11" + "23456789" + "123456789" + "1236"
)
_WORDS = "零〇○一幺二三四五六七八九壹贰叁肆伍陆柒捌玖弌貳叄陸"
# At least four in a row, digits among them or not, and no unit after: 一九九八年 and 三四五万 are words.
_ROW = re.compile(rf"[\d{_WORDS}](?:[ \-、]?[\d{_WORDS}]){{3,}}(?![十百千万亿年])")
_WORD = re.compile(f"[{_WORDS}]")


def with_digits(text: str) -> str | None:
    """The text with rows of digit words as digits, of the same length; nothing where there are none."""
    if not _WORD.search(text):
        return None
    replaced = _ROW.sub(lambda row: row[0].replace("、", " ").translate(_DIGITS), text)
    return replaced if replaced != text else None
