"""What a request to the phone asks for: which of its questions and commands it is, as values. Pure functions."""

import re
from dataclasses import dataclass
from enum import StrEnum

from device_sim.personal.numerals import NUMBER, half_width, number


class Kind(StrEnum):
    """What is wanted of the phone."""

    ADD_NOTE = "add note"
    SAVE_CONTACT = "save contact"
    ADD_EVENT = "add event"
    MOVE_EVENT = "move event"
    CANCEL_EVENT = "cancel event"
    OTHER_CHANGE = "other change"  # of a contact or a note: not done by words
    CONTACT = "contact"
    WHOSE = "whose"
    WHO_WORKS_AT = "who works at"
    NOTES = "notes"
    COUNT = "count"
    FREE = "free"
    NEXT = "next"
    WHEN = "when"
    LIST = "list"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ContactDetail:
    """A detail of a contact to be kept: `name` as it was said, `field` is phone or email."""

    name: str
    field: str
    value: str


@dataclass(frozen=True)
class Move:
    """`which` says the event, `to` the new time; or it is moved by `minutes`."""

    which: str
    to: str
    minutes: int | None = None


# All repetitions are bounded, or begin where none of their own can lie before: the time grows with the text.
_EMAIL = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
_PHONE = r"(?<!\d)\+?\d[\d\s-]{5,18}\d"
_DETAIL = re.compile(
    rf"(?:把|将)?(?P<name>[^,。:;\s把将]{{1,20}}?)的?(?:新)?(?:电话号码|手机号码|备用号码?|电话|手机号?|座机|号码|邮箱|邮件地址|email)"
    rf"(?:号码?)?\s?(?:存为|存成|保存为|记为|记成|改为|改成|更新为|更新成|更新到|换成|设为|设成|是|为|:|,|存|存一下){{0,4}}\s?(?P<value>{_EMAIL}|{_PHONE})"
)
_NEW_CONTACT = re.compile(
    rf"(?:新建|新增|添加|加个?|加一个|创建|保存|存个?|存一下)(?:一个)?联系人[:,\s]*(?P<name>[^,。:;\d\s@]{{1,20}})[,:\s的]*(?:电话|手机号?|邮箱)?(?:是|:)?\s?(?P<value>{_EMAIL}|{_PHONE})"
)
_KEEPS = re.compile("存|添|补|记|添加|新建|新增|加|保存|改|更新|换|设")
_NAME_FRAME = re.compile(
    "^(?:记一下|记下|记住|存一下|存个|存|添加|新建|加|保存|更新|修改|改|给|为|替)|"
    "的?(?:联系方式)?(?:加|添|存|添加|增加|补|补充)上?一?个?(?:备用|新|工作|家里|公司)?$"
)
_COURTESY = re.compile(r"^(?:请问|请|麻烦你?|你|能不能|可以|可不可以)?(?:帮我|给我|替我|帮忙)?(?:再)?")
_NOTE = re.compile(
    r"^(?:记|写|加|添加|新建|新增|建|创建|做|存)(?:一)?(?:个|条|下|篇|份)?(?:笔记|备忘录?|纪要|记录|便签)\s*[:,,。]?\s*(?P<body>.+)$|"
    r"^(?:备忘录?|笔记|随手记|便签)\s*[:,]\s*(?P<memo>.+)$",
    re.DOTALL,
)
_ADD = re.compile(
    r"^(?:记一下|记下来|记下|记住|记个|记一个|记一笔|记上|记|添加|增加|加一个|加一条|加个|加上|加|新建|新增|创建|建一个|建个|安排一下|安排一个|安排个|安排一场|"
    r"约一个|约一下|约个|预约|预定|定一个|定一下|定个|订个|设一个|设个|设置|提醒我|提醒一下我|提醒|写进日历|排一个|排个|排一下|安排)"
    r"(?:一个|一条|个|一场)?(?:新的?)?(?:日程|提醒|行程|日历|待办)?(?:我)?\s*[:,]?\s*(?P<what>.+)$",
    re.DOTALL,
)
_ADD_AFTER = re.compile(
    r"^(?P<what>.+?)[,，。;\s]{0,4}(?:请|麻烦你?)?(?:帮我|给我|替我)?(?:记一下|记下来|记上|记着|记到日历(?:里|上)?|加到(?:我的)?(?:日历|日程)(?:里|上)?|"
    r"加进(?:我的)?(?:日历|日程)(?:里|上)?|写进日历|存到日历(?:里)?|提醒(?:我)?(?:一下)?|添加到日历)[。!~]?$",
    re.DOTALL,
)
_REMIND = re.compile(
    r"^(?P<when>[^,，。:：]{1,30}?)[,，]?(?:记得|请|麻烦)?(?:提醒|叫|喊|通知)我(?:一下|去|要|该)?(?P<what>[^?？]{2,})$"
)
_TO = r"(?:改到|改成|改为|改期到|改在|挪到|移到|调到|调整到|推迟到|延到|延期到|延后到|推到|提前到|换到|换成|放到)"
_MOVE = re.compile(rf"^(?:把|将)?(?P<which>.+?)(?:的?时间)?(?:都)?{_TO}\s?(?P<to>.+)$", re.DOTALL)
_SHIFT = re.compile(
    rf"^(?:把|将)?(?P<which>.+?)(?:都)?(?P<way>推迟|延后|推后|延迟|往后推|往后挪|提前|往前提|往前挪)(?:了)?(?P<count>{NUMBER}|半)个?(?P<half>半)?(?P<unit>小时|钟头|分钟|天|周|星期)"
)
_SHIFT_FIRST = re.compile(
    rf"^(?P<way>推迟|延后|提前)(?P<which>.+?)(?P<count>{NUMBER}|半)个?(?P<half>半)?(?P<unit>小时|钟头|分钟|天|周|星期)"
)
_CANCEL = re.compile("取消|删掉|删除|去掉|划掉|推掉|删了|不去了|不开了|不参加了|撤掉")
_OTHER_CHANGE = re.compile("联系人|通讯录|笔记|备忘|电话|号码|邮箱|手机")
_TIMELY = re.compile("[点:周天月号日]|小时|分钟|星期|[上下中]午|晚")
_QUESTION = re.compile("[?]|吗|什么|哪|几[点个场次号]|多少|谁|怎么|有没有|是不是|为何|为什么")
_CONTACT = re.compile(
    "电话|手机号?|号码|邮箱|邮件地址|e-?mail|联系方式|怎么联系|微信|在哪(?:里|儿|个公司|家公司)?(?:上班|工作|任职)|(?:哪个?|哪家|什么)(?:公司|单位)"
)
_WHOSE = re.compile(rf"(?P<value>{_EMAIL}|{_PHONE})\s?(?:是|这个|的?主人)?.{{0,6}}谁")
_WHO_WORKS_AT = re.compile(
    r"^(?:我)?(?:认识的?|通讯录里)?(?:有)?(?:谁|哪些人|哪个人|什么人|哪些联系人|哪位)(?:是)?在\s?(?P<a>.{2,30}?)(?:上班|工作|任职|干活|做事|的)?[?。吗呢]*$|"
    r"^(?:我)?(?:在)?(?P<b>.{2,30}?)(?:那边|那里|里面|里|公司)?(?:我)?(?:都|认识)?有(?:谁|哪些人|哪些联系人|什么人|几个人|多少人)|"
    r"^(?:我)?认识(?:谁|哪些人|的人里谁)(?:是)?在?(?P<c>.{2,30}?)(?:上班|工作|任职|的)?[?。吗呢]*$"
)
_NOTES = re.compile(
    "(?:说|聊|讲|谈|定|讨论|商量|提|决定|答应|承诺|约定|吩咐|交代|嘱咐|建议)(?:了|过|的)?(?:是)?(?:些|点)?(?:什么|啥|哪些)|笔记|纪要|会议记录|备忘|"
    "(?:我)?(?:记|写)过|怎么说的?|怎么定的?|结论|说的(?:什么|是)"
)
_COUNT_OF = re.compile("(?:几|多少)[条个篇位]?(?:笔记|备忘|联系人)")
_SURNAME = re.compile(r"姓([\u4e00-\u9fff]{1,2})的")
_COUNT = re.compile("几[个场次条件位]|多少[个场次条件位]?(?:会|安排|日程|活动|约|联系人|笔记|人)|有多少")
_FREE = re.compile("有空|空不空|忙不忙|忙吗|有时间|空闲|得空|没空|方便吗|空着|能安排|什么时候.{0,4}空|腾得出")
_NEXT = re.compile(
    "下一[个场次]|(?:下|接下来)(?:一|的)?(?:个|场|次|件)?(?:会议?|安排|日程|活动|行程|约会?|事)|接下来(?:有|要|我|是|的)|马上(?:有|要)"
)
_WHEN = re.compile(
    "几点|什么时候|啥时候|什么时间|哪天|哪一天|几号|星期几|周几|多久|在哪|哪里|哪儿|什么地方|地点|地址|跟谁|和谁|有谁|谁参加|谁去|哪些人|还有谁"
)
_LIST = re.compile(
    "安排|日程|行程|日历|会议|开会|(?:做|干)(?:了|过)?(?:什么|啥)|(?:有|的|个|场|么|些)会|会(?=[?。]|$)|活动|(?<![违预合节大])约(?![定束])|计划|(?:有|要|得)(?:什么|啥|哪些|没有)?(?:事|做|干)|有事|什么事|干什么|干嘛|忙什么|忙啥|提醒|待办|去哪"
)


def kind_of(text: str) -> Kind:
    """What `text` asks for, by its wording alone; `Kind.UNKNOWN` where that tells nothing."""
    plain = half_width(text).strip()
    bare = without_courtesy(plain)
    asks = _QUESTION.search(plain) is not None
    if note_body(text) is not None and not plain.endswith(("?", "吗")):
        return Kind.ADD_NOTE
    if contact_detail(text) is not None and not asks:
        return Kind.SAVE_CONTACT
    if _WHOSE.search(plain):
        return Kind.WHOSE
    if _CANCEL.search(plain) and not asks:
        return Kind.OTHER_CHANGE if _OTHER_CHANGE.search(plain) else Kind.CANCEL_EVENT
    if not asks and move_of(text) is not None:
        return Kind.OTHER_CHANGE if _CONTACT.search(plain) and not _TIMELY.search(plain) else Kind.MOVE_EVENT
    if event_text(text) is not None and (
        not asks or (re.match("记|提醒", bare) or ("提醒我" in plain and not plain.endswith(("?", "吗"))))
    ):
        return Kind.ADD_EVENT
    for pattern, kind in (
        (_COUNT_OF, Kind.COUNT),
        (_WHO_WORKS_AT, Kind.WHO_WORKS_AT),
        (_NOTES, Kind.NOTES),
        (_CONTACT, Kind.CONTACT),
        (_COUNT, Kind.COUNT),
        (_FREE, Kind.FREE),
        (_NEXT, Kind.NEXT),
        (_WHEN, Kind.WHEN),
        (_LIST, Kind.LIST),
    ):
        if pattern.search(plain):
            return kind
    return Kind.UNKNOWN


def without_courtesy(text: str) -> str:
    """The text without 请帮我 and its like."""
    return text[_COURTESY.match(text).end() :].strip() if text else text  # type: ignore[union-attr]  # it matches nothing too


def note_body(text: str) -> str | None:
    """What is to be kept as a note."""
    stripped = without_courtesy(text.strip().replace("，", ",").replace("：", ":"))
    match = _NOTE.match(stripped)
    if match is None:
        return None
    at = match.start("body") if match["body"] else match.start("memo")
    tail = len(stripped) - at
    return text.strip()[-tail:].strip() if tail else None


def contact_detail(text: str) -> ContactDetail | None:
    """The detail of a contact that is to be kept."""
    plain = without_courtesy(half_width(text).strip())
    match = _NEW_CONTACT.search(plain)
    if match is None:
        match = _DETAIL.search(plain)
        if match is None or not _KEEPS.search(plain):
            return None
    original = text.strip()[-len(plain) :]
    name = _NAME_FRAME.sub("", original[match.start("name") : match.end("name")])
    value = match["value"].strip()
    return ContactDetail(name.strip(), "email" if "@" in value else "phone", value) if name.strip() else None


def whose_detail(text: str) -> str | None:
    """The number or address whose owner is asked for."""
    match = _WHOSE.search(half_width(text))
    return match["value"].strip() if match else None


def surname_asked(text: str) -> str | None:
    """The surname of 姓王的."""
    match = _SURNAME.search(text)
    return match[1] if match else None


def states(text: str) -> bool:
    """Whether the text tells something, rather than asks."""
    plain = half_width(text)
    return not (_QUESTION.search(plain) or re.search("(?:安排|日程|行程|日历|的会议?)[。!]?$|查|看|告诉", plain))


def may_ask(text: str) -> bool:
    """Whether the text may be a question about what was written down; a command is none."""
    plain = half_width(text).strip()
    if plain.startswith(("把", "将", "给", "帮我记", "取消")):
        return False
    return _QUESTION.search(plain) is not None or re.search("看|找|查|多少|来着|告诉|念", plain) is not None


def organisation_asked(text: str) -> str | None:
    """Whose people are asked for."""
    plain = without_courtesy(half_width(text).strip())
    match = _WHO_WORKS_AT.search(plain)
    if match is None:
        return None
    return (match["a"] or match["b"] or match["c"]).strip()


def detail_asked(text: str) -> str:
    """Which detail of a contact is asked for: phone, email, organisation or all."""
    plain = half_width(text)
    if re.search("邮箱|邮件|e-?mail", plain):
        return "email"
    if re.search("电话|手机|号码", plain):
        return "phone"
    return "organisation" if re.search("公司|单位|上班|工作|任职", plain) else "all"


def event_text(text: str) -> str | None:
    """What is to be put into the calendar, without the words that say so."""
    stripped = text.strip()
    plain = half_width(stripped)
    bare = without_courtesy(plain)
    match = _ADD.match(bare)
    if match is not None:
        return stripped[len(stripped) - (len(bare) - match.start("what")) :].strip() if match["what"].strip() else None
    begin = len(plain) - len(bare)
    if match := _REMIND.match(stripped):
        return match["when"] + match["what"]
    if bare.startswith("约") and not bare.startswith("约会"):
        return stripped[begin:]
    match = _ADD_AFTER.match(bare)
    if match is None:
        return None
    return stripped[begin : begin + match.end("what")].strip()


def move_of(text: str) -> Move | None:
    """Which event is to be moved, and where to."""
    stripped = text.strip()
    plain = half_width(stripped)
    bare = without_courtesy(plain)
    begin = len(plain) - len(bare)
    shift = _SHIFT.match(bare) or _SHIFT_FIRST.match(bare)
    if shift is not None:
        return Move(shift["which"], "", _minutes(shift))
    match = _MOVE.match(bare)
    if match is None:
        return None
    return Move(
        stripped[begin + match.start("which") : begin + match.end("which")],
        stripped[begin + match.start("to") : begin + match.end("to")],
    )


def _minutes(shift: re.Match[str]) -> int:
    size = (0.5 if shift["count"] == "半" else number(shift["count"])) + (0.5 if shift["half"] else 0)
    unit = {"小": 60, "钟": 60, "分": 1, "天": 24 * 60, "周": 7 * 24 * 60, "星": 7 * 24 * 60}[shift["unit"][0]]
    minutes = int(size * unit)
    return -minutes if "前" in shift["way"] else minutes
