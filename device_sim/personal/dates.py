"""Days, weeks, months and years in Chinese texts: 下周四, 十二月三号到五号, 下个月第一个周一, 月底, 国庆节, 三天前.

All functions read at one place of a text in half width and small letters, and work on calendar days alone.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from device_sim.personal.clock_times import ImpossibleTime
from device_sim.personal.festivals import FESTIVALS, festival
from device_sim.personal.numerals import HAN_NUMERALS, NUMBER, number

_N = rf"(?:\d{{1,2}}|[{HAN_NUMERALS}]{{1,3}})"
_WEEK = r"(?:周|星期|礼拜)"
_WEEKDAY = r"(?:[一二三四五六日末]|天(?!后|前|内|气)|[1-7](?![\d个天次点时:月号日年]))"
# 3号楼 and 5号线 are no days of a month.
_NOT_A_DAY = "[楼线门院厅馆店房桌机车位仓库航选球柜文地码桥站员令方病口床厂井铺]|会议|出口|公馆|公寓"
_BEFORE_A_NUMBER = "第路街道巷弄村区镇座栋幢楼单元编"
_DAY = rf"({_N})(?:号(?!{_NOT_A_DAY})|日(?![常程报记本语元企系式韩游线均]))"
_WEEKDAYS = {c: n for n, group in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for c in group}
_STEPS = {"上": -1, "下": 1, "这": 0, "本": 0, "今": 0, "当": 0}

_FULL = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d/-])")
_SLASH = re.compile(r"(\d{1,2})/(\d{1,2})(?![\d/.%]|的|个)")
_YEAR = re.compile(
    r"(?:(\d{4}|[零〇一二三四五六七八九]{4}|\d{2}(?=年\d{1,2}月))年|(大前|前|去|今|明|后|大后)年|(本)年度?)"
)
_MONTH = re.compile(rf"({_N})月份?|((?:上{{1,4}}|下{{1,4}}|这|本|当)(?:个|一个)?)月(?![球亮饼薪历考])份?")
_DAY_OF_MONTH = re.compile(_DAY)
_BARE_DAY = re.compile(rf"({_N})(?=\s|[,。;!?)]|$|上午|下午|早上|中午|晚)")
_DAY_RANGE = re.compile(rf"({_N})(?=\s?(?:到|至|-|~)\s?{_N}(?:号|日))")
_MONTH_PART = re.compile("(月?初|月?中(?![旬午])|月?底|月?末|上旬|中旬|下旬)")
_PART_OF_THIS_MONTH = re.compile("(月[初中底末]|[上中下]旬)")
_YEAR_PART = re.compile("年[初中底末](?![级等高学])|[上下]半年")
_PART_OF_THAT_YEAR = re.compile("年?[初中底末](?![级等高学旬午])|[上下]半年")
_QUARTER = re.compile(r"第?([一二三四1-4])季度|q([1-4])(?![\da-z])")
_RELATIVE_QUARTER = re.compile("(上|下|这|本)(?:个|一个)?季度")
_NTH_WEEKDAY = re.compile(rf"的?(?:第({_N})个?|最后一?个)({_WEEK}[一二三四五六日天])")
_NTH_WEEK = re.compile(rf"的?(?:第({_N})个?|最后一?个?){_WEEK}(?![一二三四五六日天末])")
_LAST_DAY = re.compile("的?(?:最后一天|第一天)")
_RELATIVE_DAYS = {
    **dict.fromkeys(("今天", "今日", "今儿", "当天"), 0),
    **dict.fromkeys(("明天", "明日", "明儿"), 1),
    "后天": 2,
    "大后天": 3,
    **dict.fromkeys(("昨天", "昨日", "昨儿"), -1),
    "前天": -2,
    "大前天": -3,
}
_RELATIVE_DAY = re.compile("(大后天|大前天|(?:[今明昨][天日儿]|[前后]天|当天)个?)(?!性)")
_FUSED_DAY = re.compile("([今明昨后前])(?=[早晚夜晨]|午夜)")
_DAY_PAIR = re.compile("(今明|明后)(?:两天|两日)|这(两|几)[天日]")
_WEEK_DAY = re.compile(rf"(上{{1,4}}|下{{1,4}}|这|本)?(?:一?个)?{_WEEK}({_WEEKDAY})")
_WHOLE_WEEK = re.compile(rf"(上{{1,4}}|下{{1,4}}|这|本)(?:一?个)?{_WEEK}(?!边|围|[一二三四五六日]?[鸣期])")
_WEEKEND = re.compile("周末")
_BRACKETED_WEEKDAY = re.compile(rf"\s?(?:\({_WEEK}[一二三四五六日天]\)|{_WEEK}[一二三四五六日天])")
_UNIT = "(年|个?月|个?季度|周|个?星期|个?礼拜|天|日)"
_COUNT = rf"({NUMBER}|半)"
AFTER = r"(?:之后|以后|过后|后(?![台端面悔续果勤备卫边来期方]))"
BEFORE = r"(?:之前|以前|前(?![台端面往提辈言景途进锋卫]))"
_SHIFT = re.compile(rf"(?:(再?过){_COUNT}{_UNIT}(半)?(?:{AFTER})?|{_COUNT}{_UNIT}(半)?(?:({AFTER})|({BEFORE})))")
_STRETCH = re.compile(
    rf"(?!上半|下半)(?:(最近|近|过去|之前|前|上)的?|(未来|接下来|今后|往后|以后|后|下)的?){_COUNT}{_UNIT}(?!前|后)|{_COUNT}{_UNIT}(?:之内|以内|内)"
)


@dataclass(frozen=True)
class Days:
    """The days `first` to `last`, exclusive. Not `exact`: people would draw the borders differently, as of 月底."""

    first: date
    last: date
    exact: bool = True

    @property
    def single(self) -> bool:
        return self.last - self.first == timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """What a date is read against: `today`; and `floor`, from which on a bare weekday or day of the month counts. In
    the second half of a range `ranged`, the floor is the range's first day. `past`: the text tells of what was.
    """

    today: date
    floor: date
    past: bool = False
    ranged: bool = False


def read_days(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    """The days named at `at`, and where the name ends.

    Raises:
        ImpossibleTime: the form of a date, of a day that does not exist.
    """
    for reader in _READERS:
        try:
            found = reader(text, at, on)
        except (ValueError, OverflowError):  # 9999年 plus one day, 十万年后
            raise ImpossibleTime(at + 1) from None
        if found is not None:
            days, stop = found
            if days.single and (weekday := _BRACKETED_WEEKDAY.match(text, stop)):
                stop = weekday.end()
            return days, stop
    return None


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _one(day: date) -> Days:
    return Days(day, day + timedelta(days=1))


def _month(year: int, month: int) -> Days:
    first = date(year, month, 1)
    return Days(first, add_months(first, 1))


def _year(year: int) -> Days:
    return Days(date(year, 1, 1), date(year + 1, 1, 1))


def _monday(day: date, weeks: int = 0) -> date:
    return day + timedelta(days=7 * weeks - day.weekday())


def _exists(year: int, month: int, day: int, stop: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ImpossibleTime(stop) from None


def _full_date(text: str, at: int, _on: Calendar) -> tuple[Days, int] | None:
    match = _FULL.match(text, at)
    if match is None:
        return None
    return _one(_exists(int(match[1]), int(match[3]), int(match[4]), match.end())), match.end()


def _slash_date(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    match = _SLASH.match(text, at)
    if match is None:
        return None
    month, day = int(match[1]), int(match[2])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None  # a fraction, a score
    return _one(_nearest(month, day, on, match.end())), match.end()


def _dated(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    """A year, a part of one, or a month of one, and what follows them."""
    match = _YEAR.match(text, at)
    if match is None:
        part = _YEAR_PART.match(text, at)
        if part is not None:
            return _part_of_year(on.floor.year, part[0]), part.end()
        month = _MONTH.match(text, at)
        return None if month is None else _in_month(text, month, None, on)
    year, place = _named_year(match, on), _skipped(text, match.end())
    if not 1 <= year <= 9998:
        raise ImpossibleTime(match.end())
    if part := _PART_OF_THAT_YEAR.match(text, place):
        return _part_of_year(year, part[0]), part.end()
    if quarter := _QUARTER.match(text, place):
        return _quarter(year, number(quarter[1] or quarter[2])), quarter.end()
    if found := festival(text, place):
        name, stop = found
        return Days(*_festival_of(name, year, stop)), stop
    if (month := _MONTH.match(text, place)) and month[1]:
        return _in_month(text, month, year, on)
    return _year(year), match.end()


def _named_year(match: re.Match[str], on: Calendar) -> int:
    if match[1]:
        year = number(match[1])
        return year + 2000 if len(match[1]) == 2 else year
    steps = {"大前": -3, "前": -2, "去": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
    return on.today.year + (0 if match[3] else steps[match[2]])


def _part_of_year(year: int, name: str) -> Days:
    if name in ("上半年", "下半年"):
        first = date(year, 1 if name[0] == "上" else 7, 1)
        return Days(first, add_months(first, 6))
    months = {"初": (1, 2), "中": (6, 8), "底": (12, 13), "末": (12, 13)}[name[-1]]
    first = date(year, months[0], 1)
    return Days(first, add_months(first, months[1] - months[0]), exact=False)


def _quarter(year: int, count: int) -> Days:
    first = date(year, 3 * count - 2, 1)
    return Days(first, add_months(first, 3))


def _in_month(text: str, match: re.Match[str], year: int | None, on: Calendar) -> tuple[Days, int] | None:
    stop = match.end()
    if match[1]:
        month = number(match[1])
        if not 1 <= month <= 12:
            raise ImpossibleTime(stop)
    else:
        first = add_months(on.today.replace(day=1), _steps(match[2]))
        year, month = first.year, first.month
    place = _skipped(text, stop)
    for pattern in (_DAY_RANGE, _DAY_OF_MONTH, _BARE_DAY):
        if day := pattern.match(text, place if pattern is not _BARE_DAY else stop):
            count = number(day[1])
            if year is None:
                return _one(_nearest(month, count, on, day.end())), day.end()
            return _one(_exists(year, month, count, day.end())), day.end()
    whole = _month(year, month) if year is not None else _nearest_month(month, on)
    if nth := _NTH_WEEKDAY.match(text, stop):
        return _nth_weekday(whole, nth), nth.end()
    if week := _NTH_WEEK.match(text, stop):
        return _nth_week(whole, week), week.end()
    if edge := _LAST_DAY.match(text, stop):
        return _one(whole.first if "第" in edge[0] else whole.last - timedelta(days=1)), edge.end()
    if part := _MONTH_PART.match(text, stop):
        return _part_of_month(whole, part[1]), part.end()
    return whole, stop


def _part_of_month(month: Days, name: str) -> Days:
    first, last = month.first, month.last
    if name.endswith("旬"):
        borders = {"上": (first, 0, 10), "中": (first, 10, 20)}.get(name[0])
        if borders is None:
            return Days(first + timedelta(days=20), last)
        return Days(first + timedelta(days=borders[1]), first + timedelta(days=borders[2]))
    kind = name[-1]
    if kind == "初":
        return Days(first, first + timedelta(days=7), exact=False)
    if kind == "中":
        return Days(first + timedelta(days=10), first + timedelta(days=20), exact=False)
    return Days(last - timedelta(days=7), last, exact=False)


def _nth_week(month: Days, match: re.Match[str]) -> Days:
    """The first week is the one that holds the month's first day, from Monday on, as calendars show it."""
    last = month.last - timedelta(days=1)
    first = _monday(month.first, number(match[1]) - 1) if match[1] else _monday(last)
    if first > last or (match[1] and number(match[1]) < 1):
        raise ImpossibleTime(match.end())
    return Days(first, first + timedelta(days=7), exact=False)


def _nth_weekday(month: Days, match: re.Match[str]) -> Days:
    weekday = _WEEKDAYS[match[2][-1]] if match[2] else 0
    days = [month.first + timedelta(days=n) for n in range((month.last - month.first).days)]
    fitting = [day for day in days if day.weekday() == weekday]
    count = number(match[1]) if match[1] else len(fitting)
    if not 1 <= count <= len(fitting):
        raise ImpossibleTime(match.end())
    return _one(fitting[count - 1])


def _nearest(month: int, day: int, on: Calendar, stop: int) -> date:
    """The date without a year. A range's second date is the first one after its beginning. Otherwise this year's,
    unless that lies more than 180 days back: then next year's. What was is never ahead.
    """
    if on.ranged:
        years = range(on.floor.year, on.floor.year + 9)
        allowed = (d for year in years if (d := _made(year, month, day)) and d >= on.floor)
    elif on.past:
        years = range(on.today.year, on.today.year - 9, -1)
        allowed = (d for year in years if (d := _made(year, month, day)) and d <= on.today)
    else:
        years = range(on.today.year, on.today.year + 9)
        allowed = (d for y in years if (d := _made(y, month, day)) and d >= on.today - timedelta(days=180))
    found = next(allowed, None)
    if found is None:
        raise ImpossibleTime(stop)
    return found


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest_month(month: int, on: Calendar) -> Days:
    """A month without a year, by the same rule."""
    day = calendar.monthrange(2023, month)[1] if on.ranged else 1
    return _month(_nearest(month, day, on, 0).year, month)


def _day_of_month(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    match = _DAY_RANGE.match(text, at) or _DAY_OF_MONTH.match(text, at)
    if match is None:
        return None
    count = number(match[1])
    if not 1 <= count <= 31 or (at and text[at - 1] in _BEFORE_A_NUMBER):
        return None
    month = on.floor.replace(day=1)
    for step in range(13):
        first = add_months(month, -step if on.past else step)
        day = _made(first.year, first.month, count)
        if day is not None and (day <= on.today if on.past and not on.ranged else day >= on.floor):
            return _one(day), match.end()
    raise ImpossibleTime(match.end())


def _month_part(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    match = _PART_OF_THIS_MONTH.match(text, at)
    if match is None:
        return None
    return _part_of_month(_month(on.floor.year, on.floor.month), match[1]), match.end()


def _relative_day(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    if match := _RELATIVE_DAY.match(text, at):
        return _one(on.today + timedelta(days=_RELATIVE_DAYS[match[1].removesuffix("个")])), match.end()
    if match := _FUSED_DAY.match(text, at):
        steps = {"今": 0, "明": 1, "昨": -1, "后": 2, "前": -2}
        return _one(on.today + timedelta(days=steps[match[1]])), match.end()
    if match := _DAY_PAIR.match(text, at):
        first = on.today + timedelta(days=1 if match[1] == "明后" else 0)
        return Days(first, first + timedelta(days=3 if match[2] == "几" else 2), exact=match[2] != "几"), match.end()
    return None


def _weekday(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    if match := _WEEK_DAY.match(text, at):
        if match[1]:
            monday = _monday(on.today, _steps(match[1]))
        elif match[2] == "末":
            monday = _monday(on.floor, -1 if on.past and on.floor.weekday() < 5 else 0)
        else:
            day = _WEEKDAYS[match[2]]
            if on.past and not on.ranged:
                return _one(on.floor - timedelta(days=(on.floor.weekday() - day) % 7)), match.end()
            return _one(on.floor + timedelta(days=(day - on.floor.weekday()) % 7)), match.end()
        if match[2] == "末":
            return Days(monday + timedelta(days=5), monday + timedelta(days=7)), match.end()
        return _one(monday + timedelta(days=_WEEKDAYS[match[2]])), match.end()
    if match := _WHOLE_WEEK.match(text, at):
        monday = _monday(on.today, _steps(match[1]))
        return Days(monday, monday + timedelta(days=7)), match.end()
    return None


def _steps(words: str) -> int:
    """下下 -> 2, 上 -> -1, 本 -> 0."""
    step = _STEPS[words[0]]
    return step * (words.count("上") + words.count("下")) if step else 0


def _festival(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    found = festival(text, at)
    if found is None:
        return None
    name, stop = found
    years = range(on.today.year, on.today.year - 3, -1) if on.past else range(on.floor.year, on.floor.year + 3)
    for year in years:
        first, last = _festival_of(name, year, stop)
        if (first <= on.today) if on.past else (last > on.floor):
            return Days(first, last), stop
    raise ImpossibleTime(stop)


def _festival_of(name: str, year: int, stop: int) -> tuple[date, date]:
    try:
        return FESTIVALS[name](year)
    except ValueError:
        raise ImpossibleTime(stop) from None


def _shifted(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    """三天后, 过两周, 半个月前: the day that is so far away."""
    match = _SHIFT.match(text, at)
    if match is None:
        return None
    if match[1]:
        count, unit, half, sign = match[2], match[3], match[4], 1
    else:
        count, unit, half, sign = match[5], match[6], match[7], 1 if match[8] else -1
    return _one(_moved(on.today, count, unit, bool(half), sign)), match.end()


def _stretch(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    """最近三天, 未来两周, 三天内: up to today, or from today on."""
    match = _STRETCH.match(text, at)
    if match is None:
        return None
    back, ahead, count, unit, inside, inside_unit = match.groups()
    tomorrow = on.today + timedelta(days=1)
    if back:
        return Days(_moved(tomorrow, count, unit, False, -1), tomorrow, exact=False), match.end()
    last = _moved(on.today, count or inside, unit or inside_unit, False, 1)
    return Days(on.today, last if ahead else last + timedelta(days=1), exact=False), match.end()


def _moved(day: date, count: str, unit: str, half: bool, sign: int) -> date:
    size = 0.5 if count == "半" else number(count)
    size += 0.5 if half else 0
    unit = unit.removeprefix("个")
    if unit in ("年", "月", "季度"):
        months = size * {"年": 12, "月": 1, "季度": 3}[unit]
        moved = add_months(day, sign * int(months))
        return moved + timedelta(days=sign * 15) if months != int(months) else moved
    return day + timedelta(days=sign * int(size * {"周": 7, "星期": 7, "礼拜": 7, "天": 1, "日": 1}[unit]))


def _quarters(text: str, at: int, on: Calendar) -> tuple[Days, int] | None:
    if match := _QUARTER.match(text, at):
        return _quarter(on.floor.year, number(match[1] or match[2])), match.end()
    if match := _RELATIVE_QUARTER.match(text, at):
        first = add_months(date(on.today.year, (on.today.month - 1) // 3 * 3 + 1, 1), 3 * _steps(match[1]))
        return Days(first, add_months(first, 3)), match.end()
    return None


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " 的":
        at += 1
    return at


_READERS: tuple[Callable[[str, int, Calendar], tuple[Days, int] | None], ...] = (
    _full_date,
    _shifted,
    _stretch,
    _dated,
    _slash_date,
    _day_of_month,
    _relative_day,
    _weekday,
    _quarters,
    _month_part,
    _festival,
)
