"""What happens when there is a bug."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.faults import AnswerCutShortError, FaultBarrier


async def _fail(request: Request) -> Response:
    raise ValueError(f"can't handle {request.query_params['text']}")


async def _fail_late(request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError(request.query_params["text"])

    return StreamingResponse(body())


@pytest.fixture
def client() -> httpx.AsyncClient:
    routes = [Route("/early", _fail), Route("/late", _fail_late)]
    app = Starlette(routes=routes, middleware=[Middleware(FaultBarrier)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


def test_a_bug_is_a_problem_document_and_a_log_entry_without_the_request(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = asyncio.run(client.get("/early", params={"text": "hush"}))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["type"] == "urn:attune:problem:internal-error"
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name == "attune")
    assert "ValueError" in logged
    assert "_fail" in logged
    assert "hush" not in answer.text + logged


def test_a_bug_in_mid_answer_ends_the_connection_without_a_cause_to_log(client: httpx.AsyncClient) -> None:
    with pytest.raises(AnswerCutShortError) as failure:
        asyncio.run(client.get("/late", params={"text": "hush"}))
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    assert "hush" not in str(failure.value)
