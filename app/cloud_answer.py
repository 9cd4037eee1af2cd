"""What the bytes of a chat model's HTTP answer say, read as they arrive and split anywhere.

Server-sent events of OpenAI's chat completions (`data: {...}`, `data: [DONE]`), or the one JSON document that some
servers send though a stream was asked for. The bytes tell which; servers mislabel them.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from device_sim.errors import CloudAnswerInvalid, CloudCutOff, CloudFailed

MAX_BYTES = 8 * 2**20  # some 30,000 tokens, each in an event of its own

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a last \r may be half a line end
_EVENT_FIELDS = (b"data", b"event", b"id", b"retry", b":")
_ENOUGH_TO_TELL = 6
_REASONS = frozenset({"stop", "length", "content_filter", "tool_calls"})


class AnswerReader:
    """Give it bytes, get text. `finish_reason` is the model's, `whole` whether the answer came to its end."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.whole = False
        self._received = 0
        self._buffer = bytearray()
        self._scanned = 0
        self._streamed: bool | None = None
        self._data: list[bytes] = []
        self._half = ""
        self._spoke = False

    def feed(self, received: bytes) -> Iterator[str]:
        """The text that these bytes complete, in pieces; what comes before an error is given before it is raised.

        Raises:
            CloudAnswerInvalid: no answer of a chat model, or a longer one than is taken. CloudFailed: the model says
                that it failed.
        """
        self._received += len(received)
        if self._received > MAX_BYTES:
            raise CloudAnswerInvalid(f"the cloud model's answer is longer than {MAX_BYTES >> 20} MiB")
        self._buffer += received
        if self._streamed is None:
            self._streamed = self._is_stream()
        if self._streamed:
            yield from self._take_events()

    def finish(self) -> Iterator[str]:
        """The text that the end of the body completes.

        Raises:
            CloudAnswerInvalid, CloudFailed: as `feed`. CloudCutOff: the end came too early.
        """
        if not self.whole:
            if self._streamed:
                self._buffer += b"\n\n"
                yield from self._take_events(at_end=True)
            elif self._buffer.strip():
                yield self._take_document()
        yield self._mended("", last=True)
        if not self.whole and self.finish_reason is None:
            raise CloudCutOff("the cloud model's answer ended before its end")
        if not self._spoke:
            reason = f" ({self.finish_reason})" if self.finish_reason else ""
            raise CloudAnswerInvalid(f"the cloud model's answer holds no text{reason}")

    def _is_stream(self) -> bool | None:
        """Whether these are events; None as long as too little has come to tell."""
        start = bytes(self._buffer[:1024]).removeprefix(codecs.BOM_UTF8).lstrip()
        if start.startswith(b"{"):
            return False
        if start.startswith(_EVENT_FIELDS):
            self._buffer = self._buffer.removeprefix(codecs.BOM_UTF8)
            return True
        if len(start) < _ENOUGH_TO_TELL and not start.strip(b"dataeventidretry"):
            return None
        raise CloudAnswerInvalid("what answered is no chat model: neither events nor JSON")

    def _take_events(self, *, at_end: bool = False) -> Iterator[str]:
        """The text of all events that are complete."""
        for line in self._take_lines():
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            elif not line and self._data and not self.whole:
                data, self._data = b"\n".join(self._data), []
                yield self._event(data, at_end=at_end)

    def _take_lines(self) -> list[bytes]:
        lines, begin = [], 0
        for end in _LINE_END.finditer(self._buffer, self._scanned):
            lines.append(bytes(self._buffer[begin : end.start()]))
            begin = end.end()
        self._buffer = self._buffer[begin:]
        self._scanned = max(0, len(self._buffer) - 1)
        return lines

    def _event(self, data: bytes, *, at_end: bool) -> str:
        if data.strip() == b"[DONE]":
            self.whole = True
            return ""
        try:
            document = _json(data)
        except CloudAnswerInvalid:
            if at_end:  # the last line is what a cut left of it
                return ""
            raise
        return self._said(document, "delta")

    def _take_document(self) -> str:
        text = self._said(_json(bytes(self._buffer)), "message")
        self.whole = True
        return text

    def _said(self, document: Any, part: str) -> str:
        """The text in one event, or in the one document."""
        if not isinstance(document, dict):
            raise CloudAnswerInvalid("the cloud model's answer has not the shape of one")
        if document.get("error"):
            raise CloudFailed("the cloud model answered with an error")  # whose text may quote the user's
        choices = document.get("choices")
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise CloudAnswerInvalid("the cloud model's answer has not the shape of one")
        text = ""
        for choice in choices:
            if choice.get("index") in (0, None):
                text += self._content(choice.get(part, choice.get("message", choice.get("delta"))))
                reason = choice.get("finish_reason")
                if reason is not None:
                    self.finish_reason = reason if isinstance(reason, str) and reason in _REASONS else "other"
        return self._mended(text)

    def _content(self, message: Any) -> str:
        content = message.get("content") if isinstance(message, dict) else message
        if content is None:
            return ""
        if not isinstance(content, str):
            raise CloudAnswerInvalid("the cloud model's answer holds something else than text")
        return content

    def _mended(self, text: str, *, last: bool = False) -> str:
        """Text without half characters: JSON can split one over two events, and can hold a half alone."""
        text = self._half + text
        self._half = ""
        if text and not last and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        self._spoke = self._spoke or bool(text.strip())
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # no UTF-8, no JSON, or nested without end
        raise CloudAnswerInvalid("the cloud model's answer is not JSON in UTF-8") from None
