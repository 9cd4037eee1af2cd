"""Phones, identity cards and bank cards, among all other numbers.

A number counts where its digits say so (checksum, Luhn, a date and a region, phone prefixes) and nothing around it says
otherwise; and where the words around it name it, even with a digit mistyped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from stdnum import luhn
from stdnum.cn import ric

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.digits import WEAK, Group, runs
from device_sim.privacy.patterns.labels import Label, label_after, label_before, names_directly
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.phones import (
    extension,
    is_international,
    is_mobile,
    is_phone,
    may_be_phone,
    takes_extension,
)

_WINDOW = 7  # groups at most in one number
_LONGEST = 21
_SHORTEST = 7
_LOOKALIKE_DIGITS = 5  # at least, in a number where letters stand for others
_REGIONS = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")  # provinces, by the first two digits
_CARD_STARTS = re.compile(
    r"62\d{14,17}|4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|5[06-8]\d{14}|2[2-7]\d{14}|3[47]\d{13}|35\d{14}|3(?:0[0-5]"
    r"|[689]\d)\d{11}"
    r"|60\d{14,17}|6[3-9]\d{14,17}|9(?:55|4|03|84|00|40)\d{13,16}"
)
_CARD_SHAPE = re.compile(r"(?:4,){3}[4567]|(?:4,){4}[123]|4,6,[45]|6,1[0-3]|8,8|8,1[01]|4,12|6,4,4,[245]|1[3-9]")
_X = re.compile(r" ?[x叉](?![a-z0-9])")
_QUANTITY = re.compile(
    r" ?(?:元|块钱|万|亿|美元|美金|人民币|人次|人口|次|台|部|件|个(?!人)|吨|公里|米|字节"
    r"|bytes?\b|ms\b|秒|位数|%|kg\b|km\b)"
)
_DECIMALS = re.compile(r"\.\d{1,2}(?![\d.])")
_ANOTHER = re.compile(r" ?[/、,，和或] ?([2-8]\d{6,7}|[2-8]\d{2,3}[ \-]\d{4})(?![\d年元块万.\-])")
# Eight digits in two groups, where the text speaks of Hong Kong or of whom to call.
_HALVES = re.compile(r"(?<![\d\-.+] )(?<![\d\-.+a-z])[2-9]\d{3}[ \-]\d{4}(?![\d%]|[ \-./:]\d)")
_HALVES_NEED = re.compile(
    r"香港|澳门|港|(?<![a-z])(?:hk|hkid|hong kong|macau)(?![a-z])|电话|联系|号码|手机|值班|物业|前台|总机"
    r"|客服|门卫|诊|科|找|打"
)
_SHORT = re.compile(r"(?:内线|分机|短号|小号)(?:号码?)?[拨打]?[ :是为]{0,3}(\d{3,6})(?![\d元年万])")  # within an office
# Letters typed for the digits that they look like.
_MISTYPED = re.compile(r"1[3-9]\d{8}|1[3-9]\d{10}")  # a mobile number with a digit more or less
# Read out in English, digits among the words or not.
_ENGLISH_DIGIT = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_IN_ENGLISH = re.compile(
    rf"(?<![a-z\d])(?=[\d ,\-]{{0,16}}{_ENGLISH_DIGIT})(?:(?:{_ENGLISH_DIGIT}|\d{{1,4}})[ ,\-]{{1,2}}){{4,14}}"
    rf"(?:{_ENGLISH_DIGIT}|\d{{1,4}})(?![a-z\d])"
)
_ENGLISH_CALL = re.compile(
    r"手机|电话|号码|(?<![a-z])(?:phone|mobile|cell|number|call|reach|text|dial|whatsapp)(?![a-z])"
)
_LOOKALIKE = re.compile(r"(?<![a-z0-9])[1li][3-9][0-9oli]{9}(?![a-z0-9])")
_WORD_BEFORE = re.compile(r"[a-z0-9_]+$")
_CALLS = frozenset(["t", "m", "p", "tel", "phone", "mobile", "mob", "cell", "fax", "call", "f", "o", "h"])
_PARCELS = frozenset(["sf", "yt", "jd", "jt", "zto", "sto", "yto", "ems", "db", "no", "id", "sn", "dh", "order"])
_WORD = re.compile(r"[a-z0-9_]")


@dataclass(frozen=True, slots=True)
class _Window:
    """The groups `first` to `last` of a run, looked at as one number; `weak` with a comma or slash among them."""

    run: Sequence[Group]
    first: int
    last: int
    digits: str
    weak: bool

    @property
    def groups(self) -> Sequence[Group]:
        return self.run[self.first : self.last + 1]

    @property
    def start(self) -> int:
        return self.run[self.first].start

    @property
    def end(self) -> int:
        return self.run[self.last].end

    def is_decimal(self, text: str) -> bool:
        """Whether a decimal point stands before or after; `1.13800138000` is an entry of a list unless it is pi."""
        group = self.run[self.first]
        if self.first and group.before == ".":
            whole = self.run[self.first - 1].digits
            if len(whole) > 2 or whole == "0" or (whole == "3" and group.digits.startswith("14159")):
                return True
        return self.last == len(self.run) - 1 and _DECIMALS.match(text, self.end) is not None


def numbers(text: str) -> Iterator[Match]:
    """The phones, identity cards and bank cards of a plain text."""
    for groups in runs(text):
        first = 0
        while first < len(groups):
            found = _longest(text, groups, first)
            if found:
                last, match = found
                yield match
                if match.type is SensitiveType.PHONE:
                    yield from _more(text, match.end)
                first = last + 1
                while first < len(groups) and groups[first].start < match.end:
                    first += 1
            else:
                first += 1
    yield from _special(text)


def _special(text: str) -> Iterator[Match]:
    """The phones that their digits do not tell: halves, extensions, letters among the digits."""
    if _HALVES_NEED.search(text):
        for halves in _HALVES.finditer(text):
            if label_before(text, halves.start()) in (None, Label.PHONE) and not _QUANTITY.match(text, halves.end()):
                yield Match(halves.start(), halves.end(), SensitiveType.PHONE)
    for short in _SHORT.finditer(text):
        yield Match(short.start(1), short.end(1), SensitiveType.PHONE)
    if _ENGLISH_CALL.search(text):
        for spoken in _IN_ENGLISH.finditer(text):
            yield Match(spoken.start(), spoken.end(), SensitiveType.PHONE)
    for typed in _LOOKALIKE.finditer(text):
        if not typed[0].isdigit() and sum(map(str.isdigit, typed[0])) >= _LOOKALIKE_DIGITS:
            yield Match(typed.start(), typed.end(), SensitiveType.PHONE)


def _more(text: str, end: int) -> Iterator[Match]:
    """The numbers of the same exchange that follow a landline, without its area code: 010-62770001/62770002."""
    while found := _ANOTHER.match(text, end):
        yield Match(found.start(1), found.end(1), SensitiveType.PHONE)
        end = found.end()


def _longest(text: str, groups: Sequence[Group], first: int) -> tuple[int, Match] | None:
    """The longest number that begins with a group, and its last group; a valid one before one that is only named."""
    windows = _windows(groups, first)
    if not windows:
        return None
    before = label_before(text, windows[0].start)
    for window in reversed(windows):
        if match := _valid(text, window, before):
            return first + len(window.groups) - 1, match
    direct = names_directly(text, windows[0].start) if before else None
    if before is Label.PHONE and direct is None and _MISTYPED.fullmatch(groups[first].digits):
        direct = before
    for window in reversed(windows):
        if not window.weak and (match := _named(text, window, direct)):
            return first + len(window.groups) - 1, match
    return None


def _windows(groups: Sequence[Group], first: int) -> list[_Window]:
    windows = []
    digits, weak = "", False
    for last in range(first, min(len(groups), first + _WINDOW)):
        digits += groups[last].digits
        weak = weak or (last > first and not WEAK.isdisjoint(groups[last].before))
        if len(digits) > _LONGEST:
            break
        if len(digits) >= _SHORTEST:
            windows.append(_Window(groups, first, last, digits, weak))
    return windows


def _valid(text: str, window: _Window, before: Label | None) -> Match | None:
    digits, start, end = window.digits, window.start, window.end
    # Cards and identity cards have thirteen digits and more.
    if len(digits) < 13 and not may_be_phone(digits) and text[start - 1 : start] != "+":
        return None
    x = _X.match(text, end) if len(digits) == 17 else None
    plus = start > 0 and text[start - 1] == "+"
    identity = not window.weak and _is_identity(f"{digits}x" if x else digits)
    card = not window.weak and not identity and _is_card(window, before)
    phone = not identity and not card and (is_phone(window.groups, digits) or (plus and _is_abroad(digits)))
    if not (identity or card or phone) or _is_within(text, start, end) or window.is_decimal(text):
        return None
    if identity:
        return Match(start, x.end() if x else end, SensitiveType.ID)
    # A device's or a member's number is an account, and found as one.
    parted = phone and len(window.groups) > 1 and digits.startswith(("0", "1"))
    if before is Label.ORDER or (before is Label.DEVICE and not parted) or label_after(text, end) is Label.ORDER:
        return None
    if card:
        return Match(start, end, SensitiveType.CARD)
    if _QUANTITY.match(text, end) or not (plus or _may_begin(text, start, digits)):
        return None
    start -= plus
    if text[start - 1 : start] == "(" and ")" in text[start:end]:
        start -= 1
    return Match(start, extension(text, end) if takes_extension(digits) else end, SensitiveType.PHONE)


def _named(text: str, window: _Window, direct: Label | None) -> Match | None:
    """A number that would not count by its digits, if the words around it name it."""
    start, end, length = window.start, window.end, len(window.digits)
    label = direct or label_after(text, end)
    if label is None:
        return None
    if label is Label.ID and 14 <= length <= 20:
        x = _X.match(text, end)
        return Match(start, x.end() if x else end, SensitiveType.ID)
    if label is Label.CARD and 12 <= length <= 21:
        return Match(start, end, SensitiveType.CARD)
    if label is Label.PHONE and length <= 15 and not _QUANTITY.match(text, end):
        return Match(start, extension(text, end), SensitiveType.PHONE)
    return None


def _is_abroad(digits: str) -> bool:
    return 8 <= len(digits) <= 15 and is_international(digits, strict=False)


def _is_identity(digits: str) -> bool:
    if not _REGIONS.match(digits):
        return False
    if len(digits) == 18:
        return _is_day(digits[6:14]) and ric.calc_check_digit(digits) == digits[-1].upper()
    return len(digits) == 15 and _is_day(f"19{digits[6:12]}")


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1850 < day.year < 2100


def _is_card(window: _Window, before: Label | None) -> bool:
    digits = window.digits
    if not 13 <= len(digits) <= 19:
        return False
    if before is Label.CARD and len(digits) >= 15:
        return bool(_CARD_SHAPE.fullmatch(",".join(str(len(group.digits)) for group in window.groups)))
    parted = len(window.groups) == 1 or (
        len(window.groups[0].digits) >= 3 and all(len(g.digits) > 1 for g in window.groups)
    )
    return parted and bool(_CARD_STARTS.fullmatch(digits)) and luhn.is_valid(digits)


def _is_within(text: str, start: int, end: int) -> bool:
    """Whether the number is a piece of a code: letters on both sides, or letters that digits stand before."""
    left = start
    while left and start - left < 12 and _WORD.match(text[left - 1]):
        left -= 1
    word = text[left:start]
    if any(character.isdigit() for character in word):
        return True
    right = bool(_WORD.match(text, end)) and not _X.match(text, end)
    return bool(word) and right


def _may_begin(text: str, start: int, digits: str) -> bool:
    """Whether a phone number may begin right after what stands before it: a name may touch a mobile number, and no
    other (YT0012345678901 is a parcel)."""
    word = _WORD_BEFORE.search(text, max(0, start - 12), start)
    return word is None or word[0] in _CALLS or (is_mobile(digits) and word[0] not in _PARCELS)
