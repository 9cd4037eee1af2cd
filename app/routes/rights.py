"""The user's rights over their data: take it along, bring it back, destroy it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from app.routes.answers import reads, writes
from app.routes.passphrase import Passphrase, as_typed
from app.schemas.samples import ErasedAnswer, ExportQuery, ImportAnswer
from app.services import Device
from device_sim.rights import ImportReport

router = APIRouter(tags=["rights"])


@router.get("/v1/export", response_model=dict[str, Any], responses=reads(507))
def export(query: Annotated[ExportQuery, Query()], device: Device, passphrase: Passphrase = None) -> Response:
    """Everything personal. Trained heads are sealed in it always, all of it if `sealed` is asked for."""
    document = device.rights.export(query.sealed, as_typed(passphrase) if passphrase else None)
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")


@router.post("/v1/import", response_model=ImportAnswer, responses=writes())
def import_(
    document: Annotated[dict[str, Any], Body(description="an export, sealed or not")],
    device: Device,
    passphrase: Passphrase = None,
) -> ImportReport:
    """Replace what the device holds by an export: afterwards it is in the exported state."""
    return device.rights.import_(document, as_typed(passphrase) if passphrase else None)


@router.delete("/v1/user-data", responses=writes())
def erase(device: Device) -> ErasedAnswer:
    """Destroy the keys of the user's data, then the data. Nothing brings it back."""
    device.rights.erase()
    return ErasedAnswer()
