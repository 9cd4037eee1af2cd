"""Numbers as Chinese texts write them: 12, 十二, 二十三, 两, 一百零五, 二〇二六."""

import re
import unicodedata

_DIGITS = {
    c: n for n, group in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九")) for c in group
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_NUMERALS = "".join(_DIGITS) + "".join(_UNITS) + "廿卅万"
# Bounded, so that no run of digits costs more than its length.
NUMBER = rf"(?:\d{{1,6}}|[{HAN_NUMERALS}]{{1,9}})"
_POSITIONAL = re.compile(rf"[{''.join(_DIGITS)}]+\Z")


def number(text: str) -> int:
    """The number that `text` (a match of NUMBER) writes."""
    if text.isdecimal():
        return int(text)
    if _POSITIONAL.match(text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for character in text.replace("廿", "二十").replace("卅", "三十"):
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section += (digit or 1) * _UNITS[character]
            digit = 0
    return total + section + digit


def half_width(text: str) -> str:
    """The text in half width and small letters, character by character, so that places stay what they are."""
    if text.isascii():
        return text.lower()
    return "".join(_half_width(character) for character in text)


def _half_width(character: str) -> str:
    if "\u3400" <= character <= "\u9fff":
        return character
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character
