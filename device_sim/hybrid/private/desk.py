"""What every answer and every command works with: the request, the phone's data, the moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.reading import Reading, about, in_pieces, names_all, read_request
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.mentions import People
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore

TITLE = 24  # characters of a note's first line that serve as its title
_REPEAT = timedelta(minutes=1)


@dataclass(frozen=True)
class Desk:
    """One request's view of the phone. `text` is the request as it was typed."""

    store: PersonalStore
    people: People
    now: datetime
    text: str

    def read(self, text: str, *, command: bool = True) -> Reading:
        """Times and persons of a part of the request."""
        return read_request(text, self.now, self.people, command=command)

    def contacts_called(self, name: str) -> tuple[Contact, ...]:
        """The contacts that the whole of `name` names: by name or alias, else as a mention does."""
        wanted = name.strip()
        known = tuple(one for one in self.store.contacts() if wanted in (one.name, *one.aliases))
        if known:
            return known
        mentions = self.people.find(wanted)
        whole = len(mentions) == 1 and mentions[0].stop - mentions[0].begin == len(wanted)
        return mentions[0].contacts if whole else ()

    def one_contact(self, name: str, verb: str) -> Contact | PrivateAnswer:
        """The contact of that name, or why there is not one."""
        known = self.contacts_called(name)
        if not known:
            return no(f"通讯录里没有「{name}」，没有{verb}。")
        if len(known) > 1:
            names = "、".join(one.name for one in known)
            return no(f"有 {len(known)} 位联系人叫「{name}」，没有{verb}。请说全名：{names}")
        return known[0]

    def keep_note(self, body: str, title: str | None = None) -> PrivateAnswer:
        """Add a note, unless the same one was kept within the minute."""
        for known in self.store.notes(self.now - _REPEAT, self.now + _REPEAT):
            if known.body == body.strip():
                return yes(f"这条笔记已经有了：《{known.title}》", source(known))
        first = title or body.strip().splitlines()[0]
        short = first if len(first) <= TITLE else first[: TITLE - 1] + "…"
        added = self.store.add_note(Note(0, short, body, self.now))
        return yes(f"已记成笔记《{added.title}》。", source(added), changed=True, undo="可以在笔记里删掉它")

    def keep_event(self, event: Event) -> PrivateAnswer:
        """Put an event into the calendar, unless the same one is there; what it conflicts with is told."""
        around = self.store.events(event.start, event.end)
        for known in around:
            if (known.title, known.start, known.end) == (event.title, event.start, event.end):
                return yes(f"已经有了：{telling.say_event(known, self.now)}", source(known))
        added = self.store.add_event(event)
        told = f"已加到日历：{telling.say_event(added, self.now)}。{self.remarks(added, around)}"
        undo = f"说「取消{added.start.month}月{added.start.day}日的{added.title}」就撤掉"
        return yes(told, source(added), changed=True, undo=undo)

    def change_event(self, event: Event, changed: Event, told: str) -> PrivateAnswer:
        """Put a changed event in the place of the old one."""
        kept = self.store.change_event(changed)
        around = self.store.events(kept.start, kept.end) if kept.start != event.start else ()
        undo = f"原来是 {telling.say_event(event, self.now)}"
        return yes(told + self.remarks(kept, around), source(kept), changed=True, undo=undo)

    def remarks(self, event: Event, around: Sequence[Event]) -> str:
        """What the user should know of an event that was just put there."""
        told = ""
        others = [one for one in around if one.id != event.id and not one.whole_day and not event.whole_day]
        if others:
            told += f"\n注意，和这些时间冲突：\n{telling.say_events(others, self.now)}"
        return told + ("\n这个时间已经过去了。" if event.end <= self.now else "")

    def event_meant(self, which: str, verb: str) -> Event | PrivateAnswer:
        """The one event that the words mean, or the question which."""
        found = self.events_meant(which, verb)
        if isinstance(found, PrivateAnswer):
            return found
        if len(found) > 1:
            listed = telling.say_events(found, self.now)
            return no(f"有 {len(found)} 个都对得上，没有{verb}。请说清是哪一个：\n{listed}", *map(source, found))
        return found[0]

    def events_meant(self, which: str, verb: str) -> Sequence[Event] | PrivateAnswer:
        """All events that the words mean, one at least, or why there is none."""
        reading = self.read(which)
        if reading.unclear is not None:
            return no(f"{telling.say_unclear(reading.unclear)}没有{verb}。")
        if len(reading.times.spans) > 1:
            return no(f"里面有不止一个时间，没有{verb}。请一次说一件事。")
        span = reading.span
        if span is None and not reading.mentions and not reading.terms():
            return no(f"要{verb}哪个日程？请说出时间、人或名称。")
        start, end = (span.start, span.end) if span else (self.now, None)
        around = self.store.events(start, end)
        found = about(reading, around, self.people, exact=True)
        if span is not None and span.moment:
            found = [event for event in found if event.start == span.start] or found
        if not found and verb != "取消":
            chosen = [one for one in around if names_all(reading.mentions, one, self.people)]
            found = in_pieces(reading.terms(), chosen)
        return found or self._nothing_meant(reading, around, verb)

    def _nothing_meant(self, reading: Reading, around: Sequence[Event], verb: str) -> PrivateAnswer:
        span = reading.span
        when = telling.say_span(reading.text, span, self.now) if span else "今后"
        told = f"{when}没有找到这样的日程，没有{verb}。"
        like = about(reading, around, self.people) or self._like_on_that_day(reading)
        if like:
            return no(f"{told}是不是这些里的一个：\n{telling.say_events(like, self.now)}", *map(source, like))
        if span is None:
            before = about(reading, self.store.events(None, self.now), self.people, exact=True)[-1:]
            past = "".join(f"最近的一次已经过去：{telling.say_event(one, self.now)}" for one in before)
            return no(told + past, *map(source, before))
        same_day = around if span.end - span.start < timedelta(days=2) else ()
        listed = f"那时候有：\n{telling.say_events(same_day, self.now)}" if same_day else ""
        return no(told + listed, *map(source, same_day))

    def _like_on_that_day(self, reading: Reading) -> Sequence[Event]:
        """What might be meant at another hour of the day that was named."""
        span = reading.span
        if span is None or span.whole_day or not (reading.mentions or reading.terms()):
            return ()
        first = datetime.combine(span.start.date(), datetime.min.time(), span.start.tzinfo)
        return about(reading, self.store.events(first, first + timedelta(days=1)), self.people)


Command = Callable[[Desk], PrivateAnswer]
