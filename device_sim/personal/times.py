"""Time expressions in Chinese texts: which stretch of time each means, seen from a given moment.

The rules, with what was decided where people differ, are in docs/private-answers.md.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from device_sim.personal.clock_times import (
    MINUTES_A_DAY,
    Clock,
    DayPart,
    ImpossibleTime,
    clock,
    day_part,
    first_of_range,
    minutes_since_midnight,
)
from device_sim.personal.dates import AFTER, BEFORE, Calendar, Days, read_days
from device_sim.personal.numerals import HAN_NUMERALS, NUMBER, half_width, number

MOMENT = timedelta(minutes=1)  # how long a clock time lasts
OPEN = timedelta(days=365)  # how far 以后 and 以前 reach
_MIDNIGHT = MINUTES_A_DAY
_NUMERALS = frozenset(HAN_NUMERALS)
_STARTS = frozenset(
    "年月周星礼上下这本今明昨后前去大当早中午傍黄凌清晚夜深半晌正第q过再最近未接往以双元情妇植愚劳青母儿父建教国光感平圣跨除"
    "春端重每农阴旧腊冬闰初小现此目刚五六十七"
)
_NOW = re.compile("现在|此刻|这会儿|目前|当前|刚才|刚刚")
_SOON = re.compile(
    rf"(?:再?过)?(?:({NUMBER})个?(半)?|(半)个?)(小时|钟头|分钟|分|刻钟|秒钟?)(?:({NUMBER})(?:分钟|分)|(半))?"
    rf"(?:({AFTER})|({BEFORE})|(内|之内|以内))"
)
_TO = re.compile(r"\s?(?:到|至|-{1,2}|~|—{1,2}|–)\s?")
_BORDER = re.compile(rf"的?(?:({BEFORE})|({AFTER})|(左右|前后|上下|多)|(?:之内|以内|内|期间))")
_BARE_WEEKDAY = re.compile(r"[一二三四五六日](?=[\s,。;!?的都有没上下早晚]|$)")
_GAP = re.compile(r"[\s的]{0,2}")
_REPEATED = re.compile(
    rf"每(?:个|隔)?(?:{NUMBER}|半)?个?(?:天|日|周|星期|礼拜|月|年|小时|工作日|晚|早)[一二三四五六日天]?"
)
# Terms of the lunar calendar that are not reckoned here.
_LUNAR = re.compile(rf"农历|阴历|旧历|腊月|冬月|正月|闰[{HAN_NUMERALS}]月|初[一二三四五六七八九十](?![中高])|腊八|小年")


@dataclass(frozen=True)
class TimeSpan:
    """What the characters `begin` to `stop` of a text mean: from `start` until before `end`, in the zone of the moment
    that it was read at. `whole_day`: it is made of whole days. A clock time alone lasts one minute. Not `precise`:
    people would draw the borders differently, as of 下午, 月底, 左右 or 以后. Not `dated`: no day was named, and the
    next one was taken.
    """

    start: datetime
    end: datetime
    begin: int
    stop: int
    whole_day: bool
    precise: bool
    dated: bool = True

    @property
    def moment(self) -> bool:
        """Whether it is a clock time without an end."""
        return not self.whole_day and self.end - self.start == MOMENT


@dataclass(frozen=True)
class Times:
    """What `read_times` found. `unclear` are the places (begin, stop) that speak of a time and could not be
    understood: days that don't exist, lunar dates, repetitions.
    """

    spans: tuple[TimeSpan, ...]
    unclear: tuple[tuple[int, int], ...]


def find_times(text: str, now: datetime, *, past: bool = False) -> tuple[TimeSpan, ...]:
    """The times that the text names, from left to right; see `read_times`."""
    return read_times(text, now, past=past).spans


def read_times(text: str, now: datetime, *, past: bool = False) -> Times:
    """The times that the text names, and the places that could not be understood. Linear in the text.

    Args:
        text: any text
        now: an aware datetime
        past: the text tells of what was, so that a bare 周三 or 三点 is the last one, not the next
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    reader = _Reader(half_width(text), now, past)
    reader.run()
    return Times(tuple(reader.spans), tuple(reader.unclear))


@dataclass(frozen=True)
class _Half:
    """One side of a range, or all there is: days, or minutes since the midnight of a day, with what was said."""

    days: Days | None
    part: DayPart | None
    said: Clock | None
    stop: int


class _Reader:
    """One pass over one text."""

    def __init__(self, text: str, now: datetime, past: bool) -> None:
        self.text = text
        self.now = now.replace(second=0, microsecond=0)
        self.today = now.date()
        self.past = past
        self.spans: list[TimeSpan] = []
        self.unclear: list[tuple[int, int]] = []

    def run(self) -> None:
        at = 0
        while at < len(self.text):
            if not self._may_begin(at):
                at += 1
                continue
            if match := _REPEATED.match(self.text, at) or _LUNAR.match(self.text, at):
                at = self._give_up(at, match.end())
                continue
            try:
                span = self._span(at)
            except ImpossibleTime as broken:
                at = self._give_up(at, max(broken.stop, at + 1))
                continue
            except (OverflowError, ValueError):  # beyond the years that a calendar can hold
                at = self._give_up(at, at + 1)
                continue
            if span is None:
                at += 1
            else:
                self.spans.append(span)
                at = span.stop

    def _may_begin(self, at: int) -> bool:
        """Whether a time may begin here: never in the middle of a number, so that 25点 is not 5点."""
        character = self.text[at]
        before = self.text[at - 1] if at else ""
        if character.isdecimal():
            return not (before.isdecimal() or before in tuple("./:-") or (before.isascii() and before.isalpha()))
        if character in _NUMERALS:
            return before not in _NUMERALS or before == ""
        return character in _STARTS

    def _give_up(self, at: int, stop: int) -> int:
        """Skip what a broken expression goes on with, so that no part of it is taken for a time."""
        while True:
            place = _GAP.match(self.text, stop)
            begin = place.end() if place else stop
            try:
                half = self._half(begin, None)
            except (ImpossibleTime, OverflowError, ValueError):
                half = None
            if half is None:
                break
            stop = half.stop
        self.unclear.append((at, stop))
        return stop

    def _span(self, at: int) -> TimeSpan | None:
        if match := _NOW.match(self.text, at):
            to = _TO.match(self.text, match.end())
            last = self._half(to.end(), None) if to else None
            if last is not None:
                _, end, _, precise = self._alone(last)
                return TimeSpan(self.now, max(end, self.now + MOMENT), at, last.stop, False, precise)
            return TimeSpan(self.now, self.now + MOMENT, at, match.end(), False, True)
        if match := _SOON.match(self.text, at):
            return self._soon(match)
        first = self._half(at, None)
        if first is None:
            return None
        to = _TO.match(self.text, first.stop)
        second = self._second(to.end(), first) if to else None
        if first.said is not None and second is None and first.stop == at:
            return None
        if second is not None:
            start, end, whole, precise = self._between(first, second)
            stop = second.stop
        else:
            start, end, whole, precise = self._alone(first)
            stop = first.stop
        dated = first.days is not None or (second is not None and second.days is not None)
        return self._bordered(TimeSpan(start, end, at, stop, whole, precise, dated))

    # What is said.

    def _half(self, at: int, first: _Half | None) -> _Half | None:
        """The side of a range, or the lone expression, at `at`; `first` is the side before it."""
        floor = first.days.first if first is not None and first.days is not None else self.today
        ranged = first is not None and first.days is not None
        found = read_days(self.text, at, Calendar(self.today, floor, self.past and not ranged, ranged))
        days, stop = found if found is not None else (None, at)
        place = self._after_gap(stop) if days is not None else stop
        part_found = day_part(self.text, place, single=days is not None)
        part = None
        if part_found is not None:
            part, stop = part_found
            place = self._after_gap(stop)
        said_found = first_of_range(self.text, place) or clock(self.text, place)
        said = None
        if said_found is not None and not (said_found[0].weak and days is None and part is None and first is None):
            said, stop = said_found
        if said is not None and part is None and days is not None and not days.single:
            said, stop = None, place  # 下周三点: which day's?
        if days is None and part is None and said is None:
            return None
        if days is None and part is not None and part.name == "一早" and said is None:
            return None
        return _Half(days, part, said, stop)

    def _second(self, at: int, first: _Half) -> _Half | None:
        """As `_half`; and 五 of 周一到五."""
        match = _BARE_WEEKDAY.match(self.text, at)
        if match is not None and first.days is not None and self.text[first.stop - 2 : first.stop - 1] in "周期拜":
            day = first.days.first + timedelta(days=("一二三四五六日".index(match[0]) - first.days.first.weekday()) % 7)
            return _Half(_one_day(day), None, None, match.end())
        return self._half(at, first)

    def _after_gap(self, at: int) -> int:
        match = _GAP.match(self.text, at)
        return match.end() if match else at

    # What it means.

    def _alone(self, half: _Half) -> tuple[datetime, datetime, bool, bool]:
        if half.said is not None:
            start = self._clock_start(half.days, half.part, half.said)
            return start, start + MOMENT, False, True
        if half.part is not None and (half.days is None or half.days.single):
            day = half.days.first if half.days is not None else self.today
            return self._at(day, half.part.first), self._at(day, half.part.last), False, False
        days = half.days or Days(self.today, self.today + timedelta(days=1))
        return self._at(days.first, 0), self._at(days.last, 0), True, days.exact and half.part is None

    def _clock_start(self, days: Days | None, part: DayPart | None, said: Clock) -> datetime:
        minutes = minutes_since_midnight(said, part)
        if days is not None:
            if days.first == self.today and part is None and not self.past:
                return self._still_to_come(said, minutes)
            return self._at(days.first, minutes)
        start = self._at(self.today, minutes)
        if self.past:
            return start if start <= self.now else self._at(self.today - timedelta(days=1), minutes)
        if part is None:
            start = self._still_to_come(said, minutes)
        return start if start >= self.now else self._at(self.today + timedelta(days=1), minutes)

    def _still_to_come(self, said: Clock, minutes: int) -> datetime:
        """8点, said at noon of the day, is that of the evening."""
        start = self._at(self.today, minutes)
        later = self._at(self.today, minutes + 12 * 60)
        return later if start < self.now <= later and said.hour < 12 and not said.exact else start

    def _between(self, first: _Half, second: _Half) -> tuple[datetime, datetime, bool, bool]:
        if first.said is None and second.said is None:
            start, _, whole, exact = self._alone(first)
            day = first.days.first if first.days is not None else self.today
            last = second if second.days is not None else _Half(_one_day(day), second.part, None, second.stop)
            _, end, last_whole, last_exact = self._alone(last)
            return start, end, whole and last_whole, exact and last_exact
        if first.said is None:
            start, _, _, exact = self._alone(first)
        else:
            start, exact = self._clock_start(first.days, self._first_part(first, second), first.said), True
        if second.said is None:
            return start, self._alone(second)[1], False, False
        return start, self._range_end(start, first, second, second.said), False, exact

    def _first_part(self, first: _Half, second: _Half) -> DayPart | None:
        """3点 of 3点到下午5点 is that of the afternoon too, unless that would put it after the end."""
        if first.part is not None or second.part is None or second.days is not None:
            return first.part
        if first.said is None or second.said is None or first.said.hour > 12:
            return None
        ends = minutes_since_midnight(second.said, second.part)
        return second.part if minutes_since_midnight(first.said, second.part) < ends else None

    def _range_end(self, start: datetime, first: _Half, second: _Half, said: Clock) -> datetime:
        part = second.part or (first.part if second.days is None else None)
        minutes = minutes_since_midnight(said, part)
        if second.days is not None:
            return self._at(second.days.first, minutes)
        for hours in (0, 12, 24, 36) if second.part is None and not said.exact else (0, 24):
            end = self._at(start.date(), minutes + hours * 60)
            if end > start:
                return end
        return start + MOMENT

    def _soon(self, match: re.Match[str]) -> TimeSpan:
        """半小时后, 两个小时前, 一小时二十分钟后; 两小时内."""
        count, half, only_half, unit, minutes, more_half, _, before, within = match.groups()
        size = 60 * ((number(count) if count else 0) + (0.5 if half or only_half or more_half else 0))
        size *= {"小": 1, "钟": 1, "分": 1 / 60, "刻": 0.25, "秒": 1 / 3600}[unit[0]]
        moved = timedelta(minutes=int(size) + (number(minutes) if minutes else 0))
        other = (self.now.astimezone(UTC) + (-moved if before else moved)).astimezone(self.now.tzinfo)
        if within:
            return TimeSpan(self.now, other, match.start(), match.end(), False, False)
        return TimeSpan(other, other + MOMENT, match.start(), match.end(), False, True)

    def _bordered(self, span: TimeSpan) -> TimeSpan:
        match = _BORDER.match(self.text, span.stop)
        if match is None:
            return span
        before, after, about = match.groups()
        if before:
            return self._until(span, match.end(), span.end if span.whole_day and not span.precise else span.start)
        if after:
            start = span.start if span.moment else span.end
            return replace(span, start=start, end=start + OPEN, stop=match.end(), precise=False)
        return replace(span, stop=match.end(), precise=span.precise and not about)

    def _until(self, span: TimeSpan, stop: int, end: datetime) -> TimeSpan:
        """周五之前 begins now; 明天五点前 at the day's beginning, or now; what lies behind now reaches back. 月底前 is
        until the month's end.
        """
        if end <= self.now or self.past:
            start = end - OPEN
        elif span.moment and span.start.date() != self.today:
            start = self._at(span.start.date(), 0)
        else:
            start = self.now
        return replace(span, start=start, end=end, stop=stop, whole_day=False, precise=False)

    def _at(self, day: date, minutes: int) -> datetime:
        """The moment so many minutes of the clock after the midnight that the day begins with; what a change of summer
        time leaves out is the moment as far after the gap.
        """
        shifted = day + timedelta(days=minutes // MINUTES_A_DAY)
        local = datetime.combine(shifted, time(*divmod(minutes % MINUTES_A_DAY, 60)), self.now.tzinfo)
        return local.astimezone(UTC).astimezone(self.now.tzinfo)


def _one_day(day: date) -> Days:
    return Days(day, day + timedelta(days=1))
