"""The routes of the HTTP contract: each parses, calls one service, and maps the answer."""

from app.routes import (
    assist,
    consent,
    console,
    device,
    egress,
    feedback,
    health,
    insights,
    models,
    personal,
    predict,
    rights,
    samples,
    schedule,
    updates,
)

ROUTERS = (
    predict.router,
    feedback.router,
    consent.router,
    insights.router,
    assist.router,
    egress.router,
    personal.router,
    samples.router,
    rights.router,
    updates.router,
    models.router,
    device.router,
    schedule.router,
    health.router,
    console.router,
)
