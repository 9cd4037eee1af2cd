"""Commands that keep a note: 记个笔记：…, 把…写进日记, …，记到账本, 记下体重…"""

import re

from device_sim.hybrid.private.desk import Command
from device_sim.hybrid.private.said import PrivateAnswer, no
from device_sim.hybrid.private.wording import EMAIL, PHONE, Said, ends_as_question

# Where notes are kept, in people's words.
BOOKS = "笔记本?|备忘录?|日记本?|记事本|账本|账单|便签|流水账|小本本?|随手记|手账|收藏夹|灵感本?|纪要|记录(?!的)|清单"
_NEW = re.compile(
    r"^(?:记|写|加|添加|新建|新增|建|创建|做|存|来)(?:一)?(?:个|条|下|篇|份|张|则)?(?:新的?)?"
    r"(?:笔记|备忘录?|纪要|记录|便签|日记)(?:吧)?\s*[:,。]?\s*(?P<body>.+)$"
    r"|^(?:备忘录?|笔记|随手记|便签|日记)\s*[:,]\s*(?P<memo>.+)$"
    r"|^(?:记一条|记一句|记一笔|记|记下|写下|记录一?下?)\s*:\s*(?P<line>.+)$",
    re.DOTALL,
)
_INTO = re.compile(
    rf"^(?:给|在|往|向|到|去)?(?:我的?)?(?:{BOOKS})(?:里面|里|上|中)?(?:再)?(?:加|添|记|写|补|存|新增|添加)"
    r"(?:上|下|入|进)?(?:一?[行条句笔个段])?(?:笔记|备忘)?\s*[:,]?\s*(?P<body>.+)$",
    re.DOTALL,
)
_PUT = re.compile(
    r"^(?:把|将)(?P<what>.{2,200}?)(?:都)?(?:写|记|存|放|加|录|保存|抄|添)(?:进|到|在|入|下到)(?:我的?)?"
    rf"(?P<book>[^,。:;\s《》]{{0,6}}?(?:{BOOKS}))(?:里面|里|上|中)?(?:去)?\s*(?:[,:。]\s*(?P<rest>.+))?$",
    re.DOTALL,
)
_PUT_LAST = re.compile(
    rf"^(?P<what>.{{2,}}?)[,。;\s]{{1,3}}(?:请|麻烦)?(?:帮我|给我|替我)?(?:写|记|存|放|加|录)(?:进|到|在|入)(?:我的?)?"
    rf"(?P<book>[^,。:;\s《》]{{0,6}}?(?:{BOOKS}))(?:里面|里|上|中)?[。!]?$",
    re.DOTALL,
)
_ACCOUNT = re.compile(
    r"^(?:记账|记个账|记笔账|记一笔账?|记一笔(?:开销|支出|收入)|记个?(?:开销|支出|花销|花费|收入|消费))\s*[:,]?\s*(?P<body>.+)$",
    re.DOTALL,
)
_ACCOUNT_AFTER = re.compile(
    r"^(?P<body>.{2,}?)[,，。;\s]{0,2}(?:帮我|给我)?(?:记一笔账?|记个账|记下账|记笔账|记账|记到账上)[。!]?$", re.DOTALL
)
_FIGURE = re.compile(
    r"^(?:记|记录|登记|记下|记个|记一下|记录一下|记录下)(?:我的?|今天的?|今早的?|下)?"
    r"(?P<body>(?:体重|血压|血糖|心率|体温|体脂|身高|油耗|里程|电表|水表|燃气|电费|水费|步数|腰围).+)$",
    re.DOTALL,
)
_AS = re.compile(r"^(?:把|将)(?P<what>.{2,40}?)(?:记成|记为|记作|记录为|记录成)\s*(?P<rest>.{1,200})$")
_KEEP_THEN = re.compile(r"^(?P<what>.{2,60}?)(?:存|记|留|备注)(?:一下|下来|下|着)[,:]\s*(?P<rest>.{2,})$", re.DOTALL)
_DETAILS = re.compile("地址|密码|账号|生日|编号|单号|车牌|尺码|门牌|暗号|口令|型号|链接|公式|配方|规格|名单|卡号")
_ANY_CONTACT = re.compile(f"{EMAIL}|{PHONE}")
_CALENDAR = re.compile("日历|日程|行程|待办")


def read(said: Said) -> Command | None:
    """The command to keep a note."""
    kept = _body(said)
    if kept is None or ends_as_question(said.plain):
        return None
    body, title, book = kept
    if not body:
        return None
    if book and asks_a_value(body):
        return lambda _desk: nothing_to_keep(body)
    return lambda desk: desk.keep_note(body, title)


def read_new(said: Said) -> Command | None:
    """The command to keep a note that begins by saying so, however long it is."""
    match = _NEW.match(said.plain)
    if match is None:
        return None
    body = next(said.cut(match, name) for name in match.groupdict() if match[name] is not None)
    return (lambda desk: desk.keep_note(body)) if body else None


def _body(said: Said) -> tuple[str, str | None, bool] | None:
    plain = said.plain
    for pattern in (_NEW, _INTO):
        if match := pattern.match(plain):
            group = next(name for name in match.groupdict() if match[name] is not None)
            if group == "line" and _CALENDAR.search(plain):
                continue
            return said.cut(match, group), None, False
    if match := _ACCOUNT.match(plain) or _ACCOUNT_AFTER.match(plain):
        body = said.cut(match, "body")
        return body, f"记账：{body}", False
    if match := _FIGURE.match(plain):
        return said.cut(match, "body"), None, False
    if match := _PUT_LAST.match(plain):
        what = said.cut(match, "what")
        return what, f"记账：{what}" if "账" in match["book"] else None, True
    if (match := _PUT.match(plain)) and not _CALENDAR.search(match["book"]):
        what, rest = said.cut(match, "what"), said.cut(match, "rest")
        return f"{what}：{rest}" if rest else what, None, True
    if (match := _AS.match(plain)) and _DETAILS.search(match["what"]) and not _ANY_CONTACT.fullmatch(match["rest"]):
        return f"{said.cut(match, 'what')}：{said.cut(match, 'rest')}", None, False
    if (match := _KEEP_THEN.match(plain)) and _DETAILS.search(match["what"]):
        return f"{said.cut(match, 'what')}：{said.cut(match, 'rest')}", None, False
    return None


def asks_a_value(body: str) -> bool:
    """Whether what is to be kept is a question itself: 走了多少步."""
    return re.search("多少|几[步个点斤]|什么", body) is not None


def nothing_to_keep(body: str) -> PrivateAnswer:
    """The answer to such a command."""
    return no(f"「{body}」里没有要记的数，手机的笔记、日历和通讯录里也没有它，没有记。说出数来就能记：记个笔记：……")
