"""Times of the day in Chinese: its parts (下午), clock times (三点半, 15:00), what the one says of the other."""

import re
from dataclasses import dataclass

from device_sim.personal.numerals import HAN_NUMERALS, number

MINUTES_A_DAY = 24 * 60
_SMALL = rf"(?:\d{{1,2}}|[{HAN_NUMERALS}]{{1,3}})"
# Part of the day -> its first and last minute, exclusive. docs/private-answers.md holds the same table.
_PARTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("凌晨",), (0, 6 * 60)),
    **dict.fromkeys(("清晨", "早晨", "早上", "大早上", "一大早", "一早", "清早", "早"), (6 * 60, 10 * 60)),
    **dict.fromkeys(("上午", "午前"), (6 * 60, 12 * 60)),
    **dict.fromkeys(("中午", "正午", "晌午"), (11 * 60, 14 * 60)),
    **dict.fromkeys(("下午", "午后"), (12 * 60, 18 * 60)),
    **dict.fromkeys(("傍晚", "黄昏"), (17 * 60, 20 * 60)),
    **dict.fromkeys(("晚上", "晚间", "夜里", "夜间", "夜晚", "当晚", "晚", "夜"), (18 * 60, 24 * 60)),
    **dict.fromkeys(("深夜", "半夜", "午夜", "大半夜"), (22 * 60, 24 * 60)),
}
# 早上好 greets. A single 早 or 晚 is a part of the day only after a day: see `single`.
_PART = re.compile("(?:" + "|".join(sorted((p for p in _PARTS if len(p) > 1), key=len, reverse=True)) + ")(?!好)")
_SINGLE_PART = re.compile("[早晚夜](?!一?点(?![钟半整零〇一二三四五六七八九十0-9])|些|安|饭|餐|会|到|退|班)")
# 三点建议 are three pieces of advice.
_NOT_A_CLOCK = (
    "建议|意见|要求|原因|理由|说明|注意|想法|看法|体会|问题|东西|内容|反馈|改进|心得|感受|经验|结论|共识|总结|不足|"
    "钱|水|儿|头|名|赞|评|击|事|[间候期代常刻装尚光差速区]"
)
_COLON = re.compile(r"(\d{1,2}):(\d{2})(?::[0-5]\d)?(?![\d:])")
_NOT_MINUTES = rf"[{HAN_NUMERALS}0-9]|[个天月号日位人点年周条项次场件:]|小时|分钟"
_CLOCK = re.compile(
    rf"({_SMALL})(点钟|点|时)(?!{_NOT_A_CLOCK})"
    rf"(?:(半)|([一三])刻|过?(零?{_SMALL})分(?!钟)|整|(零?{_SMALL})(?!{_NOT_MINUTES}))?"
)
_NUMBER_RANGE = re.compile(rf"({_SMALL})(?=\s?(?:到|至|-|~)\s?{_SMALL}(?:点|时))")


@dataclass(frozen=True)
class DayPart:
    """A part of the day, minutes since midnight; `last` is exclusive."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Clock:
    """A clock time as it was said, before a part of the day was applied. `exact`: it leaves no doubt by itself, as
    15:00 and 09:30 do.
    """

    hour: int
    minute: int
    exact: bool
    weak: bool  # a clock time only beside a day or a part of the day: 一点 is mostly "a little"


class ImpossibleTime(Exception):
    """What reads as a date or a clock time, but can't be one: 25点, 二月三十号. `stop` is where it ends."""

    def __init__(self, stop: int) -> None:
        super().__init__("no such time")
        self.stop = stop


def day_part(text: str, at: int, single: bool) -> tuple[DayPart, int] | None:
    """The part of the day at `at`, and where it ends; `single` admits 早 and 晚, as in 明晚."""
    match = _PART.match(text, at) or (_SINGLE_PART.match(text, at) if single else None)
    if match is None:
        return None
    return DayPart(match[0], *_PARTS[match[0]]), match.end()


def clock(text: str, at: int) -> tuple[Clock, int] | None:
    """The clock time at `at`, and where it ends.

    Raises:
        ImpossibleTime: it has the form of one, with an hour or minute that does not exist.
    """
    match = _COLON.match(text, at)
    if match is not None:
        exact = match[1].startswith("0")
        return _checked(Clock(int(match[1]), int(match[2]), exact, False), match.end())
    match = _CLOCK.match(text, at)
    if match is None:
        return None
    hour, unit, half, quarter, minutes, bare = match.groups()
    minute = 30 if half else 15 * number(quarter) if quarter else number(minutes or bare) if minutes or bare else 0
    said_more = match.end() > match.end(2) or unit == "点钟"
    return _checked(Clock(number(hour), minute, False, not said_more and hour in ("一", "1", "几")), match.end())


def first_of_range(text: str, at: int) -> tuple[Clock, int] | None:
    """3 of 3到5点: an hour whose 点 comes later, and where the second one begins."""
    match = _NUMBER_RANGE.match(text, at)
    if match is None:
        return None
    return _checked(Clock(number(match[1]), 0, False, False), match.end())


def minutes_since_midnight(said: Clock, part: DayPart | None) -> int:
    """Minutes since the midnight that the day began with; above 24 hours is the day after, as in 今晚两点.

    Without a part of the day the hours 1 to 6 are those of the afternoon, unless written as 03:00.
    """
    hour, minutes = said.hour, said.hour * 60 + said.minute
    if part is None:
        return minutes + 12 * 60 if 1 <= hour <= 6 and not said.exact else minutes
    if part.first >= 18 * 60:
        if hour <= 4:
            return minutes + MINUTES_A_DAY
        return minutes + 12 * 60 if hour <= 12 else minutes
    if part.first >= 12 * 60 or part.name in ("中午", "正午", "晌午"):
        return minutes + 12 * 60 if hour < 12 and not (part.first < 12 * 60 and hour >= 9) else minutes
    if part.first == 0 and hour == 12:
        return said.minute
    return minutes


def _checked(said: Clock, stop: int) -> tuple[Clock, int]:
    if said.minute > 59 or said.hour > 24 or (said.hour == 24 and said.minute):
        raise ImpossibleTime(stop)
    return said, stop
