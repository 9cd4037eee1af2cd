"""Prediction: the hot path. Nothing in it waits for a thread, the disk or the database."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.responses import Response

from app.routes.answers import writes
from app.schemas.predictions import EntitiesAnswer, PredictionAnswer, PredictionsAnswer, PredictRequest
from app.services import Services, ServicesDep


class _DirectRoute(APIRoute):
    """Reads the body itself, and is documented like any other route.

    FastAPI's resolution of a call's dependencies took a tenth of the time of a short text's prediction; here there are
    none. https://fastapi.tiangolo.com/how-to/custom-request-and-route/
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""

        async def handle(request: Request) -> Response:
            services: Services = request.app.state.services
            return await predict(_parsed(await request.body()), services)

        return handle


router = APIRouter(tags=["prediction"], route_class=_DirectRoute)


Answers = PredictionAnswer | EntitiesAnswer | PredictionsAnswer


@router.post("/v1/predict", response_model=Answers, responses=writes(404, 409))
async def predict(body: PredictRequest, services: ServicesDep) -> Response:
    """Say what one text, or each of several, expresses or, for a token task, which entities are in it. The answer names
    the version that gave it.
    """
    started = time.perf_counter()
    device = services.runtime
    # Only a version that does not serve has to be read, and no other call waits meanwhile.
    head = None if body.version is None else await asyncio.to_thread(device.models.head, body.task, body.version)
    predictions = await asyncio.wrap_future(device.predictor.answer(body.asked(), body.task, head))
    services.metrics.predicted(body.task, predictions[0].version, len(predictions), time.perf_counter() - started)
    answers = [vars(prediction) for prediction in predictions]
    content = {"predictions": answers} if body.texts else answers[0]
    # The values are the device's own, so they are written as they are, not validated again.
    return Response(json.dumps(content, ensure_ascii=False, default=vars), media_type="application/json")


def _parsed(content: bytes) -> PredictRequest:
    """The request that a body holds. Raises RequestValidationError, as FastAPI does."""
    try:
        value = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": "not JSON"}]) from None
    if not isinstance(value, dict):
        raise RequestValidationError([{"type": "dict_type", "loc": ("body",), "msg": "Input should be a JSON object"}])
    try:
        return PredictRequest.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in found]) from None
