"""Handles and nicknames: is a row of letters and digits somebody's, or a word that anybody writes?"""

import re
from typing import NamedTuple

from device_sim.privacy.patterns.spoken import NUMERALS

Span = tuple[int, int]


class Spot(NamedTuple):
    """Where a value may begin: `at` in `text`; `bare` if nothing but a space leads from the label to it; `public` if
    the text asks about the world and tells of nobody.
    """

    text: str
    at: int
    bare: bool
    public: bool


_VALUE = re.compile(
    rf"""(?x)@?(?:[a-z]{{2,6}}(?:[ ][a-z]{{2,6}}){{0,2}}[ ](?=[{NUMERALS}]{{2}})
      | [a-z0-9](?:[ ][a-z0-9]){{3,20}}(?![a-z0-9]) | [a-z0-9_][a-z0-9_.\-@\\+]{{1,40}})
    (?:[ ]?[{NUMERALS}]{{2,12}}(?![年月日天个]))?"""
)
_CHINESE, _LETTER = re.compile("[一-鿿]"), re.compile("[a-z]")
_MADE = re.compile(r"[\d_@\\\-]")
_MADE_OR_DOT = re.compile(r"[\d_@\\\-.]")
# After one value another: 账号test01、test02和test03.
NEXT = re.compile(
    r"[ ]?(?:以及|还有|或者?是?|(?:or|and)(?= )|[、,，/;；和跟与及])[ ]?"
    r"(?:另一个|备用|新的|小号|大号|[一-鿿]{2,3}[ :])?[ ]?"
)
TOO_MANY = 20  # values in a row
# What is counted is no value: 会员 365 天.
COUNTED = re.compile(
    r"[^，。；！？\n床单学号码]{0,1}(?:位|个字|种|次|年|月|天|分钟|小时|版|元|块|万|条|级|人)|[.%]\d|\d"
)
ENGLISH = re.compile(r" [a-z]{2,}")
_NO_HANDLE_WRITTEN = (
    "app login id bug api vip pro web pc ios android windows mac iphone pay wechat qq url uid pin not is the and or "
    "name user username password type error null none true false string int log out in page admin failed required "
    "sdk http https ip vpn wifi ok no yes of on at for to with new old my your his her invalid wrong missing google "
    "apple github facebook microsoft steam xbox ssh root weixin python code system token account telnet vscode putty "
    "xshell navicat postman chrome edge firefox docker mysql linux git curl tiktok line telegram twitter instagram "
    "whatsapp"
)
_NO_HANDLE = frozenset(_NO_HANDLE_WRITTEN.split())
# Everybody's first guesses, and names of fields.
_GUESSES = re.compile(r"(?:admin|root|test|user)?\d{0,3}|1234\d{0,5}|(\d)\1{3,7}|qwerty|abc123|[a-z]+_(?:id|name)")
_NICK = re.compile(
    r"""(?x)@?([一-鿿a-z0-9_·丶灬.~\-]{2,12}?)
    (?=$|[，。；！？、\s,;:)(”\"'’」』】]|[的了吗呢吧]|(?:卖|送|借|转|给|被|和|在|就是|加我|搜))"""
)
_WHOLE_NICK = re.compile(
    r"@?((?![^，。；！？\n]{0,12}是)[一-鿿a-z0-9_·丶灬.~、\-]{2,12})(?=$|[，。；！？\s,;)(”\"'’」』】])"
)
_NAME = re.compile(r"[一-鿿]{2,8}(?=$|[，。；！？\s,;)])")
_MIXED_NICK = re.compile(
    r"[一-鿿]{1,8}(?<![是的叫为在了])[a-z_\-]{0,8}\d{1,8}(?![\d一-鿿]|[a-z])|[一-鿿]{2,8}\d{2,6}(?=[卖送借转给被])"
)
# So begins what is said of an account, and no name of one.
NO_NICK = re.compile(
    r"[叫被不没要可能会有谁什哪怎多由我你他她它几吗呢了错假很在从和与或就都还只需转付收充到里余登提显异绑欠花扣太]"
    r"|(?:错误|加密|随机|默认|唯一|自己|中文|英文|数字|字母|目前|当前|已经|正确|腾讯|国际|为了|用来|指|个|本人|手机"
    r"|邮箱|身份证|生日|电话|微信|学号|工号|同一?个?|小红书|抖音|原神|王者|淘宝|重复|违规|修改|一种|一个|wechat|weixin)"
)


def is_made(value: str) -> bool:
    """Whether it holds a digit or a mark, as words do not."""
    return _MADE.search(value) is not None


def is_handle(value: str, *, bare: bool, public: bool) -> bool:
    """Whether letters and digits are somebody's handle rather than a word."""
    written = value.lstrip("@").rstrip(".-")
    if len(written) < 3 or written in _NO_HANDLE:
        return False
    if public:
        mixed = _LETTER.search(written) is not None and any(map(str.isdigit, written))
        return mixed and not _GUESSES.fullmatch(written)
    if written.isdigit():
        return len(written) >= (5 if bare else 4)
    return is_made(value) or len(written) >= (4 if bare else 3)


def handles(spot: Spot) -> list[Span]:
    """Handles in a row, letters alone among them; or a Chinese name that ends in digits."""
    text, at, bare, public = spot
    spans: list[Span] = []
    while (value := _VALUE.match(text, at)) and len(spans) < TOO_MANY:
        end = at + len(value[0].rstrip(".-+\\"))
        phrase = not is_made(value[0]) and ENGLISH.match(text, value.end())
        if phrase or COUNTED.match(text, end) or not is_handle(value[0], bare=bare, public=public):
            break
        spans.append((at, end))
        following = NEXT.match(text, end)
        if not following:
            break
        at = following.end()
    chinese = not spans and not public and _CHINESE.match(text, at)
    if chinese and (nick := _MIXED_NICK.match(text, at)) and not NO_NICK.match(text, at):
        spans.append(nick.span())
    return spans


def made_handles(spot: Spot) -> list[Span]:
    """Handles, of which the first has letters and a digit or a mark."""
    spans = handles(spot)
    first = spot.text[slice(*spans[0])] if spans else ""
    made = first[:1] == "@" or (_LETTER.match(first) and _MADE_OR_DOT.search(first) and len(first) > 4)
    return spans if made or " " in first or _CHINESE.search(first) else []


def nicks(spot: Spot) -> list[Span]:
    """Handles, or after a verb or a colon a name in Chinese."""
    spot = spot._replace(bare=spot.bare and spot.text[spot.at : spot.at + 1] != "@")
    spans = made_handles(spot) if spot.bare else handles(spot)
    if spans or spot.public or spot.bare:
        return spans
    nick = _WHOLE_NICK.match(spot.text, spot.at) or _NICK.match(spot.text, spot.at)
    if not nick or not _CHINESE.search(nick[1]) or NO_NICK.match(spot.text, nick.start(1)):
        return []
    return [nick.span(1)]


def names(spot: Spot) -> list[Span]:
    """After 微信名 and the like: Chinese even with nothing between, if it ends a phrase."""
    nick = _NAME.match(spot.text, spot.at) if spot.bare and not spot.public else None
    return [nick.span()] if nick and not NO_NICK.match(spot.text, spot.at) else nicks(spot)


def handles_or_nicks(spot: Spot) -> list[Span]:
    """After 微信号 and the like: letters alone with nothing between, a name after a verb."""
    return handles(spot) if spot.bare else nicks(spot)


def own_handles(spot: Spot) -> list[Span]:
    """After 我微信 and the like."""
    return made_handles(spot) if spot.bare else nicks(spot)
