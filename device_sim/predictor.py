"""Answering: features from the encoder, a label or entities from the serving head, and a short memory for feedback.

Nothing here touches the database.
"""

import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Literal, TypeVar

from device_sim.errors import DeviceClosed, InvalidInput, UnknownPrediction
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoded, Encoder, check_texts
from device_sim.stages import stage
from model_store.head import Float32
from model_store.spans import decode_spans

REMEMBERED = 4096
# The largest call, 256 texts of 10,000 characters, fits.
_REMEMBERED_CHARACTERS = 3_000_000


@dataclass(frozen=True)
class Prediction:
    """What a sentence task says of one text. `version` is the head that gave it, `elapsed_ms` the time since the
    question, in milliseconds.
    """

    id: str
    task: str
    label: str
    probabilities: dict[str, float]
    version: int
    bundle: str
    elapsed_ms: float


@dataclass(frozen=True)
class Entity:
    """The characters (code points) `start` to `end`, exclusive, of a text: which they are, of what type, how surely."""

    start: int
    end: int
    type: str
    text: str
    probability: float


@dataclass(frozen=True)
class Extraction:
    """What a token task finds in one text, in its order, as far as the model reads it; the rest as in `Prediction`."""

    id: str
    task: str
    entities: tuple[Entity, ...]
    version: int
    bundle: str
    elapsed_ms: float


Answers = TypeVar("Answers")


@dataclass(frozen=True, eq=False)
class Remembered:
    """What feedback on a prediction needs, so that nothing is encoded twice."""

    task: str
    text: str
    features: Float32


class PredictionMemory:
    """The last predictions, in memory only and bounded by count and by characters."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Remembered] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def remember(self, prediction_id: str, entry: Remembered) -> None:
        """Keep `entry`; the oldest make room."""
        with self._lock:
            self._entries[prediction_id] = entry
            self._characters += len(entry.text)
            while len(self._entries) > REMEMBERED or self._characters > _REMEMBERED_CHARACTERS:
                _, oldest = self._entries.popitem(last=False)
                self._characters -= len(oldest.text)

    def recall(self, prediction_id: str) -> Remembered:
        """The entry of a prediction.

        Raises:
            UnknownPrediction: never made, before the last start, or too long ago.
        """
        with self._lock:
            entry = self._entries.get(prediction_id)
        if entry is None:
            message = f"no such prediction is remembered (the last {REMEMBERED} of this run are): send the text instead"
            raise UnknownPrediction(message, field="prediction_id")
        return entry

    def forget(self, text: str | None = None) -> None:
        """Forget what was said of this text, or everything."""
        with self._lock:
            kept = {} if text is None else {key: one for key, one in self._entries.items() if one.text != text}
            self._entries = OrderedDict(kept)
            self._characters = sum(len(one.text) for one in kept.values())


class Predictor:
    """Text to predictions, on as many cores as there are (four at most)."""

    def __init__(self, encoder: Encoder, heads: ServingHeads, memory: PredictionMemory, bundle_version: str) -> None:
        self._encoder = encoder
        self._heads = heads
        self._memory = memory
        self._bundle_version = bundle_version
        self._workers = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="predict")

    def submit(self, texts: Sequence[str], task: str) -> "Future[list[Prediction]]":
        """Ask a sentence task for a prediction of each text. All of one call are answered by the same version.

        Raises at once:
            UnknownTask, TooManyTexts, InvalidText, DeviceClosed. InvalidInput: it is a token task.
        """
        self._require_kind("sentence", task)
        return self._submit(self._predict, texts, task)

    def extract(self, texts: Sequence[str], task: str) -> "Future[list[Extraction]]":
        """Ask a token task for the entities in each text. Raises as `submit` does."""
        self._require_kind("token", task)
        return self._submit(self._extract, texts, task)

    def answer(
        self, texts: Sequence[str], task: str, head: Head | None = None
    ) -> "Future[list[Prediction] | list[Extraction]]":
        """Ask a task of either kind; by default the `head` that serves. Raises as `submit` does."""
        if self._heads.spec(task).kind == "token":
            return self._submit(self._extract, texts, task, head)
        return self._submit(self._predict, texts, task, head)

    def close(self) -> None:
        """Answer what was asked, then stop."""
        self._workers.shutdown(wait=True)

    def _require_kind(self, kind: Literal["sentence", "token"], task: str) -> None:
        if self._heads.spec(task).kind != kind:
            raise InvalidInput(f"{task} is no {kind} task", field="task")

    def _submit(
        self, work: Callable[[Sequence[str], str, Head | None, float], Answers], texts: Sequence[str], task: str,
        head: Head | None = None,
    ) -> "Future[Answers]":  # fmt: skip
        started = time.perf_counter()
        check_texts(texts)
        try:
            # In the caller's context, so that what is told of the work is told of the request.
            return self._workers.submit(copy_context().run, work, texts, task, head, started)
        except RuntimeError:
            raise DeviceClosed("the device is shutting down") from None

    def _predict(self, texts: Sequence[str], task: str, head: Head | None, started: float) -> list[Prediction]:
        features = [self._encoder.encode(text) for text in texts]
        # Taken after encoding, so that a change of version counts for everything that is answered from then on.
        head = head or self._heads.serving(task)
        with stage("head", task=task, version=head.version):
            return [self._prediction(text, row, head, started) for text, row in zip(texts, features, strict=True)]

    def _extract(self, texts: Sequence[str], task: str, head: Head | None, started: float) -> list[Extraction]:
        # The head of a token task is never updated, so it may be taken first. The token features of many texts are
        # megabytes: they are read one at a time.
        head = head or self._heads.serving(task)
        return [self._extraction(text, self._encoder.encode_all(text), head, started) for text in texts]

    def _prediction(self, text: str, features: Float32, head: Head, started: float) -> Prediction:
        probabilities = head.parameters.probabilities(features[None])[0]
        return Prediction(
            id=self._remembered(head.task, text, features),
            task=head.task,
            label=head.labels[int(probabilities.argmax())],
            probabilities=dict(zip(head.labels, probabilities.tolist(), strict=True)),
            version=head.version,
            bundle=self._bundle_version,
            elapsed_ms=_milliseconds_since(started),
        )

    def _extraction(self, text: str, encoded: Encoded, head: Head, started: float) -> Extraction:
        with stage("head", task=head.task, version=head.version):
            probabilities = head.parameters.probabilities(encoded.token_features)
            spans = decode_spans(probabilities, head.labels, encoded.offsets)
        return Extraction(
            id=self._remembered(head.task, text, encoded.features),
            task=head.task,
            entities=tuple(
                Entity(span.start, span.end, span.type, text[span.start : span.end], span.probability) for span in spans
            ),
            version=head.version,
            bundle=self._bundle_version,
            elapsed_ms=_milliseconds_since(started),
        )

    def _remembered(self, task: str, text: str, features: Float32) -> str:
        """The id under which the answer is remembered now."""
        prediction_id = uuid.uuid4().hex
        self._memory.remember(prediction_id, Remembered(task, text, features))
        return prediction_id


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
