"""Requests to the hybrid assistant, its answers, and redaction by itself."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.schemas.base import AnswerModel, Identifier, RequestModel, Text, VersionNumber
from app.schemas.insights import HelpAnswer

RouteName = Literal["private", "general", "mixed"]
ConversationId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$"),
    Field(description="goes on with an earlier request: its placeholders stay the same", examples=["trip-1"]),
]


class AssistRequest(RequestModel):
    """A request. `dry_run` shows what would be sent, and sends nothing."""

    text: Text
    dry_run: bool = False
    stream: Annotated[bool, Field(description="answer as server-sent events")] = False
    conversation_id: ConversationId | None = None
    route: Annotated[RouteName | None, Field(description="the user's own choice, instead of the device's")] = None


class MessageAnswer(AnswerModel):
    """One message of a prompt, placeholders in it."""

    role: Literal["system", "user", "assistant"]
    content: str


class PlaceholderAnswer(AnswerModel):
    """What a placeholder stands for; known on the device only."""

    placeholder: str
    type: str
    text: str


class OutboundAnswer(AnswerModel):
    """What leaves the device, or would; `body` are the exact bytes, null where no cloud model is set up."""

    messages: list[MessageAnswer]
    body: str | None
    placeholders: list[PlaceholderAnswer]


class SourceAnswer(AnswerModel):
    """A record of the phone that the answer rests on."""

    kind: Literal["note", "event", "contact"]
    id: int
    title: str


class FaultAnswer(AnswerModel):
    """Why there is no answer of the cloud's, or only a part of one; `type` is stable."""

    type: str
    detail: str


class AssistAnswer(AnswerModel):
    """How a request was answered. `sent` tells whether anything left the device; `unresolved` are placeholders in the
    cloud's answer that can't be matched with certainty and stay as they are. `id` is a prediction of the task `route`:
    feedback on it corrects the route.
    """

    id: Identifier
    conversation_id: str
    route: RouteName
    reasons: list[str]
    probabilities: dict[str, float]
    version: VersionNumber
    answer: str
    understood: Annotated[bool, Field(description="false where the phone's data hold no answer")]
    changed: Annotated[bool, Field(description="whether the phone's data were changed")]
    undo: Annotated[str | None, Field(description="how to take the change back")]
    sources: list[SourceAnswer]
    outbound: OutboundAnswer | None
    sent: bool
    unresolved: list[str]
    problem: FaultAnswer | None
    help: HelpAnswer | None


class RedactRequest(RequestModel):
    """A text to redact. `strict` hides words too that everyday public text does not hold."""

    text: Text
    strict: bool = False
    conversation_id: ConversationId | None = None


class RedactedEntity(AnswerModel):
    """What was hidden: the characters `start` to `end`, exclusive, of the text, and what stands for them."""

    start: int
    end: int
    type: str
    text: str
    placeholder: str


class RedactAnswer(AnswerModel):
    """The text as it may be sent, and what was hidden; the placeholders mean nothing in another conversation."""

    redacted: str
    entities: list[RedactedEntity]
    conversation_id: str | None
