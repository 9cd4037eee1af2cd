"""Shapes of heads, their versions, and the audit trail."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from app.schemas.base import AnswerModel, RequestModel, TaskName, VersionNumber
from device_sim.audit import Action
from model_store.manifest import MOST_LABELS


class IntegerBoundAnswer(AnswerModel):
    """A whole number, in a closed range."""

    default: int = Field(description="where an update names none")
    minimum: int = Field(description="the least that is allowed")
    maximum: int = Field(description="the most that is allowed")


class NumberBoundAnswer(AnswerModel):
    """A number, in a closed range."""

    default: float = Field(description="where an update names none")
    minimum: float = Field(description="the least that is allowed")
    maximum: float = Field(description="the most that is allowed")


class SwitchAnswer(AnswerModel):
    """Yes or no."""

    default: bool = Field(description="where an update does not say")


class ParameterBoundsAnswer(AnswerModel):
    """What an update may ask for, as parameterDescriptionsByKey of Core ML's MLModelDescription tells it."""

    epochs: IntegerBoundAnswer
    mini_batch_size: IntegerBoundAnswer
    learning_rate: NumberBoundAnswer
    seed: IntegerBoundAnswer
    shuffle: SwitchAnswer


class ModelAnswer(AnswerModel):
    """What answers for a task."""

    task: str = Field(description="its name")
    kind: Literal["sentence", "token"] = Field(description="labels a text, or finds entities in it")
    version: int = Field(description="the active version")
    state: str = Field(description="of the active version")
    labels: list[str] = Field(description="of a token task: begin-inside-outside tags of the entities' types")
    updatable: bool = Field(description="whether its head can be trained on the device")
    parameters: ParameterBoundsAnswer | None = Field(description="of its updates; null where it is not updatable")
    serving: int = Field(description="the version that answers; an ancestor where the active one can't be loaded")
    bundle: str = Field(description="the bundle's version")
    degraded: str | None = Field(description="why it is not the active version that answers")


class ModelsAnswer(AnswerModel):
    """Every task of the bundle."""

    models: list[ModelAnswer] = Field(description="in the manifest's order")


class VersionAnswer(AnswerModel):
    """One version in a task's lineage."""

    number: int = Field(description="0 is the bundle's")
    parent: int | None = Field(description="the version that it was trained from")
    state: str = Field(
        description="`trying`, `good`, `rejected`, `rolled_back` or `destroyed`; only the first two may answer"
    )
    active: bool = Field(description="whether it answers, or should")
    servable: bool = Field(description="whether it could answer")
    base_id: str = Field(description="the encoder whose features it works on")
    metrics: dict[str, float | int | None] = Field(description="what training and gate measured")
    bundle: str = Field(description="the bundle that it was trained with")
    sample_count: int = Field(description="how many samples it learnt from")
    update_id: str | None = Field(description="the update that made it")
    created_at: str | None = Field(description="by the device's clock")


class VersionsAnswer(AnswerModel):
    """A task's lineage, oldest first."""

    task: str = Field(description="whose versions these are")
    active: int = Field(description="the number of the active one")
    versions: list[VersionAnswer] = Field(description="oldest first")


class RollbackRequest(RequestModel):
    """Where to go back to; without `to`, the active version's parent."""

    to: VersionNumber | None = Field(None, description="the version to go back to; 0 is the bundle's own")


class ActivateRequest(RequestModel):
    """Which version shall answer."""

    version: VersionNumber


class ChangeAnswer(AnswerModel):
    """What answers now, and what did before."""

    task: str = Field(description="whose active version changed")
    version: int = Field(description="answers from now on")
    previous: int = Field(description="answered before")


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

    id: int = Field(description="counts up")
    at: str = Field(description="by the device's clock")
    actor: str = Field(description="who or what did it, as `http`, `user`, `schedule` or `trial`")
    action: str = Field(description=f"what happened: {', '.join(f'`{action}`' for action in get_args(Action))}")
    task: str | None = Field(description="whose head it was about")
    version_from: int | None = Field(description="the active version before")
    version_to: int | None = Field(description="the active version after")
    detail: dict[str, Any] = Field(description="figures and reasons; never a text")


class AuditAnswer(AnswerModel):
    """Some entries, oldest first."""

    items: list[AuditEntryAnswer] = Field(description="oldest first")
    next_after: int | None = Field(description="for the next page; null on the last")
