"""The insight assistant: thoughts and what fits them, reactions, history, goals, summaries, and the knowledge base."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.routes.answers import reads, writes
from app.schemas.base import LARGEST_INTEGER, Page
from app.schemas.insights import (
    EntriesAnswer,
    EntriesQuery,
    EntryAnswer,
    EntryRequest,
    ForgottenAnswer,
    GoalAnswer,
    GoalRequest,
    GoalsAnswer,
    GoalTick,
    InsightId,
    InsightsAnswer,
    InsightsRequest,
    KnowledgeAnswer,
    KnowledgePackage,
    ReactionAnswer,
    ReactionRequest,
    SummaryAnswer,
    SummaryQuery,
    ThoughtAnswer,
    ThoughtId,
    ThoughtsAnswer,
    WeekAnswer,
)
from app.schemas.samples import DeletionQuery, VersionName
from app.services import Device
from device_sim.insights.assistant import Affected, InsightAnswer
from device_sim.insights.journal import Goal, Thought, ThoughtPage
from device_sim.insights.knowledge import Insight
from device_sim.insights.library import LibraryInfo

router = APIRouter(tags=["insights"])

GoalId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER)]


@router.post("/v1/insights", responses=writes(409))
async def insights(body: InsightsRequest, device: Device) -> InsightsAnswer:
    """What a thought says, and insights that fit it and its user. It is kept only with consent."""
    return _answer(await asyncio.wrap_future(device.insights.submit(body.text, body.count)))


@router.get("/v1/insights", response_model=ThoughtsAnswer, responses=reads())
def thoughts(query: Annotated[Page, Query()], device: Device) -> ThoughtPage:
    """The thoughts that were kept, newest first."""
    return device.insights.thoughts(query.after, query.limit)


@router.get("/v1/summary", responses=reads())
def summary(query: Annotated[SummaryQuery, Query()], device: Device) -> SummaryAnswer:
    """Weeks at a glance, worked out on the device."""
    return SummaryAnswer(weeks=[WeekAnswer.model_validate(week) for week in device.insights.summary(query.weeks)])


@router.get("/v1/knowledge", response_model=KnowledgeAnswer, responses=reads())
def knowledge(device: Device) -> LibraryInfo:
    """Which knowledge base is in use."""
    return device.insights.library.info()


@router.put("/v1/knowledge", response_model=KnowledgeAnswer, responses=writes())
def install_knowledge(body: KnowledgePackage, device: Device) -> LibraryInfo:
    """Replace what ships by a signed package; own entries stay."""
    return device.insights.library.install(body.model_dump(by_alias=True))


@router.delete("/v1/knowledge", response_model=KnowledgeAnswer, responses=writes())
def reset_knowledge(device: Device) -> LibraryInfo:
    """Go back to what ships."""
    return device.insights.library.reset()


@router.get("/v1/knowledge/entries", responses=reads())
def entries(query: Annotated[EntriesQuery, Query()], device: Device) -> EntriesAnswer:
    """Entries; with a `query`, those that hold its words or are like it in meaning."""
    index = device.insights.library.index
    found = index.search(query.query, len(index.insights)) if query.query else list(index.insights)
    chosen = [entry for entry in found if query.direction in (None, entry.direction)]
    return EntriesAnswer(items=[EntryAnswer.model_validate(entry) for entry in chosen[: query.limit]])


@router.post("/v1/knowledge/entries", response_model=EntryAnswer, status_code=201, responses=writes())
def add_entry(body: EntryRequest, device: Device) -> Insight:
    """Add an entry of the user's own."""
    return device.insights.library.add(body.model_dump())


@router.delete("/v1/knowledge/entries/{insight_id}", status_code=204, responses=writes(404))
def remove_entry(insight_id: InsightId, device: Device) -> None:
    """Remove an own entry."""
    device.insights.library.remove(insight_id)


@router.get("/v1/insights/{thought_id}", response_model=ThoughtAnswer, responses=reads(404))
def thought(thought_id: ThoughtId, device: Device) -> Thought:
    """A thought that was kept, and how what was offered for it was taken."""
    return device.insights.thought(thought_id)


@router.delete("/v1/insights/{thought_id}", responses=writes(404, 409))
def forget(thought_id: ThoughtId, query: Annotated[DeletionQuery, Query()], device: Device) -> ForgottenAnswer:
    """Forget a thought, what was offered for it, and the samples of its likes."""
    return ForgottenAnswer(affected_versions=_named(device.insights.delete_thought(thought_id, query.then)))


@router.post("/v1/insights/{thought_id}/reaction", responses=writes(404, 409))
def react(thought_id: ThoughtId, body: ReactionRequest, device: Device) -> ReactionAnswer:
    """Say how an insight was taken. A like is learnt from: it becomes a sample."""
    receipt = device.insights.react(thought_id, body.insight_id, body.reaction)
    return ReactionAnswer(
        insight_id=receipt.insight_id, reaction=receipt.reaction, sample_id=receipt.sample_id, pending=receipt.pending,
        affected_versions=_named(receipt.affected_versions),
    )  # fmt: skip


@router.get("/v1/goals", responses=reads())
def goals(device: Device) -> GoalsAnswer:
    """The user's goals, open ones first."""
    return GoalsAnswer(goals=[GoalAnswer.model_validate(goal) for goal in device.insights.goals()])


@router.post("/v1/goals", response_model=GoalAnswer, status_code=201, responses=writes(409))
def add_goal(body: GoalRequest, device: Device) -> Goal:
    """Keep a goal."""
    return device.insights.add_goal(body.text)


@router.put("/v1/goals/{goal_id}", response_model=GoalAnswer, responses=writes(404))
def tick_goal(goal_id: GoalId, body: GoalTick, device: Device) -> Goal:
    """Tick a goal off, or take that back."""
    return device.insights.tick_goal(goal_id, body.done)


@router.delete("/v1/goals/{goal_id}", status_code=204, responses=writes(404))
def delete_goal(goal_id: GoalId, device: Device) -> None:
    """Forget a goal."""
    device.insights.delete_goal(goal_id)


def _named(affected: Affected) -> list[VersionName]:
    return [VersionName(task=task, version=version) for task, version in affected]


def _answer(answer: InsightAnswer) -> InsightsAnswer:
    analysis = answer.analysis
    offered = [
        {
            "id": one.insight.id, "direction": one.insight.direction, "title": one.insight.title,
            "body": one.insight.body, "actions": list(one.insight.actions), "score": round(one.score, 4),
            "why": one.why,
        }
        for one in answer.insights
    ]  # fmt: skip
    parts = analysis.parts if analysis else ()
    help_ = answer.help and {
        "answer": answer.help.answer,
        "resources": [
            {"name": name, "contact": contact, "when": when} for name, contact, when in answer.help.resources
        ],
    }
    return InsightsAnswer.model_validate(
        {
            "id": answer.id,
            "intent": analysis and analysis.intent.label,
            "entities": list(analysis.entities) if analysis else [],
            "sentiment": analysis and analysis.sentiment.label,
            "direction": analysis and analysis.direction.label,
            "confidences": analysis and {
                "intent": analysis.intent.probability, "sentiment": analysis.sentiment.probability,
                "direction": analysis.direction.probability,
            },
            "thoughts": [
                {
                    "start": part.start, "end": part.end, "intent": part.intent.label,
                    "sentiment": part.sentiment.label, "direction": part.direction.label,
                }
                for part in parts
            ],
            "insights": offered,
            "message": answer.message,
            "help": help_,
            "kept": answer.kept,
            "goal": answer.goal,
            "version": analysis and analysis.version,
        }
    )  # fmt: skip
