"""What an update trains on: the user's samples, and the replay set that keeps it from forgetting the rest."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from model_store.bundle import Bundle
from model_store.errors import BundleCorrupt
from model_store.head import Float32, HeadParameters
from model_store.manifest import head_file

Indices = NDArray[np.int64]

FOLDS = 5
# From here on one stratified slice says enough, and k-fold would cost more than the update.
_ONE_SLICE_FROM = 200


@dataclass(frozen=True, eq=False)
class Replay:
    """Public examples: `features` [N, D] and the bundled head's `probabilities` [N, C] to rehearse on; and the
    yardstick, never rehearsed on, with its true labels (indices).
    """

    features: Float32
    probabilities: Float32
    yardstick_features: Float32
    yardstick_labels: Indices

    @classmethod
    def load(cls, bundle: Bundle, task: str) -> "Replay":
        """The replay set of a bundled task. Raises BundleError."""
        name = head_file(task, "replay.npz")
        try:
            with np.load(io.BytesIO(bundle.read(name)), allow_pickle=False) as arrays:
                features, held = arrays["features"].astype(np.float32), arrays["yardstick"].astype(bool)
                probabilities, labels = arrays["probabilities"].astype(np.float32), arrays["labels"]
        except (KeyError, ValueError, BadZipFile) as error:
            raise BundleCorrupt(f"{name} does not hold a replay set") from error
        spec = bundle.manifest.tasks[task]
        rows = len(features)
        shapes = (features.shape, probabilities.shape, labels.shape, held.shape)
        if shapes != ((rows, bundle.manifest.feature_width), (rows, len(spec.labels)), (rows,), (rows,)):
            raise BundleCorrupt(f"{name} holds arrays of the wrong shapes")
        return cls(features[~held], probabilities[~held], features[held], labels[held].astype(np.int64))

    def accuracy(self, head: HeadParameters) -> float:
        """Share of the yardstick that `head` labels right; 1 where there is no yardstick."""
        if not len(self.yardstick_labels):
            return 1.0
        chosen = head.bulk_probabilities(self.yardstick_features).argmax(axis=1)
        return float((chosen == self.yardstick_labels).mean())


class TrainingSet:
    """Rows of training steps: each step rehearses the whole replay set beside a mini-batch of the user's samples.

    The rehearsal's targets are what the bundled head says, not hard labels, and the user's mean loss weighs
    `user_weight` beside the rehearsal's mean loss of weight 1: measured, this teaches without forgetting.
    """

    def __init__(self, replay: Replay, features: Float32, labels: Indices, classes: int, user_weight: float) -> None:
        self._features = features
        self._targets = np.eye(classes, dtype=np.float32)[labels]
        self._user_weight = user_weight
        self._rehearsed = len(replay.features)
        # The rehearsal's rows never change: they lie at the front of a buffer whose tail takes each mini-batch.
        self._buffer_features = np.concatenate([replay.features, np.zeros_like(features)])
        self._buffer_targets = np.concatenate([replay.probabilities, np.zeros_like(self._targets)])
        self._weights = np.full(self._rehearsed + len(features), 1 / max(1, self._rehearsed), dtype=np.float32)

    def __len__(self) -> int:
        """How many of the user's samples there are."""
        return len(self._features)

    def mini_batch(self, indices: Indices) -> tuple[Float32, Float32, Float32]:
        """Features, targets and weights of one step; valid until the next call."""
        start, end = self._rehearsed, self._rehearsed + len(indices)
        self._buffer_features[start:end] = self._features[indices]
        self._buffer_targets[start:end] = self._targets[indices]
        self._weights[start:end] = self._user_weight / len(indices)
        return self._buffer_features[:end], self._buffer_targets[:end], self._weights[:end]


def held_out_folds(labels: Indices, seed: int) -> Sequence[Indices]:
    """Stratified, disjoint held-out slices: all of `FOLDS` (leave-one-out below that many samples), only one of them
    for many samples, none for a single sample.
    """
    count = len(labels)
    if count < 2:
        return []
    folds = min(FOLDS, count)
    shuffled = np.random.default_rng(seed).permutation(count)
    by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
    slices = [np.sort(by_label[start::folds]) for start in range(folds)]
    return slices[:1] if count >= _ONE_SLICE_FROM else slices
