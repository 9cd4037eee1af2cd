"""A real service on a real port, in a thread of the test process."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.cli.service import Service
from app.server import create_app
from app.settings import Settings
from device_sim.lock import owner
from device_sim.runtime import Runtime


@dataclass(frozen=True)
class RunningService:
    """Where it serves, and the device inside it."""

    url: str
    state_dir: Path
    runtime: Runtime
    server: Service

    def client(self, **headers: str) -> httpx.Client:
        """A client of this service."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def stop(self) -> None:
        """What a signal does."""
        self.server.handle_exit(15, None)


@contextmanager
def running(settings: Settings) -> Iterator[RunningService]:
    """Serve with `settings` until the block ends, on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(settings)
        server = Service(app, settings)
        failures: list[BaseException] = []

        def serve() -> None:
            try:
                server.run([listener])
            except BaseException as error:  # to be raised in the test's thread
                failures.append(error)

        thread = threading.Thread(target=serve, name="service")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                thread.join(0.01)
            if failures:
                raise failures[0]
            host, port = listener.getsockname()
            yield RunningService(f"http://{host}:{port}", settings.state_dir, app.state.services.runtime, server)
        finally:
            server.handle_exit(15, None)
            thread.join()


def serving_url(process: "subprocess.Popen[str]", state_dir: Path) -> str:
    """Where a service that was just started as a process listens; waits until it does."""
    for _ in range(1000):
        owned = owner(state_dir)
        if owned is not None and owned.url:
            return owned.url
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError("the service does not start")


def raw_exchange(url: str, request: bytes) -> bytes:
    """Send bytes that no client library would, and read until the service closes the connection."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer
