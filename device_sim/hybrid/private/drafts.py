"""From what was said to an entry of the calendar: title, people, place, length. Pure functions."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sim.hybrid.private.reading import Reading, blanked
from device_sim.personal.numerals import NUMBER, number
from device_sim.personal.records import Event
from device_sim.personal.times import TimeSpan

USUAL_LENGTH = timedelta(hours=1)
REMINDER = timedelta(minutes=15)
_LONGEST = timedelta(days=14)  # 下个月 is no time for an event
_ONE_DAY = timedelta(hours=25)  # the longest there is, when the clocks are set back
_LENGTH = re.compile(rf"(?:大概|大约|持续|时长|一共|共|约)?({NUMBER}|半)个?(半)?(?:个)?(小时|钟头|分钟)(?!后|前|内|之)")
_ACTS = (
    "开会|开个会|开|见面|见|吃|碰|聊|谈|喝|聚|面试|培训|讨论|评审|集合|签|看|上课|打|办|做|拍|体检|面"
    "谈|会面|复盘|讲|参加|拜访|取|接|送|交|过|玩|健身|跑|练"
)
_PLACE = re.compile(
    rf"在(?P<place>[^,，。;；\s在]{{1,24}}?)(?={_ACTS}|[,，。;；\s]|$)|(?:地点|地方)(?:是|在|:|：)?\s*(?P<said>[^,，。;；\s]{{1,30}})"
)
_WITH = re.compile(
    r"(?:和|跟|与|同|约|见)(?P<name>[\u4e00-\u9fff·]{2,4}?|[A-Za-z][A-Za-z .]{1,20}?)"
    r"(?=在|去|开|吃|见|聊|碰|讨|面|谈|一起|、|喝|打|看|过|的|\s|$)"
)
_NO_PERSONS = "客户 同事 朋友 老板 家人 团队 大家 他们 她们 我们 同学 老师 医生 孩子 "
_NO_PERSONS += "父母 爸妈 供应商 领导"
_NOT_A_PERSON = frozenset(_NO_PERSONS.split())
_LEADING = re.compile(
    r"^(?:[\s,，。;；:：、的]|我们?(?=要|得|有|去|和|跟|与|在)|咱们|要(?!求)|得(?=去|和|跟)|需要|全天|整天|一整天|有(?:一)?(?:个|场|次)|安排在?|是|会(?=去|在|和)|去(?=参加)|记得|别忘了|一下)+"
)
_TRAILING = re.compile(r"(?:(?:约|定|安排|改|订)?(?:在|到|是))?[\s,，。;；:：、!！~]*$")


@dataclass(frozen=True)
class Draft:
    """An event as it was said, before it is given hours; `hours` unknown where only a part of the day was named."""

    title: str
    place: str | None
    people: tuple[str, ...]
    length: timedelta | None


def draft(reading: Reading) -> Draft:
    """What the request says besides its time."""
    span = reading.span
    text = reading.text
    taken = [(span.begin, span.stop)] if span else []
    length_match = _LENGTH.search(reading.plain, span.stop if span else 0) or _LENGTH.search(reading.plain)
    length = None
    if length_match is not None and not (span and span.begin <= length_match.start() < span.stop):
        length = _length(length_match)
        taken.append((length_match.start(), length_match.end()))
    rest = blanked(text, taken)
    place_match = _PLACE.search(rest)
    place = None
    if place_match is not None:
        place = (place_match["place"] or place_match["said"]).strip()
        rest = rest[: place_match.start()] + rest[place_match.end() :]
    return Draft(_title(rest), place, _people(reading, rest), length)


def length_of(text: str) -> timedelta | None:
    """How long 一个半小时 lasts."""
    match = _LENGTH.search(text)
    return _length(match) if match else None


def _length(match: re.Match[str]) -> timedelta:
    size = (0.5 if match[1] == "半" else number(match[1])) + (0.5 if match[2] else 0)
    return timedelta(minutes=int(size * (1 if match[3] == "分钟" else 60)))


def _title(rest: str) -> str:
    title = re.sub(r"(?<=[\u4e00-\u9fff，。、；：]) +(?=[\u4e00-\u9fff，。、；：])", "", rest)
    return _TRAILING.sub("", _LEADING.sub("", title)).strip() or "日程"


def _people(reading: Reading, rest: str) -> tuple[str, ...]:
    """The contacts that are named; as they were said where that may mean several. And who follows 和 or 约."""
    named: dict[str, None] = {}
    for mention in reading.mentions:
        said = reading.text[mention.begin : mention.stop]
        named[mention.contacts[0].name if len(mention.contacts) == 1 else said] = None
    for match in _WITH.finditer(rest):
        name = match["name"].strip()
        known = any(
            name in reading.text[one.begin : one.stop] or reading.text[one.begin : one.stop] in name
            for one in reading.mentions
        )
        if name not in _NOT_A_PERSON and not known:
            named[name] = None
    return tuple(named)


def hours(span: TimeSpan, length: timedelta | None) -> tuple[datetime, datetime, bool] | None:
    """Start, end and whether it lasts whole days; None where only a part of the day was named, or more than
    a fortnight."""
    if span.whole_day:
        return (span.start, span.end, True) if span.precise and span.end - span.start <= _LONGEST else None
    if span.moment:
        return span.start, span.start + (length or USUAL_LENGTH), False
    if not span.precise:
        return None
    return span.start, span.end, False


def moved(event: Event, span: TimeSpan, said_part: bool) -> tuple[datetime, datetime, bool] | None:
    """The event at another time: a new day keeps the hours, a new hour keeps the day and the length."""
    length = event.end - event.start
    if span.whole_day:
        if not span.precise or (span.end - span.start > _ONE_DAY and length < span.end - span.start):
            return None
        if event.whole_day:
            return span.start, span.start + length, True
        start = datetime.combine(span.start.date(), event.start.timetz())
        return start, start + length, False
    if not span.moment:
        return (span.start, span.end, False) if span.precise else None
    start = span.start
    if not span.dated:
        start = datetime.combine(event.start.date(), start.timetz())
        if not said_part and not event.whole_day:
            twin = start + timedelta(hours=12 if start.hour < 12 else -12)
            same_half = (start.hour < 12) == (event.start.hour < 12)
            start = start if same_half or twin.date() != start.date() or not 8 <= twin.hour <= 21 else twin
    return start, start + (USUAL_LENGTH if event.whole_day else length), False
