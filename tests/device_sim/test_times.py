"""Chinese time expressions: a table of them read at several moments, and what no time may do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_sim.personal.numerals import number
from device_sim.personal.times import MOMENT, TimeSpan, find_times, read_times

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 10, 28, 10, 20, tzinfo=SHANGHAI)  # a Wednesday


def table() -> Iterator[tuple[datetime, bool, str, str, str, str]]:
    now, past = NOW, False
    for line in (Path(__file__).parent / "time_expressions.txt").read_text().splitlines():
        if line.startswith("@"):
            day, clock, zone, *rest = line[1:].split()
            now, past = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(zone)), rest == ["past"]
        elif line and not line.startswith("#"):
            text, said, meant, kind = (part.strip() for part in line.split("|"))
            yield now, past, text, said, meant, kind


TABLE = list(table())


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%Y-%m-%d %H:%M}"


def test_the_table_is_long() -> None:
    assert len(TABLE) >= 250
    assert len({now for now, *_ in TABLE}) >= 6


@pytest.mark.parametrize(
    ("now", "past", "text", "said", "meant", "kind"), TABLE, ids=[f"{row[2]}-{row[0]:%m%d}" for row in TABLE]
)
def test_an_expression(now: datetime, past: bool, text: str, said: str, meant: str, kind: str) -> None:
    found = read_times(text, now, past=past)
    if meant == "nothing":
        assert found.spans == ()
        assert found.unclear == ()
    elif meant.startswith("unclear"):
        assert found.spans == ()
        assert "/".join(text[begin:stop] for begin, stop in found.unclear) == meant.removeprefix("unclear").strip()
    else:
        (span,) = found.spans
        assert text[span.begin : span.stop] == (said or text)
        assert (stamp(span.start) if span.moment else f"{stamp(span.start)} .. {stamp(span.end)}") == meant
        assert ("days" if span.whole_day else "moment" if span.moment else "hours") == kind.removesuffix(", rough")
        assert span.precise is not kind.endswith("rough")
        assert span.start.tzinfo is now.tzinfo


def test_several_times_in_one_text_are_found_in_order() -> None:
    text = "明天下午三点和王总开会，后天把报告给李工，下周一到下周三去上海，10月20号那份也要"
    found = find_times(text, NOW)
    assert [text[span.begin : span.stop] for span in found] == ["明天下午三点", "后天", "下周一到下周三", "10月20号"]
    assert all(first.stop <= second.begin for first, second in pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "订单号20261203155900", "电话 13812345678", "版本 1.2.3", "比分3:1", "占1/3的人", "3.5折", "第三号文件",
        "10086", "五号线转十号线", "三点建议", "有一点贵", "早一点睡", "快一点", "我有一点想法", "一时兴起",
        "两个月大的猫", "A3号纸", "三天打鱼两天晒网", "工作了十年", "星期", "周到的服务", "上下文", "本来", "年轻人",
        "月亮", "３６５", "二维码", "一号会议室",
    ],
)  # fmt: skip
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert find_times(text, NOW) == ()


@pytest.mark.parametrize(
    "piece", ["明天下午三点到", "一", "1", "周", "1月", "每", "上", "下下", "二月三十号", "12:", "的"]
)
def test_a_text_of_20_000_characters_is_read(piece: str) -> None:
    """Half a second each; were the work to grow with the square, it would be an hour."""
    length = 20_000
    found = read_times((piece * length)[:length], NOW)
    assert all(first.stop <= second.begin for first, second in pairwise(found.spans))


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5_000 + "天后",
        "九" * 5_000 + "天后",
        "99999年后",
        "999999小时后",
        "999999个月前",
        "十万年前",
        "9999年12月31日",
        "0000年1月1日",
    ],
)
def test_numbers_without_sense_are_no_error(text: str) -> None:
    for span in find_times(text, NOW):
        assert span.start.year < 9999


def test_the_zone_is_that_of_the_moment() -> None:
    for zone in (UTC, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Pacific/Apia")):
        (span,) = find_times("明天下午三点", NOW.astimezone(zone))
        assert span.start.tzinfo is zone
        assert (span.start.hour, span.end - span.start) == (15, MOMENT)
    with pytest.raises(ValueError, match="aware"):
        find_times("明天", datetime(2026, 10, 28))  # noqa: DTZ001 - that is the point


def test_a_day_of_23_hours_is_still_a_day() -> None:
    (span,) = find_times("明天", datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York")))
    assert span.end.astimezone(UTC) - span.start.astimezone(UTC) == timedelta(hours=23)


def test_whether_a_day_was_named() -> None:
    def dated(text: str) -> bool:
        (span,) = find_times(text, NOW)
        return span.dated

    assert [dated(text) for text in ("三点", "下午", "明天三点", "3点到5点", "周五", "半小时后")] == [
        False, False, True, False, True, True,
    ]  # fmt: skip


def test_full_width_text_keeps_its_places() -> None:
    text = "（１２月３日）１５：００见"
    found = find_times(text, NOW)
    assert [text[span.begin : span.stop] for span in found] == ["１２月３日", "１５：００"]
    assert isinstance(found[0], TimeSpan)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("12", 12),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("两", 2),
        ("廿三", 23),
        ("一百零五", 105),
        ("二〇二六", 2026),
        ("三千", 3000),
        ("一万二千", 12000),
    ],
)
def test_numerals(said: str, value: int) -> None:
    assert number(said) == value
