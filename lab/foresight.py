"""What of a scenario can't be carried out on any device, known before it is played: times that a clock does not show,
texts that there are none of, and what is brought back without having been kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from lab.actions import Traffic
from lab.mistakes import Mistake
from lab.scenario import Scenario, Settings, Step
from lab.texts import Labelled, flat, shipped, shipped_names
from lab.times import FIRST_YEAR, LAST_YEAR, FirstDay, is_skipped
from lab.user_actions import Correct
from lab.vocabulary import Action, Kept

Place = tuple[int | str, ...]

_NOTHING_KEPT = {
    "export": "nothing is exported to {name} before",
    "answers": "no answers are remembered as {name} before",
    "copy": "no files of the device {device} are saved as {name} before",
    "damage": "the {name} of the device {device} is not damaged before",
}
_OF_ONE_DEVICE = ("copy", "damage")


@dataclass(frozen=True)
class Draft:
    """What of a scenario could be read; None for what is written wrongly. `own` is how many texts its sets hold."""

    first_day: date | None
    zone: ZoneInfo | None
    own: Mapping[str, int | None]
    steps: Sequence[Step | None]

    @classmethod
    def of(cls, content: Mapping[Any, Any]) -> "Draft":
        """Read each part by itself, so that a mistake in one hides none in another."""
        settings = _read(Settings, content.get("settings", {}))
        texts, steps = content.get("texts"), content.get("steps")
        own = {str(name): _read(Labelled, given) for name, given in texts.items()} if isinstance(texts, dict) else {}
        return cls(
            _read(FirstDay, content.get("first_day", Scenario.model_fields["first_day"].default)),
            ZoneInfo(settings.timezone) if settings is not None else None,
            {name: None if labelled is None else len(flat(labelled)) for name, labelled in own.items()},
            [_read(Step, step) for step in steps] if isinstance(steps, list) else [],
        )


def _read(kind: Any, given: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError:
        return None


def foresee(draft: Draft) -> Iterator[Mistake]:
    """Every mistake that can be known without a device."""
    for name in draft.own:
        if name in shipped_names():
            yield Mistake(("texts", name), "is a set that ships: give yours another name")
    yield from _order(draft)
    day = _Days(draft)
    for index, step in enumerate(draft.steps):
        if step is None:
            day.anything_kept = True
        else:
            yield from day.step(("steps", index), step)


def _order(draft: Draft) -> Iterator[Mistake]:
    before: Step | None = None
    for index, step in enumerate(draft.steps):
        if step is None:
            continue
        if before is not None and step.moment < before.moment:
            said = f"steps follow each other in time, and {step.at} comes after {before.at}"
            yield Mistake(("steps", index, "at"), f"{said} (a clock that goes wrong is the action clock)")
        before = step


def _actions(where: Place, actions: Sequence[Action]) -> Iterator[tuple[Place, Action]]:
    """Each with its place, those of a traffic after it."""
    for index, action in enumerate(actions):
        place = (*where, index, action.verb())
        yield place, action
        if isinstance(action, Traffic):
            yield from _actions((*place, "during"), action.traffic.during)


@dataclass
class _Days:
    """The scenario up to a step: what is kept by then, and how wrong the clocks of the devices are."""

    draft: Draft
    kept: set[tuple[Kept, str | None]] = field(default_factory=set)
    shifts: dict[str, timedelta] = field(default_factory=dict)
    anything_kept: bool = False  # a step that can't be read may keep it

    def step(self, where: Place, step: Step) -> Iterator[Mistake]:
        """Go through one."""
        yield from self._time((*where, "at"), step)
        for place, action in _actions((*where, "do"), step.do):
            for name in action.texts():
                yield from self._texts(place, name)
            for wanted in action.needs():
                yield from self._need(place, wanted, step.device)
            self.kept |= {self._of(kept, step.device) for kept in action.keeps()}
            if isinstance(action, Correct):
                yield from self._left_to_teach(place, action)
            if shift := action.shift():
                self.shifts[step.device] = self.shifts.get(step.device, timedelta()) + shift
                yield from self._time(place, step)
        yield from self._expectations((*where, "expect"), step)

    def _expectations(self, where: Place, step: Step) -> Iterator[Mistake]:
        for key, name in step.expect.texts():
            yield from self._texts((*where, *key), name)
        answers = step.expect.answers
        if answers is not None:
            name = answers.like or answers.unlike or ""
            yield from self._need((*where, "answers"), Kept("answers", name), step.device)
        if step.expect.traffic is not None and not any(isinstance(action, Traffic) for action in step.do):
            yield Mistake((*where, "traffic"), "there is no traffic in this step: it is an action")

    def _time(self, where: Place, step: Step) -> Iterator[Mistake]:
        first_day, zone = self.draft.first_day, self.draft.zone
        if first_day is None or zone is None:
            return
        try:
            now: datetime | None = step.moment.on(first_day, zone, self.shifts.get(step.device, timedelta()))
        except OverflowError:
            now = None
        if now is None or not FIRST_YEAR <= now.year <= LAST_YEAR:
            yield Mistake(where, f"a device's clock shows the years {FIRST_YEAR} to {LAST_YEAR} only")
        elif is_skipped(now):
            yield Mistake(where, f"there is no {now:%H:%M} on {now:%Y-%m-%d} in {zone.key}: clocks are put forward")

    def _texts(self, where: Place, name: str) -> Iterator[Mistake]:
        known = {*self.draft.own, *shipped_names()}
        if name not in known:
            yield Mistake(where, f"the texts {name} are none of: {', '.join(sorted(known))}")

    def _left_to_teach(self, where: Place, action: Correct) -> Iterator[Mistake]:
        wish = action.correct
        ships = wish.texts in shipped_names()
        size = len(shipped(wish.texts)) if ships else self.draft.own.get(wish.texts)
        if size is not None and wish.skip >= size:
            yield Mistake(where, f"the set {wish.texts} holds {size}: after the first {wish.skip} none is left")

    def _need(self, where: Place, wanted: Kept, device: str) -> Iterator[Mistake]:
        if not self.anything_kept and self._of(wanted, device) not in self.kept:
            yield Mistake(where, _NOTHING_KEPT[wanted.kind].format(name=wanted.name, device=device))

    def _of(self, kept: Kept, device: str) -> tuple[Kept, str | None]:
        return kept, device if kept.kind in _OF_ONE_DEVICE else None
