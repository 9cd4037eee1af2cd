"""Features of the run's texts: encoded once, and shared by all workers as one read-only array."""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device_sim.errors import InvalidText
from device_sim.inference import Encoder
from fleet.files import replacing
from model_store.bundle import Bundle
from model_store.head import Float32

FEATURES_FILE = "features.npy"


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """Row i of `rows` [N, D] is that of the i-th text; where the encoder can't read a text it is not a number."""

    texts: tuple[str, ...]
    rows: Float32


class SharedEncoder(Encoder):
    """The bundle's encoder, for many devices of one process: texts that are encoded already are looked up."""

    def __init__(self, bundle: Bundle, known: TextFeatures | None = None) -> None:
        super().__init__(bundle)
        self._rows = {} if known is None else {_key(text): row for row, text in enumerate(known.texts)}
        self._known = known

    def with_bundle(self, bundle: Bundle) -> "SharedEncoder":
        """The same encoder, for a bundle that differs in its manifest alone."""
        other = copy.copy(self)
        other.bundle = bundle
        return other

    def reads(self, text: str) -> bool:
        """Does the text hold anything that the model can read?"""
        try:
            self._tokens(text)
        except InvalidText:
            return False
        return True

    def encode(self, text: str) -> Float32:
        """As `Encoder.encode`."""
        row = self._rows.get(_key(text))
        if row is None or self._known is None:
            return super().encode(text)
        features = np.array(self._known.rows[row], dtype=np.float32)
        if np.isnan(features[0]):
            raise InvalidText("the text holds nothing that the model can read", field="text")
        return features

    def encode_many(self, texts: Sequence[str]) -> Float32:
        """Features [N, D] of texts, each by itself; not a number where a text can't be read."""
        rows = np.full((len(texts), self.width), np.nan, dtype=np.float32)
        for row, text in enumerate(texts):
            try:
                rows[row] = self.encode(text)
            except InvalidText:
                continue
        return rows


def keep_rows(folder: Path, rows: Float32) -> None:
    """Write features where all workers can map them. Raises NoRoom."""
    with replacing(folder / FEATURES_FILE) as file:
        np.save(file, rows)


def kept_rows(folder: Path, texts: int) -> Float32 | None:
    """The features that an earlier start of the run left, mapped; None where there are none of so many texts."""
    try:
        rows: Float32 = np.load(folder / FEATURES_FILE, mmap_mode="r")
    except (OSError, ValueError, EOFError):  # also of a file that a crash cut short
        return None
    return rows if rows.ndim == 2 and len(rows) == texts and rows.dtype == np.float32 else None


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
