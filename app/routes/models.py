"""Models: what answers, every version's story, rolling back and forward, and the audit trail."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.routes.answers import reads, writes
from app.routes.passphrase import RequiredPassphrase, as_typed
from app.schemas.base import LARGEST_INTEGER, Page, TaskName
from app.schemas.models import (
    ActivateRequest,
    AuditAnswer,
    ChangeAnswer,
    HeadDocument,
    ModelAnswer,
    ModelsAnswer,
    RollbackRequest,
    VersionAnswer,
    VersionsAnswer,
)
from app.services import Device
from device_sim.audit import AuditPage
from device_sim.models import Change

router = APIRouter(tags=["models"])

_ACTOR = "http"


@router.get("/v1/models", responses=reads())
def models(device: Device) -> ModelsAnswer:
    """What answers for each task."""
    return ModelsAnswer(models=[ModelAnswer.model_validate(model) for model in device.models.list()])


@router.get("/v1/models/{task}/versions", responses=reads(404))
def versions(task: TaskName, device: Device) -> VersionsAnswer:
    """A task's versions, oldest first."""
    lineage = device.models.versions(task)
    active = next(version.number for version in lineage if version.active)
    return VersionsAnswer(
        task=task, active=active, versions=[VersionAnswer.model_validate(version) for version in lineage]
    )


@router.get("/v1/models/{task}/versions/{number}/head", responses=reads(404, 409))
def export_head(
    task: TaskName,
    number: Annotated[int, Path(ge=0, le=LARGEST_INTEGER)],
    device: Device,
    passphrase: RequiredPassphrase,
) -> HeadDocument:
    """A version's head, to be taken to a phone or another device: its parameters sealed with the passphrase."""
    return HeadDocument.model_validate(device.carried_heads.export(task, number, as_typed(passphrase)))


@router.post("/v1/models/{task}/versions", response_model=ChangeAnswer, status_code=201, responses=writes(404, 409))
def import_head(task: TaskName, body: HeadDocument, device: Device, passphrase: RequiredPassphrase) -> Change:
    """Take a head in as a new version, on trial, if it is no worse than what answers now."""
    return device.carried_heads.import_(task, body.model_dump(by_alias=True), as_typed(passphrase), _ACTOR)


@router.post("/v1/models/{task}/rollback", response_model=ChangeAnswer, responses=writes(404, 409))
def rollback(task: TaskName, device: Device, body: RollbackRequest | None = None) -> Change:
    """Go back to the active version's parent, or to the version that `to` names."""
    return device.models.rollback(task, body.to if body else None, _ACTOR)


@router.post("/v1/models/{task}/activate", response_model=ChangeAnswer, responses=writes(404, 409))
def activate(task: TaskName, body: ActivateRequest, device: Device) -> Change:
    """Let a version answer from the next prediction on."""
    return device.models.activate(task, body.version, _ACTOR)


@router.get("/v1/audit", response_model=AuditAnswer, responses=reads())
def audit(query: Annotated[Page, Query()], device: Device) -> AuditPage:
    """Every change of what is served or kept, oldest first."""
    return device.audit.page(query.after, query.limit)
