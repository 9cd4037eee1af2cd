"""The assistant: answers a thought with insights that fit it and its user, and learns from what the user likes."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from device_sim.clock import Clock
from device_sim.consent import read_consent, require_personalization
from device_sim.deletion import Deletions, Then
from device_sim.errors import (
    DeviceClosed,
    SoundsLikeDanger,
    UnknownInsight,
    UnknownPrediction,
    UnknownSample,
    UnknownThought,
)
from device_sim.feedback import Feedback, FeedbackReceipt
from device_sim.inference import check_text
from device_sim.insights import journal
from device_sim.insights.analysis import DIRECTION, Analysis, Analyst
from device_sim.insights.crisis import CrisisGuard
from device_sim.insights.journal import Goal, Offer, Reaction, Thought, ThoughtPage
from device_sim.insights.knowledge import INTENTS
from device_sim.insights.library import Library
from device_sim.insights.ranking import History, Ranked, choose, rank
from device_sim.insights.summary import WeekSummary, week_summaries
from device_sim.predictor import PredictionMemory, Remembered
from device_sim.state import State

Affected = tuple[tuple[str, int], ...]  # (task, version)

OFFERED = 3
MOST_OFFERED = 10
_REMEMBERED = 256
# Probability of the intent `other` from which nothing is offered without a topic's word, and from which nothing is.
_HARDLY_A_THOUGHT, _NO_THOUGHT = 0.5, 0.8
_SURELY_A_GOAL = 0.6
_NOTHING = {
    "goal_setting": "这个目标我记下了。手边还没有真正合适的建议：可以再说具体一点，比如卡在哪一步、想到什么时候。",
    "emotion_record": "谢谢你写下来。手边没有真正贴合的内容，不想随便给你一条；愿意的话，可以再多说一点发生了什么。",
    "advice_seeking": "这个问题我手边没有真正合适的建议，不想乱说。换个说法，或者说说具体的情况，我再看看。",
    "other": "这好像不是一个目标或心情，我这里没有合适的内容。",
}


@dataclass(frozen=True)
class Help:
    """The fixed answer to a text that sounds like danger, and who can be called: (name, contact, when)."""

    answer: str
    resources: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, eq=False)
class InsightAnswer:
    """What a thought says and what fits it. `message` is there where nothing does, `help` where it sounds like danger:
    then nothing else is. `kept` tells whether the thought was kept, `goal` the goal that was made of it.
    """

    id: str
    analysis: Analysis | None
    insights: tuple[Ranked, ...]
    message: str | None
    help: Help | None
    kept: bool
    goal: Goal | None


@dataclass(frozen=True)
class ReactionReceipt:
    """What a reaction became; `pending` counts the samples that wait to be learnt, where a like became one, and
    `affected_versions` learnt from a like that was taken back.
    """

    insight_id: str
    reaction: Reaction
    sample_id: int | None
    pending: int | None
    affected_versions: Affected


@dataclass(frozen=True, eq=False)
class _Recent:
    analysis: Analysis
    ranked: tuple[Ranked, ...]


class InsightAssistant:
    """Thread-safe. Keeps thoughts only with consent; without it, the last ones for as long as the process runs."""

    def __init__(
        self, state: State, analyst: Analyst, library: Library, memory: PredictionMemory, feedback: Feedback,
        deletions: Deletions, clock: Clock,
    ) -> None:  # fmt: skip
        self._state = state
        self._analyst = analyst
        self.library = library
        self._memory = memory
        self._feedback = feedback
        self._deletions = deletions
        self._clock = clock
        self._recent: OrderedDict[str, _Recent] = OrderedDict()
        self._lock = threading.Lock()
        self._changes = threading.RLock()  # held from reading an offer to noting what became of it
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="insights")

    @cached_property
    def _guard(self) -> CrisisGuard:
        """Read when it is first needed: its hundreds of patterns take longer than the rest of a start."""
        return CrisisGuard.load(Path(__file__).parent / "crisis.toml")

    def submit(self, text: str, count: int = OFFERED) -> "Future[InsightAnswer]":
        """As `answer`, in a thread of the assistant's own.

        Raises at once:
            DeviceClosed, InvalidText, InsightsUnavailable.
        """
        check_text(text)
        self._analyst.require()
        try:
            return self._workers.submit(self.answer, text, count)
        except RuntimeError:
            raise DeviceClosed("the device is shutting down") from None

    def answer(self, text: str, count: int = OFFERED) -> InsightAnswer:
        """Read a thought, and offer up to `count` insights.

        Raises:
            InvalidText, InsightsUnavailable, StorageFull.
        """
        check_text(text)
        thought_id = uuid.uuid4().hex
        if self._guard.notices(text):
            # Never kept, and never learnt from.
            return InsightAnswer(thought_id, None, (), None, self._help(), False, None)
        analysis = self._analyst.read(text)
        with self._state.reading() as connection:
            consented = read_consent(connection).personalization
            history = journal.read_history(connection) if consented else History({}, {}, {})
        index = self.library.index
        likeness = index.likeness(text, analysis.features)
        ranked = rank(analysis, index.insights, likeness, history, self._clock.now(), thought_id)
        offered = () if _is_no_thought(analysis, ranked) else tuple(choose(ranked, count))
        kept, goal = self._keep(thought_id, analysis, offered) if consented else (False, None)
        self._remember(thought_id, _Recent(analysis, offered))
        message = None if offered else _NOTHING.get(analysis.intent.label, _NOTHING["other"])
        return InsightAnswer(thought_id, analysis, offered, message, None, kept, goal)

    def help_for(self, text: str) -> Help | None:
        """The fixed answer, if the text sounds like danger; whoever asks must do nothing else with it then."""
        return self._help() if self._guard.notices(text) else None

    def analysis(self, text: str) -> Analysis:
        """What a text says, as `answer` reads it. Raises InvalidText, InsightsUnavailable."""
        return self._analyst.read(check_text(text))

    def now(self) -> datetime:
        """The device's time."""
        return self._clock.now()

    def react(self, thought_id: str, insight_id: str, reaction: Reaction) -> ReactionReceipt:
        """Note how an offered insight was taken. A like becomes a sample: this text is about the insight's direction.
        A dismissal takes an earlier like of it back, and keeps the entry away for a while.

        Raises:
            ConsentRequired, UnknownThought, UnknownInsight: nothing was noted. What feedback raises.
        """
        with self._changes:
            offer = self._offer(thought_id, insight_id)
            sample_id, pending = offer.sample_id, None
            affected: Affected = ()
            if reaction == "like" and (offer.reaction != "like" or sample_id is None):
                receipt = self._learn(thought_id, offer.direction)
                sample_id, pending = receipt.sample_id, receipt.pending
            elif reaction == "dismiss" and sample_id is not None:
                affected = self._unlearn([sample_id], "keep")
                sample_id = None
            with self._state.transaction() as connection:
                journal.set_reaction(connection, self._clock, thought_id, insight_id, reaction, sample_id)
        return ReactionReceipt(insight_id, reaction, sample_id, pending, affected)

    def thoughts(self, after: int | None = None, limit: int = 50) -> ThoughtPage:
        """What was kept, newest first."""
        with self._state.reading() as connection:
            return journal.thought_page(connection, after, limit)

    def thought(self, thought_id: str) -> Thought:
        """Raises UnknownThought."""
        with self._state.reading() as connection:
            return journal.find_thought(connection, thought_id)

    def delete_thought(self, thought_id: str, then: Then = "keep") -> Affected:
        """Forget a thought, its offers, its goal, and the samples of its likes; which versions learnt from these, and
        `then` what becomes of them. Raises UnknownThought.
        """
        with self._changes:
            with self._lock:
                self._recent.pop(thought_id, None)
            samples = [offer.sample_id for offer in self.thought(thought_id).offers if offer.sample_id is not None]
            # First: what is learnt of a thought must not outlive it.
            affected = self._unlearn(samples, then)
            with self._state.transaction() as connection:
                journal.delete_thought(connection, thought_id)
            self._state.database.checkpoint()
        return affected

    def goals(self) -> tuple[Goal, ...]:
        """Open ones first."""
        with self._state.reading() as connection:
            return journal.all_goals(connection)

    def add_goal(self, text: str) -> Goal:
        """Keep a goal that the user says. Raises InvalidText, ConsentRequired; SoundsLikeDanger, with the answer."""
        check_text(text)
        if self._guard.notices(text):
            contacts = "；".join(f"{name} {contact}" for name, contact, _ in self._help().resources)
            raise SoundsLikeDanger(f"{self._guard.answer} {contacts}")
        with self._state.transaction() as connection:
            require_personalization(connection)
            return journal.add_goal(connection, self._clock, text, None, None)

    def tick_goal(self, goal_id: int, done: bool) -> Goal:
        """Tick a goal off, or take that back. Raises UnknownGoal."""
        with self._state.transaction() as connection:
            return journal.tick_goal(connection, self._clock, goal_id, done)

    def delete_goal(self, goal_id: int) -> None:
        """Raises UnknownGoal."""
        with self._state.transaction() as connection:
            journal.delete_goal(connection, goal_id)

    def summary(self, weeks: int = 1) -> tuple[WeekSummary, ...]:
        """The last weeks, the current one first."""
        with self._state.reading() as connection:
            return week_summaries(connection, self._clock.now(), weeks)

    def forget(self) -> None:
        """Forget what is in memory: the user's data was replaced or erased, or consent withdrawn."""
        with self._lock:
            self._recent.clear()
        self.library.forget(everything=True)

    def close(self) -> None:
        """Answer what was asked, then stop."""
        self._workers.shutdown(wait=True)

    def _help(self) -> Help:
        return Help(self._guard.answer, tuple((one.name, one.contact, one.when) for one in self._guard.resources))

    def _keep(self, thought_id: str, analysis: Analysis, offered: tuple[Ranked, ...]) -> tuple[bool, Goal | None]:
        with self._state.transaction() as connection:
            if not read_consent(connection).personalization:
                return False, None  # withdrawn meanwhile
            journal.keep_thought(connection, self._clock, thought_id, analysis, offered)
            if analysis.intent.label != "goal_setting" or analysis.intent.probability < _SURELY_A_GOAL:
                return True, None
            direction = analysis.direction.label
            return True, journal.add_goal(connection, self._clock, analysis.text, direction, thought_id)

    def _remember(self, thought_id: str, recent: _Recent) -> None:
        self._memory.remember(thought_id, Remembered(DIRECTION, recent.analysis.text, recent.analysis.features))
        with self._lock:
            self._recent[thought_id] = recent
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)

    def _offer(self, thought_id: str, insight_id: str) -> Offer:
        """What was offered. A thought that was answered before there was consent is kept now."""
        with self._lock:
            recent = self._recent.get(thought_id)
        with self._state.transaction() as connection:
            require_personalization(connection)
            try:
                thought = journal.find_thought(connection, thought_id)
            except UnknownThought:
                if recent is None:
                    raise
                journal.keep_thought(connection, self._clock, thought_id, recent.analysis, recent.ranked)
                thought = journal.find_thought(connection, thought_id)
        offer = next((offer for offer in thought.offers if offer.insight_id == insight_id), None)
        if offer is None:
            self.library.find(insight_id)
            raise UnknownInsight("that insight was not offered for this thought", field="insight_id")
        return offer

    def _learn(self, thought_id: str, direction: str) -> FeedbackReceipt:
        try:
            return self._feedback.record(prediction_id=thought_id, label=direction)
        except UnknownPrediction:  # asked before the last start
            return self._feedback.record(text=self.thought(thought_id).text, task=DIRECTION, label=direction)

    def _unlearn(self, sample_ids: Sequence[int], then: Then) -> Affected:
        affected: dict[tuple[str, int], None] = {}
        for sample_id in sample_ids:
            with suppress(UnknownSample):  # deleted by itself meanwhile
                affected |= dict.fromkeys(self._deletions.delete(sample_id, then).affected_versions)
        return tuple(affected)


def _is_no_thought(analysis: Analysis, ranked: Sequence[Ranked]) -> bool:
    """An errand, a question about the world, chat: of the intent `other`, and no entry is about its words."""
    other = 1.0 - sum(analysis.intent.probabilities.get(intent, 0.0) for intent in INTENTS)
    named = any(one.words for one in ranked[:MOST_OFFERED])
    return other > (_NO_THOUGHT if named else _HARDLY_A_THOUGHT)
