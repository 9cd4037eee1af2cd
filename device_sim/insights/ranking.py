"""Which insights fit a thought, and this user: a sum of a few named parts, each between 0 and 1.

Nothing here is learnt but the user's interest, which is the `insight` head's. The rest is what an entry says of itself,
and what the user has seen, dismissed or done lately.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_sim.insights.analysis import Analysis
from device_sim.insights.knowledge import Insight
from model_store.head import Float32


@dataclass(frozen=True)
class Weights:
    """What counts how much. `seen`, `dismissed` and `done` are taken off."""

    words: float = 0.30  # a topic of the entry stands in the thought
    wording: float = 0.25  # the entry's text has the thought's wording, rare pairs of characters above all
    meaning: float = 0.15  # the entry's text is like the thought by the encoder's features
    topic: float = 0.25  # what the thought is about, for anybody
    interest: float = 0.35  # what it is about for this user
    leaning: float = 2.0  # where the user's head departs from the bundle's: that is what likes have taught
    intent: float = 0.10
    feeling: float = 0.05
    seen: float = 0.25
    dismissed: float = 0.60
    done: float = 0.30
    exploration: float = 0.02


WEIGHTS = Weights()
_FITS = 0.38  # of what an entry scores without interest, history and exploration: below it nothing fits
_FITS_WELL = 0.44
_SEEN_HALVES = timedelta(days=3)
_DISMISSED_HALVES = timedelta(days=30)
_A_DIRECTION = 2  # entries of one direction among the first, where others fit too


@dataclass(frozen=True)
class History:
    """When an entry was last offered, dismissed and done, by its id."""

    seen: Mapping[str, datetime]
    dismissed: Mapping[str, datetime]
    done: Mapping[str, datetime]


@dataclass(frozen=True, eq=False)
class Likeness:
    """How like a thought each entry's text is [N]: in its wording, and in its meaning."""

    wording: Float32
    meaning: Float32


@dataclass(frozen=True)
class Ranked:
    """An entry with its score, and why, in plain words. `fit` is how well it fits the thought for anybody, `words` the
    topic of the entry that stands in it.
    """

    insight: Insight
    score: float
    fit: float
    words: str
    why: str


def rank(
    analysis: Analysis, insights: Sequence[Insight], likeness: Likeness, history: History, now: datetime, seed: str,
    weights: Weights = WEIGHTS,
) -> list[Ranked]:  # fmt: skip
    """All entries, best first. `seed` names the thought: the same one is answered the same way."""
    found = []
    by_wording, by_meaning = _spread(likeness.wording), _spread(likeness.meaning)
    for insight, wording, meaning in zip(insights, by_wording, by_meaning, strict=True):
        words = _words(analysis, insight)
        topic = _share(analysis.topic.probabilities, (insight.direction,))
        interest = _share(analysis.direction.probabilities, (insight.direction,))
        # One of several thoughts is answered as if it stood alone.
        of_parts = max(
            (_share(part.direction.probabilities, (insight.direction,)) for part in analysis.parts), default=0.0
        )
        topic, interest = max(topic, of_parts), max(interest, of_parts)
        fit = (
            weights.words * (1.0 if words else 0.0) + weights.wording * wording + weights.meaning * meaning
            + weights.topic * topic
            + weights.intent * _share(analysis.intent.probabilities, insight.intents)
            + weights.feeling * _share(analysis.sentiment.probabilities, insight.feelings)
        )  # fmt: skip
        past = (
            weights.seen * _recent(history.seen.get(insight.id), now, _SEEN_HALVES)
            + weights.dismissed * _recent(history.dismissed.get(insight.id), now, _DISMISSED_HALVES)
            + weights.done * _recent(history.done.get(insight.id), now, _DISMISSED_HALVES)
        )  # fmt: skip
        score = (
            fit
            + weights.interest * interest
            + weights.leaning * (interest - topic)
            - past
            + weights.exploration * _chance(seed, insight.id)
        )
        found.append(Ranked(insight, score, fit, words, _why(insight, words, topic, interest)))
    return sorted(found, key=lambda ranked: (-ranked.score, ranked.insight.id))


def choose(ranked: Iterable[Ranked], count: int) -> list[Ranked]:
    """The first `count` entries that fit, best first; none if nothing does. After two of one direction, one of another
    comes before the third, if it fits well.
    """
    fitting = [one for one in ranked if one.fit >= _FITS]
    taken: list[Ranked] = []
    waiting: list[Ranked] = []
    for one in fitting:
        mine = sum(other.insight.direction == one.insight.direction for other in taken)
        others = any(other.fit >= _FITS_WELL and other.insight.direction != one.insight.direction for other in fitting)
        (waiting if mine >= _A_DIRECTION and others else taken).append(one)
    well = [one for one in taken if one.fit >= _FITS_WELL]
    chosen = [*well, *waiting, *(one for one in taken if one not in well)][:count]
    return sorted(chosen, key=lambda one: -one.score)


def _words(analysis: Analysis, insight: Insight) -> str:
    """The longest topic of the entry that stands in the thought; empty where none does."""
    text = analysis.text.casefold()
    found = [topic for topic in insight.topics if topic.casefold() in text]
    return max(found, key=len, default="")


def _share(probabilities: Mapping[str, float], labels: Iterable[str]) -> float:
    return min(1.0, sum(probabilities.get(label, 0.0) for label in labels))


def _spread(likeness: Float32) -> list[float]:
    """As a share of the way from the least to the greatest of all entries: texts are all a little alike."""
    low, high = (float(value) for value in (likeness.min(initial=1.0), likeness.max(initial=0.0)))
    return [(float(value) - low) / (high - low) if high > low else 0.0 for value in likeness]


def _recent(at: datetime | None, now: datetime, halves: timedelta) -> float:
    """1 just now, a half after `halves`, and so on."""
    if at is None or at > now + timedelta(days=1):  # the clock was set back since
        return 0.0
    return math.exp2(-max(timedelta(), now - at) / halves)


def _chance(seed: str, insight_id: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{seed} {insight_id}".encode()).digest()[:4]) / 2**32


_NAMES = {
    "career": "工作", "learning": "学习", "emotion": "情绪", "relationship": "人际", "family": "家庭", "health": "健康",
    "time": "时间", "finance": "财务", "expression": "表达", "meaning": "意义",
}  # fmt: skip
_TELLING = 0.3  # probability from which a direction is worth a word


def _why(insight: Insight, words: str, topic: float, interest: float) -> str:
    name = _NAMES[insight.direction]
    reasons = [f"你提到了“{words}”"] if words else []
    if topic >= _TELLING:
        reasons.append(f"这像是一件关于{name}的事")
    if interest - topic >= _TELLING / 2:
        reasons.append(f"你近来更在意{name}")
    if not reasons:
        reasons.append(f"意思上和你写的最接近，属于{name}")
    return "，".join(reasons)
