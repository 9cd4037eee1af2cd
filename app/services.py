"""What the routes work with, made at start-up and handed to them as typed dependencies."""

import threading
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.metrics import Metrics
from device_sim.runtime import Runtime


@dataclass(frozen=True)
class Services:
    """The open device, the metrics, and the sign that the process is about to stop."""

    runtime: Runtime
    metrics: Metrics
    stopping: threading.Event


# These are coroutines because FastAPI would run plain functions in a thread.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _runtime(request: Request) -> Runtime:
    services: Services = request.app.state.services
    return services.runtime


ServicesDep = Annotated[Services, Depends(_services)]
Device = Annotated[Runtime, Depends(_runtime)]
