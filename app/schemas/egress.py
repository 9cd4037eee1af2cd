"""Shapes of the ledger of what left the device."""

from pydantic import Field

from app.schemas.base import AnswerModel
from device_sim.hybrid.cloud import Outcome


class EgressEntryAnswer(AnswerModel):
    """One attempt to send something to the cloud model."""

    id: int = Field(description="counts up")
    request_id: str = Field(description="attempts of one request have it in common")
    attempt: int = Field(description="1 for the first")
    at: str = Field(description="before the first byte left")
    host: str = Field(description="that it went to")
    model: str = Field(description="that was asked")
    why: str = Field(description="the route that led to it")
    consent_since: str = Field(description="when the user had agreed to a cloud model's help")
    bytes: int = Field(description="length of the body in UTF-8")
    body: str = Field(description="the body as it left, byte for byte")
    outcome: Outcome = Field(description="`sent`: may have left, not known what came of it; `not-sent`: never left")
    status: int | None = Field(description="of HTTP, where there was an answer")
    answered_at: str | None = Field(description="null where no answer came")


class EgressAnswer(AnswerModel):
    """Some attempts, newest first."""

    items: list[EgressEntryAnswer] = Field(description="newest first")
    next_after: int | None = Field(description="for the next page; null on the last")
