"""The device behind the page: `attune serve` as a process of its own, on the bundle that ships."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.support.cloud_peer import CloudPeer, stream
from tests.support.command_line import start
from tests.support.http_service import serving_url

LESSON = json.loads((resources.files("app.cli") / "overtime.json").read_text("utf-8"))
TAUGHT: list[str] = LESSON["taught"]
LABEL: str = LESSON["label"]


class ServedDevice:
    """A process that can be stopped and started again where it was, and the cloud model that it may ask."""

    def __init__(self, state_dir: Path, peer: CloudPeer) -> None:
        self.peer = peer
        self._state_dir = state_dir
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()
        self.api = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def url(self) -> str:
        """Its origin; the same after a restart."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve, on the port of before where there was one."""
        self._process = start(
            "serve", state_dir=self._state_dir, port=self._port, log_level="error",
            cloud_base_url=self.peer.base_url, cloud_model="tiny-chat",
        )  # fmt: skip
        self._port = urlsplit(serving_url(self._process, self._state_dir)).port or 0

    def stop(self) -> None:
        """What a signal does."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=60)
            self._process = None

    def close(self) -> None:
        """The end of it."""
        self.api.close()
        self.stop()

    def renew(self) -> None:
        """A device that was never used, and a cloud model that nobody has asked."""
        if self._process is None:
            self.start()
        self._finish_updates()
        self.api.delete("/v1/user-data").raise_for_status()
        self.peer.requests.clear()
        self.peer.connections.clear()
        self.peer.will(stream("好的。"))

    def consent(self, *, cloud: bool = False) -> None:
        """What the consent screen would have asked."""
        self.api.put("/v1/consent", json={"personalization": True, "cloud_assist": cloud}).raise_for_status()

    def teach(self, texts: list[str] = TAUGHT, labels: tuple[str, ...] = (LABEL,)) -> None:
        """Corrections made elsewhere: the labels in turn."""
        for index, text in enumerate(texts):
            body = {"text": text, "task": "sentiment", "label": labels[index % len(labels)]}
            self.api.post("/v1/feedback", json=body).raise_for_status()

    def update(self) -> str:
        """Train now, whatever the conditions; the outcome."""
        started = self.api.post("/v1/updates", json={"force": True}).raise_for_status().json()
        with self.api.stream("GET", f"/v1/updates/{started['id']}/events") as events:
            events.read()
        outcome: str = self.api.get(f"/v1/updates/{started['id']}").json()["outcome"]
        return outcome

    def _finish_updates(self) -> None:
        for update in self.api.get("/v1/updates").json()["items"]:
            if update["state"] in ("suspended", "running", "cancelling"):
                self.api.post(f"/v1/updates/{update['id']}/cancel")
                with self.api.stream("GET", f"/v1/updates/{update['id']}/events") as events:
                    events.read()


@contextmanager
def served_device(state_dir: Path, peer: CloudPeer) -> Iterator[ServedDevice]:
    """A device that serves until the block ends."""
    device = ServedDevice(state_dir, peer)
    try:
        yield device
    finally:
        device.close()
