"""Questions about the notes: what was said, which notes there are, what was spent or is to be paid."""

import re
from collections.abc import Sequence
from datetime import timedelta

from device_sim.hybrid.material import sentences
from device_sim.hybrid.private import telling
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.facts import quote
from device_sim.hybrid.private.reading import Reading, likeness
from device_sim.hybrid.private.reading import about as about_events
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.personal.numerals import NUMBER, half_width, number
from device_sim.personal.records import Note

_MOST_NOTES = 30
_SHORT_NOTE = 200  # characters; such a note is told whole
_MOST_SENTENCES = 6
_NEAR = timedelta(hours=36)  # minutes of a meeting are written on the day, or the next one
_LIST = re.compile(
    rf"(?:最近|最新|近)的?(?P<a>{NUMBER})[条篇个]|列.{{0,6}}?(?P<b>{NUMBER})[条篇个]|列(?:出|一下|下)|有哪些笔记|哪些笔记|所有笔记|全部笔记"
)
_MONEY = re.compile(
    r"(?:\d[\d.,]*|[一二两三四五六七八九十百千万半]{1,6})\s?(?:多)?(?:万|千|百)?(?:元|块|万元|千元)|(?:usd|eur|gbp|sgd|港币|￥|¥)\s?\d|(?:花了?|付了?|交了?|费|欠我?|记账).{0,8}?\d{2,}"
)
_TO_PAY = re.compile("付|交(?!接|流|通|代)|缴|欠|还款|尾款|定金|押金|垫")
_UNPAID = re.compile("(?:没|未|要|该|还得?|待)(?:付|交|还|缴)|欠")
_PAY_REACH = timedelta(days=90)


def about(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """The note that a question means, its points as they were written."""
    if _LIST.search(reading.plain) and not reading.mentions:
        return _latest(desk, reading)
    found = _fitting_notes(desk, reading)
    if not found:
        noted = (quote(desk, reading, only_notes=True) or quote(desk, reading)) if reading.terms() else None
        return noted.answer if noted is not None else _none(desk, reading)
    noted = quote(desk, reading, only_notes=True) if reading.terms() and not _whole(reading.plain) else None
    if noted is not None:
        return noted.answer
    note = found[0]
    told = (
        f"{telling.say_day(note.at.date(), desk.now)} {note.at:%H:%M}《{note.title}》：\n{_points(desk, reading, note)}"
    )
    others = [f"《{one.title}》（{telling.say_day(one.at.date(), desk.now)}）" for one in found[1:4]]
    if others:
        told += f"\n还有：{'、'.join(others)}"
    return yes(told, *map(source, found[:4]))


def _whole(plain: str) -> bool:
    """Whether the note itself is wanted, or all of it."""
    return re.search("笔记|纪要|备忘|记录|(?:说|聊|讲|谈|讨论)了?(?:什么|啥|些)|怎么说", plain) is not None


def written(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """What notes say, word for word, and nothing else."""
    noted = quote(desk, reading, only_notes=True)
    return noted.answer if noted is not None else None


def count(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """How many notes there are, of a time."""
    if reading.mentions or reading.terms():
        return None
    span = reading.span
    notes = desk.store.notes(span.start, span.end) if span else desk.store.notes()
    return yes(f"有 {len(notes)} 条笔记。")


def money(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """What was spent or is to be paid, sentence by sentence; sums are not made of it."""
    if (reading.terms() or reading.mentions) and not _UNPAID.search(reading.plain):
        noted = quote(desk, reading, only_notes=True)
        if noted is not None or "账" not in reading.plain:
            return noted.answer if noted is not None else None
    span = reading.span
    unpaid = _UNPAID.search(reading.plain) is not None
    if span is None or unpaid:
        notes = desk.store.notes(desk.now - _PAY_REACH, desk.now + _PAY_REACH, 200)
        when = "笔记"
    else:
        notes = desk.store.notes(span.start, span.end, 200)
        when = telling.say_span(reading.text, span, desk.now) + "的笔记"
    found = [(note, _amounts(note, unpaid=unpaid)) for note in notes]
    found = [(note, lines) for note, lines in found if lines]
    accounts = [(note, lines) for note, lines in found if note.title.startswith("记账")]
    found = (found if unpaid else accounts or found)[:8]
    if not found:
        return no(f"{when}里没有找到写着{'要付的钱' if unpaid else '花费'}的句子。")
    told = "\n".join(
        f"· {line}（《{note.title}》{telling.say_day(note.at.date(), desk.now)}）"
        for note, lines in found
        for line in lines
    )
    return yes(f"{when}里写着{'要付、要交的' if unpaid else '这些钱'}：\n{told}", *(source(note) for note, _ in found))


def _amounts(note: Note, *, unpaid: bool) -> list[str]:
    account = "账" in note.title
    return [
        one for one in sentences(note.body)
        if (_MONEY.search(half_width(one)) or (account and re.search(r"\d", one)))
        and (not unpaid or (_TO_PAY.search(one) and not re.search("[付交还][了的]|已付|已交|欠我", one)))
    ]  # fmt: skip


def _latest(desk: Desk, reading: Reading) -> PrivateAnswer:
    match = _LIST.search(reading.plain)
    size = number(match["a"] or match["b"]) if match and (match["a"] or match["b"]) else 10
    span = reading.span
    terms = reading.terms()
    told = ""
    if terms:
        hits = desk.store.search_notes(" ".join(terms), _MOST_NOTES)
        notes: Sequence[Note] = [one for one in hits if likeness(terms, f"{one.title}\n{one.body}")]
    else:
        notes = desk.store.notes(span.start, span.end) if span else ()
        if span is not None and not notes:
            told = f"{telling.say_span(reading.text, span, desk.now)}没有笔记。"
        if not notes:
            notes = desk.store.notes(None, desk.now + timedelta(minutes=1))
    notes = notes[: max(1, min(size, 20))]
    listed = "\n".join(f"· {telling.say_day(one.at.date(), desk.now)}《{one.title}》" for one in notes)
    if not notes:
        return no(told + "没有找到这样的笔记。")
    return yes(f"{told}最近的 {len(notes)} 条笔记：\n{listed}", *map(source, notes))


def _none(desk: Desk, reading: Reading) -> PrivateAnswer:
    met = about_events(reading, desk.store.events(None, desk.now), desk.people)[-1:] if reading.mentions else []
    if met:
        return no(f"没有记下说了什么。日历上最近的一次是：{telling.say_event(met[0], desk.now)}", source(met[0]))
    terms = "」「".join(reading.terms()[:3])
    which = f"写着「{terms}」的笔记" if terms else "这样的笔记"
    return no(f"没有找到{which}（没有找到这样的笔记）。可以说「记个笔记：……」来记一条。")


def _fitting_notes(desk: Desk, reading: Reading) -> list[Note]:
    """The latest one that is about those named comes first; then those that only mention them."""
    span = reading.span
    terms = reading.terms()
    if reading.mentions:
        forms = {name for one in reading.contacts for name in (one.name, *one.aliases)}
        forms |= {reading.text[one.begin : one.stop] for one in reading.mentions}
        candidates = {note.id: note for form in forms for note in desk.store.search_notes(form, _MOST_NOTES)}
        named = [note for note in candidates.values() if _names_them(desk, reading, f"{note.title}\n{note.body}")]
        in_time = [one for one in named if (span is None or span.start <= one.at < span.end) and one.at <= desk.now]
        if terms:
            scored = [(likeness(terms, f"{one.title}\n{one.body}"), one) for one in in_time]
            best = max((score for score, _ in scored), default=0)
            in_time = [one for score, one in scored if score == best and best]
        return sorted(in_time, key=lambda one: (_is_about(desk, reading, one), one.at), reverse=True)
    if terms:
        hits = desk.store.search_notes(" ".join(terms), _MOST_NOTES)
        held = [(likeness(terms, f"{one.title}\n{one.body}"), one) for one in hits]
        best = max((score for score, _ in held), default=0)
        fitting = [one for score, one in held if best and score == best]
        fitting = [one for one in fitting if span is None or span.start <= one.at < span.end]
        return sorted(fitting, key=lambda one: (likeness(terms, one.title), one.at), reverse=True)
    if span is not None:
        return list(desk.store.notes(span.start, span.end, 10))
    return list(desk.store.notes(None, desk.now, 3))


def _names_them(desk: Desk, reading: Reading, text: str) -> bool:
    present = {contact.id for found in desk.people.find(text) for contact in found.contacts}
    return all(present & {one.id for one in mention.contacts} for mention in reading.mentions)


def _is_about(desk: Desk, reading: Reading, note: Note) -> bool:
    """Whether it names them in its title, or was written after an event with them."""
    if _names_them(desk, reading, note.title):
        return True
    met = desk.store.events(note.at - _NEAR, note.at)
    return any(
        _names_them(desk, reading, f"{one.title} {' '.join(one.people)}") and _alike(one.title, note.title)
        for one in met
    )


def _points(desk: Desk, reading: Reading, note: Note) -> str:
    said = sentences(note.body)
    if len(note.body) <= _SHORT_NOTE or len(said) <= _MOST_SENTENCES:
        return "\n".join(f"· {one}" for one in said) or note.body
    terms = reading.terms()
    ranked = sorted(
        range(len(said)),
        key=lambda at: (
            -(likeness(terms, said[at]) + (2 if reading.mentions and _names_them(desk, reading, said[at]) else 0)),
            at,
        ),
    )
    kept = sorted(ranked[:_MOST_SENTENCES])
    return "\n".join(f"· {said[at]}" for at in kept) + "\n……"


def _alike(first: str, second: str) -> bool:
    return bool(likeness((first,), second) or likeness((second,), first))
