"""The user's rights over their data: take it along, bring it back, destroy it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query
from starlette.responses import Response

from app.routes.answers import reads, writes
from app.schemas.samples import ErasedAnswer, ExportQuery, ImportAnswer
from app.services import Device
from device_sim.rights import ImportReport

router = APIRouter(tags=["rights"])

ExportPassphrase = Annotated[
    str | None,
    Header(alias="Attune-Export-Passphrase", min_length=1, max_length=1000, description="what seals an export"),
]


@router.get("/v1/export", response_model=dict[str, Any], responses=reads(507))
def export(query: Annotated[ExportQuery, Query()], device: Device, passphrase: ExportPassphrase = None) -> Response:
    """Everything personal. Trained heads are sealed in it always, all of it if `sealed` is asked for."""
    document = device.rights.export(query.sealed, _as_typed(passphrase))
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")


@router.post("/v1/import", response_model=ImportAnswer, responses=writes())
def import_(
    document: Annotated[dict[str, Any], Body(description="an export, sealed or not")],
    device: Device,
    passphrase: ExportPassphrase = None,
) -> ImportReport:
    """Replace what the device holds by an export: afterwards it is in the exported state."""
    return device.rights.import_(document, _as_typed(passphrase))


@router.delete("/v1/user-data", responses=writes())
def erase(device: Device) -> ErasedAnswer:
    """Destroy the keys of the user's data, then the data. Nothing brings it back."""
    device.rights.erase()
    return ErasedAnswer()


def _as_typed(passphrase: str | None) -> str | None:
    """A header's bytes, which arrive as Latin-1, as the UTF-8 that the sender meant."""
    if passphrase is None:
        return None
    try:
        return passphrase.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return passphrase
