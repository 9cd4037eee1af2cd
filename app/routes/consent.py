"""Consent: given, changed and withdrawn in one call each."""

from fastapi import APIRouter

from app.routes.answers import reads, writes
from app.schemas.samples import ConsentAnswer, ConsentRequest
from app.services import Device
from device_sim.consent import Consent

router = APIRouter(prefix="/v1/consent", tags=["consent"])


@router.get("", response_model=ConsentAnswer, responses=reads())
def read(device: Device) -> Consent:
    """What the user has agreed to."""
    return device.consent.get()


@router.put("", response_model=ConsentAnswer, responses=writes())
def put(body: ConsentRequest, device: Device) -> Consent:
    """Change what the user agrees to; what is left out stays."""
    return device.consent.put(**body.given())


@router.delete("", response_model=ConsentAnswer, responses=writes())
def withdraw(device: Device) -> Consent:
    """Withdraw everything."""
    return device.consent.withdraw()
