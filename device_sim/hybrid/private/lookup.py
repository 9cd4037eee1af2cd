"""Questions about the phone's own data, answered."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar

from device_sim.hybrid.private import questions as commands, telling as answers
from device_sim.hybrid.private.questions import Kind
from device_sim.hybrid.material import sentences
from device_sim.hybrid.private.reading import Reading, about, likeness, words_of
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.mentions import People, surname
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore
from device_sim.personal.times import TimeSpan

_UNKNOWN = (
    "这个手机上答不了：这里只有你的日历、通讯录和笔记，也没有把它发到别处。"
    "可以这样问：「我下周四有什么安排」「张伟的电话是多少」「上次和王总开会说了什么」。"
)
_MOST_NOTES = 30
_SHORT_NOTE = 200  # characters; such a note is told whole
_MOST_SENTENCES = 6
_LEAST_ASKED = 3  # characters; fewer are found by chance
_NEAR = timedelta(hours=36)  # minutes of a meeting are written on the day, or the next one


class Lookup:
    """One question, and where to look."""

    def __init__(self, store: PersonalStore, people: People, reading: Reading) -> None:
        self._store = store
        self._people = people
        self._reading = reading
        self._now = reading.now

    def answer(self, kind: Kind) -> PrivateAnswer:
        """The answer to a question of that kind."""
        reading = self._reading
        if kind in (Kind.COUNT, Kind.FREE, Kind.WHEN, Kind.LIST, Kind.NOTES) and reading.unclear is not None:
            return no(f"{answers.say_unclear(reading.unclear)}没有查。可以说「12月3日」「下周四」这样的时间。")
        answered = self._answers.get(kind)
        if answered is not None:
            return answered(self)
        if commands.states(reading.text) and reading.span is not None and reading.span.moment:
            return no(f"要记到日历里就说：帮我记一下{reading.text.strip()}")
        about_me = bool(reading.mentions) or "我" in reading.text
        if kind is Kind.LIST or (reading.span is not None and about_me):
            return self._list()
        return self._told_in_notes() or no(_UNKNOWN)

    # Contacts.

    def _contact(self) -> PrivateAnswer:
        wanted = commands.detail_asked(self._reading.text)
        contacts = self._reading.contacts or self._of_surname()
        if not contacts:
            name = self._guessed_name()
            contacts = self._store.find_contacts(name) if name else ()
            if not contacts and self._reading.span is not None:
                return self._when()
            if not contacts and name and (noted := self._told_in_notes()):
                return noted
            if not contacts:
                whom = f"「{name}」" if name else "这个人"
                return no(f"通讯录里没有{whom}。可以说「把某人的电话存为……」来添加。")
        several = len(contacts) > 1 and len(self._reading.mentions) < 2
        told = "\n".join(answers.say_contact(one, wanted) for one in contacts[: answers.MOST_SHOWN])
        heading = f"有 {len(contacts)} 位对得上：\n" if several else ""
        return yes(heading + told, *map(source, contacts))

    def _of_surname(self) -> tuple[Contact, ...]:
        family = commands.surname_asked(self._reading.text)
        return tuple(one for one in self._store.contacts() if family and surname(one.name) == family)

    def _guessed_name(self) -> str:
        text = self._reading.text
        for mark in ("的", "电话", "手机", "号码", "邮箱", "联系"):
            before, found, _ = text.partition(mark)
            if found and before.strip():
                words = words_of(before)
                return words[-1] if words else ""
        return ""

    def _whose(self) -> PrivateAnswer:
        value = commands.whose_detail(self._reading.text) or ""
        found = self._store.search_contacts(value)
        if not found:
            return no(f"通讯录里没有 {value}。")
        return yes("\n".join(answers.say_contact(one, "all") for one in found), *map(source, found))

    def _who_works_at(self) -> PrivateAnswer:
        wanted = commands.organisation_asked(self._reading.text) or ""
        terms = words_of(wanted) or (wanted,)
        scored = [(likeness(terms, one.organisation or ""), one) for one in self._store.contacts()]
        best = max((score for score, _ in scored), default=0)
        found = [one for score, one in scored if best and score == best]
        if not found:
            return no(f"通讯录里没有人的单位写着「{wanted}」。")
        told = "\n".join(f"· {one.name}（{one.organisation}）" for one in found)
        return yes(f"{len(found)} 位：\n{told}", *map(source, found))

    # The calendar.

    def _events(self, span: TimeSpan | None) -> list[Event]:
        return about(self._reading, self._in(span), self._people)

    def _in(self, span: TimeSpan | None) -> Sequence[Event]:
        if span is not None:
            still = "还" in self._reading.text and span.start <= self._now < span.end
            return self._store.events(self._now if still else span.start, span.end)
        return self._store.events(None, self._now) if self._reading.past else self._store.events(self._now, None)

    def _list(self) -> PrivateAnswer:
        reading = self._reading
        span = reading.span
        found = self._events(span)
        if span is None and not reading.mentions and not reading.terms():
            found = [one for one in found if one.start < self._now + timedelta(days=7)]
            when = "今后七天"
        else:
            when = answers.say_span(reading.text, span, self._now) if span else ("以前" if reading.past else "今后")
        if not found and reading.terms():
            return self._told_in_notes() or no(f"{when}没有找到{self._wanted()}安排。")
        if not found:
            return yes(f"{when}没有{self._wanted()}安排。")
        return yes(
            f"{when}有 {len(found)} 个{self._wanted()}安排：\n{answers.say_events(found, self._now)}",
            *map(source, found),
        )

    def _wanted(self) -> str:
        """What the list is narrowed down to, as it was said."""
        said = [self._reading.text[one.begin : one.stop] for one in self._reading.mentions]
        told = f"和{'、'.join(said)}的" if said else ""
        terms = self._reading.terms()
        return told + (f"与「{'」「'.join(terms)}」有关的" if terms else "")

    def _count(self) -> PrivateAnswer:
        text = self._reading.text
        if "联系人" in text or "通讯录" in text:
            return yes(f"通讯录里有 {len(self._store.contacts())} 位联系人。")
        if "笔记" in text or "备忘" in text:
            span = self._reading.span
            notes = self._store.notes(span.start, span.end) if span else self._store.notes()
            return yes(f"有 {len(notes)} 条笔记。")
        return self._list()

    def _free(self) -> PrivateAnswer:
        span = self._reading.span
        if span is None:
            return self._list()
        end = span.start + timedelta(hours=1) if span.moment else span.end
        busy = self._store.events(span.start, end)
        when = answers.say_span(self._reading.text, span, self._now)
        if not busy:
            return yes(f"{when}有空，日历上没有安排。")
        told = f"{when}有 {len(busy)} 个安排：\n{answers.say_events(busy, self._now)}"
        free = answers.free_stretches(span, busy) if not span.moment else None
        return yes(told + (f"\n空着的时间：{free}" if free else ""), *map(source, busy))

    def _next(self) -> PrivateAnswer:
        coming = [one for one in self._events(self._reading.span) if one.start >= self._now]
        if not coming:
            return yes(f"今后没有{self._wanted()}安排。")
        return yes(f"下一个{self._wanted()}安排：{answers.say_event(coming[0], self._now)}", source(coming[0]))

    def _when(self) -> PrivateAnswer:
        reading = self._reading
        if not (reading.mentions or reading.terms() or reading.span):
            return no(_UNKNOWN)
        found = self._events(reading.span)
        if not found and reading.span is None and not reading.past:
            found = about(reading, self._store.events(None, self._now), self._people)[-1:]
            if found:
                return yes(f"今后没有；最近的一次是：{answers.say_event(found[0], self._now)}", source(found[0]))
        if not found:
            return self._told_in_notes() or no("日历上没有找到这件事。")
        if reading.past and reading.span is None:
            found = found[-1:]
        return (
            yes(answers.say_events(found, self._now).removeprefix("· "), *map(source, found))
            if len(found) == 1
            else yes(f"有 {len(found)} 个对得上：\n{answers.say_events(found, self._now)}", *map(source, found))
        )

    # Notes.

    def _notes(self) -> PrivateAnswer:
        found = self._fitting_notes()
        if not found:
            return self._no_notes()
        note = found[0]
        told = f"{answers.say_day(note.at.date(), self._now)} {note.at:%H:%M}《{note.title}》：\n{self._points(note)}"
        others = [f"《{one.title}》（{answers.say_day(one.at.date(), self._now)}）" for one in found[1:4]]
        if others:
            told += f"\n还有：{'、'.join(others)}"
        return yes(told, *map(source, found[:4]))

    def _told_in_notes(self) -> PrivateAnswer | None:
        """The sentences of the best note that hold most of what is asked, word for word; None where none does."""
        reading = self._reading
        terms = reading.terms()
        asked = sum(map(len, terms))
        if asked < _LEAST_ASKED or not commands.may_ask(reading.text):
            return None
        best: tuple[int, Note] | None = None
        for note in self._store.search_notes(" ".join(terms), _MOST_NOTES):
            text = half_width(f"{note.title}\n{note.body}")
            held = [likeness((term,), text) for term in terms]
            score = sum(held)
            whole = sum(n for n, term in zip(held, terms, strict=True) if n >= _LEAST_ASKED or n == len(term))
            fits = whole >= _LEAST_ASKED and 2 * score >= asked and note.at <= self._now and self._names_them(text)
            if fits and (best is None or score > best[0]):
                best = (score, note)
        if best is None:
            return None
        note = best[1]
        said = sentences(note.body)
        scores = [likeness(terms, one) for one in said]
        if max(scores, default=0) == 0:
            return None
        kept = [one for one, score in zip(said, scores, strict=True) if 2 * score >= max(scores)][:_MOST_SENTENCES]
        when = f"{answers.say_day(note.at.date(), self._now)} {note.at:%H:%M}"
        return yes(f"{when}《{note.title}》里写着：\n" + "\n".join(f"· {one}" for one in kept), source(note))

    def _no_notes(self) -> PrivateAnswer:
        met = (
            about(self._reading, self._store.events(None, self._now), self._people)[-1:]
            if self._reading.mentions
            else []
        )
        if met:
            return no(f"没有记下说了什么。日历上最近的一次是：{answers.say_event(met[0], self._now)}", source(met[0]))
        return no("没有找到这样的笔记。可以说「记个笔记：……」来记一条。")

    def _fitting_notes(self) -> list[Note]:
        """The latest one that is about those named comes first; then those that only mention them."""
        reading = self._reading
        span = reading.span
        terms = reading.terms()
        if reading.mentions:
            forms = {name for one in reading.contacts for name in (one.name, *one.aliases)}
            forms |= {reading.text[one.begin : one.stop] for one in reading.mentions}
            candidates = {note.id: note for form in forms for note in self._store.search_notes(form, _MOST_NOTES)}
            named = [note for note in candidates.values() if self._names_them(f"{note.title}\n{note.body}")]
            in_time = [
                one for one in named if (span is None or span.start <= one.at < span.end) and one.at <= self._now
            ]
            if terms:
                scored = [(likeness(terms, f"{one.title}\n{one.body}"), one) for one in in_time]
                best = max((score for score, _ in scored), default=0)
                in_time = [one for score, one in scored if score == best and best]
            return sorted(in_time, key=lambda one: (self._is_about(one), one.at), reverse=True)
        if terms:
            hits = self._store.search_notes(" ".join(terms), _MOST_NOTES)
            held = [(likeness(terms, f"{one.title}\n{one.body}"), one) for one in hits]
            best = max((score for score, _ in held), default=0)
            fitting = [one for score, one in held if best and score == best]
            fitting = [one for one in fitting if span is None or span.start <= one.at < span.end]
            return sorted(fitting, key=lambda one: (likeness(terms, one.title), one.at), reverse=True)
        if span is not None:
            return list(self._store.notes(span.start, span.end, 10))
        return list(self._store.notes(None, self._now, 3))

    def _names_them(self, text: str) -> bool:
        present = {contact.id for found in self._people.find(text) for contact in found.contacts}
        return all(present & {one.id for one in mention.contacts} for mention in self._reading.mentions)

    def _is_about(self, note: Note) -> bool:
        """Whether it names them in its title, or was written after an event with them."""
        if self._names_them(note.title):
            return True
        met = self._store.events(note.at - _NEAR, note.at)
        return any(
            self._names_them(f"{one.title} {' '.join(one.people)}") and _alike(one.title, note.title) for one in met
        )

    def _points(self, note: Note) -> str:
        said = sentences(note.body)
        if len(note.body) <= _SHORT_NOTE or len(said) <= _MOST_SENTENCES:
            return "\n".join(f"· {one}" for one in said) or note.body
        terms = self._reading.terms()
        ranked = sorted(
            range(len(said)),
            key=lambda at: (
                -(likeness(terms, said[at]) + (2 if self._reading.mentions and self._names_them(said[at]) else 0)),
                at,
            ),
        )
        kept = sorted(ranked[:_MOST_SENTENCES])
        return "\n".join(f"· {said[at]}" for at in kept) + "\n……"

    _answers: ClassVar[dict[Kind, Callable[["Lookup"], PrivateAnswer]]] = {
        Kind.WHOSE: _whose,
        Kind.WHO_WORKS_AT: _who_works_at,
        Kind.NOTES: _notes,
        Kind.CONTACT: _contact,
        Kind.COUNT: _count,
        Kind.FREE: _free,
        Kind.NEXT: _next,
        Kind.WHEN: _when,
    }


def _alike(first: str, second: str) -> bool:
    return bool(likeness((first,), second) or likeness((second,), first))
