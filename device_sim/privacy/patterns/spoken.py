"""Digits written as Chinese words: 幺三八零零…"""

import re

# By value; 幺, 么, 洞, 拐 and 勾 are how numbers are read out, the last rows bank and Traditional writing.
NUMERALS = "零〇○洞一幺么壹弌二两贰貳三叁叄四肆五伍六陆陸七柒拐八捌九玖勾"
_VALUES = "0000" + "11111" + "2222" + "333" + "44" + "55" + "666" + "777" + "88" + "999"
_DIGITS = str.maketrans(NUMERALS, _VALUES)
# At least four in a row, digits among them or not, and no unit after: 一九九八年 and 三四五万 are words.
_ROW = re.compile(rf"[\d{NUMERALS}](?:[ \-、，,.·]?[\d{NUMERALS}]){{3,}}(?![十百千万亿年])")
_PARTS = re.compile("[、，,.·]")
_WORD = re.compile(f"[{NUMERALS}]")


def with_digits(text: str) -> str | None:
    """The text with rows of digit words as digits, of the same length; nothing where there are none."""
    if not _WORD.search(text):
        return None
    replaced = _ROW.sub(_read, text)
    return replaced if replaced != text else None


def digits_of(words: str) -> str:
    """The words with the digits that they mean, of the same length."""
    return words.translate(_DIGITS)


def _read(row: re.Match[str]) -> str:
    if not _WORD.search(row[0]):
        return row[0]
    return _PARTS.sub(" ", row[0]).translate(_DIGITS)
