"""Which note is meant: by its title, by 刚才那条, by its words or its day."""

import re
from collections.abc import Sequence
from datetime import timedelta

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.reading import likeness
from device_sim.hybrid.private.said import PrivateAnswer, no, source
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Note

_QUOTED = re.compile('[《「“"](.{1,80}?)[》」”"]')
_LATEST = re.compile("刚才|刚刚|刚记|刚写|刚建|刚加|最后|最新|最近|上一条")
_JUST_NOW = timedelta(hours=1)
_MOST = 30
_FRAME = re.compile(
    "^(?:我的?|那|这)?(?:一)?(?:条|篇|个|份|则)?(?:关于|叫做?|名叫|标题是|标题为)?|的?(?:那|这)?(?:一)?(?:条|篇|个|份|则)?(?:笔记|备忘录?|便签|日记|纪要)?$"
)


def note_meant(desk: Desk, which: str, verb: str) -> Note | PrivateAnswer:
    """The one note that the words mean, or the question which. Its title has to hold all that was said of it."""
    found = _notes_meant(desk, which)
    if len(found) == 1:
        return found[0]
    if found:
        return no(
            f"有 {len(found)} 条笔记对得上，没有{verb}。请说出标题：\n{_listed(desk, found)}", *map(source, found)
        )
    near = _near(desk, which)
    if near:
        hint = f"是不是这条？{_listed(desk, near)}\n是的话就说出它的标题《{near[0].title}》再说一遍。"
        return no(f"没有标题是「{which.strip()}」的笔记，没有{verb}。{hint}", *map(source, near))
    return no(f"没有找到笔记「{which.strip()}」，没有{verb}。")


def _notes_meant(desk: Desk, which: str) -> Sequence[Note]:
    quoted = _QUOTED.search(which)
    title = half_width(quoted[1] if quoted else _FRAME.sub("", which.strip())).strip()
    candidates = desk.store.search_notes(title, _MOST) if title else ()
    called = [note for note in candidates if half_width(note.title) == title]
    if called or quoted:
        return called
    if _LATEST.search(which):
        recent = desk.store.notes(desk.now - _JUST_NOW, desk.now + timedelta(minutes=1))
        newest = max(recent, key=lambda note: note.id, default=None)
        others = desk.read(_LATEST.sub("", which), command=True).terms()
        return [newest] if newest is not None and not others else []
    reading = desk.read(which)
    terms = reading.terms() + tuple(which[one.begin : one.stop] for one in reading.mentions)
    if not terms:
        return []
    span = reading.span
    return [
        note for note in desk.store.search_notes(" ".join(terms), _MOST)
        if likeness(terms, note.title) == sum(map(len, terms)) and (span is None or span.start <= note.at < span.end)
    ]  # fmt: skip


def _near(desk: Desk, which: str) -> Sequence[Note]:
    reading = desk.read(which)
    if reading.span is not None:
        return desk.store.notes(reading.span.start, reading.span.end, 3)
    terms = reading.terms()
    return [
        note for note in desk.store.search_notes(" ".join(terms), 3) if likeness(terms, f"{note.title}\n{note.body}")
    ]


def _listed(desk: Desk, notes: Sequence[Note]) -> str:
    return "\n".join(f"· 《{one.title}》（{telling.say_day(one.at.date(), desk.now)}）" for one in notes[:5])
