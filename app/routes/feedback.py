"""Feedback: what the user says an answer should have been."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from app.routes.answers import writes
from app.schemas.predictions import FeedbackAnswer, FeedbackRequest
from app.services import Device
from device_sim.feedback import FeedbackReceipt

router = APIRouter(tags=["feedback"])

IdempotencyKey = Annotated[
    str | None,
    Header(pattern="^[!-~]{1,200}$", description="a call repeated with the same key is carried out once"),
]


@router.post("/v1/feedback", status_code=201, response_model=FeedbackAnswer, responses=writes(404, 409))
def record(
    body: FeedbackRequest, device: Device, response: Response, idempotency_key: IdempotencyKey = None
) -> FeedbackReceipt:
    """Store one piece of feedback to learn from. A repeated call says so in `Idempotency-Replayed`."""
    receipt = device.feedback.record(
        prediction_id=body.prediction_id or None,
        text=body.text or None,
        task=body.task or None,
        label=body.label,
        idempotency_key=idempotency_key,
    )
    if receipt.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return receipt
