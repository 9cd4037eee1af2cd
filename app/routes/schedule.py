"""When the device trains by itself."""

from fastapi import APIRouter

from app.routes.answers import reads, writes
from app.schemas.device import DecisionAnswer, ScheduleAnswer, ScheduleRequest
from app.services import Device
from device_sim.conditions import Decision
from device_sim.schedule import ScheduleState

router = APIRouter(prefix="/v1/schedule", tags=["schedule"])


@router.get("", response_model=ScheduleAnswer, responses=reads())
def read(device: Device) -> ScheduleState:
    """The policy, what waits to be learnt, when the device looks next, and its last decision."""
    return device.schedule.get()


@router.put("", response_model=ScheduleAnswer, responses=writes())
def put(body: ScheduleRequest, device: Device) -> ScheduleState:
    """Change the policy; what is left out stays."""
    return device.schedule.put(body.changes())


@router.post("/tick", response_model=DecisionAnswer, responses=writes())
def tick(device: Device) -> Decision:
    """Look at the conditions now, and train if they allow."""
    return device.schedule.tick()
