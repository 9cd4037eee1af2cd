"""Prediction: the hot path. Nothing in it waits for a thread, the disk or the database."""

import asyncio
import json
import time

from fastapi import APIRouter
from starlette.responses import Response

from app.routes.answers import writes
from app.schemas.predictions import PredictionAnswer, PredictionsAnswer, PredictRequest
from app.services import ServicesDep

router = APIRouter(tags=["prediction"])


@router.post("/v1/predict", response_model=PredictionAnswer | PredictionsAnswer, responses=writes())
async def predict(body: PredictRequest, services: ServicesDep) -> Response:
    """Say what one text, or each of several, expresses. The answer names the version that gave it."""
    started = time.perf_counter()
    predictions = await asyncio.wrap_future(services.runtime.predictor.submit(body.asked(), body.task))
    services.metrics.predicted(body.task, predictions[0].version, len(predictions), time.perf_counter() - started)
    answers = [vars(prediction) for prediction in predictions]
    content = {"predictions": answers} if body.texts else answers[0]
    # The values are the device's own, so they are written as they are, not validated again.
    return Response(json.dumps(content, ensure_ascii=False), media_type="application/json")
