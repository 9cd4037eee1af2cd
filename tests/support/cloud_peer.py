"""A chat model's server as tests meet it: real HTTP on a real port, which records every byte that reaches it.

It answers as it is told to, well or badly: `peer.will(...)` sets what happens on the next connections, the last one for
all that follow.
"""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        """The text of the last message."""
        content: str = self.json["messages"][-1]["content"]
        return content


@dataclass
class Connection:
    """One connection: what came on it, byte for byte, and the means to answer. TLS is taken off before."""

    sock: socket.socket
    stopping: threading.Event
    received: bytearray = field(default_factory=bytearray)

    def read(self) -> bytes:
        """Some bytes; none at the end or when the peer stops."""
        while not self.stopping.is_set():
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return b""
            self.received += data
            return data
        return b""

    def request(self) -> Request | None:
        """A whole request, or None where the other side left before its end."""
        while b"\r\n\r\n" not in self.received:
            if not self.read():
                return None
        head, _, _ = bytes(self.received).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self.received) < len(head) + 4 + length:
            if not self.read():
                return None
        method, path, _ = first.split(" ")
        return Request(method, path, headers, bytes(self.received[len(head) + 4 :][:length]))

    def send(self, data: bytes) -> bool:
        """Whether the other side still took it."""
        try:
            self.sock.settimeout(5)
            self.sock.sendall(data)
            self.sock.settimeout(_POLL_SECONDS)
        except OSError:
            return False
        return True

    def pause(self, seconds: float) -> bool:
        """Whether to go on after it."""
        return not self.stopping.wait(seconds)


Behaviour = Callable[[Connection, Request], None]
Reply = Callable[[Request], str]


class CloudPeer:
    """`connections` and `requests` are in the order of their arrival; a request appears before it is answered."""

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self.connections: list[Connection] = []
        self.requests: list[Request] = []
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._tls = tls
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._behaviours: list[Behaviour | None] = [stream("好的。")]
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """For ATTUNE_CLOUD_BASE_URL."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def received(self) -> bytes:
        """Every byte that reached it."""
        return b"".join(bytes(connection.received) for connection in self.connections)

    def will(self, *behaviours: Behaviour | None) -> None:
        """What happens on the next connections, the last one for all others. None hangs up without reading a byte."""
        with self._lock:
            self._behaviours = list(behaviours)

    def reply(self, reply: Reply, size: int = 3) -> None:
        """From now on stream what `reply` makes of each request, in pieces of `size` characters."""

        def behave(connection: Connection, request: Request) -> None:
            text = reply(request)
            stream(*(text[at : at + size] for at in range(0, len(text), size)))(connection, request)

        self.will(behave)

    def serve(self) -> None:
        """Accept connections until `stop`."""
        self._listener.settimeout(_POLL_SECONDS)
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._converse, args=(sock,), name="cloud-peer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Hang up on everybody."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _converse(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(_POLL_SECONDS)
            with self._lock:
                behave = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
            connection = Connection(sock, self._stopping)
            self.connections.append(connection)
            if behave is None:
                return
            if self._tls is not None:
                sock.settimeout(5)
                try:
                    connection.sock = self._tls.wrap_socket(sock, server_side=True)
                except OSError:
                    return
                connection.sock.settimeout(_POLL_SECONDS)
            with connection.sock:
                request = connection.request()
                if request is not None:
                    self.requests.append(request)
                    behave(connection, request)


@contextmanager
def cloud_peer(tls: ssl.SSLContext | None = None) -> Iterator[CloudPeer]:
    """A peer that serves until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = CloudPeer(listener, tls)
        thread = threading.Thread(target=peer.serve, name="cloud-peer", daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            peer.stop()
            thread.join()


# What it may do with a request.


def chunk(content: str | None, finish_reason: str | None = None, **more: object) -> dict[str, object]:
    """One event of a streamed answer."""
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}], **more}


def events(*documents: object, done: bool = True, end: str = "\n") -> bytes:
    """Server-sent events of JSON documents."""
    lines = [f"data: {json.dumps(document, ensure_ascii=False)}{end}{end}" for document in documents]
    return ("".join(lines) + (f"data: [DONE]{end}{end}" if done else "")).encode()


def head(status: int = 200, **headers: object) -> bytes:
    """The start of an answer; a header's name is written with underscores."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} X", "Connection: close", *lines, "", ""]).encode()


def stream(*pieces: str) -> Behaviour:
    """A good streamed answer, one TCP segment an event where the network does so."""

    def behave(connection: Connection, _request: Request) -> None:
        connection.send(head(content_type="text/event-stream"))
        for piece in pieces:
            connection.send(events(chunk(piece), done=False))
        connection.send(events(chunk(None, "stop")))

    return behave


def answer(text: str, finish_reason: str = "stop") -> Behaviour:
    """A good answer in one document."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    body = json.dumps({"id": "x", "choices": [choice]}, ensure_ascii=False).encode()
    return raw(head(content_type="application/json", content_length=len(body)) + body)


def raw(*parts: bytes, pause: float = 0.0) -> Behaviour:
    """These bytes, whatever they are, then the connection's end."""

    def behave(connection: Connection, _request: Request) -> None:
        for part in parts:
            if not connection.send(part) or (pause and not connection.pause(pause)):
                return

    return behave


def body(content: bytes, content_type: str = "application/json") -> Behaviour:
    """Status 200 with any content."""
    return raw(head(content_type=content_type, content_length=len(content)) + content)


def status(code: int, **headers: object) -> Behaviour:
    """A refusal, whose body quotes the request, as careless servers do."""

    def behave(connection: Connection, request: Request) -> None:
        connection.send(head(code, content_length=len(request.body), **headers) + request.body)

    return behave


def silent() -> Behaviour:
    """Takes the request and says nothing."""
    return lambda connection, _request: _hold(connection)


def silent_after(*parts: bytes) -> Behaviour:
    """Says these bytes and nothing more."""

    def behave(connection: Connection, _request: Request) -> None:
        for part in parts:
            connection.send(part)
        _hold(connection)

    return behave


def dripping(start: bytes, drop: bytes, pause: float) -> Behaviour:
    """`start`, then `drop` for ever, with a pause each."""

    def behave(connection: Connection, _request: Request) -> None:
        go_on = connection.send(start)
        while go_on and connection.send(drop):
            go_on = connection.pause(pause) if pause else not connection.stopping.is_set()

    return behave


def gzip_bomb() -> Behaviour:
    """A small answer that would become a large one."""
    content = gzip.compress(b" " * 50_000_000)
    return raw(head(content_type="application/json", content_encoding="gzip", content_length=len(content)) + content)


def _hold(connection: Connection) -> None:
    while connection.read():
        pass
