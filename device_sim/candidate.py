"""Making and judging a candidate: train on everything, cross-validate the same training, measure, decide."""

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np

from device_sim.gate import HeldOut, Verdict, forgets
from device_sim.judges import Gate
from device_sim.samples import LearningSample
from device_sim.training_data import Indices, Replay, TrainingSet, held_out_folds
from device_sim.update_task import ProgressHandlers, TrainableHead, TrainingParameters, UpdateTask
from model_store.errors import HeadInvalid
from model_store.head import Float32, HeadParameters
from model_store.manifest import TaskManifest, UpdateTerms

# How much of its training a candidate may keep where all of it would forget.
_SHARES = (0.75, 0.5, 0.25)

MakeTrainer = Callable[[HeadParameters, float], TrainableHead]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trained head with its verdict and the figures behind it."""

    head: HeadParameters
    verdict: Verdict
    metrics: dict[str, float | int]


@dataclass(frozen=True, eq=False)
class CandidateMaker:
    """Everything one update trains from. `run` executes an update task and may raise `UpdateCancelled`; `learnt` are
    the samples that say what the active version was trained on.
    """

    spec: TaskManifest
    terms: UpdateTerms
    width: int
    replay: Replay
    base: HeadParameters
    active: HeadParameters
    make_trainer: MakeTrainer
    parameters: TrainingParameters
    run: Callable[[UpdateTask], HeadParameters]
    learnt: Set[int]
    gate: Gate

    def make(self, samples: list[LearningSample], handlers: ProgressHandlers) -> Candidate:
        """Train on all of `samples`, then judge the training by heads that did not see a fold of them. Only samples
        count that the active version has not learnt either: on its own lessons it could only look better.

        Of a training that would forget, the largest share is kept that does not, if it still teaches anything: weights
        between two heads know most of what both know (Wortsman et al., Robust fine-tuning of zero-shot models, 2022).

        A candidate whose parameters can't be served is judged on nothing else.
        """
        labels = np.array([self.spec.labels.index(sample.label) for sample in samples], dtype=np.int64)
        features = np.stack([sample.features for sample in samples])
        trained = self._train(features, labels, handlers)
        try:
            trained.check(len(self.spec.labels), self.width)
        except HeadInvalid as error:
            return Candidate(trained, Verdict(False, (str(error),)), {"samples": len(samples)})
        share = self._share(trained, features, labels)
        head = self.active.toward(trained, share)
        unseen = np.array([row for row, sample in enumerate(samples) if sample.id not in self.learnt], dtype=np.int64)
        held_out = self._held_out(features, labels, unseen, share)
        base_accuracy, accuracy = self.replay.accuracy(self.base), self.replay.accuracy(head)
        metrics: dict[str, float | int] = {
            "samples": len(samples),
            "training_kept": share,
            "new_samples": sum(sample.new for sample in samples),
            "samples_right": _right(head, features, labels),
            "samples_right_before": _right(self.active, features, labels),
            "held_out": held_out.count,
            "held_out_right": held_out.candidate_right,
            "held_out_right_before": held_out.active_right,
            "replay_accuracy": round(accuracy, 4),
            "replay_accuracy_base": round(base_accuracy, 4),
            "replay_accuracy_before": round(self.replay.accuracy(self.active), 4),
        }
        return Candidate(head, self.gate(held_out, base_accuracy, accuracy, len(self.spec.labels)), metrics)

    def _train(self, features: Float32, labels: Indices, handlers: ProgressHandlers | None = None) -> HeadParameters:
        trainer = self.make_trainer(self.active, self.parameters.learning_rate)
        rows = TrainingSet(self.replay, features, labels, len(self.spec.labels), self.terms.user_weight)
        return self.run(UpdateTask(trainer, rows, self.parameters, handlers, bounds=self.terms.parameters))

    def _share(self, trained: HeadParameters, features: Float32, labels: Indices) -> float:
        base, before = self.replay.accuracy(self.base), _right(self.active, features, labels)
        if not forgets(base, self.replay.accuracy(trained)):
            return 1.0
        for share in _SHARES:
            head = self.active.toward(trained, share)
            if not forgets(base, self.replay.accuracy(head)) and _right(head, features, labels) > before:
                return share
        return 1.0  # The gate will say what all of it forgets.

    def _held_out(self, features: Float32, labels: Indices, unseen: Indices, share: float) -> HeldOut:
        count = candidate_right = active_right = gained = lost = 0
        for fold in (unseen[rows] for rows in held_out_folds(labels[unseen], self.parameters.seed)):
            kept = np.ones(len(labels), dtype=bool)
            kept[fold] = False
            head = self.active.toward(self._train(features[kept], labels[kept]), share)
            candidate = head.bulk_probabilities(features[fold]).argmax(axis=1) == labels[fold]
            active = self.active.bulk_probabilities(features[fold]).argmax(axis=1) == labels[fold]
            count += len(fold)
            candidate_right += int(candidate.sum())
            active_right += int(active.sum())
            gained += int((candidate & ~active).sum())
            lost += int((active & ~candidate).sum())
        return HeldOut(count, candidate_right, active_right, gained, lost)


def _right(head: HeadParameters, features: Float32, labels: Indices) -> int:
    return int((head.bulk_probabilities(features).argmax(axis=1) == labels).sum())
