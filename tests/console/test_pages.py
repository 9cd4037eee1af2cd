"""The console's files over HTTP, and what holds for all of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import app
from tests.app.conftest import settings_for
from tests.support.http_service import RunningService, raw_exchange, running
from tests.support.tiny_bundle import TinyBundle

CONSOLE = Path(app.__file__).parent / "console"
FILES = sorted(path.relative_to(CONSOLE).as_posix() for path in CONSOLE.rglob("*") if path.is_file())
OWN = [name for name in FILES if not name.startswith("vendor/")]
SCRIPTS = [name for name in OWN if name.endswith(".js")]
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def service(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that demands a token."""
    with running(settings_for(bundle, tmp_path_factory.mktemp("state"), token="swordfish")) as service:
        yield service


@pytest.fixture(scope="module")
def browser(service: RunningService) -> Iterator[httpx.Client]:
    """A client as a browser is before it was given the token."""
    with service.client() as client:
        yield client


def policy_of(answer: httpx.Response) -> dict[str, str]:
    """The content security policy, by directive."""
    directives = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


class TestServed:
    def test_the_page_is_at_the_root_and_needs_no_token(self, browser: httpx.Client) -> None:
        answer = browser.get("/")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.content == (CONSOLE / "index.html").read_bytes()

    def test_each_file_is_served_as_what_it_is(self, browser: httpx.Client) -> None:
        assert len(FILES) > 20
        for name in FILES:
            answer = browser.get(f"/console/{name}")
            assert (answer.status_code, answer.content) == (200, (CONSOLE / name).read_bytes())
            assert answer.headers["content-type"].startswith(TYPES.get(Path(name).suffix, "text/plain"))
            assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/index.html", "/console", "/console/"])
    def test_who_looks_for_it_elsewhere_is_led_there(self, browser: httpx.Client, path: str) -> None:
        answer = browser.get(path)
        assert (answer.status_code, answer.next_request and answer.next_request.url.path) == (308, "/")
        assert policy_of(answer)["default-src"] == "'none'"

    def test_head_answers_without_the_body(self, browser: httpx.Client) -> None:
        answer = browser.head("/")
        assert (answer.status_code, answer.content) == (200, b"")

    def test_what_the_page_asks_for_needs_the_token(self, browser: httpx.Client) -> None:
        assert browser.get("/v1/models").status_code == 401
        assert browser.get("/v1/models", headers={"Authorization": "Bearer swordfish"}).status_code == 200

    @pytest.mark.parametrize("path", ["/consoles/x", "//console/js/main.js", "/index.htm"])
    def test_only_its_own_paths_are_open(self, browser: httpx.Client, path: str) -> None:
        assert browser.get(path).status_code == 401

    def test_it_is_not_part_of_the_contract(self, browser: httpx.Client) -> None:
        document = browser.get("/openapi.json", headers={"Authorization": "Bearer swordfish"}).json()
        assert [path for path in document["paths"] if path == "/" or path.startswith("/console")] == []


class TestKept:
    def test_a_browser_asks_each_time(self, browser: httpx.Client) -> None:
        assert browser.get("/").headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    def test_what_has_not_changed_is_not_sent_again(self, browser: httpx.Client, form: str) -> None:
        etag = browser.get("/console/js/main.js").headers["etag"]
        answer = browser.get("/console/js/main.js", headers={"If-None-Match": form.format(etag)})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)

    def test_another_content_has_another_tag(self, browser: httpx.Client) -> None:
        etag = browser.get("/").headers["etag"]
        answer = browser.get("/console/js/main.js", headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert answer.headers["etag"] != etag


class TestRefused:
    @pytest.mark.parametrize("name", ["nothing.js", "js", "js/", "index.html/", "%2e%2e/security.py", "js%2fmain"])
    def test_an_unknown_file_is_a_problem_document(self, browser: httpx.Client, name: str) -> None:
        answer = browser.get(f"/console/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
        assert answer.json()["type"] == "urn:attune:problem:not-found"

    @pytest.mark.parametrize(
        "path", ["/console/../security.py", "/console/js/../../security.py", "/console//etc/passwd"]
    )
    def test_no_path_leads_out(self, service: RunningService, path: str) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        assert b" 404 " in raw_exchange(service.url, request).splitlines()[0]

    @pytest.mark.parametrize("path", ["/", "/console/index.html"])
    def test_it_is_only_read(self, browser: httpx.Client, path: str) -> None:
        answer = browser.post(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")

    def test_another_host_name_gets_nothing(self, browser: httpx.Client) -> None:
        assert browser.get("/", headers={"Host": "evil.example"}).status_code == 421


class TestHardened:
    def test_nothing_but_its_own_files_runs_or_is_asked(self, browser: httpx.Client) -> None:
        policy = policy_of(browser.get("/"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"

    def test_it_tells_nobody_where_it_was(self, browser: httpx.Client) -> None:
        headers = browser.get("/").headers
        assert (headers["referrer-policy"], headers["x-frame-options"]) == ("no-referrer", "DENY")

    def test_no_text_is_read_as_markup(self) -> None:
        forbidden = re.compile(r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(")
        assert [name for name in SCRIPTS if forbidden.search((CONSOLE / name).read_text())] == []

    def test_nothing_comes_from_elsewhere(self) -> None:
        text = "".join((CONSOLE / name).read_text() for name in OWN)
        assert set(re.findall(r"(?:https?|wss?)://[^\"'\s]+", text)) == {"http://www.w3.org/2000/svg"}

    def test_the_page_has_no_inline_script_or_style(self) -> None:
        page = (CONSOLE / "index.html").read_text()
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page) == []


def messages(language: str) -> dict[str, str]:
    """The messages of a language, by key; a key that stands twice is an error."""
    lines = (CONSOLE / "js" / "messages" / f"{language}.js").read_text().splitlines()
    found = [json.loads(f"{{{line.strip().removesuffix(',')}}}") for line in lines if line.startswith('  "')]
    keys = [key for one in found for key in one]
    assert len(keys) == len(set(keys))
    return {key: text for one in found for key, text in one.items()}


def gaps(text: str) -> list[str]:
    """What is filled in, whatever the order."""
    return sorted(re.findall(r"\{\w+\}", text))


class TestMessages:
    def test_both_languages_say_the_same_things(self) -> None:
        chinese, english = messages("zh"), messages("en")
        assert set(chinese) == set(english)
        assert len(chinese) > 100
        assert [key for key, text in chinese.items() if gaps(text) != gaps(english[key])] == []

    def test_every_message_that_is_asked_for_exists(self) -> None:
        text = "".join((CONSOLE / name).read_text() for name in SCRIPTS)
        asked = re.findall(r"\b[mt]\(\"([\w.-]+)\"", text)
        assert len(asked) > 100
        assert set(asked) <= set(messages("en"))
