"""The hybrid assistant, and redaction by itself."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from app.problems import TYPE_PREFIX, problem_of
from app.routes.answers import writes
from app.schemas.assist import AssistAnswer, AssistRequest, ConversationId, RedactAnswer, RedactRequest
from app.services import Device, ServicesDep
from app.streams import steps
from device_sim.errors import DeviceError
from device_sim.hybrid.replies import Ask, Event, Piece, Prepared, Prompt, Reply, Routed

router = APIRouter(tags=["assistant"])


@router.post(
    "/v1/assist", response_model=AssistAnswer, responses={**writes(409), 200: {"content": {"text/event-stream": {}}}}
)
async def assist(body: AssistRequest, request: Request, services: ServicesDep) -> Any:
    """Answer a request: here what is private, with a cloud model's help what is not. With `stream` the answer comes as
    server-sent events: `route`, `outbound`, `delta`s, and `done`, which holds all of it; `problem` if it broke down.
    """
    ask = Ask(body.text, body.conversation_id, body.dry_run, body.route)
    events = steps(
        lambda gone: services.runtime.assistant.answer(ask, gone), services.stopping, request.is_disconnected
    )
    if not body.stream:
        async for event in events:
            if isinstance(event, Reply):
                return _answer(event)
        return Response(status_code=499)  # nobody is there to read it
    # The first step is waited for: what is wrong with the request itself is an error, not an event.
    first = await anext(events, None)
    return EventSourceResponse(_stream(first, events), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@router.delete("/v1/assist/{conversation_id}", status_code=204, responses=writes())
def forget(conversation_id: Annotated[ConversationId, Path()], device: Device) -> Response:
    """Forget a conversation: what was said in it, and what its placeholders stand for. It is in memory only."""
    device.assistant.forget(conversation_id)
    return Response(status_code=204)


@router.post("/v1/redact", responses=writes(409))
def redact(body: RedactRequest, device: Device) -> RedactAnswer:
    """Show a text as it might leave. Sends nothing anywhere."""
    redacted = device.assistant.redact(body.text, body.conversation_id, strict=body.strict)
    return RedactAnswer.model_validate(
        {"redacted": redacted.text, "entities": redacted.entities, "conversation_id": body.conversation_id}
    )


async def _stream(first: Event | None, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield _event(first)
        async for event in events:
            yield _event(event)
    except DeviceError as error:
        yield format_sse_event(event="problem", data_str=problem_of(error).model_dump_json(exclude_none=True))


def _event(event: Event) -> bytes:
    match event:
        case Routed():
            name, content = "route", _routed(event)
        case Prepared(prompt):
            name, content = "outbound", _outbound(prompt)
        case Piece(text):
            name, content = "delta", {"text": text}
        case Reply():
            name, content = "done", _answer(event).model_dump()
    return format_sse_event(event=name, data_str=json.dumps(content, ensure_ascii=False))


def _answer(reply: Reply) -> AssistAnswer:
    fault = reply.fault and {"type": TYPE_PREFIX + reply.fault.code, "detail": reply.fault.detail}
    help_ = reply.help and {
        "answer": reply.help.answer,
        "resources": [{"name": name, "contact": contact, "when": when} for name, contact, when in reply.help.resources],
    }
    return AssistAnswer.model_validate(
        {
            **_routed(reply.routed),
            "answer": reply.answer, "understood": reply.understood, "changed": reply.changed,
            "undo": reply.undo,
            "sources": [vars(source) for source in reply.sources],
            "outbound": reply.prompt and _outbound(reply.prompt), "sent": reply.sent,
            "unresolved": list(reply.unresolved), "problem": fault, "help": help_,
        }
    )  # fmt: skip


def _routed(routed: Routed) -> dict[str, Any]:
    return {
        "id": routed.id, "conversation_id": routed.conversation_id, "route": routed.route.label.value,
        "reasons": list(routed.route.reasons), "probabilities": routed.route.probabilities, "version": routed.version,
    }  # fmt: skip


def _outbound(prompt: Prompt) -> dict[str, Any]:
    return {
        "messages": [{"role": role, "content": content} for role, content in prompt.messages],
        "body": None if prompt.body is None else prompt.body.decode(),
        "placeholders": [vars(hidden) for hidden in prompt.placeholders],
    }
