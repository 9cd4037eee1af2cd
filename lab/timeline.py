"""A scenario's timeline as lanes of cells: what each device was, from one step to the next."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lab.results import ScenarioResult, Snapshot, Status, StepResult

_DAY = 1440
# The steps of a short day share so many rem; no column is narrower than a time and the longest word beneath it.
_ROOM, _LEAST = 32.0, 5.5
_SHEET = 60.0


@dataclass(frozen=True)
class Cell:
    """A stretch of a lane: so many steps wide. `kind` is how it looks."""

    span: int
    text: str
    kind: str


@dataclass(frozen=True)
class Lane:
    """A named row of cells."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Timeline:
    """Days, times and lanes; `widths` are the least widths of the columns in rem, wider where more time passes."""

    widths: tuple[float, ...]
    days: tuple[Cell, ...]
    times: tuple[tuple[StepResult, str], ...]
    lanes: tuple[Lane, ...]

    @property
    def is_long(self) -> bool:
        """Is it wider than a sheet of paper?"""
        return sum(self.widths) > _SHEET


def timeline(result: ScenarioResult) -> Timeline:
    """The timeline of a scenario."""
    steps = result.steps
    gaps = [after.minutes - before.minutes for before, after in pairwise(steps)]
    # Nights would leave no room for what happens within minutes.
    weights = [2 + math.log2(1 + gap / 15) for gap in [*gaps, 30]]
    widths = tuple(round(max(_ROOM * weight / sum(weights), _LEAST), 2) for weight in weights)
    days = tuple(_merged((f"day {step.minutes // _DAY + 1}", "day") for step in steps))
    times = tuple((step, step.at.rsplit(" ", 1)[-1]) for step in steps)
    devices = list(dict.fromkeys(step.device for step in steps))
    lanes = [lane for device in devices for lane in _lanes(steps, device, len(devices) > 1)]
    return Timeline(widths, days, times, tuple(lanes))


def _lanes(steps: Sequence[StepResult], device: str, named: bool) -> Iterable[Lane]:
    seen = _carried(steps, device)
    rows: tuple[tuple[str, Callable[[Snapshot], tuple[str, str]]], ...] = (
        ("power", _power),
        ("version", _version),
        ("conditions", _conditions),
    )
    for name, cell in rows:
        cells = _merged(("", "none") if one is None else cell(one) for one in seen)
        yield Lane(f"{device}: {name}" if named else name, tuple(cells))
    events = (", ".join(step.marks) if step.device == device else "" for step in steps)
    yield Lane(f"{device}: events" if named else "events", tuple(Cell(1, text, "event") for text in events))


def _carried(steps: Sequence[StepResult], device: str) -> list[Snapshot | None]:
    """What the device was after each step: between its own steps it stays as it was."""
    found: list[Snapshot | None] = []
    last: Snapshot | None = None
    for step in steps:
        if step.status is Status.NOT_RUN:
            last = None
        elif step.device == device:
            last = step.snapshot
        found.append(last)
    return found


def _power(one: Snapshot) -> tuple[str, str]:
    if not one.on:
        return "off", "off"
    if one.training:
        return "training", "training"
    return ("on", "on") if one.ready in ("ready", None) else (str(one.ready), "degraded")


def _version(one: Snapshot) -> tuple[str, str]:
    if one.version is None:
        return ("not known", "none") if one.on else ("off", "off")
    serving = one.version if one.serving is None else one.serving
    told = f"v{serving}" if serving == one.version else f"v{serving} for v{one.version}"
    return f"{told} {(one.state or '').replace('_', ' ')}", f"v{serving % 6}"


def _conditions(one: Snapshot) -> tuple[str, str]:
    if not one.on:
        return "off", "off"
    if one.charging is one.wifi is one.idle is None:
        return "not known", "none"
    held = [name for name, value in (("charging", one.charging), ("Wi-Fi", one.wifi), ("idle", one.idle)) if value]
    return ("resting", "resting") if len(held) == 3 else (", ".join(held) or "in use", "partly" if held else "use")


def _merged(cells: Iterable[tuple[str, str]]) -> Iterable[Cell]:
    for (text, kind), group in groupby(cells):
        yield Cell(len(list(group)), text, kind)
