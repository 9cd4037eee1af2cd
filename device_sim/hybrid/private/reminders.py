"""Reminders before an event, and remarks on an event or a contact, which the phone keeps as an event and a note."""

import re
from datetime import timedelta

from device_sim.hybrid.private import drafts, telling
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.reading import REMINDS
from device_sim.hybrid.private.said import PrivateAnswer, no, yes
from device_sim.hybrid.private.wording import Said, asks
from device_sim.personal.numerals import NUMBER, number
from device_sim.personal.records import Event

_AMOUNT = rf"提前(?P<count>{NUMBER}|半)(?:个)?(?P<half>半)?(?:个)?(?P<unit>小时|钟头|分钟|天|周)"
_BEFORE = re.compile(
    rf"^(?:给|为|在)?(?P<which>.{{2,60}}?)(?:的?(?:开始)?(?:前)?)?[,，。]?(?:请|记得)?(?:加|设|定|添|建|加上|设置)?(?:一?[个条])?(?:提醒)?[,，:]?{_AMOUNT}(?:提醒|叫|通知|喊)?(?:我|一下)*(?:的提醒)?[。!]?$"
)
_QUESTION = re.compile("(?:是|在|定在)?(?:什么时候|几点|哪天|几号|哪一天)[?,，]*$")
_NEXT = re.compile("^下(?:一)?(?:次|个|场)(?:见|和|跟|与)?")
_REMARK = re.compile(
    r"^(?:给|在|往)(?P<which>.{1,40}?)(?:的)?(?:备注(?:里|上|中|栏)?(?:加上|加|写上|写|添上|添|补上|补|记)|"
    r"(?:加|添|写|补|记)(?:上|个|一个|一条|条|一下)*(?:地点)?(?:备注|说明))\s*[:,]?\s*(?P<what>.{1,200})$",
    re.DOTALL,
)
_FRAME = re.compile("^日历(?:里|上)的?|(?:那|这)(?:个|场|次|条)?(?:会议?|日程|安排)?$")


def read(said: Said) -> Command | None:
    """The command to be reminded before an event, or to remark something on an entry."""
    if (match := _REMARK.match(said.plain)) and not asks(said.plain):
        which, what = _FRAME.sub("", said.cut(match, "which")), said.cut(match, "what")
        return lambda desk: _remark(desk, which, what)
    match = _BEFORE.match(said.plain)
    if match is None or ("提醒" not in said.plain and not re.search("叫我|通知我|喊我", said.plain)):
        return None
    which = said.cut(match, "which")
    size = (0.5 if match["count"] == "半" else number(match["count"])) + (0.5 if match["half"] else 0)
    minutes = int(size * {"小": 60, "钟": 60, "分": 1, "天": 24 * 60, "周": 7 * 24 * 60}[match["unit"][0]])
    return lambda desk: _remind(desk, which, timedelta(minutes=minutes))


def _remind(desk: Desk, which: str, before: timedelta) -> PrivateAnswer:
    bare = _QUESTION.sub("", which)
    wanted = _NEXT.sub("", bare)
    found = desk.events_meant(wanted, "设提醒") if wanted != bare else desk.event_meant(wanted, "设提醒")
    if isinstance(found, PrivateAnswer):
        return found
    event = found if isinstance(found, Event) else found[0]
    start = event.start - before
    if start <= desk.now:
        return no(f"{telling.say_event(event, desk.now)}。提前那么久已经过了，没有设提醒。")
    end = min(event.start, start + drafts.REMINDER)
    reminder = Event(0, f"{REMINDS}{telling.say_day(event.start.date(), desk.now)} {event.start:%H:%M} {event.title}",
                     start, end, False, None, ())  # fmt: skip
    added = desk.keep_event(reminder)
    return PrivateAnswer(
        f"{telling.say_event(event, desk.now)}。\n{added.text}",
        added.sources,
        added.changed,
        added.understood,
        added.undo,
    )


def _remark(desk: Desk, which: str, what: str) -> PrivateAnswer:
    contacts = desk.contacts_called(which)
    if len(contacts) > 1:
        return no(
            f"有 {len(contacts)} 位联系人叫「{which}」，没有记。请说全名：{'、'.join(one.name for one in contacts)}"
        )
    if contacts:
        subject, body = contacts[0].name, f"{contacts[0].name}：{what}"
    else:
        event = desk.event_meant(which, "记")
        if isinstance(event, PrivateAnswer):
            return event
        subject, body = event.title, f"{telling.say_when(event, desk.now)} {event.title}：{what}"
    kept = desk.keep_note(body, f"{subject}的备注")
    if not kept.changed:
        return kept
    where = "通讯录" if contacts else "日历"
    return yes(f"{where}里没有备注一栏，所以{kept.text}", *kept.sources, changed=True, undo=kept.undo)
