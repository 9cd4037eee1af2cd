"""A client that costs as little as possible: one blocking keep-alive socket, or many in one event loop."""

import json
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import Any


def request(method: str, path: str, body: Any = None) -> bytes:
    """The bytes of an HTTP/1.1 request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    return (head + ("Content-Type: application/json\r\n\r\n" if content else "\r\n")).encode() + content


@dataclass
class Reply:
    """A response taken in piece by piece."""

    received: bytes = b""
    length: int | None = None

    def feed(self, chunk: bytes) -> bool:
        """Take in more; True once the response is whole."""
        self.received += chunk
        if self.length is None and (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            self.length = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return self.length is not None and len(self.received) >= self.length

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.received[9:12])

    def json(self) -> Any:
        """The body."""
        return json.loads(self.received.split(b"\r\n\r\n", 1)[1] or b"null")


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, content: bytes) -> Reply:
        """Send a request and wait for its whole response."""
        self._socket.sendall(content)
        reply = Reply()
        while chunk := self._socket.recv(1 << 16):
            if reply.feed(chunk):
                return reply
        raise ConnectionError("the service hung up: it does so on a connection that was idle for five seconds")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a call that must succeed."""
        reply = self.send(request(method, path, body))
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.json()}")
        return reply.json()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@dataclass
class Load:
    """What a load saw: how many answers, failures, and each version's distinct answers."""

    answers: int = 0
    failures: int = 0
    seconds: float = 0.0
    by_version: dict[int, set[str]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def load(port: int, clients: int, seconds: float, content: bytes, stop: Any = None) -> Load:
    """Keep `clients` requests in flight for `seconds`, or until the event `stop` is set."""
    seen = Load()
    with selectors.DefaultSelector() as selector:
        replies: dict[socket.socket, Reply] = {}
        for _ in range(clients):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            replies[connection] = Reply()
            connection.sendall(content)
        started = time.perf_counter()
        while time.perf_counter() - started < seconds and not (stop and stop.is_set()):
            for key, _ in selector.select(0.1):
                connection = key.fileobj  # type: ignore[assignment]  # only sockets were registered
                chunk = connection.recv(1 << 16)
                if not chunk:
                    seen.failures += 1
                    selector.unregister(connection)
                elif replies[connection].feed(chunk):
                    _count(replies[connection], seen)
                    replies[connection] = Reply()
                    connection.sendall(content)
        seen.seconds = time.perf_counter() - started
        for connection in replies:
            connection.close()
    return seen


def _count(reply: Reply, seen: Load) -> None:
    seen.answers += 1
    if reply.status != 200:
        seen.failures += 1
        return
    answer = reply.json()
    seen.by_version.setdefault(answer["version"], set()).add(json.dumps(answer["probabilities"]))
