"""Accounts by a label before them: 微信号laozhang, 工号是B7719, 账号a01、a02, 口令芝麻开门.

A label is met first, then a connector, then the value; what the value may be depends on the label. A number that was
given holds digits, a handle may be letters alone, a nickname or a watchword may be Chinese.
"""

import re
from collections.abc import Callable, Iterator

from device_sim.privacy.patterns import account_words as words
from device_sim.privacy.patterns.handles import (
    COUNTED,
    ENGLISH,
    NEXT,
    NO_NICK,
    TOO_MANY,
    Span,
    Spot,
    handles_or_nicks,
    is_made,
    made_handles,
    names,
    nicks,
    own_handles,
)
from device_sim.privacy.patterns.spoken import NUMERALS

_OF_PEOPLE = rf"(?:{words.CHATS}|{words.QQ}|{words.NETWORKS})"
_NETWORK = rf"(?:{_OF_PEOPLE}|{words.GAMES}|{words.PLACES})"
LABELS = rf"""(?:
    (?P<both>(?:用户名|账号|帐号|账户)[和与及/、]?密码|账密|(?<![a-z])credentials?(?![a-z]))
    |(?P<handle>{_NETWORK}(?:后台|登录)?
        (?:[账帐][号户]名?|用户名?|号码?|[ ]?id|uid|[ ](?:id|account|handle|username))
      |{words.HANDLES}
      |(?<![a-z])(?:my|his|her|your|our)[ ](?:{words.ENGLISH_NETWORKS})(?=[ ](?:is|:)))
    |(?P<own>[我他她]的?(?:{_OF_PEOPLE}|{words.GAMES})(?![账帐名号]|[ ]?id))
    |(?P<name>(?:{_OF_PEOPLE}|{words.GAMES})(?:名字?|昵称|网名))
    |(?P<nick>{_NETWORK}(?:里面?|上|中)?(?:[我他她俺]|名字)?(?=叫|@)|{words.NICKNAMES})
    |(?P<watchword>{words.WATCHWORDS})
    |(?P<secret>{words.SECRETS}|{words.DOORS})
    |(?P<given>{words.HELD}|{words.GIVEN})
    |(?P<number>(?<![一-鿿])号(?=[是为叫:])|(?<=的)号(?=[是为叫:]))
    |(?P<made>{_OF_PEOPLE}(?:[上里]?(?:收款|付款|转账|名片|搜一?下?|关注|私信|加|找))?)
    )"""
_LABEL = re.compile(rf"(?x)(?={words.BEGINS}){LABELS}")
# What leads from the label to the value.
_REMARK = r"(?:[ ]?\([^)\n]{1,8}\))?"
_JOINED = re.compile(
    rf"""(?x){_REMARK}[ ]?
    (?:现在|目前|分别|应该|好像|一直|就|还|都|也|我|他|她|念一下|报一下|说一下|如下|确实){{0,4}} (?:已经?|被|又)?
    (?:(?:改|换|设|重?设置|更新|[一-鿿]{{1,5}}(?=[:=]))?
      (?:[:=]|[用填写输报](?=[a-z0-9])|[|](?=[ ]?[a-z0-9@])|[-=]?>
      |[一-鿿]{{0,3}}的?[是为叫成](?=[a-z0-9_@])|[是为叫成]|(?:is|was)(?=[ :]))){{1,3}}
    (?:[一-鿿]{{2,3}}[ :](?=[a-z]{{0,12}}[\d_]))?
    (?:(?:我|他|她|我们|大写|小写|字母|全拼|拼音|数字|那个|一串|就是)的?){{0,4}} [ ]{{0,2}}[“\"'‘「『【\[(]? """
)
_BARE = re.compile(rf"{_REMARK}[ ]{{0,2}}[“\"'‘「『【]?(?=[a-z0-9_@一-鿿])")
_READ_OUT = re.compile(r"[一-鿿 ]{0,3}[念报说讲记给发][一-鿿 ,，]{0,5}(?=\d[\d ]{4})")
_BETWEEN = re.compile(r"[一-鿿]{1,6}[ :(]{0,2}(?=[a-z0-9_])")
_MADE_VALUE = re.compile(
    r"(?=[a-z0-9\-.]{0,30}[_\d])(?=[\d\-]{0,30}[a-z_])[a-z0-9_][a-z0-9_.\-]{3,30}(?![a-z0-9_])|\d{7,20}(?!\d)"
)
# What is sold under letters and digits, and measures.
_SOLD = re.compile(
    r"(?:iphone|ipad|mate|rtx|gtx|win|windows|android|ios|python|java|http|h|mp|usb|wifi|ipv|cet|c)-?\d.*"
    r"|\d+(?:gb?|k|w|kg|[cmk]?m|h|min|mb|tb|v|a|ml|th|st|nd|rd)"
)
_DIGITS = re.compile(r"\d(?: ?\d){4,20}")
_QUOTED = re.compile(r"[“\"'‘「『]([^”\"'’」』\n]{2,30})[”\"'’」』]")
_WATCHWORD = re.compile(r"((?:(?!的)[一-鿿a-z0-9]){3,8}?)(?=$|[，。；！、\s,;)”])")
_TIMES = re.compile(rf"[{NUMERALS}十\d]个[{NUMERALS}\da-z](?:[{NUMERALS}\d]个[{NUMERALS}\d])*")  # 六个八
_SERIAL = re.compile(r"[a-z]{0,6}[(\[]?[a-z0-9](?:[a-z0-9]|[\-/ ()\[\]](?=[a-z0-9(\[])){2,30}")
_SECRET = re.compile(r"[a-z0-9](?: [a-z0-9]){3,20}(?![a-z0-9])|(?=[!-~]{0,30}\d)[!-~]{3,60}")
_BOTH = re.compile(r"([!-~]{2,40}?)[ ]?[/|,，、 ][ ]?([!-~]{3,40})")


def labelled(text: str, *, public: bool) -> Iterator[Span]:
    """The places of the values that a label names."""
    for label in _LABEL.finditer(text):
        kind = str(label.lastgroup)
        yield from _after(text, label.end(), kind, public)


def _after(text: str, end: int, kind: str, public: bool) -> list[Span]:
    for bare, connector in ((False, _JOINED), (True, _BARE)):
        joint = connector.match(text, end)
        if joint and (spans := _READ[kind](Spot(text, joint.end(), bare, public))):
            return spans
    if public or kind not in ("handle", "given", "own"):
        return []
    joint = _READ_OUT.match(text, end)
    value = _DIGITS.match(text, joint.end()) if joint else None
    if value and not COUNTED.match(text, value.end()):
        return [value.span()]
    return _near(text, end)


def _near(text: str, end: int) -> list[Span]:
    """A made value a few words after the label: 社保卡背面号码A1029384X."""
    joint = _BETWEEN.match(text, end)
    value = _MADE_VALUE.match(text, joint.end()) if joint else None
    return [value.span()] if value and not COUNTED.match(text, value.end()) and not _SOLD.fullmatch(value[0]) else []


def _both(spot: Spot) -> list[Span]:
    found = _BOTH.match(spot.text, spot.at)
    if not found or spot.public or (spot.bare and not is_made(found[2])):
        return []
    return [found.span(1), found.span(2)]


def _quoted(spot: Spot) -> re.Match[str] | None:
    return _QUOTED.match(spot.text, spot.at - 1) if spot.at else None


def _watchwords(spot: Spot) -> list[Span]:
    if spot.public:
        return []
    if quoted := _quoted(spot):
        return [quoted.span(1)]
    word = _WATCHWORD.match(spot.text, spot.at)
    return [word.span(1)] if word and not NO_NICK.match(spot.text, spot.at) else []


def _secrets(spot: Spot) -> list[Span]:
    if spot.public:
        return []
    if quoted := _quoted(spot):
        return [quoted.span(1)]
    if times := _TIMES.match(spot.text, spot.at):
        return [times.span()]
    value = _SECRET.match(spot.text, spot.at)
    if not value or COUNTED.match(spot.text, value.end()):
        return []
    return [value.span()] if not spot.bare or sum(map(str.isdigit, value[0])) >= 3 else []


def _given(spot: Spot) -> list[Span]:
    text, at, bare, public = spot
    spans: list[Span] = []
    while not public and (value := _SERIAL.match(text, at)) and len(spans) < TOO_MANY:
        digits = sum(map(str.isdigit, value[0]))
        if digits < (4 if bare else 3) or COUNTED.match(text, value.end()) or ENGLISH.match(value[0], 3):
            break
        spans.append(value.span())
        following = NEXT.match(text, value.end())
        if not following:
            break
        at = following.end()
    return spans


_READ: dict[str, Callable[[Spot], list[Span]]] = {
    "both": _both,
    "handle": handles_or_nicks,
    "own": own_handles,
    "number": own_handles,
    "name": names,
    "nick": nicks,
    "made": made_handles,
    "watchword": _watchwords,
    "secret": _secrets,
    "given": _given,
}
