"""Updates: training a head, watching it, stopping it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.events import follow
from app.routes.answers import reads, writes
from app.schemas.base import LARGEST_INTEGER, Identifier, Page
from app.schemas.updates import UpdateAnswer, UpdateRequest, UpdatesAnswer
from app.services import Device, ServicesDep
from device_sim.update_records import Update, UpdatePage

router = APIRouter(prefix="/v1/updates", tags=["updates"])


@router.post("", status_code=202, response_model=UpdateAnswer, responses=writes(409))
def start(body: UpdateRequest, device: Device, response: Response) -> Update:
    """Train on what the user has said. One update at a time; `Location` names where to follow it."""
    update = device.updates.start(body.task, body.parameters.chosen(), body.force)
    response.headers["Location"] = f"/v1/updates/{update.id}"
    return update


@router.get("", response_model=UpdatesAnswer, responses=reads())
def page(query: Annotated[Page, Query()], device: Device) -> UpdatePage:
    """The updates so far, newest first."""
    return device.updates.page(query.after, query.limit)


@router.get("/{update_id}", response_model=UpdateAnswer, responses=reads(404))
def read(update_id: Identifier, device: Device) -> Update:
    """One update."""
    return device.updates.get(update_id)


@router.post("/{update_id}/cancel", response_model=UpdateAnswer, responses=writes(404, 409))
def cancel(update_id: Identifier, device: Device) -> Update:
    """Stop an update; nothing of it remains."""
    return device.updates.cancel(update_id)


async def _known(update_id: Identifier, device: Device) -> str:
    """The id, if there is such an update: once a stream has begun it is too late for a 404."""
    await run_in_threadpool(device.updates.get, update_id)
    return update_id


@router.get("/{update_id}/events", response_class=EventSourceResponse, responses=reads(404))
async def events(
    update_id: Annotated[str, Depends(_known)],
    services: ServicesDep,
    last_event_id: Annotated[int, Header(ge=0, le=LARGEST_INTEGER, description="go on after this event")] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """An update's course as server-sent events; the last is `finished`."""
    async for event in follow(services.runtime.updates, update_id, last_event_id, services.stopping):
        yield ServerSentEvent(id=str(event.seq), event=event.event, data=event.data)
