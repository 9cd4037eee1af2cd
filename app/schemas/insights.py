"""Shapes of the insight assistant: thoughts, insights, reactions, goals, summaries and the knowledge base."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.schemas.base import AnswerModel, Identifier, Limit, RequestModel, Text
from app.schemas.samples import VersionName
from device_sim.insights.assistant import MOST_OFFERED, OFFERED

InsightId = Annotated[str, Field(min_length=1, max_length=80, examples=["expression-first-sentence"])]
Part = Annotated[str, Field(max_length=200)]
Feeling = Literal["positive", "neutral", "negative"]
Reaction = Literal["like", "dismiss", "done"]


class InsightsRequest(RequestModel):
    """A goal, a thought, a question."""

    text: Text
    count: int = Field(OFFERED, ge=1, le=MOST_OFFERED, description="insights at most")


class ConfidencesAnswer(AnswerModel):
    """How sure each part of the analysis is, from 0 to 1."""

    intent: float
    sentiment: float
    direction: float


class PartAnswer(AnswerModel):
    """One of several thoughts in a text: the characters `start` to `end`, exclusive."""

    start: int
    end: int
    intent: str
    sentiment: str
    direction: str


class OfferedAnswer(AnswerModel):
    """An insight that fits, and why."""

    id: str
    direction: str
    title: str
    body: str
    actions: list[str]
    score: float
    why: str


class ResourceAnswer(AnswerModel):
    """Somebody who can be called."""

    name: str
    contact: str
    when: str


class HelpAnswer(AnswerModel):
    """The answer to a text that sounds like danger to the writer's or somebody's life."""

    answer: str
    resources: list[ResourceAnswer]


class GoalAnswer(AnswerModel):
    """A goal; `done_at` when it was ticked off."""

    id: int
    text: str
    direction: str | None
    created_at: str
    done_at: str | None


class InsightsAnswer(AnswerModel):
    """What a thought says, and what fits it and its user."""

    id: str
    intent: str | None = Field(description="null with `help`, as the rest of the analysis")
    entities: list[str] = Field(description="topics in the text")
    sentiment: Feeling | None
    direction: str | None = Field(description="the area of life, as this user means it")
    confidences: ConfidencesAnswer | None
    thoughts: list[PartAnswer] = Field(description="the thoughts in the text, where there are several")
    insights: list[OfferedAnswer]
    message: str | None = Field(description="an honest word where nothing fits")
    help: HelpAnswer | None = Field(
        description="instead of all else, where the text sounds like danger; nothing is kept"
    )
    kept: bool = Field(description="whether the thought was kept: only with consent to personalisation")
    goal: GoalAnswer | None = Field(description="the goal that was made of the thought")
    version: int | None = Field(description="the version of the insight head that answered")


class ReactionRequest(RequestModel):
    """How an insight was taken."""

    insight_id: InsightId
    reaction: Reaction


class ReactionAnswer(AnswerModel):
    """What the reaction became; a like is a sample."""

    insight_id: str
    reaction: Reaction
    sample_id: int | None
    pending: int | None = Field(description="samples that wait to be learnt, where the like became one")
    affected_versions: list[VersionName] = Field(description="that learnt from a like which was taken back")


class ForgottenAnswer(AnswerModel):
    """A thought is gone, and the samples of its likes with it."""

    affected_versions: list[VersionName] = Field(description="versions that had learnt from these")


class OfferAnswer(AnswerModel):
    """What was offered for a thought."""

    insight_id: str
    direction: str
    title: str
    reaction: str | None
    done_at: str | None


class ThoughtAnswer(AnswerModel):
    """A thought that was kept."""

    id: str
    text: str
    intent: str
    sentiment: str
    direction: str
    entities: list[str]
    at: str
    offers: list[OfferAnswer]


class ThoughtsAnswer(AnswerModel):
    """Some thoughts, newest first."""

    items: list[ThoughtAnswer]
    next_after: int | None


class GoalRequest(RequestModel):
    """A goal in the user's words."""

    text: Text


class GoalTick(RequestModel):
    """Whether it is reached."""

    done: bool


class GoalsAnswer(AnswerModel):
    """All goals, open ones first."""

    goals: list[GoalAnswer]


class SummaryQuery(RequestModel):
    """How far back."""

    weeks: int = Field(1, ge=1, le=53, strict=False)


class DayAnswer(AnswerModel):
    """Thoughts of a day and their mean mood, from -1 to 1."""

    date: str
    thoughts: int
    mood: float | None


class WeekAnswer(AnswerModel):
    """A week from Monday on."""

    week: str
    thoughts: int
    directions: dict[str, int]
    intents: dict[str, int]
    liked: dict[str, int]
    goals_set: int
    goals_done: int
    days: list[DayAnswer]


class SummaryAnswer(AnswerModel):
    """The last weeks, the current one first."""

    weeks: list[WeekAnswer]


class KnowledgeAnswer(AnswerModel):
    """Which knowledge base is in use."""

    version: str
    source: Literal["shipped", "package"]
    insights: int
    own: int


class KnowledgePackage(RequestModel):
    """A signed package of a knowledge base, as `attune insights knowledge package` makes it."""

    schema_: Literal["attune-knowledge/1"] = Field(alias="schema")
    version: str = Field(min_length=1, max_length=40)
    insights: list[dict[str, Any]] = Field(min_length=1, max_length=5_000)
    signature: dict[str, str]


class EntryRequest(RequestModel):
    """An entry of the user's own."""

    direction: str = Field(max_length=40)
    title: str = Field(max_length=200)
    body: str = Field(max_length=2_000)
    actions: list[Part] = Field(max_length=24)
    intents: list[Part] = Field(max_length=24)
    feelings: list[Part] = Field(max_length=24)
    topics: list[Part] = Field(max_length=24)


class EntryAnswer(AnswerModel):
    """An entry of the knowledge base."""

    id: str
    direction: str
    title: str
    body: str
    actions: list[str]
    intents: list[str]
    feelings: list[str]
    topics: list[str]


class EntriesQuery(RequestModel):
    """Which entries."""

    query: str | None = Field(None, min_length=1, max_length=200, description="words, or something alike in meaning")
    direction: str | None = Field(None, max_length=40)
    limit: Limit = 50


class EntriesAnswer(AnswerModel):
    """Entries, those that fit best first."""

    items: list[EntryAnswer]


ThoughtId = Identifier
