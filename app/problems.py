"""Every error answer of the service: RFC 9457 problem documents, from one table.

No document holds what the request held. A validation error names the field and the rule; the name of a field that the
contract does not know is shown only where it looks like a name.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from device_sim import errors as device
from model_store import errors as store

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:attune:problem:"

_SHOWABLE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MALFORMED = "json_invalid"

# The nearest class in an error's ancestry decides.
_TABLE: dict[type[Exception], tuple[HTTPStatus, str]] = {
    device.DeviceError: (HTTPStatus.INTERNAL_SERVER_ERROR, "The device failed"),
    device.InvalidInput: (HTTPStatus.UNPROCESSABLE_ENTITY, "The request can't be carried out as it stands"),
    device.InvalidText: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a text that can be used"),
    device.TooManyTexts: (HTTPStatus.UNPROCESSABLE_ENTITY, "Too many texts"),
    device.UnknownTask: (HTTPStatus.UNPROCESSABLE_ENTITY, "Unknown task"),
    device.UnknownLabel: (HTTPStatus.UNPROCESSABLE_ENTITY, "Unknown label"),
    device.ParameterOutOfBounds: (HTTPStatus.UNPROCESSABLE_ENTITY, "Parameter out of bounds"),
    device.IdempotencyKeyReused: (HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency key used for another request"),
    device.InvalidExport: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not an export that can be read"),
    device.KnowledgeInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a knowledge base that can be used"),
    device.InvalidEntry: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not an entry that can be kept"),
    device.InvalidFile: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a file that can be read"),
    device.NotFound: (HTTPStatus.NOT_FOUND, "Not found"),
    device.UnknownPrediction: (HTTPStatus.NOT_FOUND, "Unknown prediction"),
    device.UnknownSample: (HTTPStatus.NOT_FOUND, "Unknown sample"),
    device.UnknownUpdate: (HTTPStatus.NOT_FOUND, "Unknown update"),
    device.UnknownThought: (HTTPStatus.NOT_FOUND, "Unknown thought"),
    device.UnknownInsight: (HTTPStatus.NOT_FOUND, "Unknown insight"),
    device.UnknownGoal: (HTTPStatus.NOT_FOUND, "Unknown goal"),
    device.UnknownEntry: (HTTPStatus.NOT_FOUND, "Unknown entry"),
    device.Refused: (HTTPStatus.CONFLICT, "Not possible now"),
    device.ConsentRequired: (HTTPStatus.FORBIDDEN, "Consent required"),
    device.UpdateRunning: (HTTPStatus.CONFLICT, "An update is running"),
    device.UpdateFinished: (HTTPStatus.CONFLICT, "The update is over"),
    device.ConditionsNotMet: (HTTPStatus.CONFLICT, "Not in a state to train"),
    device.NothingToLearn: (HTTPStatus.CONFLICT, "Nothing to learn"),
    device.SoundsLikeDanger: (HTTPStatus.CONFLICT, "You are not alone"),
    device.InsightsUnavailable: (HTTPStatus.CONFLICT, "Insights can't be given with this bundle"),
    device.HeadRejected: (HTTPStatus.CONFLICT, "The head is no better"),
    device.TaskNotUpdatable: (HTTPStatus.CONFLICT, "The task's head is fixed"),
    device.ConversationBusy: (HTTPStatus.CONFLICT, "The conversation is busy"),
    device.EgressBlocked: (HTTPStatus.CONFLICT, "Blocked before it left"),
    device.NothingToRollBack: (HTTPStatus.CONFLICT, "Nothing to roll back"),
    device.NetworkRefused: (HTTPStatus.SERVICE_UNAVAILABLE, "The network guard refused"),
    device.CloudUnavailable: (HTTPStatus.BAD_GATEWAY, "No answer of the cloud model"),
    device.StateError: (HTTPStatus.SERVICE_UNAVAILABLE, "The state directory can't be used"),
    device.StorageFull: (HTTPStatus.INSUFFICIENT_STORAGE, "No room on the disk"),
    device.DeviceClosed: (HTTPStatus.SERVICE_UNAVAILABLE, "The device is shutting down"),
    store.StoreError: (HTTPStatus.INTERNAL_SERVER_ERROR, "The model store failed"),
    store.BundleError: (HTTPStatus.SERVICE_UNAVAILABLE, "The bundle can't be used"),
    store.SealBroken: (HTTPStatus.UNPROCESSABLE_ENTITY, "What is sealed does not open"),
    store.HeadFileInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a head that can be read"),
    store.VersionError: (HTTPStatus.CONFLICT, "The version can't be used"),
    store.UnknownVersion: (HTTPStatus.NOT_FOUND, "Unknown version"),
    store.VersionNotServable: (HTTPStatus.CONFLICT, "The version must not answer"),
}

# What the framework and the layers around it refuse by status alone: code, title, detail.
_HTTP: dict[int, tuple[str, str, str]] = {
    HTTPStatus.BAD_REQUEST: ("malformed-json", "The body is not JSON", "the body must be one JSON value in UTF-8"),
    HTTPStatus.NOT_FOUND: ("not-found", "Not found", "there is nothing at this path"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "Method not allowed", "`Allow` lists what this path takes"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body-too-large", "The body is too large", "send less at once"),
}


class FieldProblem(BaseModel):
    """One wrong part of a request."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="where it is, as `body.parameters.epochs`")
    detail: str


class Problem(BaseModel):
    """An RFC 9457 problem document; `type` is stable and meant for programs."""

    model_config = ConfigDict(extra="forbid", title="Problem")

    type: str = Field(pattern=f"^{TYPE_PREFIX}[a-z0-9-]+$")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FieldProblem] | None = None
    allowed: list[str] | None = Field(None, description="what would have been accepted, or what is missing")


def problem_response(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    allowed: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that carries one problem document."""
    problem = Problem(
        type=TYPE_PREFIX + code,
        title=title,
        status=status,
        detail=detail,
        errors=list(errors) or None,
        allowed=list(allowed) or None,
    )
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=int(status), media_type=MEDIA_TYPE, headers=dict(headers or {}))


def refused(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that says no more than its status does."""
    otherwise = (status.phrase.lower().replace(" ", "-"), status.phrase, status.description or status.phrase)
    return problem_response(status, *_HTTP.get(status, otherwise), headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer these statuses with a problem document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def status_and_title(error: Exception) -> tuple[HTTPStatus, str]:
    """What the table says of an error."""
    for ancestor in type(error).__mro__:
        if ancestor in _TABLE:
            return _TABLE[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR, "The device failed"


def problem_of(error: device.DeviceError) -> Problem:
    """The problem document of an error, for where it is part of an answer that has begun."""
    status, title = status_and_title(error)
    return Problem(type=TYPE_PREFIX + error.code, title=title, status=int(status), detail=str(error))


async def _of_device(request: Request, error: device.DeviceError) -> Response:
    status, title = status_and_title(error)
    if isinstance(error, device.UnknownTask) and "task" in request.path_params:
        status = HTTPStatus.NOT_FOUND
    errors = [FieldProblem(field=error.field, detail=str(error))] if error.field else []
    return problem_response(status, error.code, title, str(error), errors=errors, allowed=error.allowed)


async def _of_store(_request: Request, error: store.StoreError) -> Response:
    status, title = status_and_title(error)
    return problem_response(status, error.code, title, str(error))


async def _of_validation(_request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(item["type"] == _MALFORMED for item in found):
        return refused(HTTPStatus.BAD_REQUEST)
    errors = [FieldProblem(field=_field(item["loc"]), detail=_rule(item)) for item in found[:20]]
    detail = "; ".join(f"{item.field}: {item.detail}" for item in errors[:3])
    return problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The request breaks the contract", detail, errors=errors
    )


def _field(location: Sequence[object]) -> str:
    shown = (str(part) if _SHOWABLE.fullmatch(str(part)) else "?" for part in location)
    return ".".join(shown)


def _rule(item: Mapping[str, Any]) -> str:
    """Pydantic's sentence for the rule; its sentences quote the schema, never the input."""
    if item["type"] == "extra_forbidden":
        return "Unknown field"
    return str(item["msg"]).removeprefix("Value error, ")


async def _of_http(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(request.app.state.methods_at(request.url.path))
    return refused(status, headers)


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.exception_handler(device.DeviceError)(_of_device)
    app.exception_handler(store.StoreError)(_of_store)
    app.exception_handler(RequestValidationError)(_of_validation)
    app.exception_handler(HTTPException)(_of_http)
