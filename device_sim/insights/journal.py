"""What the assistant keeps: thoughts, what was offered for them and how it was taken, goals, and own entries.

All functions work in the caller's transaction. Nothing is kept without consent, which the caller has to ask for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from device_sim.clock import Clock
from device_sim.errors import UnknownGoal, UnknownThought
from device_sim.insights.analysis import Analysis
from device_sim.insights.knowledge import Insight, read_insights
from device_sim.insights.ranking import History, Ranked

Reaction = Literal["like", "dismiss", "done"]


@dataclass(frozen=True)
class Offer:
    """An entry that was offered. `reaction` is like or dismiss, the later one; `sample_id` what the like became."""

    insight_id: str
    direction: str
    title: str
    reaction: str | None
    done_at: str | None
    sample_id: int | None


@dataclass(frozen=True)
class Thought:
    """A thought that was kept, and what was offered for it, best first."""

    id: str
    text: str
    intent: str
    sentiment: str
    direction: str
    entities: tuple[str, ...]
    at: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class ThoughtPage:
    """Some thoughts, newest first; `next_after` is None on the last page."""

    items: tuple[Thought, ...]
    next_after: int | None


@dataclass(frozen=True)
class Goal:
    """A goal of the user's; `done_at` when it was ticked off."""

    id: int
    text: str
    direction: str | None
    created_at: str
    done_at: str | None


def keep_thought(connection: Any, clock: Clock, thought_id: str, analysis: Analysis, ranked: Sequence[Ranked]) -> None:
    """Keep a thought and what was offered for it."""
    mood = analysis.sentiment.probabilities
    cursor = connection.execute(
        "INSERT INTO thoughts (public_id, text, intent, sentiment, direction, entities, mood, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            thought_id, analysis.text, analysis.intent.label, analysis.sentiment.label, analysis.direction.label,
            json.dumps(analysis.entities, ensure_ascii=False),
            round(mood.get("positive", 0.0) - mood.get("negative", 0.0), 4), clock.stamp(),
        ),
    )  # fmt: skip
    for place, one in enumerate(ranked):
        connection.execute(
            "INSERT INTO offers (thought_id, place, insight_id, direction, title, at) VALUES (?, ?, ?, ?, ?, ?)",
            (cursor.lastrowid, place, one.insight.id, one.insight.direction, one.insight.title, clock.stamp()),
        )


def find_thought(connection: Any, thought_id: str) -> Thought:
    """Raises UnknownThought."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM thoughts WHERE public_id = ?", (thought_id,)).fetchone()
    if row is None:
        raise UnknownThought("no such thought is kept", field="id")
    return _thought(connection, row)


def thought_page(connection: Any, after: int | None, limit: int) -> ThoughtPage:
    """Up to `limit` thoughts, newest first, that come after the place `after`."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM thoughts WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?", (after, after, limit + 1)
    ).fetchall()
    items = tuple(_thought(connection, row) for row in rows[:limit])
    return ThoughtPage(items, rows[limit - 1][0] if len(rows) > limit else None)


def delete_thought(connection: Any, thought_id: str) -> None:
    """Forget a thought, what was offered for it and the goal that was made of it. Raises UnknownThought."""
    find_thought(connection, thought_id)
    for table in ("offers", "goals"):
        connection.execute(
            f"DELETE FROM {table} WHERE thought_id = (SELECT id FROM thoughts WHERE public_id = ?)", (thought_id,)
        )
    connection.execute("DELETE FROM thoughts WHERE public_id = ?", (thought_id,))


def delete_expired_thoughts(connection: Any, oldest: str) -> int:
    """Forget thoughts from before `oldest` and what was offered for them; how many. Goals stay."""
    old = "SELECT id FROM thoughts WHERE at < ?"
    connection.execute(f"DELETE FROM offers WHERE thought_id IN ({old})", (oldest,))
    connection.execute(f"UPDATE goals SET thought_id = NULL WHERE thought_id IN ({old})", (oldest,))
    return int(connection.execute("DELETE FROM thoughts WHERE at < ?", (oldest,)).rowcount)


def set_reaction(
    connection: Any, clock: Clock, thought_id: str, insight_id: str, reaction: Reaction, sample_id: int | None
) -> None:
    """Note how an offer was taken."""
    column, value = ("done_at", clock.stamp()) if reaction == "done" else ("reaction", reaction)
    sample = "" if reaction == "done" else ", sample_id = :sample, reacted_at = :at"
    connection.execute(
        f"UPDATE offers SET {column} = :value{sample} WHERE insight_id = :insight "
        "AND thought_id = (SELECT id FROM thoughts WHERE public_id = :thought)",
        {"value": value, "sample": sample_id, "at": clock.stamp(), "insight": insight_id, "thought": thought_id},
    )


def read_history(connection: Any) -> History:
    """When each entry was last offered, dismissed and done."""
    rows = connection.execute(
        "SELECT insight_id, MAX(at), MAX(IIF(reaction = 'dismiss', reacted_at, NULL)), MAX(done_at) "
        "FROM offers GROUP BY insight_id"
    ).fetchall()
    columns: tuple[dict[str, datetime], ...] = ({}, {}, {})
    for insight_id, *stamps in rows:
        for column, stamp in zip(columns, stamps, strict=True):
            if stamp is not None:
                column[insight_id] = datetime.fromisoformat(stamp)
    return History(*columns)


def add_goal(connection: Any, clock: Clock, text: str, direction: str | None, thought_id: str | None) -> Goal:
    """Keep a goal, made of a thought or said by the user."""
    cursor = connection.execute(
        "INSERT INTO goals (thought_id, text, direction, created_at) "
        "VALUES ((SELECT id FROM thoughts WHERE public_id = ?), ?, ?, ?)",
        (thought_id, text, direction, clock.stamp()),
    )
    return find_goal(connection, int(cursor.lastrowid))


def find_goal(connection: Any, goal_id: int) -> Goal:
    """Raises UnknownGoal."""
    row = connection.execute(
        "SELECT id, text, direction, created_at, done_at FROM goals WHERE id = ?", (goal_id,)
    ).fetchone()
    if row is None:
        raise UnknownGoal("there is no such goal", field="id")
    return Goal(*row)


def all_goals(connection: Any) -> tuple[Goal, ...]:
    """Open goals first, the newest of each first."""
    rows = connection.execute(
        "SELECT id, text, direction, created_at, done_at FROM goals ORDER BY done_at IS NOT NULL, id DESC"
    ).fetchall()
    return tuple(Goal(*row) for row in rows)


def tick_goal(connection: Any, clock: Clock, goal_id: int, done: bool) -> Goal:
    """Tick a goal off, or take that back. Raises UnknownGoal."""
    goal = find_goal(connection, goal_id)
    if done != (goal.done_at is not None):
        connection.execute("UPDATE goals SET done_at = ? WHERE id = ?", (clock.stamp() if done else None, goal_id))
    return find_goal(connection, goal_id)


def delete_goal(connection: Any, goal_id: int) -> None:
    """Raises UnknownGoal."""
    find_goal(connection, goal_id)
    connection.execute("DELETE FROM goals WHERE id = ?", (goal_id,))


def own_insights(connection: Any) -> list[Insight]:
    """The entries that the user has added."""
    rows = connection.execute("SELECT content FROM own_insights ORDER BY id").fetchall()
    return read_insights((json.loads(row[0]) for row in rows), {}, "own entries")


_COLUMNS = "id, public_id, text, intent, sentiment, direction, entities, at"


def _thought(connection: Any, row: Sequence[Any]) -> Thought:
    place, public_id, text, intent, sentiment, direction, entities, at = row
    offers = connection.execute(
        "SELECT insight_id, direction, title, reaction, done_at, sample_id FROM offers WHERE thought_id = ? "
        "ORDER BY place",
        (place,),
    ).fetchall()
    return Thought(
        public_id, text, intent, sentiment, direction, tuple(json.loads(entities)), at,
        tuple(Offer(*offer) for offer in offers),
    )  # fmt: skip
