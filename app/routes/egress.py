"""The ledger: every byte that left the device, when, why, under which consent."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.routes.answers import reads
from app.schemas.base import Page
from app.schemas.egress import EgressAnswer, EgressEntryAnswer
from app.services import Device
from device_sim.hybrid.ledger import Entry

router = APIRouter(prefix="/v1/egress", tags=["egress"])


@router.get("", responses=reads())
def page(query: Annotated[Page, Query()], device: Device) -> EgressAnswer:
    """What left the device, newest first."""
    found = device.ledger.page(query.after, query.limit)
    return EgressAnswer(items=[_answer(entry) for entry in found.items], next_after=found.next_after)


def _answer(entry: Entry) -> EgressEntryAnswer:
    return EgressEntryAnswer(
        id=entry.id,
        request_id=entry.request_id,
        attempt=entry.attempt,
        at=entry.at,
        host=entry.host,
        model=entry.model,
        why=entry.purpose,
        consent_since=entry.consent_since,
        bytes=len(entry.body),
        body=entry.body.decode(),
        outcome=entry.outcome,
        status=entry.status,
        answered_at=entry.answered_at,
    )
