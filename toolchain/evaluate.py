"""How good a bundle is, on data that it was never trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from toolchain.data import EVERYDAY, NEGATIVE, POSITIVE, REVIEWS, read_source
from toolchain.replay import Array, BundledEncoder, probabilities

Predict = Callable[[Sequence[str]], Array]


@dataclass(frozen=True)
class Quality:
    """Figures of one model: two-class accuracy on reviews; macro-F1 and accuracy over three classes on weibo."""

    reviews_accuracy: float
    everyday_macro_f1: float
    everyday_accuracy: float


def measure(predict: Predict, data: Path) -> Quality:
    """Measure probabilities [N, 3] on the two measuring sets.

    On reviews, which are never neutral, the more probable of 负面 and 正面 counts.
    """
    reviews, everyday = read_source(data, REVIEWS), read_source(data, EVERYDAY)
    answers = predict([example.text for example in reviews])
    positive = answers[:, POSITIVE] > answers[:, NEGATIVE]
    truth = np.array([example.label == POSITIVE for example in reviews])
    chosen = predict([example.text for example in everyday]).argmax(axis=1)
    labels = np.array([example.label for example in everyday])
    return Quality(
        reviews_accuracy=round(float((positive == truth).mean()), 4),
        everyday_macro_f1=round(macro_f1(labels, chosen), 4),
        everyday_accuracy=round(float((chosen == labels).mean()), 4),
    )


def macro_f1(truth: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
    """The mean over classes of 2TP / (2TP + FP + FN)."""
    scores = []
    for label in np.unique(truth):
        hit = int(((chosen == label) & (truth == label)).sum())
        wrong = int((chosen == label).sum() + (truth == label).sum()) - 2 * hit
        scores.append(2 * hit / (2 * hit + wrong))
    return float(np.mean(scores))


def graph_predictor(encoder: Path, tokenizer: Tokenizer, head: tuple[Array, Array]) -> Predict:
    """Answers of an encoder graph with a linear head, as a device computes them."""
    bundled = BundledEncoder(encoder, tokenizer)
    return lambda texts: probabilities(bundled.features(texts), *head)
