"""Commands that give an event another time, or take it out of the calendar."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from device_sim.hybrid.private import drafts, telling
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.event_changes import set_place, sounds_like_a_place
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.hybrid.private.wording import Said, asks
from device_sim.personal.numerals import NUMBER, number
from device_sim.personal.records import Event

_LATER = "推迟|延后|推后|延迟|往后推|往后挪|后移|往后移|往后延|顺延|后推"
_EARLIER = "提前|往前提|往前挪|前移|往前移|往前推"
_AMOUNT = rf"(?P<count>{NUMBER}|半)(?:个)?(?P<half>半)?(?:个)?(?P<unit>小时|钟头|分钟|刻钟|天|周|星期)"
_TO = (
    "(?:改到|改成|改为|改期到|改在|挪到|移到|调到|调整到|推迟到|"
    "延到|延期到|延后到|推到|提前到|换到|换成|放到|改约到|约到)"
)
_MOVE = re.compile(rf"^(?:把|将)?(?P<which>.+?)(?:的?时间)?(?P<all>都|全部|全)?{_TO}\s?(?P<to>.+)$", re.DOTALL)
_SHIFT = re.compile(
    rf"^(?:把|将)?(?P<which>.+?)(?:的?时间)?(?:都)?(?P<way>{_LATER}|{_EARLIER})(?:了)?{_AMOUNT}(?!提醒)"
)
_SHIFT_FIRST = re.compile(rf"^(?P<way>推迟|延后|提前)(?P<which>.+?){_AMOUNT}$")
_CANCEL = re.compile("取消|删掉|删除|去掉|划掉|推掉|删了|不去了|不开了|不参加了|撤掉|撤销")
_NOT_AN_EVENT = re.compile("联系人|通讯录|笔记|备忘|号码|邮箱|手机")
_AN_EVENT = re.compile("会|约|日程|安排|见面|课|饭|餐|活动|提醒|面试|聚|行程|事")
# 桐桐的生日 is not 桐桐生日会.
_A_DETAIL = re.compile("(?:生日|电话|号码|邮箱|地址|报价|价格|费用|名字|密码|单位|年龄|预算|备注)$")
_ALL = re.compile("所有|全部|每个|全都")
_MINUTES = {"小": 60, "钟": 60, "分": 1, "刻": 15, "天": 24 * 60, "周": 7 * 24 * 60, "星": 7 * 24 * 60}
_MOST_AT_ONCE = 10


@dataclass(frozen=True)
class Move:
    """`which` says the event, `to` the new time; or it is moved by `minutes`. `all_of_them`: 都."""

    which: str
    to: str
    minutes: int | None = None
    all_of_them: bool = False


def read(said: Said) -> Command | None:
    """The command to cancel or move an event."""
    if asks(said.plain):
        return None
    if _CANCEL.search(said.plain):
        if _NOT_AN_EVENT.search(said.plain):
            return lambda _desk: no(
                "没听明白要删哪一个，没有删。可以说「删除笔记《标题》」「删除联系人张伟」，或者「取消周五的例会」。"
            )
        return lambda desk: _cancel(desk, said.typed)
    move = move_of(said)
    return None if move is None else (lambda desk: _move(desk, move))


def move_of(said: Said) -> Move | None:
    """Which event is to be moved, and where to."""
    shift = _SHIFT.match(said.plain) or _SHIFT_FIRST.match(said.plain)
    if shift is not None:
        return Move(said.cut(shift, "which"), "", _minutes(shift))
    match = _MOVE.match(said.plain)
    if match is None:
        return None
    return Move(said.cut(match, "which"), said.cut(match, "to"), all_of_them=bool(match["all"]))


def _minutes(shift: re.Match[str]) -> int:
    size = (0.5 if shift["count"] == "半" else number(shift["count"])) + (0.5 if shift["half"] else 0)
    minutes = int(size * _MINUTES[shift["unit"][0]])
    return -minutes if "前" in shift["way"] else minutes


def _cancel(desk: Desk, text: str) -> PrivateAnswer:
    reading = desk.read(text)
    if reading.mentions and reading.span is None and not reading.terms() and not _AN_EVENT.search(text):
        name = reading.mentions[0].contacts[0].name
        return no(f"要删的是联系人还是日程？没有删。可以说「删除联系人{name}」，或者「取消和{name}的会」。")
    event = desk.event_meant(_ALL.sub("", text), "取消")
    if isinstance(event, PrivateAnswer):
        return event
    desk.store.delete_event(event.id)
    told = telling.say_event(event, desk.now)
    return yes(f"已取消：{told}", source(event), changed=True, undo=f"要恢复就说：帮我记一下{told}")


def _move(desk: Desk, move: Move) -> PrivateAnswer:
    if move.minutes is None:
        to = desk.read(move.to)
        if to.span is None and to.unclear is None and sounds_like_a_place(move.to):
            return set_place(desk, move.which, move.to)
    if move.all_of_them:
        found = desk.events_meant(move.which, "改")
        if isinstance(found, PrivateAnswer):
            return found
        if len(found) > 1:
            return _move_all(desk, move, found)
    event = desk.event_meant(move.which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    detail = _A_DETAIL.search(move.which)
    if detail is not None and not event.title.endswith(detail[0]):
        return no(f"「{move.which}」不是日程的时间，没有改。要记下来就说：记个笔记：……", source(event))
    hours = _moved(desk, move, event)
    if isinstance(hours, PrivateAnswer):
        return hours
    start, end, whole = hours
    if (start, end) == (event.start, event.end):
        return yes(f"已经是这个时间了：{telling.say_event(event, desk.now)}", source(event))
    changed = replace(event, start=start, end=end, whole_day=whole)
    told = (
        f"已改到 {telling.say_when(changed, desk.now)}：{event.title}（原来是 {telling.say_when(event, desk.now)}）。"
    )
    return desk.change_event(event, changed, told)


def _move_all(desk: Desk, move: Move, events: Sequence[Event]) -> PrivateAnswer:
    """Events of one title, all at another hour of their own days."""
    to = desk.read(move.to)
    same = len({event.title for event in events}) == 1 and len(events) <= _MOST_AT_ONCE
    if not same or (move.minutes is None and (to.span is None or to.span.dated)):
        listed = telling.say_events(events, desk.now)
        return no(f"有 {len(events)} 个都对得上，没有改。请一次说一个：\n{listed}", *map(source, events))
    changes: list[Event] = []
    for event in events:
        hours = _moved(desk, move, event)
        if isinstance(hours, PrivateAnswer):
            return hours
        changes.append(replace(event, start=hours[0], end=hours[1], whole_day=hours[2]))
    kept = [desk.store.change_event(one) for one in changes]
    told = f"已改 {len(kept)} 个：\n{telling.say_events(kept, desk.now)}"
    before = "、".join(telling.say_when(event, desk.now) for event in events)
    return yes(told, *map(source, kept), changed=True, undo=f"原来是 {before}")


def _moved(desk: Desk, move: Move, event: Event) -> tuple[datetime, datetime, bool] | PrivateAnswer:
    if move.minutes is not None:
        shift = timedelta(minutes=move.minutes)
        if event.whole_day and move.minutes % (24 * 60):
            return no(f"{event.title}是全天的，要改到几点？没有改。", source(event))
        return event.start + shift, event.end + shift, event.whole_day
    to = desk.read(move.to)
    if to.unclear is not None or to.span is None or len(to.times.spans) > 1 or to.terms():
        return no(f"「{(to.unclear or move.to).strip()}」不清楚是什么时候，没有改。要改地点就说「把……的地点改成……」。")
    hours = drafts.moved(event, to.span, _names_a_part(move.to))
    return hours or no("改到哪一天、几点？说清楚再改一遍。没有改。")


def _names_a_part(text: str) -> bool:
    return any(word in text for word in ("午", "早", "晚", "凌晨", "夜", ":", "："))
