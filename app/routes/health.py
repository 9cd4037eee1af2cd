"""Liveness, readiness, metrics."""

from fastapi import APIRouter
from starlette.responses import Response

from app.metrics import CONTENT_TYPE
from app.routes.answers import reads
from app.schemas.device import LiveAnswer, ReadyAnswer
from app.services import Device, ServicesDep

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=reads())
async def healthz() -> LiveAnswer:
    """The process answers."""
    return LiveAnswer()


@router.get("/readyz", responses=reads())
def readyz(device: Device) -> ReadyAnswer:
    """Whether everything serves as it should, or what does not."""
    return ReadyAnswer.model_validate(device.health(), extra="ignore")


@router.get("/metrics", responses={**reads(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
def metrics(services: ServicesDep) -> Response:
    """Counters and gauges for Prometheus."""
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
