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
    dry_run: bool = Field(False, description="show what would be sent, and send nothing")
    stream: Annotated[bool, Field(description="answer as server-sent events")] = False
    conversation_id: ConversationId | None = None
    route: Annotated[RouteName | None, Field(description="the user's own choice, instead of the device's")] = None


class MessageAnswer(AnswerModel):
    """One message of a prompt, placeholders in it."""

    role: Literal["system", "user", "assistant"] = Field(description="as the cloud model's protocol names it")
    content: str = Field(description="placeholders stand for what is private")


class PlaceholderAnswer(AnswerModel):
    """What a placeholder stands for; known on the device only."""

    placeholder: str = Field(description="as `[PERSON_A]`")
    type: str = Field(description="what kind of value it hides")
    text: str = Field(description="the value; it never leaves")


class OutboundAnswer(AnswerModel):
    """What leaves the device, or would; `body` are the exact bytes, null where no cloud model is set up."""

    messages: list[MessageAnswer] = Field(description="of the prompt")
    body: str | None = Field(description="the exact bytes; null where no cloud model is set up")
    placeholders: list[PlaceholderAnswer] = Field(description="what was hidden")


class SourceAnswer(AnswerModel):
    """A record of the phone that the answer rests on."""

    kind: Literal["note", "event", "contact"] = Field(description="where it lies")
    id: int = Field(description="its id there")
    title: str = Field(description="what it is called")


class FaultAnswer(AnswerModel):
    """Why there is no answer of the cloud's, or only a part of one; `type` is stable."""

    type: str = Field(description="a problem's type, stable")
    detail: str = Field(description="in a sentence")


class AssistAnswer(AnswerModel):
    """How a request was answered. `sent` tells whether anything left the device; `unresolved` are placeholders in the
    cloud's answer that can't be matched with certainty and stay as they are. `id` is a prediction of the task `route`:
    feedback on it corrects the route.
    """

    id: Identifier = Field(description="names the request; feedback on it corrects the route")
    conversation_id: str = Field(description="to go on with it")
    route: RouteName = Field(description="how it was answered")
    reasons: list[str] = Field(description="why this route")
    probabilities: dict[str, float] = Field(description="of the route head")
    version: VersionNumber = Field(description="of the route head")
    answer: str = Field(description="for the user, values put in")
    understood: Annotated[bool, Field(description="false where the phone's data hold no answer")]
    changed: Annotated[bool, Field(description="whether the phone's data were changed")]
    undo: Annotated[str | None, Field(description="how to take the change back")]
    sources: list[SourceAnswer] = Field(description="records that it rests on")
    outbound: OutboundAnswer | None = Field(
        description="what left or, with `dry_run`, would have left; null where nothing would"
    )
    sent: bool = Field(description="whether anything left the device")
    unresolved: list[str] = Field(description="placeholders of the cloud's answer that could not be matched")
    problem: FaultAnswer | None = Field(description="why there is no whole answer of the cloud model")
    help: HelpAnswer | None = Field(description="where the text sounds like danger to life")


class RedactRequest(RequestModel):
    """A text to redact. `strict` hides words too that everyday public text does not hold."""

    text: Text
    strict: bool = Field(False, description="hide rare and unknown words, too")
    conversation_id: ConversationId | None = None


class RedactedEntity(AnswerModel):
    """What was hidden: the characters `start` to `end`, exclusive, of the text, and what stands for them."""

    start: int = Field(description="first character")
    end: int = Field(description="the character after the last")
    type: str = Field(description="what kind of value it is")
    text: str = Field(description="what was hidden")
    placeholder: str = Field(description="what stands for it")


class RedactAnswer(AnswerModel):
    """The text as it may be sent, and what was hidden; the placeholders mean nothing in another conversation."""

    redacted: str = Field(description="the text as it might leave")
    entities: list[RedactedEntity] = Field(description="in the text's order")
    conversation_id: str | None = Field(description="as it was given")
