"""Addresses that nobody listed: levels down to a door, an estate with a door, a door alone, a road of a district."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import CITIES, PROVINCES, one_of
from device_sim.privacy.reading import Reading
from model_store.han import HAN

_CITY = rf"(?:{one_of(PROVINCES)})(?:省|市|自治区)?(?:(?:{one_of(CITIES)})市?)?|(?:{one_of(CITIES)})市?"
_LEVEL = rf"(?>(?:(?![的和与跟是在到去])[{HAN}]){{1,6}}?(?:自治区|自治州|街道|社区|[省市区县旗镇乡村]))"
_ROAD = rf"[{HAN}A-Za-z0-9]{{1,8}}?(?:大街|大道|胡同|公路|[路街巷弄])"
_NUMBER = r"[0-9A-Za-z一二三四五六七八九十百〇零-]{1,8}"
_DOOR = rf"(?:\s?{_NUMBER}(?:号院|号楼|[号栋幢座单弄室层楼户门铺]元?))+(?:{_NUMBER}(?!\d))?"
_ESTATE = (
    rf"[{HAN}A-Za-z0-9]{{1,8}}?(?:小区|花园|家园|公寓|大厦|广场|新村|新城|苑|公馆|府|写字楼"
    r"|产业园|工业园|科技园|软件园|创意园|商务楼|宿舍|大楼|中心)"
)
_ADDRESS = re.compile(rf"(?:{_CITY})?{_LEVEL}{{0,4}}+(?:{_ROAD}{_DOOR}(?:{_ESTATE})?(?:{_DOOR})?|{_ESTATE}{_DOOR})")
_LEVELS = re.compile(rf"(?:{_CITY}){_LEVEL}{{1,4}}+(?:{_ROAD})?(?:{_DOOR})?")
_DOOR_ALONE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{1,4}(?:号楼|号院|[栋幢弄])[0-9]{0,4}(?:单元)?[0-9A-Za-z-]{0,6}[室号]?"
    r"|[0-9一二三四五六七八九十]{1,3}单元[0-9]{2,4}室?|[0-9]{3,4}室)"
)
_UNIT = r"(?:Room|Rm|Flat|Unit|Suite|Apt|Apartment|Building|Bldg|Block|Tower|Floor|No)\.?\s?#?[0-9A-Z][0-9A-Za-z-]{0,5}"
_ENGLISH = re.compile(
    rf"(?<![A-Za-z])(?:(?:{_UNIT}|\d{{1,3}}/F),?\s)*(?:{_UNIT}|\d{{1,5}}[A-Za-z]?)\s(?:[A-Z][A-Za-z'.]*\s){{1,4}}?"
    r"(?:Road|Rd|Street|St|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Square|Sq|Place|Court|Terrace|Crescent|Highway)\b\.?"
    rf"(?:,\s?(?:{_UNIT}|[A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+)?|[A-Z]{{1,2}}\d[\dA-Z]?\s?\d[A-Z]{{2}}|[A-Z]{{2}}\s\d{{5}}|\d{{5,6}})){{0,4}}"
)
_PLACE = re.compile(_CITY)
_FIRST_END = re.compile(r"[省市区县旗镇乡村路街巷弄]|小区|花园|大厦|广场|公寓")
_SHORTEST = 4


def addresses(reading: Reading, everyday: EverydayWords) -> Iterator[tuple[int, int]]:
    """Where the text seems to give an address."""
    text = reading.text
    for pattern in (_ADDRESS, _LEVELS):
        for match in pattern.finditer(text):
            start = _beginning(reading, everyday, *match.span())
            if match.end() - start >= _SHORTEST:
                yield start, match.end()
    for pattern in (_DOOR_ALONE, _ENGLISH):
        yield from (match.span() for match in pattern.finditer(text))


def _beginning(reading: Reading, everyday: EverydayWords, start: int, end: int) -> int:
    """The name of the first level may be any characters: where it begins, after what is hardly part of a name."""
    place = _PLACE.search(reading.text, start, end)
    if place:
        return place.start()
    first = _FIRST_END.search(reading.text, start + 1, end)
    for at in range((first.start() if first else end) - 1, start - 1, -1):
        single = at not in reading.words and at not in reading.inside
        if single and everyday.is_free(reading.text[at]) and reading.text[at] not in "中上下大小南北东西":
            return at + 1
    return start
