"""Samples: what the user's feedback left on the device, and its deletion."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.routes.answers import reads, writes
from app.schemas.base import LARGEST_INTEGER
from app.schemas.samples import DeletionAnswer, DeletionQuery, SamplesAnswer, SamplesQuery, VersionName
from app.services import Device
from device_sim.deletion import Deletion
from device_sim.samples import SamplePage

router = APIRouter(prefix="/v1/samples", tags=["samples"])


@router.get("", response_model=SamplesAnswer, responses=reads())
def page(query: Annotated[SamplesQuery, Query()], device: Device) -> SamplePage:
    """The stored samples, oldest first."""
    return device.samples.page(query.task, query.after, query.limit)


@router.delete("", responses=writes(409))
def delete_all(query: Annotated[DeletionQuery, Query()], device: Device) -> DeletionAnswer:
    """Delete every sample."""
    return _answer(device.deletions.delete(None, query.then))


@router.delete("/{sample_id}", responses=writes(404, 409))
def delete(
    sample_id: Annotated[int, Path(ge=1, le=LARGEST_INTEGER)], query: Annotated[DeletionQuery, Query()], device: Device
) -> DeletionAnswer:
    """Delete one sample; the answer names the versions that learnt from it."""
    return _answer(device.deletions.delete(sample_id, query.then))


def _answer(deletion: Deletion) -> DeletionAnswer:
    affected = [VersionName(task=task, version=version) for task, version in deletion.affected_versions]
    return DeletionAnswer(deleted=deletion.deleted, affected_versions=affected, updates=list(deletion.update_ids))
