"""The simulated phone's conditions and clock."""

from fastapi import APIRouter

from app.routes.answers import reads, writes
from app.schemas.device import DeviceAnswer, DeviceRequest
from app.services import Device
from device_sim.conditions import DeviceChange
from device_sim.device import DeviceState

router = APIRouter(prefix="/v1/device", tags=["device"])


@router.get("", response_model=DeviceAnswer, responses=reads())
def read(device: Device) -> DeviceState:
    """What the phone senses, and its time."""
    return device.device.get()


@router.put("", response_model=DeviceAnswer, responses=writes())
def put(body: DeviceRequest, device: Device) -> DeviceState:
    """Change conditions or the clock; what is left out stays."""
    given = body.model_dump(exclude_unset=True)
    follow_real_clock = "now" in given and given["now"] is None
    return device.device.put(DeviceChange(**given, follow_real_clock=follow_real_clock))
