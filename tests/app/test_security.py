"""Who may call."""

from collections.abc import Iterator

import httpx
import pytest

from app.security import host_name
from tests.app.conftest import MakeSettings
from tests.support.http_service import RunningService, raw_exchange, running

PROBLEM = "application/problem+json"


@pytest.fixture
def guarded(make_settings: MakeSettings) -> Iterator[RunningService]:
    """A service with a token, another name, and a web page that may call."""
    settings = make_settings(token="swordfish", allowed_hosts="phone.example", allowed_origins="https://app.example")
    with running(settings) as service:
        yield service


class TestToken:
    @pytest.mark.parametrize(
        "authorization",
        [None, "swordfish", "Bearer", "Bearer sword", "Bearer swordfishes", "Basic swordfish", "Bearer é"],
    )
    def test_without_the_right_one_nothing_is_done(self, guarded: RunningService, authorization: str | None) -> None:
        headers = [(b"Authorization", authorization.encode("latin-1"))] if authorization else []
        answer = httpx.put(f"{guarded.url}/v1/consent", json={"personalization": True}, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert not guarded.runtime.consent.get().personalization

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_with_it_the_call_passes(self, guarded: RunningService, scheme: str) -> None:
        with guarded.client(Authorization=f"{scheme} swordfish") as client:
            assert client.get("/v1/models").status_code == 200

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_health_needs_none(self, guarded: RunningService, path: str) -> None:
        assert httpx.get(guarded.url + path).status_code == 200

    @pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/nothing", "/healthz/", "//healthz"])
    def test_everything_else_does(self, guarded: RunningService, path: str) -> None:
        assert httpx.get(guarded.url + path).status_code == 401

    def test_it_is_in_the_description(self, guarded: RunningService) -> None:
        with guarded.client(Authorization="Bearer swordfish") as client:
            assert client.get("/openapi.json").json()["security"] == [{"token": []}]


class TestHost:
    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:8000", "phone.example"])
    def test_names_of_the_service_pass(self, guarded: RunningService, host: str) -> None:
        assert httpx.get(f"{guarded.url}/healthz", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "localhost.evil.example", "evil.example:8000", "a@localhost", "localhost/..", "[::1", ""],
    )
    @pytest.mark.parametrize("path", ["/healthz", "/v1/models"])
    def test_other_names_are_refused_before_anything_else(self, guarded: RunningService, host: str, path: str) -> None:
        answer = httpx.get(guarded.url + path, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (421, "urn:attune:problem:host-not-allowed")

    def test_two_host_headers_are_refused(self, guarded: RunningService) -> None:
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        assert b" 421 " in raw_exchange(guarded.url, request).splitlines()[0]

    def test_no_host_header_is_refused(self, guarded: RunningService) -> None:
        assert b" 421 " in raw_exchange(guarded.url, b"GET /healthz HTTP/1.0\r\n\r\n").splitlines()[0]

    def test_an_address_with_credentials_has_no_name(self) -> None:
        assert host_name("user@localhost") == ""


class TestOrigin:
    def test_a_page_elsewhere_can_not_drive_the_device(self, service: RunningService) -> None:
        answer = httpx.put(
            f"{service.url}/v1/consent", json={"personalization": True}, headers={"Origin": "https://evil.example"}
        )
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:attune:problem:origin-not-allowed")
        assert not service.runtime.consent.get().personalization

    @pytest.mark.parametrize("origin", ["null", "http://localhost", "http://localhost:1", "file://", ""])
    def test_nor_can_one_of_another_port_or_of_no_origin(self, service: RunningService, origin: str) -> None:
        assert httpx.get(f"{service.url}/v1/models", headers={"Origin": origin}).status_code == 403

    def test_the_service_own_origin_passes(self, service: RunningService) -> None:
        assert httpx.get(f"{service.url}/v1/models", headers={"Origin": service.url}).status_code == 200

    def test_an_allowed_page_gets_what_a_browser_asks_for(self, guarded: RunningService) -> None:
        origin = {"Origin": "https://app.example"}
        asked = {**origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
        preflight = httpx.options(f"{guarded.url}/v1/consent", headers=asked)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, "https://app.example")
        call = httpx.get(f"{guarded.url}/v1/consent", headers={**origin, "Authorization": "Bearer swordfish"})
        assert (call.status_code, call.headers["access-control-allow-origin"]) == (200, "https://app.example")
        assert "Location" in call.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/v1/samples", "/v1/nothing", "/healthz"])
def test_no_answer_may_be_kept_by_a_browser(service: RunningService, path: str) -> None:
    answer = httpx.get(service.url + path)
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
