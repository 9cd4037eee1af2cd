"""A linear model over runs of one to three characters: what a text is to it, its file, and its score.

The score of a text is `bias` plus the sum of the weights of its different runs, divided by the square root of how many
there are. A long text must not dilute one sentence of it: it is cut into stretches of `_WINDOW` characters at most, and
the greatest score counts.
"""

import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST = 3  # characters in a run
_LEAST = 20  # runs that a text counts as having, at least: a word or two is not much to go by
_WINDOW = 130
_ENDS = re.compile(r"[。！？!?；;\n]+")
_MARK = re.compile(r"[\W_]+")
_REPEATED, _ONCE = re.compile(r"([一-鿿])\1+"), r"\1"


_NOTHING: Mapping[int, str] = {}


class InvalidGramFile(ValueError):
    """The file holds no such model."""


def plain(text: str, folds: Mapping[int, str]) -> str:
    """The text as its runs are counted: widths, case, kinds of marks and repeated characters don't matter."""
    marked = _MARK.sub(" ", unicodedata.normalize("NFKC", text).lower().translate(folds)).strip()
    return f" {_REPEATED.sub(_ONCE, marked)} "


def grams(plain_text: str) -> set[str]:
    """The different runs of one to three characters."""
    return {plain_text[at : at + size] for size in range(1, LONGEST + 1) for at in range(len(plain_text) - size + 1)}


def share(count: int) -> float:
    """How much each of so many runs counts."""
    return 1.0 / math.sqrt(max(count, _LEAST))


def pieces(text: str) -> Iterator[str]:
    """What of a text is scored: all of it if it is short, else stretches of whole sentences; and none is left out."""
    if len(text) <= _WINDOW:
        yield text
        return
    held = ""
    for sentence in filter(None, _ENDS.split(text)):
        for start in range(0, len(sentence), _WINDOW // 2):  # a sentence without end is read in overlapping stretches
            part = sentence[start : start + _WINDOW]
            if held and len(held) + len(part) >= _WINDOW:
                yield held
                held = ""
            held = f"{held}。{part}" if held else part
    if held:
        yield held


@dataclass(frozen=True)
class GramModel:
    """Weights of runs of characters, and the score from which on a text counts as one of the kind looked for."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def score(self, text: str, folds: Mapping[int, str] = _NOTHING) -> float:
        """Greater is likelier; from `threshold` on it counts."""
        return max((self._score(plain(piece, folds)) for piece in pieces(text)), default=self.bias)

    def _score(self, plain_text: str) -> float:
        found = grams(plain_text)
        weights = self.weights
        return self.bias + share(len(found)) * sum([weights[gram] for gram in found if gram in weights])

    def write(self, path: Path) -> None:
        """As a compressed .npz of the runs, weights in half precision, bias and threshold; the same bytes each time."""
        runs = sorted(self.weights)
        parts: dict[str, NDArray[np.generic]] = {
            "grams": np.frombuffer("\n".join(runs).encode(), np.uint8),
            "weights": np.array([self.weights[run] for run in runs], np.float16),
            "line": np.array([self.bias, self.threshold], np.float32),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for name, values in parts.items():
                content = io.BytesIO()
                np.save(content, values, allow_pickle=False)
                file.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED, 9)

    @classmethod
    def read(cls, path: Path) -> "GramModel":
        """Raises InvalidGramFile."""
        try:
            with np.load(path, allow_pickle=False) as file:
                runs = bytes(file["grams"]).decode().split("\n")
                weights = file["weights"].astype(np.float64)
                bias, threshold = (float(value) for value in file["line"])
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InvalidGramFile(f"{path.name} can't be read: {error}") from error
        if weights.shape != (len(runs),) or not np.isfinite([*weights, bias, threshold]).all():
            raise InvalidGramFile(f"{path.name}: a weight for each of {len(runs)} runs is needed, all finite")
        return cls(dict(zip(runs, weights.tolist(), strict=True)), bias, threshold)
