"""Commands that change what an event says besides its time: place, title, people, length."""

import re
from dataclasses import replace
from datetime import timedelta

from device_sim.hybrid.private import drafts, telling
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.hybrid.private.wording import Said, asks
from device_sim.personal.numerals import NUMBER

_BECOMES = r"(?:改成|改到|改为|改在|换成|换到|换为|定在|挪到|移到|更新为|更新成|变成|设为|设成)"
_PLACE = re.compile(
    rf"^(?:把|将)?(?P<which>.+?)的?(?:地点|地方|位置|场地|会议室|会场)(?:{_BECOMES}|加上|填上|补上|是|写)\s?:?(?P<to>[^,。]{{1,60}})(?:[,。].{{0,20}})?$"
)
_NAME = "标题|主题|名称|日程名|题目"
_TITLE = re.compile(
    rf"^(?:把|将)?(?P<which>.+?)的?(?:{_NAME})(?:改成|改为|换成|改叫|更新为|设为)\s?(?P<to>[^,。]{{1,80}})$|"
    r"^(?:把|将)(?P<event>.+?(?:会|课|饭|餐|日程|聚会|约会|活动|面试|评审|汇报|彩排|安排))(?:的名字)?(?:改名叫?|改名为|改名成|改叫|名字改成|重命名为)\s?(?P<name>[^,。]{1,80})$"
)
_JOIN = re.compile(
    r"^(?:把|将)(?P<who>.{1,30}?)(?:也)?(?:加|拉|添|请|算)(?:进|到|入)(?:去)?(?P<which>.{2,40}?)(?:里面|里|中|的?参会人|的?参加人|的?名单)?(?:里|中|上)?$|"
    r"^(?:给|把)?(?P<event>.{2,40}?)(?:也)?(?:叫上|加上|带上|请上|算上|加个人[:,]?|加参会人[:,]?|添加参会人[:,]?)(?P<name>.{1,30})$"
)
_LEAVE = re.compile(
    r"^(?:把|将)(?P<who>.{1,30}?)从(?P<which>.{2,40}?)(?:里面|里|中|的?参会人|的?名单)?(?:里|中)?(?:去掉|移除|移出|移走|删掉|拿掉|划掉)$"
)
_LENGTH = re.compile(
    rf"^(?:把|将)?(?P<which>.+?)(?:的?(?:时长|时间|长度))?(?P<way>延长到|缩短到|压缩到|改成|改为|延长|加长|缩短|压缩)(?P<to>(?:{NUMBER}|半)个?半?(?:个)?(?:小时|钟头|分钟))$"
)
_PLACES = re.compile(
    "^(?:视频|线上|线下|电话|语音|腾讯会议|飞书|钉钉|zoom|teams|面谈|家里|公司|办公室)(?:会议?|上|里)?(?:开|见|进行|举行|聊|谈)?(?:吧)?(?:[,，].*)?$|"
    "(?:楼|室|厅|店|馆|园|号|层|校|院|场|座|厂|站|广场|中心|餐厅|酒店|咖啡|会所|大厦|家)$",
    re.IGNORECASE,
)


def read(said: Said) -> Command | None:
    """The command to change an event's place, title, people or length."""
    plain = said.plain
    if asks(plain):
        return None
    if match := _PLACE.match(plain):
        which, to = said.cut(match, "which"), said.cut(match, "to")
        return lambda desk: set_place(desk, which, to)
    if match := _TITLE.match(plain):
        which = said.cut(match, "which") or said.cut(match, "event")
        to = said.cut(match, "to") or said.cut(match, "name")
        return lambda desk: set_title(desk, which, to)
    if match := _LEAVE.match(plain):
        who, which = said.cut(match, "who"), said.cut(match, "which")
        return lambda desk: _leave(desk, which, who)
    if match := _LENGTH.match(plain):
        which, way, to = said.cut(match, "which"), match["way"], match["to"]
        return lambda desk: _set_length(desk, which, way, to)
    if (match := _JOIN.match(plain)) and not re.search(
        "日历|日程|笔记|通讯录|待办|备忘|账|联系人|备注|提醒|电话|号码|邮箱", plain
    ):
        who = said.cut(match, "who") or said.cut(match, "name")
        which = said.cut(match, "which") or said.cut(match, "event")
        return lambda desk: _join(desk, which, who)
    return None


def sounds_like_a_place(text: str) -> bool:
    """Whether what an event is changed to is where, not when: 视频, 二楼白榆厅."""
    return _PLACES.search(text.strip()) is not None


def set_place(desk: Desk, which: str, to: str) -> PrivateAnswer:
    """Give the event that is meant another place."""
    event = desk.event_meant(which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    place = re.sub("(?<=[上里室厅楼店馆])(?:开|见|进行|举行|聊|谈)?吧?$", "", re.split("[,，。]", to)[0].strip())
    if event.place == place:
        return yes(f"已经是这个地点了：{telling.say_event(event, desk.now)}", source(event))
    before = f"原来是 {event.place}" if event.place else "原来没有写"
    changed = replace(event, place=place)
    told = f"已把地点改成{place}：{telling.say_event(changed, desk.now)}（{before}）。"
    return desk.change_event(event, changed, told)


def set_title(desk: Desk, which: str, to: str) -> PrivateAnswer:
    """Give the event that is meant another title."""
    event = desk.event_meant(which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    changed = replace(event, title=to)
    told = f"已把「{event.title}」改名为：{telling.say_event(changed, desk.now)}。"
    return desk.change_event(event, changed, told)


def _set_length(desk: Desk, which: str, way: str, to: str) -> PrivateAnswer:
    event = desk.event_meant(which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    length = drafts.length_of(to)
    if length is None or event.whole_day:
        return no(f"{telling.say_event(event, desk.now)} 是全天的，没有改。", source(event))
    if way in ("延长", "加长"):
        length = event.end - event.start + length
    elif way in ("缩短", "压缩"):
        length = event.end - event.start - length
    if length <= timedelta():
        return no(f"{telling.say_event(event, desk.now)} 没有那么长，没有改。", source(event))
    changed = replace(event, end=event.start + length)
    told = (
        f"已改成 {telling.say_when(changed, desk.now)}：{event.title}（原来是 {telling.say_when(event, desk.now)}）。"
    )
    return desk.change_event(event, changed, told)


def _persons(desk: Desk, who: str) -> tuple[str, ...] | PrivateAnswer:
    """The names of the contacts that are named, and nothing else."""
    reading = desk.read(who)
    if not reading.mentions or reading.terms():
        return no(f"通讯录里没有「{who}」，没有改。")
    unsure = [one for one in reading.mentions if len(one.contacts) > 1]
    if unsure:
        names = "、".join(one.name for one in unsure[0].contacts)
        return no(f"有 {len(unsure[0].contacts)} 位联系人对得上，没有改。请说全名：{names}")
    return tuple(dict.fromkeys(one.contacts[0].name for one in reading.mentions))


def _join(desk: Desk, which: str, who: str) -> PrivateAnswer:
    names = _persons(desk, who)
    if isinstance(names, PrivateAnswer):
        return names
    event = desk.event_meant(which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    people = tuple(dict.fromkeys((*event.people, *names)))
    if people == event.people:
        return yes(f"已经在里面了：{telling.say_event(event, desk.now)}", source(event))
    changed = replace(event, people=people)
    return desk.change_event(event, changed, f"已加上{'、'.join(names)}：{telling.say_event(changed, desk.now)}。")


def _leave(desk: Desk, which: str, who: str) -> PrivateAnswer:
    names = _persons(desk, who)
    if isinstance(names, PrivateAnswer):
        return names
    event = desk.event_meant(which, "改")
    if isinstance(event, PrivateAnswer):
        return event
    people = tuple(one for one in event.people if one not in names)
    if people == event.people:
        return no(f"{'、'.join(names)}本来就不在里面：{telling.say_event(event, desk.now)}", source(event))
    changed = replace(event, people=people)
    return desk.change_event(event, changed, f"已去掉{'、'.join(names)}：{telling.say_event(changed, desk.now)}。")
