"""Shapes of heads, their versions, and the audit trail."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.schemas.base import AnswerModel, RequestModel, TaskName, VersionNumber
from model_store.manifest import MOST_LABELS


class ModelAnswer(AnswerModel):
    """What answers for a task."""

    task: str
    kind: Literal["sentence", "token"] = Field(description="labels a text, or finds entities in it")
    version: int = Field(description="the active version")
    state: str
    labels: list[str] = Field(description="of a token task: begin-inside-outside tags of the entities' types")
    updatable: bool
    serving: int = Field(description="the version that answers; an ancestor where the active one can't be loaded")
    bundle: str
    degraded: str | None = Field(description="why it is not the active version that answers")


class ModelsAnswer(AnswerModel):
    """Every task of the bundle."""

    models: list[ModelAnswer]


class VersionAnswer(AnswerModel):
    """One version in a task's lineage."""

    number: int
    parent: int | None
    state: str
    active: bool
    servable: bool
    base_id: str
    metrics: dict[str, float | int | None]
    bundle: str
    sample_count: int = Field(description="how many samples it learnt from")
    update_id: str | None
    created_at: str | None


class VersionsAnswer(AnswerModel):
    """A task's lineage, oldest first."""

    task: str
    active: int
    versions: list[VersionAnswer]


class RollbackRequest(RequestModel):
    """Where to go back to; without `to`, the active version's parent."""

    to: VersionNumber | None = None


class ActivateRequest(RequestModel):
    """Which version shall answer."""

    version: VersionNumber


class ChangeAnswer(AnswerModel):
    """What answers now, and what did before."""

    task: str
    version: int
    previous: int


class HeadDocument(RequestModel):
    """A version's head on its way between devices. Its parameters are sealed; all else is readable."""

    schema_: Literal["attune-head/1"] = Field(alias="schema")
    task: TaskName
    labels: list[Annotated[str, Field(min_length=1, max_length=66)]] = Field(
        min_length=2, max_length=2 * MOST_LABELS + 1
    )
    base_id: str = Field(min_length=1, max_length=64, description="the base whose features it works on")
    bundle: str = Field(min_length=1, max_length=64)
    version: VersionNumber
    seal: dict[str, str] = Field(description="how to get the key that opens the parameters")
    parameters: str = Field(description="sealed: AES-256-GCM in base64")


class AuditEntryAnswer(AnswerModel):
    """One change, and who or what caused it."""

    id: int
    at: str
    actor: str
    action: str
    task: str | None
    version_from: int | None
    version_to: int | None
    detail: dict[str, Any]


class AuditAnswer(AnswerModel):
    """Some entries, oldest first."""

    items: list[AuditEntryAnswer]
    next_after: int | None
