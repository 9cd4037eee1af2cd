"""Passports, permits and number plates."""

import re
from collections.abc import Iterator

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.spoken import NUMERALS, digits_of

_EDGE, _STOP = r"(?<![a-z0-9_\-])", r"(?![a-z0-9_]|-[a-z0-9])"
# Passports of the mainland; other letters only where the text speaks of papers.
_PASSPORT = re.compile(rf"{_EDGE}(?:[egdsp] ?\d{{4}} ?\d{{4}}|[eds][a-hj-np-z] ?\d{{7}}|pe\d{{7}}){_STOP}")
_PARTED = re.compile(rf"{_EDGE}[egdsp][a-hj-np-z]?(?:[ \-]\d{{2,4}}){{2,4}}{_STOP}")
# The two lines for machines at a passport's foot.
_MACHINE = re.compile(
    r"(?<![a-z0-9<])(?:[pv][a-z<][a-z]{3}[a-z]{1,30}<<[a-z<]{5,39}|[a-z0-9]{8,9}<{0,2}\d[a-z]{3}\d{7}[mfx<]\d{7}[a-z0-9<]{0,16})"
)
_PAPER = re.compile(
    rf"{_EDGE}(?:[a-z][ \-.]?\d{{4}} ?\d{{4}}|[a-z]{{2,3}}\d{{6,7}}|[a-z]\d{{7}}|[hm]\d{{10,11}}|k\d{{8}}[a-z]){_STOP}"
)
_NAMES = (
    r"护照|護照|(?<![a-z])passport(?![a-z])|通行[证證]|回乡[证證]|台胞[证證]"
    r"|海员[证證]|旅行[证證]|永居[证證]|居留[证證]|港澳[证證]|签证"
)
_NAMED = re.compile(rf"{_NAMES}|证件|出境|入境|过关|值机|登机|签注")
_DIRECTLY = re.compile(
    rf"(?:{_NAMES})(?:本|号码?|號碼?|证号|[ ]?number|[ ]?no\.?|[ ]?#)?"
    rf"(?:[ ]?\([^)\n]{{1,8}}\))?[ :=是为]{{0,4}}(?:is )?"
    r"(?=[a-z\d \-.]{0,6}\d)([a-z\d](?:[a-z\d]|[ \-.](?=\d)){6,17})(?![a-z\d])"
)
_NEAR = 24
_DIGITS_AT_LEAST = 5
_LIKE_DATE = re.compile(r"[a-z]{1,2}20[0-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
# Hong Kong's and Taiwan's identity cards; the first by its check digit in brackets.
_HONG_KONG = re.compile(r"(?<![a-z0-9])[a-z]{1,2}\d{6}\([0-9a]\)")
_OTHER_IDENTITY = re.compile(
    r"(?:身份[证證]|身分[证證]|居留证"
    r"|居住证)[号號码碼 :是为()]{0,8}([a-z]{1,3}\d{6,12}(?:\(?[0-9a]\)?)?)(?![a-z0-9])"
)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼滬遼雲魯蘇贛晉陝閩貴粵寧瓊"
_TAIL = (
    r"(?:(?=[a-z]{0,2}\d|\d[a-z]?\d|\d\d[a-z]{0,2}\d?)[a-z0-9]{4}[a-z0-9挂学警港澳超]|\d{4}应急|[a-hj-k]\d{5}"
    r"|[a-hj-k][a-hj-np-z]\d{4}|\d{5}[a-hj-k])[领使挂学警]?"
)
_FULL_NAMES = (
    "上海|重庆|河北|河南|云南|辽宁|黑龙江|湖南|安徽|山东|新疆|江苏|浙江|江西|湖北|广西|甘肃|山西|内蒙古?"
    "|陕西|吉林|福建|贵州|广东"
    "|青海|西藏|四川|宁夏|海南"
)
# After a dot even a mistyped one is a plate, of any five or six characters.
_PLATE = re.compile(
    rf"(?:[{_PROVINCES}]|{_FULL_NAMES})[ ·]?[a-hj-np-z](?:[ ·.、\-]{{0,2}}{_TAIL}|[·•.][a-z0-9]{{4,6}})(?![a-z0-9_])"
)
_CONSULAR = re.compile(
    r"(?<!\d)(?:使 ?\d{6}|\d{6} ?使|[a-z]?\d{5} ?领|wj ?(?:[\u4e00-\u9fff]|\d\d)?[ ·\-]?\d{4,5}[a-z]?"
    r"|[军空海北沈兰济南广成][a-z][ ·\-]?\d{5}|民航 ?[a-z]?\d{4})(?![a-z0-9])"
)
_POLICE = re.compile(rf"(?<![a-z])wj ?[{_PROVINCES}][ ·\-]?\d{{4,5}}[a-z]?(?![a-z0-9])")
_PLATE_NAMED = re.compile(
    r"(?:车牌|牌照|号牌|尾号|plate)[号號码尾 :是为()|]{0,6}"
    r"([a-z][ ·\-]?[a-z0-9]{5,6}|(?=[a-z]*\d)[a-z0-9]{4,5})(?![a-z0-9])"
)
_SPOKEN_PLATE = re.compile(rf"(?<=[{_PROVINCES}])[a-z][ ·]?[a-z0-9{NUMERALS}]{{5,6}}")
_CAR = re.compile(r"车|牌|停|驾|违章")


def papers(text: str) -> Iterator[Match]:
    """Passports, permits, identity cards from outside the mainland, and plates, of a plain text."""
    yield from _passports(text)
    for found in _HONG_KONG.finditer(text):
        yield Match(found.start(), found.end(), SensitiveType.ID)
    for found in _OTHER_IDENTITY.finditer(text):
        yield Match(found.start(1), found.end(1), SensitiveType.ID)
    yield from _plates(text)


def _passports(text: str) -> Iterator[Match]:
    for found in _PASSPORT.finditer(text):
        if not _LIKE_DATE.fullmatch(found[0]):
            yield Match(found.start(), found.end(), SensitiveType.PASSPORT)
    yield from _written_oddly(text)
    if _NAMED.search(text):
        for found in _DIRECTLY.finditer(text):
            if sum(map(str.isdigit, found[1])) >= _DIGITS_AT_LEAST:
                yield Match(found.start(1), found.end(1), SensitiveType.PASSPORT)
        for found in _PAPER.finditer(text):
            if _NAMED.search(text, max(0, found.start() - _NEAR), found.end() + _NEAR):
                yield Match(found.start(), found.end(), SensitiveType.PASSPORT)


def _written_oddly(text: str) -> Iterator[Match]:
    for found in _PARTED.finditer(text):
        if _PASSPORT.fullmatch(re.sub(r"[ \-]", "", found[0])):
            yield Match(found.start(), found.end(), SensitiveType.PASSPORT)
    for found in _MACHINE.finditer(text):
        yield Match(found.start(), found.end(), SensitiveType.PASSPORT)


def _plates(text: str) -> Iterator[Match]:
    text = _SPOKEN_PLATE.sub(lambda spoken: digits_of(spoken[0]), text)
    for found in _PLATE.finditer(text):
        if sum(map(str.isdigit, found[0])) < (2 if "·" in found[0] else 3):
            continue  # a word
        # 新 is Xinjiang, and new: 新GT1030 is a graphics card.
        if found[0][0] == "新" and "·" not in found[0] and not found[0][-5:].isdigit() and not _CAR.search(text):
            continue
        yield Match(found.start(), found.end(), SensitiveType.PLATE)
    for found in _POLICE.finditer(text):
        yield Match(found.start(), found.end(), SensitiveType.PLATE)
    if _CAR.search(text):
        for found in _CONSULAR.finditer(text):
            yield Match(found.start(), found.end(), SensitiveType.PLATE)
        for found in _PLATE_NAMED.finditer(text):
            if sum(map(str.isdigit, found[1])) >= min(3, len(found[1]) - 2):
                yield Match(found.start(1), found.end(1), SensitiveType.PLATE)
