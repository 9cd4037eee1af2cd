"""What the device knows of a cloud model: the bytes that are sent to one, and the words that come back.

How they travel is the outer layer's matter. A model takes only what the redactor let out.
"""

import json
import threading
from collections.abc import Iterator
from typing import Literal, Protocol

from device_sim.errors import CloudNotConfigured
from device_sim.privacy.redactor import Outbound

# sent: may have left, and nothing is known. not-sent: no connection came about, so no byte of the body left.
Outcome = Literal[
    "sent", "answered", "not-sent", "rate-limited", "failed", "timed-out", "cut-off", "answer-invalid", "cancelled"
]


class Attempts(Protocol):
    """Asked before, and told after, each attempt to send; attempts count from 1."""

    def before_send(self, attempt: int, body: bytes) -> None:
        """These very bytes are about to leave; raising stops all sending."""

    def after(self, attempt: int, outcome: Outcome, status: int | None) -> None:
        """What came of it, and HTTP's status where there was one."""


class CloudStream(Iterator[str], Protocol):
    """The answer as it arrives. `finish_reason` is None until the model gave one: `stop`, `length`, `content_filter`,
    `tool_calls` or `other`.
    """

    finish_reason: str | None

    def close(self) -> None:
        """Hang up; does nothing after the end."""


class CloudModel(Protocol):
    """A chat model elsewhere. Sync: meant for a worker thread; iterating waits for the network."""

    configured: bool
    host: str
    model: str

    def body(self, outbound: Outbound) -> bytes:
        """The exact bytes that `stream` would send. Raises TypeError for anything that the redactor did not make."""

    def stream(self, outbound: Outbound, attempts: Attempts, gone: threading.Event | None = None) -> CloudStream:
        """Send when first iterated. `gone`, which any thread may set, tells that nobody waits for the answer any more.

        Raises (while iterating):
            CloudUnavailable: no whole answer. Whatever `attempts` raises. TypeError: as `body`.
        """


class NoCloud:
    """Where the settings name no cloud model."""

    configured = False
    host = ""
    model = ""

    def body(self, outbound: Outbound) -> bytes:
        """What would be sent, but for the model's name."""
        return chat_body(outbound, self.model)

    def stream(  # nothing is sent
        self,
        outbound: Outbound,  # noqa: ARG002
        attempts: Attempts,  # noqa: ARG002
        gone: threading.Event | None = None,  # noqa: ARG002
    ) -> CloudStream:
        """Always raises CloudNotConfigured."""
        raise CloudNotConfigured("no cloud model is configured (ATTUNE_CLOUD_BASE_URL, ATTUNE_CLOUD_MODEL)")


def chat_body(outbound: Outbound, model: str) -> bytes:
    """A request of OpenAI's chat completions, streamed, in UTF-8.

    Raises:
        TypeError: `outbound` was not made by the redactor.
    """
    if type(outbound) is not Outbound:
        raise TypeError("only what the redactor let out can be sent")
    messages = [{"role": message.role, "content": message.content} for message in outbound.messages]
    request = {"model": model, "messages": messages, "stream": True}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
