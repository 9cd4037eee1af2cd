"""How many days lie between two events, or until one; whether two are on the same day."""

import re
from collections.abc import Sequence

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.reading import Reading, about, in_pieces
from device_sim.hybrid.private.said import PrivateAnswer, source, yes
from device_sim.hybrid.private.wording import said
from device_sim.personal.records import Event

_TWO_OF = re.compile(r"^(?:这|那)?(?:两|2|二)(?:个|次|场)(?P<both>.{2,30}?)(?:之间|中间|隔|相隔|间隔)")
_BETWEEN = re.compile(
    r"^(?:从)?(?P<first>.{2,30}?)(?:和|跟|与|到|离|距)(?P<second>.{2,30}?)(?:之间|中间|相?隔|间隔|相?差)(?:我)?(?:隔|差|有|还有|是)?(?:了|着)?(?:几天|多少天|多久)"
)
_UNTIL = re.compile(
    r"^(?:现在)?(?:离|距离?)(?P<what>.{2,30}?)(?:还)?(?:有|剩|差)(?:下)?(?:几天|多少天|多久)|^(?P<then>.{2,30}?)(?:(?:离|距离?)(?:现在|今天))?还(?:有|剩)(?:几天|多少天|多久)"
)
_SAME_DAY = re.compile(
    r"^(?P<first>.{2,30}?)(?:是不是|是否|会不会)?(?:和|跟|与)(?P<second>.{2,30}?)(?:是不是|是否)?(?:都)?(?:在|是)?同一天"
)


def between(desk: Desk, _reading: Reading) -> PrivateAnswer | None:
    """The answer where both events are certain; None where they are not, or something else is asked."""
    plain = said(desk.text).plain
    if match := _TWO_OF.match(plain):
        both = _coming(desk, match["both"])
        return _apart(desk, both[0], both[1]) if len(both) >= 2 and both[0].title == both[1].title else None
    if match := _UNTIL.match(plain):
        found = _coming(desk, match["what"] or match["then"])
        return _until(desk, found[0]) if found else None
    if match := _SAME_DAY.match(plain) or _BETWEEN.match(plain):
        pair = [_coming(desk, match[name]) for name in ("first", "second")]
        if pair[0] and pair[1] and pair[0][0].id != pair[1][0].id:
            return _apart(desk, pair[0][0], pair[1][0])
    return None


def _coming(desk: Desk, words: str) -> Sequence[Event]:
    """Events that the words mean in full, those to come first."""
    reading = desk.read(words)
    span = reading.span
    if not reading.terms() and not reading.mentions and span is None:
        return ()
    events = desk.store.events(span.start, span.end) if span else desk.store.events(desk.now, None)
    found = about(reading, events, desk.people, exact=True)
    found = found or in_pieces(reading.terms(), events)
    return found or (
        about(reading, desk.store.events(None, desk.now), desk.people, exact=True)[-1:] if not span else ()
    )


def _apart(desk: Desk, one: Event, other: Event) -> PrivateAnswer:
    first, second = sorted((one, other), key=lambda event: event.start)
    days = (second.start.date() - first.start.date()).days
    told = f"隔 {days} 天" + (f"，中间空着 {days - 1} 天" if days > 1 else "") if days else "在同一天"
    return yes(f"{told}：\n{telling.say_events((first, second), desk.now)}", source(first), source(second))


def _until(desk: Desk, event: Event) -> PrivateAnswer:
    days = (event.start.date() - desk.now.date()).days
    told = f"还有 {days} 天" if days > 0 else "就在今天" if days == 0 else f"已经过去 {-days} 天"
    return yes(f"{told}：{telling.say_event(event, desk.now)}", source(event))
