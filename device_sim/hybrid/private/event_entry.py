"""Commands that put something into the calendar: 帮我记一下…, 提醒我…, 闹钟, 把周五晚上空出来."""

import re

from device_sim.hybrid.private import drafts, repeats, telling
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.said import PrivateAnswer, no
from device_sim.hybrid.private.wording import Said, asks, ends_as_question
from device_sim.personal.records import Event
from device_sim.personal.times import TimeSpan

_ADD = re.compile(
    r"^(?:记一下|记下来|记下|记住|记个|记一个|记一笔|记上|记一条|记得|记(?![得不性者号])|添加|增加|加一个|加一条|加个|加上|加|新建|新增|创建|建一个|建个|"
    r"安排一下|安排一个|安排个|安排一场|约一个|约一下|约个|预约|预定|定一个|定一下|定个|订个|设一个|设个|设置|提醒我|提醒一下我|提醒|写进日历|"
    r"排一个|排个|排一下|安排)"
    r"(?:一个|一条|个|一场)?(?:新的?)?(?:日程|提醒|行程|日历|待办)?(?:我)?\s*[:,]?\s*(?P<what>.+)$",
    re.DOTALL,
)
_FIRST = re.compile("记|提醒|添加|新建|新增|创建|设|加|定")
_INTO = re.compile(
    r"^(?:在|往|给|到)(?:我的?)?(?:日历|日程表?|行程|待办)(?:里面|里|上|中)?(?:再)?(?:加|添|记|写|新增|添加|建|排)(?:上|入|进|个|一个|一条|一项)?\s*[:,]?\s*(?P<what>.+)$",
    re.DOTALL,
)
_PUT = re.compile(
    r"^(?:把|将)(?P<what>.{2,100}?)(?:都)?(?:加|放|写|记|排|添|存)(?:到|进|在|入)(?:我的?)?(?P<when>[^,:]{0,12}?)的?(?:待办|日程表?|日历|行程)(?:事项)?(?:里面|里|上|中)?\s*(?:[,。:]\s*(?P<rest>.+))?$",
    re.DOTALL,
)
_AFTER = re.compile(
    r"^(?P<what>.+?)[,，。;\s]{0,4}(?:请|麻烦你?|先)?(?:帮我|给我|替我)?(?:先)?(?:记一下|记下来|记上|记着|记到日历(?:里|上)?|加到(?:我的)?(?:日历|日程)(?:里|上)?|"
    r"加进(?:我的)?(?:日历|日程)(?:里|上)?|写进日历|存到日历(?:里)?|提醒(?:我)?(?:一下)?|添加到日历|别让我忘(?:了|记)?|别忘了|到时候?(?:提醒|叫)我(?:一下)?|(?:设|定|加)一?个(?:提醒|闹钟))[。!~]?$",
    re.DOTALL,
)
_REMIND = re.compile(
    r"^(?P<when>.{1,60}?)[,，]?(?:记得|请|麻烦)?(?:提醒|叫|喊|通知)我(?:一下|去|要|该)?(?P<what>[^?？]{2,})$", re.DOTALL
)
_REMIND_OF = re.compile(
    r"^(?P<when>(?:每|今|明|后天|大后天|下|本|这|周|星期|礼拜|\d|[一二三四五六七八九十]|早上|上午|中午|下午|晚上).{0,20}?)(?<!的)提醒(?P<what>[^我一下改取推].{1,80})$",
    re.DOTALL,
)
_ALARM = re.compile(
    r"^(?:定|设|上|开|加|订|调)?(?:一?个)?(?P<when>[^,:]{2,20}?)(?:的|响)?(?:一?个)?闹钟\s*(?:[,:。]\s*(?P<what>.+))?$",
    re.DOTALL,
)
_EVERY = re.compile(
    r"^(?:给|为|把)(?P<what>.{1,40}?)(?:设|定|加|建|添)(?:成|个|一个|上)?(?P<every>每(?:年|月|周|个?星期|天|日))的?(?:提醒|日程|闹钟)\s*[,:]\s*(?P<when>.{1,30})$"
)
_KEEP_FREE = re.compile(
    r"^(?:把|将)?(?P<when>.{2,20}?)(?:都|全)?(?:给我)?(?:空|留|腾)(?:出来|着|出)(?:来?(?P<what>[^,。了]{2,30})|[,。].{0,30})?$"
)
_MARK = re.compile(
    r"^(?:把|将)?(?P<when>.{2,20}?)(?:整天|全天|一整天)?(?:都|全)?(?:标|设|记|标记|占)(?:成|为|上|作)(?P<what>[^,。]{1,20})$"
)
_TASK_DAY = re.compile("待办|别让我忘|别忘|到时|日程|日历|提醒|叫我|闹钟|安排|预约|约")
_DONE = re.compile("了(?!解|结)|过(?=[,。]|$)")


def read_first(said: Said) -> Command | None:
    """The command to add an event, where the text begins by saying so."""
    plain = said.plain
    if ends_as_question(plain):
        return None
    match = _INTO.match(plain)
    if match is None and _FIRST.match(plain):
        match = _ADD.match(plain)
    if match is not None and match["what"].strip():
        what, explicit = said.cut(match, "what"), _TASK_DAY.search(plain) is not None
        return lambda desk: add(desk, what, explicit=explicit)
    if match := _EVERY.match(plain):
        first, every, what = said.cut(match, "when"), match["every"], said.cut(match, "what")
        series = repeats.read(f"{every}{first}，{what}") or repeats.Series(f"{first}，{what}", "day")
        return lambda desk: repeats.add(desk, series)
    return _read_block(said) or _read_alarm(said)


def read(said: Said) -> Command | None:
    """The command to add an event, worded any other way."""
    plain = said.plain
    if ends_as_question(plain):
        return None
    if match := _PUT.match(plain):
        rest = f"（{said.cut(match, 'rest')}）" if match["rest"] else ""
        what = _QUOTES.sub("", said.cut(match, "what"))
        when = said.cut(match, "when")
        return lambda desk: _add_task(desk, when, what, rest)
    if (match := _REMIND.match(plain)) and "提前" not in plain and not re.search("什么时候|几点|哪天", match["when"]):
        what = said.cut(match, "when") + "，" + said.cut(match, "what")
        if asks(match["when"].replace("几", "")) and not re.search("[,，]", match["when"]):
            return None
        return lambda desk: add(desk, what, explicit=True)
    if asks(plain):
        return None
    if match := _REMIND_OF.match(plain):
        what = f"{said.cut(match, 'when')}，提醒{said.cut(match, 'what')}"
        return lambda desk: add(desk, what, explicit=True)
    if plain.startswith("约") and not plain.startswith("约会"):
        return lambda desk: add(desk, said.typed, explicit=True)
    match = _ADD.match(plain) or _AFTER.match(plain)
    if match is None or not match["what"].strip():
        return None
    what, explicit = said.cut(match, "what"), _TASK_DAY.search(plain) is not None
    return lambda desk: add(desk, what, explicit=explicit)


_QUOTES = re.compile('[“”"「」]')


def add(desk: Desk, what: str, *, explicit: bool) -> PrivateAnswer:
    """Add what is said to the calendar; without a time it is kept as a note. `explicit`: an event was asked for, so a
    note will not do where the time is vague.
    """
    series = repeats.read(what)
    if series is not None and (explicit or not _DONE.search(what)):
        return repeats.add(desk, series)
    reading = desk.read(what)
    span = reading.span
    repeated = reading.unclear is not None and reading.unclear.startswith("每")
    if not explicit and (repeated or (span is not None and _is_a_note(desk, what, span))):
        return desk.keep_note(what)
    if reading.unclear is not None:
        return no(f"{telling.say_unclear(reading.unclear)}没有记。可以说「12月3日下午三点」这样的时间。")
    if span is None:
        return desk.keep_note(what)
    if len(reading.times.spans) > 1:
        return no("里面有不止一个时间，没有记。请一次说一件事。")
    drafted = drafts.draft(reading)
    hours = drafts.hours(span, drafted.length)
    if hours is None:
        missing = "哪一天" if span.whole_day else "几点"
        if not span.whole_day and (span.end - span.start).days >= 1:
            missing = "哪一天、几点"
        return no(f"{telling.say_span(what, span, desk.now)}具体{missing}？加上再说一遍，我就记到日历里。")
    start, end, whole = hours
    return desk.keep_event(Event(0, drafted.title, start, end, whole, drafted.place, drafted.people))


def _is_a_note(desk: Desk, what: str, span: TimeSpan) -> bool:
    """Whether it tells what was, or a time too vague for the calendar: 春节前还."""
    if span.moment and span.start > desk.now:
        return False
    told = _DONE.search(what) is not None and span.start <= desk.now
    vague = not span.precise and not span.whole_day and (span.end - span.start).days >= 1
    return told or vague


def _add_task(desk: Desk, when: str, what: str, rest: str) -> PrivateAnswer:
    reading = desk.read(when) if when else desk.read(what)
    if reading.span is None:
        return no(f"「{what}」哪一天？加上再说一遍，我就记到日历里。")
    if not when:
        return add(desk, what + rest, explicit=True)
    hours = drafts.hours(reading.span, None)
    if hours is None:
        return no(f"{telling.say_span(when, reading.span, desk.now)}具体几点？加上再说一遍，我就记到日历里。")
    start, end, whole = hours
    return desk.keep_event(Event(0, what + rest, start, end, whole, None, ()))


def _read_block(said: Said) -> Command | None:
    if match := _KEEP_FREE.match(said.plain):
        when, what = said.cut(match, "when"), said.cut(match, "what")
        return lambda desk: _block(desk, when, re.sub("^(?:给|来|用来)", "", what) or "留空（不安排别的）")
    if (match := _MARK.match(said.plain)) and not asks(said.plain):
        when, what = said.cut(match, "when"), said.cut(match, "what")
        if re.search("[0-9一二三四五六七八九十天日周末午晚早年月]", when) and not re.search(
            "生日|的?(?:电话|地址|密码)", when
        ):
            return lambda desk: _block(desk, when, what)
    return None


def _block(desk: Desk, when: str, title: str) -> PrivateAnswer:
    """Take up a stretch of time: whole days, or a part of a day as the phone draws it."""
    reading = desk.read(when)
    span = reading.span
    if span is None or reading.unclear is not None or len(reading.times.spans) > 1 or reading.terms():
        return no(f"「{when}」不清楚是哪一段时间，没有记。")
    if span.moment or (span.end - span.start).days > 14:
        return no(f"{telling.say_span(when, span, desk.now)}从几点到几点？加上再说一遍，我就记到日历里。")
    return desk.keep_event(Event(0, title, span.start, span.end, span.whole_day, None, ()))


def _read_alarm(said: Said) -> Command | None:
    match = _ALARM.match(said.plain)
    if match is None or asks(said.plain):
        return None
    when, what = said.cut(match, "when"), said.cut(match, "what")
    return lambda desk: _alarm(desk, when, what)


def _alarm(desk: Desk, when: str, what: str) -> PrivateAnswer:
    series = repeats.read(f"{when}闹钟" + (f"：{what}" if what else ""))
    if series is not None:
        return repeats.add(desk, series)
    reading = desk.read(when)
    if reading.span is None or not reading.span.moment or len(reading.times.spans) > 1:
        return no(f"「{when}」不清楚是几点，没有记。")
    start = reading.span.start
    title = f"闹钟：{what}" if what else "闹钟"
    added = desk.keep_event(Event(0, title, start, start + drafts.REMINDER, False, None, ()))
    told = added.text + "这里只记到日历，不会响铃。" if added.changed else added.text
    return PrivateAnswer(told, added.sources, added.changed, added.understood, added.undo)
