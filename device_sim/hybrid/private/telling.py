"""How the phone's own data is told, in Chinese."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from device_sim.personal.records import Contact, Event
from device_sim.personal.times import TimeSpan

MOST_SHOWN = 12
_WEEKDAYS = "一二三四五六日"
_DAY = timedelta(days=1)


def say_day(day: date, now: datetime) -> str:
    """11月5日 周四; with the year where it is another one."""
    year = f"{day.year}年" if day.year != now.year else ""
    return f"{year}{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}"


def say_when(event: Event, now: datetime) -> str:
    """The day and the hours of an event."""
    last = event.end - _DAY if event.whole_day else event.end
    if event.whole_day:
        return f"{say_day(event.start.date(), now)}{_until_day(event.start, last, now)} 全天"
    if event.end.date() == event.start.date():
        return f"{say_day(event.start.date(), now)} {event.start:%H:%M}–{event.end:%H:%M}"
    return (
        f"{say_day(event.start.date(), now)} {event.start:%H:%M} 到 {say_day(event.end.date(), now)} {event.end:%H:%M}"
    )


def _until_day(start: datetime, last: datetime, now: datetime) -> str:
    return f" 到 {say_day(last.date(), now)}" if last.date() > start.date() else ""


def say_event(event: Event, now: datetime) -> str:
    """One event in a line: when, what, where, who."""
    rest = "；".join(part for part in (event.place or "", "、".join(event.people)) if part)
    return f"{say_when(event, now)} {event.title}" + (f"（{rest}）" if rest else "")


def say_events(events: Sequence[Event], now: datetime) -> str:
    """A list, one event a line."""
    lines = [f"· {say_event(event, now)}" for event in events[:MOST_SHOWN]]
    if len(events) > MOST_SHOWN:
        lines.append(f"……还有 {len(events) - MOST_SHOWN} 个")
    return "\n".join(lines)


def say_contact(contact: Contact, wanted: str) -> str:
    """What is known of a contact: `phone`, `email`, `organisation`, or all of it."""
    phones, emails = "、".join(contact.phones), "、".join(contact.emails)
    if wanted == "phone":
        return f"{contact.name}的电话：{phones}" if phones else f"{contact.name}没有存电话"
    if wanted == "email":
        return f"{contact.name}的邮箱：{emails}" if emails else f"{contact.name}没有存邮箱"
    if wanted == "organisation":
        return f"{contact.name}的单位：{contact.organisation}" if contact.organisation else f"{contact.name}没有存单位"
    known = [("电话", phones), ("邮箱", emails), ("单位", contact.organisation or "")]
    told = "，".join(f"{name} {value}" for name, value in known if value)
    return f"{contact.name}：{told}" if told else f"{contact.name}：除了名字没有存别的"


def detail_asked(plain: str) -> str:
    """Which detail of a contact a question asks for: phone, email, organisation or all."""
    if re.search("邮箱|邮件|e-?mail", plain):
        return "email"
    if re.search("电话|手机|号码|座机|号是多少", plain):
        return "phone"
    return "organisation" if re.search("公司|单位|上班的?地方|上班|工作|任职", plain) else "all"


def say_all(contact: Contact) -> str:
    """All that is stored of a contact, so that it could be entered again."""
    aliases = f"（也叫{'、'.join(contact.aliases)}）" if contact.aliases else ""
    known = [
        ("电话", "、".join(contact.phones)),
        ("邮箱", "、".join(contact.emails)),
        ("单位", contact.organisation or ""),
    ]
    told = "，".join(f"{name} {value}" for name, value in known if value)
    return f"{contact.name}{aliases}" + (f"：{told}" if told else "")


def say_span(text: str, span: TimeSpan, now: datetime) -> str:
    """The time as it was said, with what it means: 下周四（12月3日 周四）."""
    said = text[span.begin : span.stop].strip()
    first, last = span.start.date(), (span.end - timedelta(minutes=1)).date()
    day = say_day(first, now) if first == last else f"{say_day(first, now)}到{say_day(last, now)}"
    return f"{said}（{day}）" if said not in day else day


def say_spans(text: str, spans: Sequence[TimeSpan], now: datetime) -> str:
    """All the times that were said."""
    return "、".join(say_span(text, span, now) for span in spans)


def say_length(event: Event) -> str:
    """How long an event lasts: 2 小时 30 分钟."""
    minutes = int((event.end - event.start).total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "天"), (rest // 60, "小时"), (rest % 60, "分钟"))
    return " ".join(f"{size} {unit}" for size, unit in parts if size) or "0 分钟"


def free_stretches(span: TimeSpan, events: Sequence[Event]) -> str | None:
    """Where there is room on one day between 8 and 22 o'clock, at least half an hour long; None for several days."""
    if span.end - span.start > _DAY or not events or any(event.whole_day for event in events):
        return None
    opening, closing = (
        datetime.combine(span.start.date(), datetime.min.time(), span.start.tzinfo) + timedelta(hours=h)
        for h in (8, 22)
    )
    at, free = max(span.start, opening), []
    end = min(span.end, closing)
    for event in sorted(events, key=lambda one: one.start):
        if event.start - at >= timedelta(minutes=30):
            free.append(f"{at:%H:%M}–{min(event.start, end):%H:%M}")
        at = max(at, event.end)
    if end - at >= timedelta(minutes=30):
        free.append(f"{at:%H:%M}–{end:%H:%M}")
    return "、".join(free) if free else None


def say_unclear(said: str) -> str:
    """Why a time was not understood, without the end of the sentence."""
    if said.startswith("每"):
        return f"「{said}」是重复的时间，这里一次只管一件事，"
    if said[0] in "农阴旧腊冬正闰初小":
        return f"「{said}」是农历，农历的日子还不会算，"
    return f"「{said}」不清楚是哪一天或几点，"
