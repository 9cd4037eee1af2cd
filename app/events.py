"""Following an update's events as they come."""

import asyncio
import threading
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from device_sim.update_records import UpdateEvent
from device_sim.updates import Updates

_LOOK_EVERY = 0.02


async def follow(updates: Updates, update_id: str, after: int, stopping: threading.Event) -> AsyncIterator[UpdateEvent]:
    """The events of an update that follow number `after`, until it has finished or the service stops.

    A client that was cut off goes on with the number of the last event it has seen.
    """
    while not stopping.is_set():
        found, finished = await run_in_threadpool(updates.events, update_id, after)
        for event in found:
            if stopping.is_set():
                return  # There may be thousands.
            after = event.seq
            yield event
        if finished:
            return
        await asyncio.sleep(_LOOK_EVERY)
