"""The outbound client against a real peer that answers well, badly, slowly or not at all."""

import io
import json
import logging
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.cloud import cloud_model
from app.cloud_answer import MAX_BYTES, AnswerReader
from app.cloud_client import LONGEST_WAIT_SECONDS, MAX_ATTEMPTS, CloudClient
from app.settings import SettingsError, load_settings
from device_sim import network_guard
from device_sim.audit import Audit
from device_sim.clock import Clock
from device_sim.consent import ConsentBook
from device_sim.errors import (
    CloudAnswerInvalid,
    CloudCutOff,
    CloudFailed,
    CloudNotConfigured,
    CloudRateLimited,
    CloudTimeout,
    CloudUnavailable,
    ConsentRequired,
)
from device_sim.hybrid.ledger import Destination, Ledger
from device_sim.privacy.redactor import Draft, Outbound, Redactor
from device_sim.privacy.vault import Vault
from device_sim.settings import DeviceSettings
from device_sim.state import State
from tests.support import cloud_peer as peers
from tests.support.cloud_peer import CloudPeer, chunk, events, head
from tests.support.tls import self_signed

KEY = "sk-a-secret-key-0123456789"
PROMPT = "请给 [PERSON_A] 写一封道歉信 😀，控制在 100 字"
SSE = head(content_type="text/event-stream")


def outbound(text: str = PROMPT) -> Outbound:
    """What the redactor lets out where nothing is found."""
    vault = Vault()
    return Redactor([], own_words=[text]).outbound([Draft("user", [text])], vault)


def noting(slept: list[float]) -> Callable[[threading.Event, float], None]:
    """A pause that takes no time and is written down."""
    return lambda _gone, seconds: slept.append(seconds)


@dataclass
class Line:
    """A client, the ledger behind it, and the peer before it."""

    peer: CloudPeer
    client: CloudClient
    ledger: Ledger
    consent: ConsentBook
    slept: list[float] = field(default_factory=list)
    check: Callable[[bytes], None] = lambda _body: None

    def ask(self, text: str = PROMPT) -> str:
        """The whole answer."""
        return "".join(self.stream(text))

    def stream(self, text: str = PROMPT) -> Iterator[str]:
        """The answer as it comes."""
        to = Destination(self.client.host, self.client.model)
        return self.client.stream(outbound(text), self.ledger.attempts("r1", "mixed", to, self.check))

    def outcomes(self) -> list[tuple[str, int | None]]:
        """What the ledger says, in the order of the attempts, having compared it with what the peer saw."""
        rows = list(reversed(self.ledger.page(limit=200).items))
        left = [row for row in rows if row.outcome != "not-sent"]
        assert [row.body for row in left] == [request.body for request in self.peer.requests]
        assert not any(KEY.encode() in row.body for row in rows)
        return [(row.outcome, row.status) for row in rows]


@pytest.fixture
def peer() -> Iterator[CloudPeer]:
    with peers.cloud_peer() as peer:
        yield peer


@pytest.fixture
def line(peer: CloudPeer, tmp_path: Path) -> Iterator[Line]:
    state, clock = State.open(DeviceSettings(state_dir=tmp_path)), Clock()
    slept: list[float] = []
    client = CloudClient(peer.base_url, "a-model", SecretStr(KEY), timeout=20, pause=noting(slept))
    consent = ConsentBook(state, Audit(state, clock), clock)
    consent.put(personalization=False, cloud_assist=True)
    yield Line(peer, client, Ledger(state, clock), consent, slept)
    state.close()


def test_the_bytes_in_the_ledger_are_the_bytes_on_the_wire(line: Line) -> None:
    line.peer.will(peers.stream("尊敬的 ", "[PERSON_A]", "：😀"))
    assert line.ask() == "尊敬的 [PERSON_A]：😀"
    assert line.outcomes() == [("answered", 200)]
    entry, (request,) = line.ledger.page().items[0], line.peer.requests
    assert (entry.host, entry.model, entry.purpose) == (f"127.0.0.1:{line.peer.port}", "a-model", "mixed")
    assert entry.consent_since == line.consent.get().since
    assert line.peer.received.endswith(entry.body)
    assert request.json == {"model": "a-model", "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    assert PROMPT.encode() in request.body
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers == {
        "host": f"127.0.0.1:{line.peer.port}",
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "content-type": "application/json",
        "content-length": str(len(entry.body)),
        "user-agent": "attune",
        "authorization": f"Bearer {KEY}",
    }
    assert line.client.body(outbound()) == entry.body


def test_the_answer_comes_piece_by_piece(line: Line) -> None:
    line.peer.will(peers.silent_after(SSE, events(chunk("先到"), done=False)))
    answer = line.stream()
    assert next(answer) == "先到"  # while the peer still holds the connection
    answer.close()  # type: ignore[attr-defined]
    assert line.outcomes() == [("cancelled", 200)]


@pytest.mark.parametrize("forged", [{"messages": []}, "text", b"bytes", None, object(), [PROMPT]])
def test_only_what_the_redactor_made_is_taken(line: Line, forged: object) -> None:
    class Looks:
        messages = outbound().messages

    for wrong in (forged, Looks()):
        with pytest.raises(TypeError):
            line.client.stream(wrong, line.ledger.attempts("r", "mixed", Destination("h", "m"), line.check))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        line.client.body(object.__new__(Outbound))
    assert line.peer.connections == []


def test_without_consent_not_a_byte_leaves(line: Line) -> None:
    line.consent.withdraw()
    with pytest.raises(ConsentRequired):
        line.ask()
    assert line.peer.connections == []
    assert line.outcomes() == []


def test_consent_that_is_withdrawn_between_attempts_ends_them(line: Line) -> None:
    def withdraw(_seconds: float) -> None:
        line.consent.withdraw()

    line.client._pause = lambda _gone, seconds: withdraw(seconds)
    line.peer.will(peers.status(503))
    with pytest.raises(ConsentRequired):
        line.ask()
    assert line.outcomes() == [("failed", 503)]


def test_what_the_last_check_stops_is_neither_sent_nor_in_the_ledger(line: Line) -> None:
    def stop(body: bytes) -> None:
        assert body == line.client.body(outbound())
        raise CloudFailed("stopped")

    line.check = stop
    with pytest.raises(CloudFailed, match="stopped"):
        line.ask()
    assert line.peer.connections == []
    assert line.outcomes() == []


def test_an_answer_in_one_document_is_taken_though_a_stream_was_asked_for(line: Line) -> None:
    line.peer.will(peers.answer("好的", "length"))
    answer = line.stream()
    assert list(answer) == ["好的"]
    assert answer.finish_reason == "length"  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_read_however_they_are_split(end: str) -> None:
    documents = [chunk(None, role="assistant"), chunk("你好😀"), chunk(""), chunk("，世界"), {"choices": []}]
    comments = f": ping{end}{end}event: message{end}id: 7{end}".encode()
    data = comments + events(*documents, chunk(None, "stop"), end=end)
    rng = random.Random(7)
    for _ in range(300):
        reader, text, at = AnswerReader(), "", 0
        while at < len(data):
            size = rng.choice((1, 1, 2, 3, 50))
            text += "".join(reader.feed(data[at : at + size]))
            at += size
        assert text + "".join(reader.finish()) == "你好😀，世界"
        assert (reader.finish_reason, reader.whole) == ("stop", True)


def test_half_characters_are_joined_over_events_and_replaced_where_alone() -> None:
    reader = AnswerReader()
    halves = [
        rb'{"choices":[{"delta":{"content":"a\ud83d"}}]}',
        rb'{"choices":[{"delta":{"content":"\ude00b\ud83d"}}]}',
    ]
    data = b"".join(b"data: " + half + b"\n\n" for half in halves)
    assert "".join([*reader.feed(data), *reader.feed(b"data: [DONE]\n\n"), *reader.finish()]) == "a😀b�"


@pytest.mark.parametrize(
    "content",
    [
        events(chunk("好"), done=False).replace(b"\n\n", b""),  # no line end at all
        b"\xef\xbb\xbf" + events(chunk("好")),
        b"\n\n" + events(chunk("好")),
        events(chunk("好", "stop"), done=False),  # no [DONE]
        events(chunk("好")),  # no finish_reason
        events({"choices": [{"index": 1, "delta": {"content": "别的"}}]}, chunk("好")),
        events(chunk("好")) + b"data: not json\n\n",
        json.dumps({"choices": [{"message": {"content": "好"}}]}).encode(),
    ],
)
def test_answers_of_servers_with_habits_are_read(line: Line, content: bytes) -> None:
    line.peer.will(peers.body(content, "text/plain"))
    if b"DONE" not in content and b"stop" not in content and b"message" not in content:
        with pytest.raises(CloudCutOff):
            line.ask()
    else:
        assert line.ask() == "好"


def test_bytes_of_any_kind_give_text_or_an_error_of_the_cloud() -> None:
    rng = random.Random(11)
    good = events(chunk("你好😀"), chunk("，世界", "stop")) + b'{"choices": [{"message": {"content": "x"}}]}'
    for _ in range(3000):
        data = bytearray(good[rng.randrange(3) :])
        for _ in range(rng.randrange(8)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice((b"", b"\n", b'"', b"{", b"null", b"\xff", b"[", b"5", b"\r"))
        reader, size = AnswerReader(), rng.choice((1, 7, 4096))
        try:
            for at in range(0, len(data), size):
                assert all(isinstance(piece, str) for piece in reader.feed(bytes(data[at : at + size])))
            "".join(reader.finish()).encode()
        except CloudUnavailable:
            pass


RUBBISH = {
    "empty": b"",
    "blank": b"\n\n\n",
    "html": b"<!doctype html><html><body>Sign in</body></html>",
    "text": b"upstream connect error",
    "no json": b"{not json",
    "no utf-8": b'{"choices": [{"message": {"content": "\xff\xfe"}}]}',
    "null": b"data: null\n\n",
    "list": b"data: [1, 2]\n\n",
    "no choices": b"{}",
    "empty choices": b'{"choices": []}',
    "choices of strings": b'{"choices": ["x"]}',
    "no message": b'{"choices": [{}]}',
    "empty content": b'{"choices": [{"message": {"content": ""}}]}',
    "number": b'{"choices": [{"message": {"content": 5}}]}',
    "filtered": b'{"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}',
    "only the end": b"data: [DONE]\n\n",
    "bad event": b"data: {oops\n\ndata: [DONE]\n\n",
    "bad event in utf-8": b"data: \xff\n\n",
    "deep": b'{"a":' * 100_000,
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_no_answer_and_is_asked_for_once(line: Line, name: str) -> None:
    line.peer.will(peers.body(RUBBISH[name], "text/event-stream"))
    with pytest.raises((CloudAnswerInvalid, CloudCutOff)) as raised:
        line.ask()
    assert raised.value.arrived == ""
    assert len(line.outcomes()) == 1
    assert line.outcomes()[0][0] in {"answer-invalid", "cut-off"}


def test_a_compressed_answer_is_not_unpacked(line: Line) -> None:
    line.peer.will(peers.gzip_bomb())
    with pytest.raises(CloudAnswerInvalid, match="compressed"):
        line.ask()


@pytest.mark.parametrize("drop", [b"x" * 65536, events(chunk("字" * 20_000), done=False), b": ping\n\n" * 8192])
def test_an_endless_answer_is_ended(line: Line, drop: bytes) -> None:
    line.peer.will(peers.dripping(SSE + b"data: ", drop, 0) if drop[:1] == b"x" else peers.dripping(SSE, drop, 0))
    with pytest.raises((CloudAnswerInvalid, CloudCutOff), match=f"longer than {MAX_BYTES >> 20} MiB") as raised:
        line.ask()
    assert len(raised.value.arrived.encode()) <= MAX_BYTES
    assert len(line.outcomes()) == 1


def test_headers_without_end_are_ended(line: Line) -> None:
    line.peer.will(peers.dripping(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"y" * 1000 + b"\r\n", 0))
    with pytest.raises(CloudFailed, match="hung up"):
        line.ask()


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (peers.silent(), CloudTimeout),
        (peers.silent_after(SSE), CloudTimeout),
        (peers.dripping(SSE, b": ping\n\n", 0.05), CloudTimeout),
        (peers.dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), CloudTimeout),
        (peers.dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), CloudTimeout),
        (peers.silent_after(SSE, events(chunk("先到"), done=False)), CloudCutOff),
        (peers.dripping(SSE, events(chunk("字"), done=False), 0.05), CloudCutOff),
    ],
)
def test_a_slow_peer_is_left_in_time_and_not_asked_again(
    line: Line, behaviour: peers.Behaviour, error: type[CloudUnavailable]
) -> None:
    line.client._timeout = 0.5
    line.peer.will(behaviour)
    with pytest.raises(error) as raised:
        line.ask()
    assert bool(raised.value.arrived) is (error is CloudCutOff)
    assert line.outcomes() == [("timed-out" if error is CloudTimeout else "cut-off", line.outcomes()[0][1])]


@pytest.mark.parametrize("code", [500, 502, 503, 529])
def test_a_peer_that_fails_is_asked_again_and_each_attempt_has_its_row(line: Line, code: int) -> None:
    line.peer.will(peers.status(code), peers.stream("好的"))
    assert line.ask() == "好的"
    assert line.outcomes() == [("failed", code), ("answered", 200)]
    assert line.slept == [0.5]


def test_a_peer_that_goes_on_failing_is_left_alone_after_the_third_attempt(line: Line) -> None:
    line.peer.will(peers.status(500))
    with pytest.raises(CloudFailed, match="500"):
        line.ask()
    assert line.outcomes() == [("failed", 500)] * MAX_ATTEMPTS
    assert line.slept == [0.5, 1.0]


def test_a_peer_that_asks_to_wait_is_waited_for(line: Line) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    line.peer.will(peers.status(429, retry_after=3), peers.status(429, retry_after=later), peers.stream("好的"))
    assert line.ask() == "好的"
    assert line.outcomes() == [("rate-limited", 429), ("rate-limited", 429), ("answered", 200)]
    assert line.slept[0] == 3
    assert 3 < line.slept[1] <= 5


def test_a_peer_that_asks_for_too_much_is_not_waited_for(line: Line) -> None:
    line.peer.will(peers.status(429, retry_after=int(LONGEST_WAIT_SECONDS) + 1))
    with pytest.raises(CloudRateLimited) as raised:
        line.ask()
    assert raised.value.retry_after == LONGEST_WAIT_SECONDS + 1
    assert (line.outcomes(), line.slept) == ([("rate-limited", 429)], [])


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "", "٣", "Mon, 99 Foo 2020"])
def test_a_wait_that_is_none_is_not_heeded(line: Line, value: str) -> None:
    line.peer.will(
        peers.raw(head(429, content_length=0).replace(b"\r\n\r\n", f"\r\nRetry-After: {value}\r\n\r\n".encode()))
    )
    with pytest.raises(CloudRateLimited):
        line.ask()
    assert line.slept == [0.5, 1.0]


@pytest.mark.parametrize("code", [204, 301, 302, 307, 308, 400, 401, 403, 404, 413, 422])
def test_a_refusal_is_told_without_what_it_says(line: Line, code: int, caplog: pytest.LogCaptureFixture) -> None:
    with peers.cloud_peer() as elsewhere, caplog.at_level(logging.DEBUG):
        line.peer.will(peers.status(code, location=elsewhere.base_url, set_cookie="id=1"))
        with pytest.raises(CloudFailed) as raised:
            line.ask()
        assert elsewhere.connections == []
    assert line.outcomes() == [("failed", code)]
    told = f"{raised.value!r} {raised.value} {caplog.text} {line.client!r}"
    assert KEY not in told
    assert "道歉" not in told


def test_no_cookie_is_kept(line: Line) -> None:
    line.peer.will(peers.status(500, set_cookie="id=1; Path=/"), peers.stream("好的"))
    line.ask()
    assert all("cookie" not in request.headers for request in line.peer.requests)


@pytest.mark.parametrize(
    ("parts", "error", "arrived"),
    [
        ((), CloudFailed, ""),
        ((b"HTTP/1.1 2",), CloudFailed, ""),
        ((b"\x16\x03\x01\x02\x00nonsense\r\n\r\n",), CloudFailed, ""),
        ((SSE,), CloudCutOff, ""),
        ((SSE, events(chunk("半句"), done=False)), CloudCutOff, "半句"),
        ((SSE, events(chunk("半句"), done=False), b'data: {"choices": [{"del'), CloudCutOff, "半句"),
        ((SSE, events(chunk("半句"), {"error": {"message": PROMPT}}, done=False)), CloudCutOff, "半句"),
        ((SSE, events(chunk("半句"), done=False), b"data: {rubbish}\n\n"), CloudCutOff, "半句"),
        ((head(content_length=5000), events(chunk("半句"), done=False)), CloudCutOff, "半句"),
        ((head(transfer_encoding="chunked"), b"5\r\ndata:"), CloudCutOff, ""),
        ((SSE, events({"error": {"message": PROMPT}}, done=False)), CloudFailed, ""),
    ],
)
def test_a_peer_that_breaks_off_is_not_asked_again_and_what_came_is_kept(
    line: Line, parts: tuple[bytes, ...], error: type[CloudUnavailable], arrived: str
) -> None:
    line.peer.will(peers.raw(*parts, pause=0.01))
    pieces: list[str] = []
    with pytest.raises(error) as raised:
        pieces.extend(line.stream())
    assert type(raised.value) is error
    assert raised.value.arrived == "".join(pieces) == arrived
    assert len(line.outcomes()) == 1
    assert "道歉" not in str(raised.value)


def test_an_answer_whose_end_is_known_is_whole_though_the_peer_hangs_up_rudely_or_not_at_all(line: Line) -> None:
    line.client._timeout = 0.5
    end = events(chunk("好的", "stop"), done=False)
    line.peer.will(peers.raw(head(content_length=5000), end), peers.silent_after(SSE, end))
    assert (line.ask(), line.ask()) == ("好的", "好的")


def test_not_a_byte_leaves_while_a_private_answer_is_made(line: Line) -> None:
    inside, leave = threading.Event(), threading.Event()

    def answer_privately() -> None:
        with network_guard.private():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=answer_privately)
    thread.start()
    inside.wait()
    try:
        line.client._timeout = 0.2
        with pytest.raises(CloudFailed, match="can't be reached"):
            line.ask()
        assert line.peer.connections == []
        assert line.outcomes() == [("not-sent", None)]
        threading.Timer(0.2, leave.set).start()
        line.client._timeout = 20
        assert line.ask() == "好的。"
    finally:
        leave.set()
        thread.join()


def test_a_peer_that_is_not_there_is_tried_again_and_nothing_left(line: Line) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        line.client = CloudClient(url, "a-model", SecretStr(KEY), timeout=20, pause=noting(line.slept))
        with pytest.raises(CloudFailed, match="can't be reached"):
            line.ask()
    assert line.outcomes() == [("not-sent", None)] * MAX_ATTEMPTS
    assert line.slept == [0.5, 1.0]


def test_a_peer_that_hangs_up_at_once_is_told_of_as_maybe_sent(line: Line) -> None:
    line.peer.will(None)
    with pytest.raises(CloudFailed):
        line.ask()
    (row,) = line.ledger.page().items  # it can't be known how much left
    assert row.outcome == "failed"
    assert line.peer.requests == []


def test_the_peer_s_certificate_is_verified_and_its_name_too(line: Line, tmp_path: Path) -> None:
    server, trusting = self_signed(tmp_path, "127.0.0.1")
    _, other = self_signed(tmp_path, "127.0.0.1")
    wrong_name, trusting_wrong_name = self_signed(tmp_path, "127.0.0.2")
    cases: list[tuple[ssl.SSLContext, ssl.SSLContext | None, bool]] = [
        (server, trusting, True), (server, None, False), (server, other, False),
        (wrong_name, trusting_wrong_name, False),
    ]  # fmt: skip
    for context, trusted, good in cases:
        with peers.cloud_peer(context) as peer:
            line.client = CloudClient(peer.base_url, "a-model", timeout=20, pause=noting(line.slept), tls=trusted)
            if good:
                assert line.ask() == "好的。"
            else:
                with pytest.raises(CloudFailed, match="certificate"):
                    line.ask()
            assert len(peer.requests) == good
    assert line.slept == []


def test_the_environment_s_proxies_are_not_used_and_a_configured_one_is(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peers.cloud_peer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NETRC", "/nonexistent")
        line.ask()
        assert (len(proxy.connections), len(line.peer.requests)) == (0, 1)
        by_proxy = f"http://127.0.0.1:{proxy.port}"
        client = CloudClient("http://cloud.invalid/v1", "a-model", SecretStr(KEY), timeout=20, proxy=by_proxy)
        attempts = line.ledger.attempts("r2", "mixed", Destination(client.host, "a-model"), line.check)
        assert "".join(client.stream(outbound(), attempts)) == "好的。"
        (request,) = proxy.requests
        assert request.path == "http://cloud.invalid/v1/chat/completions"
        assert request.headers["host"] == "cloud.invalid"


def test_through_a_proxy_an_https_request_passes_encrypted(line: Line, tmp_path: Path) -> None:
    server, trusting = self_signed(tmp_path, "127.0.0.1")
    inside: list[peers.Request] = []

    def tunnel(connection: peers.Connection, _request: peers.Request) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.sock.settimeout(5)
        with server.wrap_socket(connection.sock, server_side=True) as sock:
            beyond = peers.Connection(sock, threading.Event())
            request = beyond.request()
            assert request is not None
            inside.append(request)
            peers.stream("好的")(beyond, request)

    with peers.cloud_peer() as proxy:
        proxy.will(tunnel)
        client = CloudClient(
            "https://127.0.0.1:1/v1",
            "m",
            SecretStr(KEY),
            timeout=20,
            proxy=f"http://127.0.0.1:{proxy.port}",
            tls=trusting,
        )
        attempts = line.ledger.attempts("r", "mixed", Destination(client.host, "m"), line.check)
        assert "".join(client.stream(outbound(), attempts)) == "好的"
        (connect,) = proxy.requests
        assert (connect.method, connect.path, "authorization" in connect.headers) == ("CONNECT", "127.0.0.1:1", False)
        assert KEY.encode() not in proxy.received
        assert inside[0].headers["authorization"] == f"Bearer {KEY}"


def test_settings_make_the_client_or_none(monkeypatch: pytest.MonkeyPatch, line: Line) -> None:
    none = cloud_model(load_settings())
    assert not none.configured
    with pytest.raises(CloudNotConfigured, match="ATTUNE_CLOUD_BASE_URL"):
        none.stream(outbound(), line.ledger.attempts("r", "p", Destination("", ""), line.check))
    assert json.loads(none.body(outbound()))["messages"] == [{"role": "user", "content": PROMPT}]
    monkeypatch.setenv("ATTUNE_CLOUD_BASE_URL", "https://cloud.example:8443/v1/")
    monkeypatch.setenv("ATTUNE_CLOUD_MODEL", "m")
    monkeypatch.setenv("ATTUNE_CLOUD_API_KEY", KEY)
    settings = load_settings()
    made = cloud_model(settings)
    assert (made.configured, made.host, made.model) == (True, "cloud.example:8443", "m")
    assert KEY not in f"{settings!r} {made!r}"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://cloud.example/v1", "unencrypted"),
        ("http://127.0.0.1.example/v1", "unencrypted"),
        ("https://user:pass@cloud.example/v1", "user or password"),
        ("https://cloud.example/v1?key=1", "no query"),
        ("https://cloud.example/v1#x", "no query"),
        ("ftp://cloud.example", "must be a URL"),
        ("cloud.example/v1", "must be a URL"),
        ("https://", "must be a URL"),
        ("https://cloud.example:99999/", "no URL"),
        ("https://cloud.example:0/", "must be a URL"),
        ("https://[::1/", "no URL"),
        ("https://云.example/v1", "visible ASCII"),
    ],
)
def test_a_bad_address_of_the_cloud_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("ATTUNE_CLOUD_BASE_URL", url)
    monkeypatch.setenv("ATTUNE_CLOUD_MODEL", "m")
    with pytest.raises(SettingsError, match=sentence) as raised:
        load_settings()
    assert "pass@" not in str(raised.value)


def test_http_is_for_this_machine_or_for_who_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_CLOUD_MODEL", "m")
    for url in ("http://127.0.0.1:11434/v1", "http://localhost:11434/v1", "http://[::1]:11434/v1"):
        monkeypatch.setenv("ATTUNE_CLOUD_BASE_URL", url)
        assert load_settings().cloud_base_url == url
    monkeypatch.setenv("ATTUNE_CLOUD_BASE_URL", "http://model:11434/v1")
    monkeypatch.setenv("ATTUNE_CLOUD_ALLOW_HTTP", "1")
    assert cloud_model(load_settings()).host == "model:11434"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MODEL", " ", "name of a model"),
        ("TIMEOUT", "0", "greater than 0"),
        ("TIMEOUT", "nan", "CLOUD_TIMEOUT"),
        ("API_KEY", "two words", "visible ASCII"),
        ("PROXY", "https://127.0.0.1:1", "must be an http:// proxy, as http://host:3128"),
        ("PROXY", "http://", "must be an http:// proxy"),
        ("PROXY", "socks5://a:1", "must be an http:// proxy, as http://host:3128"),
    ],
)
def test_other_bad_settings_are_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("ATTUNE_CLOUD_BASE_URL", "https://cloud.example/v1")
    monkeypatch.setenv("ATTUNE_CLOUD_MODEL", "m")
    monkeypatch.setenv(f"ATTUNE_CLOUD_{name}", value)
    with pytest.raises(SettingsError, match=sentence):
        load_settings()


def test_not_a_word_and_no_key_is_logged(line: Line) -> None:
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        line.peer.will(peers.status(500), peers.stream("机密的回答"))
        line.ask()
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert KEY not in kept.getvalue()
    assert "道歉" not in kept.getvalue()
    assert "机密" not in kept.getvalue()
