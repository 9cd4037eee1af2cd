"""Answering: features from the encoder, a label from the serving head, and a short memory for feedback.

Nothing here touches the database.
"""

import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from device_sim.errors import DeviceClosed, UnknownPrediction
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoder, check_texts
from model_store.head import Float32

REMEMBERED = 4096
# The largest call, 256 texts of 10,000 characters, fits.
_REMEMBERED_CHARACTERS = 3_000_000


@dataclass(frozen=True)
class Prediction:
    """One answer. `version` is the head that gave it, `elapsed_ms` the time since the question, in milliseconds."""

    id: str
    task: str
    label: str
    probabilities: dict[str, float]
    version: int
    bundle: str
    elapsed_ms: float


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

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._characters = 0


class Predictor:
    """Text to predictions, on as many cores as there are (four at most)."""

    def __init__(self, encoder: Encoder, heads: ServingHeads, memory: PredictionMemory, bundle_version: str) -> None:
        self._encoder = encoder
        self._heads = heads
        self._memory = memory
        self._bundle_version = bundle_version
        self._workers = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="predict")

    def submit(self, texts: Sequence[str], task: str) -> "Future[list[Prediction]]":
        """Ask for a prediction of each text. All of one call are answered by the same version.

        Raises at once:
            UnknownTask, TooManyTexts, InvalidText, DeviceClosed.
        """
        started = time.perf_counter()
        self._heads.spec(task)
        check_texts(texts)
        try:
            return self._workers.submit(self._answer, texts, task, started)
        except RuntimeError:
            raise DeviceClosed("the device is shutting down") from None

    def close(self) -> None:
        """Answer what was asked, then stop."""
        self._workers.shutdown(wait=True)

    def _answer(self, texts: Sequence[str], task: str, started: float) -> list[Prediction]:
        features = [self._encoder.encode(text) for text in texts]
        # Taken after encoding, so that a change of version counts for everything that is answered from then on.
        head = self._heads.serving(task)
        return [self._prediction(text, row, head, started) for text, row in zip(texts, features, strict=True)]

    def _prediction(self, text: str, features: Float32, head: Head, started: float) -> Prediction:
        probabilities = head.parameters.probabilities(features[None])[0]
        prediction_id = uuid.uuid4().hex
        self._memory.remember(prediction_id, Remembered(head.task, text, features))
        return Prediction(
            id=prediction_id,
            task=head.task,
            label=head.labels[int(probabilities.argmax())],
            probabilities=dict(zip(head.labels, probabilities.tolist(), strict=True)),
            version=head.version,
            bundle=self._bundle_version,
            elapsed_ms=round((time.perf_counter() - started) * 1000, 3),
        )
