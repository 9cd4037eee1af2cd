"""Text to features: checks, tokenisation and the encoder, with a queue that serves concurrent callers together."""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from tokenizers import Tokenizer

from device_sim.errors import DeviceClosed, InvalidText, TooManyTexts
from device_sim.onnx_runtime import EncoderSession, pad
from model_store.bundle import Bundle
from model_store.head import Float32
from model_store.manifest import ENCODER, TOKENIZER

MAX_CHARACTERS = 10_000
MAX_TEXTS = 256
_MAX_BATCH = 16


def check_text(text: str) -> str:
    """`text`, if it can be understood and stored.

    Raises:
        InvalidText: blank, longer than `MAX_CHARACTERS`, a NUL, or half of a surrogate pair.
    """
    if not text.strip():
        raise InvalidText("the text is empty or blank", field="text")
    if len(text) > MAX_CHARACTERS:
        raise InvalidText(f"the text has {len(text)} characters; at most {MAX_CHARACTERS} are allowed", field="text")
    if "\0" in text:
        raise InvalidText("the text holds a NUL character (U+0000)", field="text")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidText("the text holds half of a surrogate pair, which is no character", field="text")
    return text


def check_texts(texts: Sequence[str]) -> None:
    """Check each of `texts`, and that there are between 1 and `MAX_TEXTS`.

    Raises:
        TooManyTexts, InvalidText.
    """
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise TooManyTexts(f"{len(texts)} texts in one call; between 1 and {MAX_TEXTS} are allowed", field="texts")
    for text in texts:
        check_text(text)


class Encoder:
    """The bundle's tokenizer and base model."""

    def __init__(self, bundle: Bundle) -> None:
        self.base_id = bundle.manifest.base_id
        self.width = bundle.manifest.feature_width
        self._tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(bundle.manifest.max_length)
        self._session = EncoderSession(bundle.read(ENCODER))

    def tokenize(self, text: str) -> list[int]:
        """Token ids, cut at the bundle's maximum length."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def features(self, rows: Sequence[Sequence[int]]) -> Float32:
        """Features [N, D] of token id rows of any lengths."""
        return self._session.features(*pad(rows))

    def encode(self, text: str) -> Float32:
        """Features [D] of one text."""
        return self.features([self.tokenize(text)])[0]


class EncoderQueue:
    """Runs the encoder in one thread, and gathers what concurrent callers ask into batches of one length.

    Only texts of equal token count share a batch, so nothing is spent on padding and a text's features do not depend
    on the length of what it was batched with.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._incoming: deque[_Request] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    def submit(self, texts: Sequence[str]) -> list[Future[Float32]]:
        """A future of features [D] for each of `texts`, which must have passed `check_texts`."""
        requests = [_Request(text) for text in texts]
        with self._ready:
            if self._closed:
                raise DeviceClosed("the device is shutting down")
            self._incoming.extend(requests)
            self._ready.notify()
        return [request.future for request in requests]

    def encode(self, text: str) -> Float32:
        """Features [D] of one text, waiting for them."""
        return self.submit([text])[0].result()

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        self._thread.join()

    def _work(self) -> None:
        backlog: list[_Request] = []
        while True:
            backlog += self._arrivals(wait=not backlog)
            if not backlog:
                return
            length = len(backlog[0].ids)
            batch = [request for request in backlog if len(request.ids) == length][:_MAX_BATCH]
            chosen = set(map(id, batch))
            backlog = [request for request in backlog if id(request) not in chosen]
            self._answer([request for request in batch if request.future.set_running_or_notify_cancel()])

    def _arrivals(self, *, wait: bool) -> list["_Request"]:
        """What has come in since the last look, tokenised; empty only when closed or not waiting."""
        with self._ready:
            while wait and not self._incoming and not self._closed:
                self._ready.wait()
            arrived, self._incoming = list(self._incoming), deque()
        for request in arrived:
            request.ids = self._encoder.tokenize(request.text)
        return arrived

    def _answer(self, batch: list["_Request"]) -> None:
        if not batch:
            return
        try:
            features = self._encoder.features([request.ids for request in batch])
        except Exception as error:  # whatever the runtime raises belongs to the callers, not to this thread
            for request in batch:
                request.future.set_exception(error)
            return
        for request, row in zip(batch, features, strict=True):
            request.future.set_result(np.array(row))


class _Request:
    """One text on its way through the encoder."""

    __slots__ = ("future", "ids", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.ids: list[int] = []
        self.future: Future[Float32] = Future()
