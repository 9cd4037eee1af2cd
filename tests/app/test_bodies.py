"""What a request may carry."""

from collections.abc import Iterator

import httpx
import pytest

from app.bodies import MAX_BODY


def _problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    return answer.status_code, document["type"].removeprefix("urn:attune:problem:")


def test_an_announced_body_over_the_limit_is_refused(shared: httpx.Client) -> None:
    content = b'{"text":"' + b"a" * MAX_BODY + b'"}'
    answer = shared.post("/v1/predict", content=content, headers={"Content-Type": "application/json"})
    assert _problem(answer) == (413, "body-too-large")


def test_an_unannounced_body_is_counted(shared: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text":"'
        for _ in range(MAX_BODY // 65536 + 1):
            yield b"a" * 65536
        yield b'"}'

    answer = shared.post("/v1/predict", content=chunks(), headers={"Content-Type": "application/json"})
    assert _problem(answer) == (413, "body-too-large")


def test_an_import_may_be_larger_than_other_bodies(shared: httpx.Client) -> None:
    content = b'{"schema":"' + b"a" * MAX_BODY + b'"}'
    answer = shared.post("/v1/import", content=content, headers={"Content-Type": "application/json"})
    assert _problem(answer) == (422, "invalid-export")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=gbk", ""],
)
def test_other_types_than_json_are_refused(shared: httpx.Client, content_type: str) -> None:
    answer = shared.post("/v1/predict", content=b'{"text":"a"}', headers={"Content-Type": content_type})
    assert _problem(answer) == (415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_passes_however_it_is_written(shared: httpx.Client, content_type: str) -> None:
    answer = shared.post("/v1/predict", content='{"text":"你好"}'.encode(), headers={"Content-Type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"text":}', b"\xff\xfe", b'{"text":"\xc3("}', b"", b"[" * 100_000, b'{"text":' + b"1" * 5000 + b"}"],
    ids=["cut", "no value", "no UTF-8", "broken UTF-8", "empty", "deep", "huge number"],
)
def test_what_is_no_json_is_a_clear_problem(shared: httpx.Client, content: bytes) -> None:
    answer = shared.post("/v1/predict", content=content, headers={"Content-Type": "application/json"})
    status, code = _problem(answer)
    assert (status, code) in {(400, "malformed-json"), (422, "invalid-request")}
