"""Repeated events. The calendar holds single ones, so the next occurrences are added, up to a bounded number."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from device_sim.hybrid.private import drafts, telling
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.dates import add_months
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Event

_EVERY = re.compile(
    "每(?:个)?(?:(?P<week>周|星期|礼拜)(?=[一二三四五六日天末])|(?P<workday>工作日)|(?P<day>天|日|晚|早)|(?P<month>月)(?=\\d{1,2}[号日]|[一二三十]{1,3}[号日]|初|底)|(?P<year>年))"
)
_TIMES = {"day": 14, "workday": 10, "week": 8, "month": 6, "year": 3}
_SAID = {"day": "每天", "workday": "每个工作日", "week": "每周", "month": "每月", "year": "每年"}


@dataclass(frozen=True)
class Series:
    """`first` says the first occurrence, without 每; `every` is one of day, workday, week, month, year."""

    first: str
    every: str


def read(text: str) -> Series | None:
    """The repetition that a text asks for; None where it names none, or more than one."""
    plain = half_width(text)
    found = list(_EVERY.finditer(plain))
    if len(found) != 1:
        return None
    match = found[0]
    every = next(name for name, value in match.groupdict().items() if value)
    shown = {
        "day": {"晚": "今晚", "早": "今早"}.get(match["day"] or "", "今天"),
        "workday": "今天",
        "week": match["week"] or "",
    }
    return Series(text[: match.start()] + shown.get(every, "") + text[match.end() :], every)


def add(desk: Desk, series: Series) -> PrivateAnswer:
    """Add the next occurrences, and say how many and until when."""
    reading = desk.read(series.first)
    span = reading.span
    if span is None or reading.unclear is not None or len(reading.times.spans) > 1:
        return no("没听明白重复的是什么时候，没有记。可以说「每周三早上九点提醒我……」。")
    drafted = drafts.draft(reading)
    hours = drafts.hours(span, drafted.length)
    if hours is None or hours[1] - hours[0] > timedelta(days=2):
        return no(f"{_SAID[series.every]}几点？加上再说一遍，我就把接下来的几次记到日历里。")
    start, end, whole = hours
    event = Event(0, drafted.title, start, end, whole, drafted.place, drafted.people)
    events = _occurrences(event, series.every, desk.now)
    known = {(one.title, one.start) for one in desk.store.events(events[0].start, events[-1].end)}
    fresh = [one for one in events if (one.title, one.start) not in known]
    if not fresh:
        return yes(f"已经有了：{telling.say_event(events[0], desk.now)}")
    added = [desk.store.add_event(one) for one in fresh]
    told = (
        f"日历里没有重复的日程，所以把接下来的 {len(added)} 次（{_SAID[series.every]}）逐个加上了：{added[0].title}，"
        f"{telling.say_when(added[0], desk.now)} 起，到 {telling.say_when(added[-1], desk.now)} 为止。"
    )
    return yes(told, *map(source, added), changed=True, undo="可以在日历里逐个取消")


def _occurrences(event: Event, every: str, now: datetime) -> list[Event]:
    """So many times from the first one that is still to come."""
    found: list[Event] = []
    step = 0
    while len(found) < _TIMES[every]:
        shifted = _shifted(event, _STEPS[every](event.start.date(), step) - event.start.date())
        step += 1
        weekend = every == "workday" and shifted.start.weekday() >= 5
        if not weekend and (shifted.start >= now or (event.whole_day and shifted.end > now)):
            found.append(shifted)
    return found


_STEPS: dict[str, Callable[[date, int], date]] = {
    "day": lambda day, step: day + timedelta(days=step),
    "workday": lambda day, step: day + timedelta(days=step),
    "week": lambda day, step: day + timedelta(weeks=step),
    "month": add_months,
    "year": lambda day, step: add_months(day, 12 * step),
}


def _shifted(event: Event, by: timedelta) -> Event:
    return replace(event, start=event.start + by, end=event.end + by)
