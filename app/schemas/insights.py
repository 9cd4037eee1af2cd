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

    intent: float = Field(description="of `intent`")
    sentiment: float = Field(description="of `sentiment`")
    direction: float = Field(description="of `direction`")


class PartAnswer(AnswerModel):
    """One of several thoughts in a text: the characters `start` to `end`, exclusive."""

    start: int = Field(description="first character")
    end: int = Field(description="the character after the last")
    intent: str = Field(description="of this part")
    sentiment: str = Field(description="of this part")
    direction: str = Field(description="of this part")


class OfferedAnswer(AnswerModel):
    """An insight that fits, and why."""

    id: str = Field(description="for the reaction")
    direction: str = Field(description="the area of life")
    title: str = Field(description="in a few words")
    body: str = Field(description="in a few sentences")
    actions: list[str] = Field(description="what to do first")
    score: float = Field(description="the sum that ranked it")
    why: str = Field(description="in a sentence for the user")


class ResourceAnswer(AnswerModel):
    """Somebody who can be called."""

    name: str = Field(description="who")
    contact: str = Field(description="number or address")
    when: str = Field(description="when they answer")


class HelpAnswer(AnswerModel):
    """The answer to a text that sounds like danger to the writer's or somebody's life."""

    answer: str = Field(description="words for the writer")
    resources: list[ResourceAnswer] = Field(description="who can be called")


class GoalAnswer(AnswerModel):
    """A goal; `done_at` when it was ticked off."""

    id: int = Field(description="names the goal")
    text: str = Field(description="in the user's words")
    direction: str | None = Field(description="the area of life")
    created_at: str = Field(description="by the device's clock")
    done_at: str | None = Field(description="null while it is open")


class InsightsAnswer(AnswerModel):
    """What a thought says, and what fits it and its user."""

    id: str = Field(description="names the thought")
    intent: str | None = Field(description="null with `help`, as the rest of the analysis")
    entities: list[str] = Field(description="topics in the text")
    sentiment: Feeling | None = Field(description="how it feels")
    direction: str | None = Field(description="the area of life, as this user means it")
    confidences: ConfidencesAnswer | None = Field(description="how sure the analysis is")
    thoughts: list[PartAnswer] = Field(description="the thoughts in the text, where there are several")
    insights: list[OfferedAnswer] = Field(description="the best first")
    message: str | None = Field(description="an honest word where nothing fits")
    help: HelpAnswer | None = Field(
        description="instead of all else, where the text sounds like danger; nothing is kept"
    )
    kept: bool = Field(description="whether the thought was kept: only with consent to personalisation")
    goal: GoalAnswer | None = Field(description="the goal that was made of the thought")
    version: int | None = Field(description="the version of the insight head that answered")


class ReactionRequest(RequestModel):
    """How an insight was taken."""

    insight_id: InsightId = Field(description="one that was offered for the thought")
    reaction: Reaction = Field(
        description="`like` becomes a sample, `dismiss` keeps it away, `done` says that it was acted on"
    )


class ReactionAnswer(AnswerModel):
    """What the reaction became; a like is a sample."""

    insight_id: str = Field(description="that was reacted to")
    reaction: Reaction = Field(description="as it was given")
    sample_id: int | None = Field(description="the sample that a like became")
    pending: int | None = Field(description="samples that wait to be learnt, where the like became one")
    affected_versions: list[VersionName] = Field(description="that learnt from a like which was taken back")


class ForgottenAnswer(AnswerModel):
    """A thought is gone, and the samples of its likes with it."""

    affected_versions: list[VersionName] = Field(description="versions that had learnt from these")


class OfferAnswer(AnswerModel):
    """What was offered for a thought."""

    insight_id: str = Field(description="its id in the knowledge base")
    direction: str = Field(description="the area of life")
    title: str = Field(description="in a few words")
    reaction: str | None = Field(description="the last one; null before any")
    done_at: str | None = Field(description="when its actions were done")


class ThoughtAnswer(AnswerModel):
    """A thought that was kept."""

    id: str = Field(description="names the thought")
    text: str = Field(description="in the user's words")
    intent: str = Field(description="what it is for")
    sentiment: str = Field(description="how it feels")
    direction: str = Field(description="the area of life")
    entities: list[str] = Field(description="topics in it")
    at: str = Field(description="by the device's clock")
    offers: list[OfferAnswer] = Field(description="what was offered, and how it was taken")


class ThoughtsAnswer(AnswerModel):
    """Some thoughts, newest first."""

    items: list[ThoughtAnswer] = Field(description="newest first")
    next_after: int | None = Field(description="for the next page; null on the last")


class GoalRequest(RequestModel):
    """A goal in the user's words."""

    text: Text


class GoalTick(RequestModel):
    """Whether it is reached."""

    done: bool = Field(description="true ticks it off, false opens it again")


class GoalsAnswer(AnswerModel):
    """All goals, open ones first."""

    goals: list[GoalAnswer] = Field(description="open ones first")


class SummaryQuery(RequestModel):
    """How far back."""

    weeks: int = Field(1, ge=1, le=53, strict=False)


class DayAnswer(AnswerModel):
    """Thoughts of a day and their mean mood, from -1 to 1."""

    date: str = Field(description="ISO 8601")
    thoughts: int = Field(description="that were kept")
    mood: float | None = Field(description="mean, from -1 to 1; null without thoughts")


class WeekAnswer(AnswerModel):
    """A week from Monday on."""

    week: str = Field(description="its Monday")
    thoughts: int = Field(description="that were kept")
    directions: dict[str, int] = Field(description="thoughts by area of life")
    intents: dict[str, int] = Field(description="thoughts by intent")
    liked: dict[str, int] = Field(description="likes by area of life")
    goals_set: int = Field(description="in this week")
    goals_done: int = Field(description="in this week")
    days: list[DayAnswer] = Field(description="from Monday")


class SummaryAnswer(AnswerModel):
    """The last weeks, the current one first."""

    weeks: list[WeekAnswer] = Field(description="the current one first")


class KnowledgeAnswer(AnswerModel):
    """Which knowledge base is in use."""

    version: str = Field(description="of what ships, or of the package")
    source: Literal["shipped", "package"] = Field(description="what ships, or a package that was installed")
    insights: int = Field(description="entries in all")
    own: int = Field(description="entries of the user's own")


class KnowledgePackage(RequestModel):
    """A signed package of a knowledge base, as `attune insights knowledge package` makes it."""

    schema_: Literal["attune-knowledge/1"] = Field(alias="schema")
    version: str = Field(min_length=1, max_length=40, description="of this edition")
    insights: list[dict[str, Any]] = Field(min_length=1, max_length=5_000, description="the entries")
    signature: dict[str, str] = Field(description="Ed25519, by a trusted key")


class EntryRequest(RequestModel):
    """An entry of the user's own."""

    direction: str = Field(max_length=40, description="the area of life, one of the knowledge base's")
    title: str = Field(max_length=200, description="in a few words")
    body: str = Field(max_length=2_000, description="in a few sentences")
    actions: list[Part] = Field(max_length=24, description="what to do first")
    intents: list[Part] = Field(
        max_length=24, description="that it is for: `goal_setting`, `emotion_record`, `advice_seeking`"
    )
    feelings: list[Part] = Field(max_length=24, description="that it is for: `negative`, `neutral`, `positive`")
    topics: list[Part] = Field(max_length=24, description="words that a fitting thought may hold")


class EntryAnswer(AnswerModel):
    """An entry of the knowledge base."""

    id: str = Field(description="its id")
    direction: str = Field(description="the area of life")
    title: str = Field(description="in a few words")
    body: str = Field(description="in a few sentences")
    actions: list[str] = Field(description="what to do first")
    intents: list[str] = Field(description="that it is for")
    feelings: list[str] = Field(description="that it is for")
    topics: list[str] = Field(description="words that a fitting thought may hold")


class EntriesQuery(RequestModel):
    """Which entries."""

    query: str | None = Field(None, min_length=1, max_length=200, description="words, or something alike in meaning")
    direction: str | None = Field(None, max_length=40)
    limit: Limit = 50


class EntriesAnswer(AnswerModel):
    """Entries, those that fit best first."""

    items: list[EntryAnswer] = Field(description="the best first")


ThoughtId = Identifier
