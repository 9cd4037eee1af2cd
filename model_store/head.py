"""A head's parameters: one linear layer on the frozen features, and what it answers."""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.errors import HeadInvalid

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_HEADER = struct.Struct("<4sII")
_MAGIC = b"ATH1"


@dataclass(frozen=True, eq=False)
class HeadParameters:
    """`weight` [C, D] and `bias` [C], float32: logits = features @ weight.T + bias."""

    weight: Float32
    bias: Float32

    def to_bytes(self) -> bytes:
        """Shape and values, little-endian: equal parameters give equal bytes."""
        classes, width = self.weight.shape
        values = self.weight.astype("<f4").tobytes() + self.bias.astype("<f4").tobytes()
        return _HEADER.pack(_MAGIC, classes, width) + values

    @classmethod
    def from_bytes(cls, blob: bytes) -> "HeadParameters":
        """The parameters that `to_bytes` wrote.

        Raises:
            HeadInvalid: other bytes than those.
        """
        if len(blob) < _HEADER.size:
            raise HeadInvalid("the head's bytes are cut short")
        magic, classes, width = _HEADER.unpack_from(blob)
        if magic != _MAGIC or len(blob) != _HEADER.size + 4 * classes * (width + 1):
            raise HeadInvalid("the head's bytes are not those of a linear layer")
        values = np.frombuffer(blob, dtype="<f4", offset=_HEADER.size).astype(np.float32)
        return cls(values[: classes * width].reshape(classes, width), values[classes * width :])

    def check(self, classes: int, width: int) -> None:
        """Refuse parameters that can't serve a task of `classes` labels on features of `width`.

        Raises:
            HeadInvalid: naming the shape, or that a value is not finite.
        """
        if self.weight.shape != (classes, width) or self.bias.shape != (classes,):
            found = f"{self.weight.shape} and {self.bias.shape}"
            raise HeadInvalid(f"the head's shapes are {found}, not {(classes, width)} and {(classes,)}")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise HeadInvalid("the head holds values that are not finite")

    def toward(self, other: "HeadParameters", share: float) -> "HeadParameters":
        """The head that lies at `share` of the way from this one to `other`; at 1 it is `other`, to the bit."""
        if share == 1:
            return other
        part = np.float32(share)
        weight, bias = (
            mine + part * (theirs - mine) for mine, theirs in ((self.weight, other.weight), (self.bias, other.bias))
        )
        return HeadParameters(weight, bias)

    def probabilities(self, features: Float32) -> Float64:
        """Class probabilities [N, C] of `features` [N, D]; each row is computed alone.

        A matrix product of several rows may round differently from that of one, and an answer must not depend on
        what else was asked at the same moment.
        """
        logits = np.stack([self.weight @ row for row in features]) + self.bias
        return _softmax(logits.astype(np.float64))

    def bulk_probabilities(self, features: Float32) -> Float64:
        """As `probabilities`, in one product: for measuring on many rows, where the last bit does not matter."""
        return _softmax((features @ self.weight.T + self.bias).astype(np.float64))


def digest(blob: bytes) -> str:
    """SHA-256 of a head's bytes, in hex: what a published version is checked against."""
    return hashlib.sha256(blob).hexdigest()


def _softmax(logits: Float64) -> Float64:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Float64 = shifted / shifted.sum(axis=1, keepdims=True)
    return result
