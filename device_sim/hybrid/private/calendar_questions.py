"""Questions about the calendar: what there is, when something is, what is next."""

import re
from collections.abc import Sequence
from datetime import timedelta

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.asked import organisations_named
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.facts import quote
from device_sim.hybrid.private.reading import Reading, about, likeness
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Event
from device_sim.personal.times import TimeSpan

_SURE = 0.75  # of the characters of a question's terms, what events hold that are told without looking further
_LENGTH = re.compile("多久|多长|几个小时|几小时|时长")


def listed(desk: Desk, reading: Reading) -> PrivateAnswer:
    """The events that the question asks for."""
    span = reading.span
    found = _events(desk, reading, span)
    if re.search("全天|整天", reading.plain):
        found = [one for one in found if one.whole_day]
    if span is None and not reading.mentions and not reading.terms():
        found = [one for one in found if one.start < desk.now + timedelta(days=7)]
        when = "今后七天"
    else:
        when = (
            telling.say_spans(reading.text, reading.times.spans, desk.now)
            if span
            else ("以前" if reading.past else "今后")
        )
    by_organisation = _only(reading, _organisations(desk, reading))
    if not _sure(reading, found) and not by_organisation and (noted := quote(desk, reading)) is not None:
        return noted.answer
    if not found and reading.terms() and not by_organisation:
        return no(f"{when}没有找到{_wanted(reading)}安排。{_that_day(desk, span)}")
    if not found:
        return yes(f"{when}没有{_wanted(reading)}安排。")
    told = f"{when}有 {len(found)} 个{_wanted(reading)}安排：\n{telling.say_events(found, desk.now)}"
    return yes(told, *map(source, found))


def when(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """When, where, how long, with whom: the event that is asked about is told."""
    if not (reading.mentions or reading.terms() or reading.span):
        return None
    if reading.span is not None and not reading.terms():
        there = _told(desk, reading, _events(desk, reading, reading.span))
        if there is None and reading.mentions:
            day = telling.say_span(reading.text, reading.span, desk.now)
            return no(f"{day}没有找到{_wanted(reading)}安排。{_that_day(desk, reading.span)}")
        return there or listed(desk, reading)
    found = _events(desk, reading, reading.span)
    if _sure(reading, found):
        return _told(desk, reading, found)
    before: list[Event] = []
    if reading.span is None and not reading.past:
        before = about(reading, desk.store.events(None, desk.now), desk.people)[-1:]
        if _sure(reading, before) and not found:
            past = f"今后没有；最近的一次是：{telling.say_event(before[0], desk.now)}"
            return yes(past, source(before[0]))
    noted = quote(desk, reading)
    if noted is not None:
        return noted.answer
    if found or before:
        return _told(desk, reading, found or before)
    if reading.span is not None:
        when_ = telling.say_span(reading.text, reading.span, desk.now)
        return no(f"{when_}没有找到{_wanted(reading)}安排。{_that_day(desk, reading.span)}")
    return no(f"日历和笔记里没有找到{_wanted(reading)}记录。")


def _told(desk: Desk, reading: Reading, found: Sequence[Event]) -> PrivateAnswer | None:
    if not found:
        return None
    if reading.past and reading.span is None:
        found = found[-1:]
    if len(found) > 1:
        told = f"有 {len(found)} 个对得上：\n{telling.say_events(found, desk.now)}"
        return yes(told, *map(source, found))
    length = f"，{telling.say_length(found[0])}" if _LENGTH.search(reading.plain) else ""
    return yes(telling.say_event(found[0], desk.now) + length, source(found[0]))


def next_one(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """The next event of those that are asked about."""
    coming = [one for one in _events(desk, reading, reading.span) if one.start >= desk.now]
    if not _sure(reading, coming) and (noted := quote(desk, reading)) is not None:
        return noted.answer
    if not coming:
        return yes(f"今后没有{_wanted(reading)}安排。")
    return yes(f"下一个{_wanted(reading)}安排：{telling.say_event(coming[0], desk.now)}", source(coming[0]))


def first_or_last(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """The first or the last event of a time."""
    if reading.span is None or reading.terms():
        return None
    found = [one for one in _events(desk, reading, reading.span) if not one.whole_day]
    when_ = telling.say_span(reading.text, reading.span, desk.now)
    if not found:
        return yes(f"{when_}没有安排。")
    last = re.search("最后|最晚", reading.plain) is not None
    event = found[-1] if last else found[0]
    return yes(f"{when_}{'最后' if last else '第'}一个安排：{telling.say_event(event, desk.now)}", source(event))


def _events(desk: Desk, reading: Reading, span: TimeSpan | None) -> list[Event]:
    around = _in(desk, reading, span)
    found = about(reading, around, desk.people)
    if found or not reading.terms():
        return found
    # 和拓谱的会 is one with somebody who works there.
    who = organisations_named(reading.without_times_and_people(), desk.store.contacts())
    names = {contact.name for contacts in who.values() for contact in contacts}
    return [event for event in around if names & set(event.people)] if _only(reading, tuple(who)) else []


def _organisations(desk: Desk, reading: Reading) -> tuple[str, ...]:
    return tuple(organisations_named(reading.without_times_and_people(), desk.store.contacts()))


def _only(reading: Reading, organisations: Sequence[str]) -> bool:
    terms = reading.terms()
    return bool(organisations) and all(any(name in term for name in organisations) and len(term) <= 8 for term in terms)


def _in(desk: Desk, reading: Reading, span: TimeSpan | None) -> Sequence[Event]:
    if len(reading.times.spans) > 1:
        found = {one.id: one for other in reading.times.spans for one in desk.store.events(other.start, other.end)}
        return sorted(found.values(), key=lambda one: one.start)
    if span is not None:
        still = "还" in reading.text and span.start <= desk.now < span.end
        return desk.store.events(desk.now if still else span.start, span.end)
    return desk.store.events(None, desk.now) if reading.past else desk.store.events(desk.now, None)


def _sure(reading: Reading, found: Sequence[Event]) -> bool:
    """Whether the events hold nearly all that is asked about."""
    terms = reading.terms()
    if not terms:
        return True
    if not found:
        return False
    best = max(likeness(terms, half_width(f"{one.title} {one.place or ''} {' '.join(one.people)}")) for one in found)
    return best >= _SURE * sum(map(len, terms))


def _wanted(reading: Reading) -> str:
    """What the list is narrowed down to, as it was said."""
    said = [reading.text[one.begin : one.stop] for one in reading.mentions]
    told = f"和{'、'.join(said)}的" if said else ""
    terms = reading.terms()
    return told + (f"与「{'」「'.join(terms)}」有关的" if terms else "")


def _that_day(desk: Desk, span: TimeSpan | None) -> str:
    """What there is instead, on a day that was asked about."""
    if span is None or span.end - span.start > timedelta(days=1):
        return ""
    others = desk.store.events(span.start, span.end)
    return f"那时候有：\n{telling.say_events(others, desk.now)}" if others else "那时候没有安排。"
