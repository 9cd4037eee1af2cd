"""Does a personal head beat the bundle's? Simulated users, each taught on a device of their own.

`python -m tests.benchmarks.personal --data DATA`. Users are the speakers of cped_valid's last dialogues, and the
domains of online_shopping among what the bundle's recipe held out of training: text that the base has never seen. Each
gives 20 to 200 samples as feedback; one update; then the rest of their text judges version 1 beside version 0, and
beside nearest neighbours and logistic regression on the same features. What is lost in general is measured on
ewect_usual_eval.
"""

import argparse
import json
import lzma
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from model_store.bundle import SHIPPED_BUNDLE
from model_store.head import Float32, HeadParameters
from toolchain.data import same_text_key, training_data
from toolchain.recipe import Recipe, parse_recipe
from toolchain.sources import Source, read_source

_TASK = "sentiment"
_SIZES = (20, 50, 100, 200)
_JUDGED = 60  # texts of a user that judge, at least
_SEED = 0

Pairs = list[tuple[str, str]]  # a text and its label


@dataclass(frozen=True)
class User:
    """A simulated user: what they correct, and what judges."""

    name: str
    taught: Pairs
    judged: Pairs


@dataclass(frozen=True)
class Outcome:
    """Accuracy on a user's own held-out text by who answers, and on general text by version 0 and 1."""

    user: str
    samples: int
    judged: int
    base: float
    personal: float
    neighbours: float
    regression: float
    general_base: float
    general_personal: float
    published: bool


def main() -> int:
    """Run all users, print the table; 0 when it ran through."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.personal", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the recipe's data files")
    parser.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE)
    parser.add_argument("--trusted-key", type=Path)
    parser.add_argument("--json", type=Path, help="write the outcomes here too")
    arguments = parser.parse_args()
    keys = (arguments.trusted_key,) if arguments.trusted_key else ()
    outcomes = []
    print(
        f"{'user':24}{'samples':>8}{'judged':>8}{'base':>8}{'personal':>10}{'kNN':>8}{'LR':>8}{'general':>9}{'after':>8}"
    )
    for outcome in run(arguments.data, arguments.bundle, keys):
        outcomes.append(outcome)
        print(
            f"{outcome.user:24}{outcome.samples:>8}{outcome.judged:>8}{outcome.base:>8.3f}{outcome.personal:>10.3f}"
            f"{outcome.neighbours:>8.3f}{outcome.regression:>8.3f}{outcome.general_base:>9.3f}"
            f"{outcome.general_personal:>8.3f}{'' if outcome.published else '  rejected'}",
            flush=True,
        )
    _summarise(outcomes)
    if arguments.json:
        content = [asdict(outcome) for outcome in outcomes]
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def run(data: Path, bundle: Path, keys: tuple[Path, ...]) -> Iterator[Outcome]:
    """Every user in turn, each on a device of their own."""
    general: tuple[Float32, np.ndarray] | None = None
    with TemporaryDirectory() as scratch:
        users: list[User] = []
        for number in range(1 << 16):
            settings = DeviceSettings(Path(scratch) / str(number), bundle, keys)
            runtime = Runtime.open(settings, ticking=False)
            try:
                if general is None:
                    recipe = bundled_recipe(runtime)
                    users = list(_users(data, recipe))
                    source = recipe.measures["ewect_usual_eval"].source
                    general = _general(runtime, data, recipe, source)
                if number == len(users):
                    return
                yield _teach_and_judge(runtime, users[number], general)
            finally:
                runtime.close()


def bundled_recipe(runtime: Runtime) -> Recipe:
    """The recipe that the bundle was made by."""
    said: Any = runtime.bundle.manifest.provenance["recipe"]
    return parse_recipe(said, "the bundle's recipe")


def _teach_and_judge(runtime: Runtime, user: User, general: tuple[Float32, np.ndarray]) -> Outcome:
    labels = runtime.heads.spec(_TASK).labels
    runtime.consent.put(personalization=True)
    for text, label in user.taught:
        runtime.feedback.record(text=text, task=_TASK, label=label)
    started = runtime.updates.start(_TASK, {}, force=True)
    ended = runtime.updates.wait(started.id)
    taught, judged = (_encoded(runtime, pairs, labels) for pairs in (user.taught, user.judged))
    base, personal = runtime.heads.base(_TASK).parameters, runtime.heads.serving(_TASK).parameters
    return Outcome(
        user.name, len(user.taught), len(user.judged), _accuracy(base, *judged), _accuracy(personal, *judged),
        float(KNeighborsClassifier(min(5, len(user.taught))).fit(*taught).score(*judged)), _regression(taught, judged),
        _accuracy(base, *general), _accuracy(personal, *general), ended.outcome == "published",
    )  # fmt: skip


def _regression(taught: tuple[Float32, np.ndarray], judged: tuple[Float32, np.ndarray]) -> float:
    if len(set(taught[1].tolist())) < 2:
        return float((judged[1] == taught[1][0]).mean())
    return float(LogisticRegression(max_iter=1_000).fit(*taught).score(*judged))


def _accuracy(head: HeadParameters, features: Float32, labels: np.ndarray) -> float:
    return float((head.bulk_probabilities(features).argmax(axis=1) == labels).mean())


def _encoded(runtime: Runtime, pairs: Pairs, labels: Sequence[str]) -> tuple[Float32, np.ndarray]:
    features = np.stack([runtime.encoder.encode(text) for text, _ in pairs])
    return features, np.array([labels.index(label) for _, label in pairs])


def _general(runtime: Runtime, data: Path, recipe: Recipe, source: Source) -> tuple[Float32, np.ndarray]:
    labels = recipe.tasks[_TASK].labels
    examples = read_source(data, source, recipe.tasks)
    return _encoded(runtime, [(e.text, labels[e.labels[_TASK]]) for e in examples], labels)


def _users(data: Path, recipe: Recipe) -> Iterator[User]:
    speakers = _by_field(data / "sentiment" / "cped_valid.jsonl.xz", "speaker", skip=9_000)
    domains = _by_field(data / "sentiment" / "online_shopping.jsonl.xz", "domain")
    found = training_data(
        data, recipe.shipped_tasks, recipe.sources, list(recipe.measures.values()), recipe.held_out, recipe.seed
    )
    unseen = {same_text_key(example.text) for example in found.held_out[_TASK]}
    mapping = {"negative": "负面", "neutral": "中性", "positive": "正面"}
    generator = random.Random(_SEED)
    sizes = 0
    for kind, groups in (("speaker", speakers), ("domain", domains)):
        for name, rows in sorted(groups.items()):
            pairs = [
                (text, mapping[label]) for text, label in rows if kind == "speaker" or same_text_key(text) in unseen
            ]
            generator.shuffle(pairs)
            part = 0
            # A large group is several users: of 20, 50, 100, 200 samples in turn.
            while len(pairs) >= (size := _SIZES[sizes % len(_SIZES)]) + _JUDGED or len(pairs) >= _SIZES[0] + _JUDGED:
                size = min(size, len(pairs) - _JUDGED)
                judged = pairs[size : size + max(_JUDGED, size)]
                yield User(f"{name} {part + 1}", pairs[:size], judged)
                pairs, part, sizes = pairs[size + len(judged) :], part + 1, sizes + 1


def _by_field(path: Path, field: str, skip: int = 0) -> dict[str, Pairs]:
    groups: dict[str, Pairs] = {}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            if number >= skip:
                groups.setdefault(row[field], []).append((row["text"], row["label"]))
    return groups


def _summarise(outcomes: Sequence[Outcome]) -> None:
    gains = [outcome.personal - outcome.base for outcome in outcomes]
    lost = [outcome.general_base - outcome.general_personal for outcome in outcomes]
    means = {
        name: float(np.mean([getattr(outcome, name) for outcome in outcomes]))
        for name in ("base", "personal", "neighbours", "regression")
    }
    print("\nmean accuracy: " + ", ".join(f"{name} {value:.3f}" for name, value in means.items()))
    print(
        f"better {sum(g > 0 for g in gains)}, as good {sum(g == 0 for g in gains)}, worse {sum(g < 0 for g in gains)}"
    )
    print(f"lost in general: mean {np.mean(lost):.4f}, at most {max(lost):.4f}")


if __name__ == "__main__":
    sys.exit(main())
