"""A cloud model for pictures: a server on this machine that answers every request alike."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

_ANSWER = "[PERSON_A]您好，上次的事很抱歉。"


class _Cloud(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Stream the answer, as OpenAI's chat completions do."""
        self.rfile.read(int(self.headers["Content-Length"]))
        event = {"choices": [{"index": 0, "delta": {"content": _ANSWER}, "finish_reason": "stop"}]}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""


@contextmanager
def running_cloud() -> Iterator[dict[str, str]]:
    """The settings by which a device finds it."""
    server = HTTPServer(("127.0.0.1", 0), _Cloud)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/v1"
        yield {"ATTUNE_CLOUD_BASE_URL": address, "ATTUNE_CLOUD_MODEL": "example-model"}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
