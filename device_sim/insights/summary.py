"""A week at a glance, worked out on the device: what thoughts were about, how they felt, and what became of goals."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Day:
    """Thoughts of a day, and their mean mood from -1 to 1; None where there were none."""

    date: str
    thoughts: int
    mood: float | None


@dataclass(frozen=True)
class WeekSummary:
    """A week from Monday on, by the device's clock in UTC. `liked` counts likes by direction."""

    week: str
    thoughts: int
    directions: dict[str, int]
    intents: dict[str, int]
    liked: dict[str, int]
    goals_set: int
    goals_done: int
    days: tuple[Day, ...]


def week_summaries(connection: Any, now: datetime, weeks: int) -> tuple[WeekSummary, ...]:
    """The last `weeks` weeks, the current one first."""
    monday = now.date() - timedelta(days=now.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(weeks)]
    since = starts[-1].isoformat()
    thoughts = connection.execute(
        "SELECT at, direction, intent, mood FROM thoughts WHERE at >= ? ORDER BY id", (since,)
    ).fetchall()
    liked = connection.execute(
        "SELECT reacted_at, direction FROM offers WHERE reaction = 'like' AND reacted_at >= ?", (since,)
    ).fetchall()
    goals = connection.execute("SELECT created_at, done_at FROM goals").fetchall()
    return tuple(_week(start, thoughts, liked, goals) for start in starts)


def _week(start: date, thoughts: list[Any], liked: list[Any], goals: list[Any]) -> WeekSummary:
    days = [start + timedelta(days=number) for number in range(7)]
    within = {day.isoformat() for day in days}
    mine = [row for row in thoughts if row[0][:10] in within]
    moods: dict[str, list[float]] = defaultdict(list)
    for at, _, _, mood in mine:
        moods[at[:10]].append(mood)
    return WeekSummary(
        week=start.isoformat(),
        thoughts=len(mine),
        directions=_counted(row[1] for row in mine),
        intents=_counted(row[2] for row in mine),
        liked=_counted(row[1] for row in liked if row[0][:10] in within),
        goals_set=sum(row[0][:10] in within for row in goals),
        goals_done=sum(row[1] is not None and row[1][:10] in within for row in goals),
        days=tuple(_day(day.isoformat(), moods[day.isoformat()]) for day in days),
    )


def _day(name: str, moods: list[float]) -> Day:
    return Day(name, len(moods), round(sum(moods) / len(moods), 3) if moods else None)


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())
