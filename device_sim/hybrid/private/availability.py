"""When there is room in the calendar, and what clashes in it."""

import re
from datetime import datetime, timedelta

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.calendar_questions import listed
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.reading import Reading
from device_sim.hybrid.private.said import PrivateAnswer, source, yes
from device_sim.personal.clock_times import MINUTES_A_DAY, DayPart, day_part
from device_sim.personal.records import Event
from device_sim.personal.times import TimeSpan

_ONE_DAY = timedelta(hours=25)
_BY_DAY = re.compile("哪[几些一]?天|几天|哪个?(?:早上|上午|中午|下午|晚上)")
_PART = re.compile("早上|上午|中午|下午|傍晚|晚上|夜里")


def free(desk: Desk, reading: Reading) -> PrivateAnswer:
    """Whether there is room, and where."""
    span = reading.span
    if span is None:
        return listed(desk, reading)
    # The evening of 下周哪天晚上 is that of each day, not today's.
    spans = tuple(one for one in reading.times.spans if one is span or one.dated)
    when_ = telling.say_spans(reading.text, spans, desk.now)
    if len(spans) == 1 and span.whole_day and span.end - span.start > _ONE_DAY and _BY_DAY.search(reading.plain):
        return _free_days(desk, reading, span, when_)
    ends = [one.start + timedelta(hours=1) if one.moment else one.end for one in spans]
    found = {one.id: one for part, end in zip(spans, ends, strict=True) for one in desk.store.events(part.start, end)}
    busy = sorted(found.values(), key=lambda one: one.start)
    if not busy:
        return yes(f"{when_}有空，日历上没有安排。")
    told = f"{when_}有 {len(busy)} 个安排：\n{telling.say_events(busy, desk.now)}"
    stretches = telling.free_stretches(span, busy) if not span.moment and len(spans) == 1 else None
    return yes(told + (f"\n空着的时间：{stretches}" if stretches else ""), *map(source, busy))


def _free_days(desk: Desk, reading: Reading, span: TimeSpan, when_: str) -> PrivateAnswer:
    """The days, or the parts of them that are asked for, in which there is nothing."""
    match = _PART.search(reading.plain, span.stop) or _PART.search(reading.plain[: span.begin])
    found = day_part(reading.plain, match.start(), single=False) if match else None
    part = found[0] if found else DayPart("全天", 0, MINUTES_A_DAY)
    days = [span.start.date() + timedelta(days=n) for n in range((span.end.date() - span.start.date()).days)]
    free_, busy = [], dict[int, Event]()
    for day in days:
        midnight = datetime.combine(day, datetime.min.time(), span.start.tzinfo)
        there = desk.store.events(midnight + timedelta(minutes=part.first), midnight + timedelta(minutes=part.last))
        busy.update({one.id: one for one in there})
        free_ += [] if there else [telling.say_day(day, desk.now)]
    told = f"{when_}{part.name}没有安排的有 {len(free_)} 天" + (f"：{'、'.join(free_)}" if free_ else "")
    listed_ = f"。\n有安排的：\n{telling.say_events(list(busy.values()), desk.now)}" if busy else "。"
    return yes(told + listed_, *map(source, busy.values()))


def clashes(desk: Desk, reading: Reading) -> PrivateAnswer:
    """Events that overlap, of a time or of all that is to come."""
    spans = reading.times.spans
    start, end = (min(one.start for one in spans), max(one.end for one in spans)) if spans else (desk.now, None)
    events = [one for one in desk.store.events(start, end) if not one.whole_day]
    pairs: list[tuple[Event, Event]] = []
    running: list[Event] = []
    for event in events:
        running = [one for one in running if one.end > event.start]
        pairs += [(one, event) for one in running]
        running.append(event)
    when_ = telling.say_spans(reading.text, spans, desk.now) if spans else "今后"
    if not pairs:
        return yes(f"{when_}没有时间冲突的安排，一共 {len(events)} 个。")
    shown = "\n".join(
        f"· {telling.say_event(one, desk.now)}\n  和 {telling.say_event(other, desk.now)}"
        for one, other in pairs[: telling.MOST_SHOWN]
    )
    return yes(f"{when_}有 {len(pairs)} 处冲突：\n{shown}", *(source(one) for pair in pairs for one in pair))
