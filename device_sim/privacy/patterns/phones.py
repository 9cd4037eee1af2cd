"""Is a row of digit groups a phone number? Mainland rules here; the rest by Google's metadata."""

import re
from collections.abc import Sequence

import phonenumbers

from device_sim.privacy.patterns.digits import WEAK, Group

_MOBILE = re.compile(r"1[3-9]\d{9}")
# How people part the eleven digits.
# Said first of most windows of a long row of digits: none of what follows.
_PLAUSIBLE = re.compile(r"1\d{10}|0\d{9,17}|86\d{10,12}|[2-9]\d{9}|95[0-3]\d{8}|(?:852|853|886)\d{8,9}")
_ODD_MOBILE_SHAPES = frozenset([(1, 10), (1, 3, 7), (1, 3, 3, 4)])
_GROUPS = 5  # at most in a mobile number, unless digit by digit
_YEAR = re.compile(r"(?:1[3-9]|20)\d\d")
_LANDLINE = re.compile(r"0?(?:10|2[0-57-9])[2-9]\d{7}|0?[3-9]\d\d[2-9]\d{6,7}")
_LANDLINE_SHAPES = frozenset([(7,), (8,), (4, 4), (3, 4), (4, 3), (2, 2, 4), (2, 2, 2, 2)])
_SERVICE = re.compile(r"[48]00[0-9]\d{6}")
_SERVICE_SHAPES = frozenset([(3, 3, 4), (3, 4, 3), (3, 7), (4, 3, 3), (4, 6), (6, 4), (3, 2, 5), (3, 1, 3, 3), (10,)])
_AMERICAN = re.compile(r"[2-9]\d\d[2-9]\d{6}")
_EXTENSION = re.compile(
    r" ?[(,，]? ?(?:转接?|(?:转 ?)?分机号?|ext(?:ension)?\.?|x|#|\*|-)[ :]?\d{1,6}(?!\d)(?: ?分机)?\)?"
)
_CALL_CENTRE = re.compile(r"95[0-3]\d{8}")  # eleven digits: of no company that everybody knows
_TAIWAN_MOBILE = re.compile(r"09\d{8}")
_TAIWAN_SHAPES = frozenset([(10,), (4, 6), (4, 3, 3)])
_NEIGHBOURS = re.compile(r"(?:00)?(?:852|853|886)")  # Hong Kong, Macao, Taiwan: often without a plus


def may_be_phone(digits: str) -> bool:
    """Whether `is_phone` is worth asking."""
    return _PLAUSIBLE.fullmatch(digits) is not None


def is_phone(groups: Sequence[Group], digits: str) -> bool:
    """Whether these groups, all of them, which have these digits, are one number as it is dialled in mainland China."""
    if not may_be_phone(digits):
        return False
    shape = tuple(len(group.digits) for group in groups)
    if digits.startswith("00") and not digits.startswith("0086"):
        return len(digits) <= len("00") + 15 and is_international(digits[2:], strict=True)
    national, shape, called_from_abroad = _without_country(digits, shape)
    if not shape:
        return False
    dotted = any("." in group.before for group in groups[1:])
    if dotted and len(groups) < 3:
        return False
    if any(not WEAK.isdisjoint(group.before) for group in groups[1:]):
        return shape == (3, 4, 4) and _MOBILE.fullmatch(national) is not None
    if _MOBILE.fullmatch(national):
        years = len(shape) > 1 and all(_YEAR.fullmatch(group.digits) for group in groups[:2])
        return (
            _is_mobile_shape(shape)
            and len({group.before for group in groups[len(groups) - len(shape) + 1 :]}) <= 1
            and not years
        )
    if national[:1] == "0" and _MOBILE.fullmatch(national[1:]):  # as dialled to another city, once
        return len(shape) == 1 or (shape[0] == 1 and _is_mobile_shape(shape[1:]))
    return _is_landline(national, shape, called_from_abroad) or (not called_from_abroad and _is_other(groups, shape))


def is_international(digits: str, *, strict: bool) -> bool:
    """Whether the digits after a plus are a number somewhere; `strict` asks for one that is really given out."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) if strict else phonenumbers.is_possible_number(number)


def extension(text: str, end: int) -> int:
    """Where a number that ends at `end` ends with its extension."""
    found = _EXTENSION.match(text, end)
    return found.end() if found else end


def takes_extension(digits: str) -> bool:
    """Whether an office may be behind the number: any but a mobile."""
    return not _MOBILE.fullmatch(digits[-11:])


def is_mobile(digits: str) -> bool:
    """Whether the digits are a mainland mobile number, without a country's code."""
    return _MOBILE.fullmatch(digits) is not None


def _is_mobile_shape(shape: tuple[int, ...]) -> bool:
    """Whether people part the eleven digits like this: in groups, none of a single digit."""
    return (shape[0] >= 3 and min(shape) >= 2 and len(shape) <= _GROUPS) or shape in _ODD_MOBILE_SHAPES


def _without_country(digits: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...], bool]:
    for code in ("0086", "86"):
        if digits.startswith(code) and len(digits) > 10:
            if shape[0] == len(code):
                return digits[len(code) :], shape[1:], True
            if shape[0] > len(code) and (len(shape) == 1 or shape[0] == len(code) + 3):
                return digits[len(code) :], (shape[0] - len(code), *shape[1:]), True
    return digits, shape, False


def _is_landline(digits: str, shape: tuple[int, ...], called_from_abroad: bool) -> bool:
    if not (digits.startswith("0") or called_from_abroad) or not _LANDLINE.fullmatch(digits):
        return False
    area = len(digits) - 8 if digits.lstrip("0")[0] in "12" or len(digits.lstrip("0")) == 11 else len(digits) - 7
    if len(shape) == 1:
        return True
    if shape[0] == area:
        return shape[1:] in _LANDLINE_SHAPES
    return shape[0] > area and (shape[0] - area, *shape[1:]) in _LANDLINE_SHAPES


def _is_other(groups: Sequence[Group], shape: tuple[int, ...]) -> bool:
    digits = "".join(group.digits for group in groups)
    if _SERVICE.fullmatch(digits) and shape in _SERVICE_SHAPES:
        # Unparted, eight hundred is as likely a number of anything; many zeros are a quantity.
        return len(shape) > 1 or (digits[0] == "4" and not digits.endswith("0000"))
    if _AMERICAN.fullmatch(digits) and shape == (3, 3, 4) and groups[1].before[0] in "-.)" and groups[2].before in "-.":
        return True
    if (_CALL_CENTRE.fullmatch(digits) and len(shape) == 1) or (
        _TAIWAN_MOBILE.fullmatch(digits) and shape in _TAIWAN_SHAPES
    ):
        return True
    if len(shape) > 1 and _NEIGHBOURS.fullmatch(groups[0].digits):
        return is_international(digits.removeprefix("00"), strict=True)
    return False
