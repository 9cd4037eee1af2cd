"""Private requests, answered from the phone's own data; entries are added, moved and taken out.

Nothing here reaches a network. What the phone does not know is said to be unknown: never guessed, never asked of
others.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar

from device_sim.clock import Clock
from device_sim.errors import InvalidEntry
from device_sim.hybrid.private import drafts as entries, questions as commands, telling as answers
from device_sim.hybrid.private.questions import Kind
from device_sim.hybrid.private.lookup import Lookup
from device_sim.hybrid.private.reading import Reading, about, read_request
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.mentions import People
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore

_TITLE = 24  # characters of a note's first line that serve as its title
_REPEAT = timedelta(minutes=1)


class PrivateAnswers:
    """Answers private requests. Thread-safe: commands are carried out one after the other, each in one transaction."""

    def __init__(self, store: PersonalStore, clock: Clock, zone: tzinfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._commands = threading.Lock()
        self._people: tuple[int, People] | None = None

    def answer(self, text: str) -> PrivateAnswer:
        """Answer one request, or carry it out. Linear in its length."""
        now = self._clock.now().astimezone(self._zone)
        people = self._index()
        kind = commands.kind_of(text)
        change = self._changes.get(kind)
        try:
            if change is not None:
                with self._commands:
                    return change(self, text, now, people)
            return Lookup(self._store, people, read_request(text, now, people)).answer(kind)
        except (InvalidEntry, OverflowError):
            return no("这超出了手机能存的：时间在日历的范围之外，或者文字太长。什么都没有改。")

    def would_change(self, text: str) -> bool:
        """Whether a request asks for the phone's data to be changed."""
        return commands.kind_of(text) in self._changes

    def _index(self) -> People:
        """The contacts as they are now, indexed once for each state of them."""
        secrets = self._store.secrets()
        if self._people is None or self._people[0] != secrets.revision:
            self._people = (secrets.revision, People(secrets.contacts))
        return self._people[1]

    # Notes and contacts.

    def _add_note(self, text: str, now: datetime, _people: People) -> PrivateAnswer:
        body = commands.note_body(text) or text.strip()
        return self._keep_note(body, now)

    def _keep_note(self, body: str, now: datetime) -> PrivateAnswer:
        for known in self._store.notes(now - _REPEAT, now + _REPEAT):
            if known.body == body.strip():
                return yes(f"这条笔记已经有了：《{known.title}》", source(known))
        first = body.strip().splitlines()[0]
        title = first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"
        added = self._store.add_note(Note(0, title, body, now))
        return yes(f"已记成笔记《{added.title}》。", source(added), changed=True, undo="可以在笔记里删掉它")

    def _save_contact(self, text: str, _now: datetime, people: People) -> PrivateAnswer:
        detail = commands.contact_detail(text)
        if detail is None:
            return no("没听明白要存谁的号码。可以说：把李娜的电话存为 138 开头的号码")
        known = [one for one in self._store.contacts() if detail.name in (one.name, *one.aliases)]
        known = known or list(self._one_meant(people, detail.name))
        if len(known) > 1:
            return no(
                f"有 {len(known)} 位联系人叫「{detail.name}」，没有改。请说全名：{'、'.join(one.name for one in known)}"
            )
        label = "电话" if detail.field == "phone" else "邮箱"
        if not known:
            added = self._store.add_contact(_with_detail(Contact(0, detail.name, (), (), (), None), detail))
            return yes(
                f"已新建联系人{added.name}，{label} {detail.value}。",
                source(added),
                changed=True,
                undo="可以在通讯录里删掉",
            )
        contact = known[0]
        if _digits(detail.value) in map(_digits, (*contact.phones, *contact.emails)):
            return yes(f"已经有了：{answers.say_contact(contact, detail.field)}", source(contact))
        changed = self._store.change_contact(_with_detail(contact, detail))
        before = "、".join(contact.phones if detail.field == "phone" else contact.emails)
        kept = f"，原来的 {before} 也还在" if before else ""
        return yes(
            f"已把{contact.name}的{label}存为 {detail.value}{kept}。",
            source(changed),
            changed=True,
            undo="可以在通讯录里改回去",
        )

    def _one_meant(self, people: People, name: str) -> Sequence[Contact]:
        mentions = people.find(name)
        return mentions[0].contacts if len(mentions) == 1 and mentions[0].stop - mentions[0].begin == len(name) else ()

    def _other_change(self, _text: str, _now: datetime, _people: People) -> PrivateAnswer:
        return no("联系人和笔记不能靠一句话删改，免得删错。请在通讯录或笔记里改；日程可以直接说取消或改期。")

    # The calendar.

    def _add_event(self, text: str, now: datetime, people: People) -> PrivateAnswer:
        what = commands.event_text(text) or text
        reading = read_request(what, now, people, command=True)
        if reading.unclear is not None:
            return no(f"{answers.say_unclear(reading.unclear)}没有记。可以说「12月3日下午三点」这样的时间。")
        span = reading.span
        if span is None:
            return self._keep_note(what, now)
        if len(reading.times.spans) > 1:
            return no("里面有不止一个时间，没有记。请一次说一件事。")
        drafted = entries.draft(reading)
        hours = entries.hours(span, drafted.length)
        if hours is None:
            missing = "哪一天" if span.whole_day else "几点"
            return no(f"{answers.say_span(what, span, now)}具体{missing}？加上再说一遍，我就记到日历里。")
        start, end, whole = hours
        event = Event(0, drafted.title, start, end, whole, drafted.place, drafted.people)
        around = self._store.events(start, end)
        for known in around:
            if (known.title, known.start, known.end) == (event.title, start, end):
                return yes(f"已经有了：{answers.say_event(known, now)}", source(known))
        added = self._store.add_event(event)
        told = f"已加到日历：{answers.say_event(added, now)}。"
        return yes(
            told + _remarks(added, around, now), source(added), changed=True, undo=f"说「取消{_short(added)}」就撤掉"
        )

    def _move_event(self, text: str, now: datetime, people: People) -> PrivateAnswer:
        move = commands.move_of(text)
        if move is None:
            return no("没听明白要改哪个日程。")
        event = self._meant(read_request(move.which, now, people, command=True), people, "改")
        if isinstance(event, PrivateAnswer):
            return event
        if move.minutes is not None:
            shift = timedelta(minutes=move.minutes)
            hours: tuple[datetime, datetime, bool] | None = (event.start + shift, event.end + shift, event.whole_day)
        else:
            to = read_request(move.to, now, people, command=True)
            if to.unclear is not None or to.span is None:
                return no(f"「{(to.unclear or move.to).strip()}」不清楚是什么时候，没有改。")
            hours = entries.moved(event, to.span, _names_a_part(move.to))
        if hours is None:
            return no("改到哪一天、几点？说清楚再改一遍。没有改。")
        start, end, whole = hours
        if (start, end) == (event.start, event.end):
            return yes(f"已经是这个时间了：{answers.say_event(event, now)}", source(event))
        changed = self._store.change_event(replace(event, start=start, end=end, whole_day=whole))
        around = self._store.events(start, end)
        told = f"已改到 {answers.say_when(changed, now)}：{changed.title}（原来是 {answers.say_when(event, now)}）。"
        return yes(
            told + _remarks(changed, around, now),
            source(changed),
            changed=True,
            undo=f"原来是 {answers.say_when(event, now)}",
        )

    def _cancel_event(self, text: str, now: datetime, people: People) -> PrivateAnswer:
        event = self._meant(read_request(text, now, people, command=True), people, "取消")
        if isinstance(event, PrivateAnswer):
            return event
        self._store.delete_event(event.id)
        told = answers.say_event(event, now)
        return yes(f"已取消：{told}", source(event), changed=True, undo=f"要恢复就说：帮我记一下{told}")

    def _meant(self, reading: Reading, people: People, verb: str) -> Event | PrivateAnswer:
        """The one event that the request means, or the question which."""
        if reading.unclear is not None:
            return no(f"{answers.say_unclear(reading.unclear)}没有{verb}。")
        if len(reading.times.spans) > 1:
            return no(f"里面有不止一个时间，没有{verb}。请一次说一件事。")
        span = reading.span
        if span is None and not reading.mentions and not reading.terms():
            return no(f"要{verb}哪个日程？请说出时间、人或名称。")
        start, end = (span.start, span.end) if span else (reading.now, None)
        around = self._store.events(start, end)
        found = about(reading, around, people, exact=True)
        if span is not None and span.moment:
            found = [event for event in found if event.start == span.start] or found
        if not found:
            like = about(reading, around, people)
            hint = f"是不是这些里的一个：\n{answers.say_events(like, reading.now)}" if like else ""
            return no(f"没有找到这样的日程，没有{verb}。{hint}", *map(source, like))
        if len(found) > 1:
            listed = answers.say_events(found, reading.now)
            return no(f"有 {len(found)} 个都对得上，没有{verb}。请说清是哪一个：\n{listed}", *map(source, found))
        return found[0]

    _changes: ClassVar[dict[Kind, Callable[["PrivateAnswers", str, datetime, People], PrivateAnswer]]] = {
        Kind.ADD_NOTE: _add_note,
        Kind.SAVE_CONTACT: _save_contact,
        Kind.OTHER_CHANGE: _other_change,
        Kind.ADD_EVENT: _add_event,
        Kind.MOVE_EVENT: _move_event,
        Kind.CANCEL_EVENT: _cancel_event,
    }


def _with_detail(contact: Contact, detail: commands.ContactDetail) -> Contact:
    """The newest first."""
    if detail.field == "phone":
        return replace(contact, phones=(detail.value, *contact.phones))
    return replace(contact, emails=(detail.value, *contact.emails))


def _digits(value: str) -> str:
    return value.lower() if "@" in value else "".join(c for c in value if c.isdecimal())


def _names_a_part(text: str) -> bool:
    return any(word in text for word in ("午", "早", "晚", "凌晨", "夜", ":", "："))


def _short(event: Event) -> str:
    return f"{event.start.month}月{event.start.day}日的{event.title}"


def _remarks(event: Event, around: Sequence[Event], now: datetime) -> str:
    """What the user should know of an event that was just put there."""
    told = ""
    others = [one for one in around if one.id != event.id and not one.whole_day and not event.whole_day]
    if others:
        told += f"\n注意，和这些时间冲突：\n{answers.say_events(others, now)}"
    if event.end <= now:
        told += "\n这个时间已经过去了。"
    return told
