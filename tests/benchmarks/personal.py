"""Does a personal head beat the bundle's? Simulated users, each on a device of their own.

`python -m tests.benchmarks.personal --data DATA`. Users are the speakers of cped_valid (television dialogues) or, with
`--users domains`, the domains of online_shopping. The bundle was trained with no label of theirs (the encoder may have
been pretrained on the text, and the gate's yardstick may hold some of the domains'). Each corrects 20, then
50, 100 and 200 texts, up to half of what there is, with an update after each; the rest judges the head that serves
then beside the bundle's, and beside nearest neighbours and logistic regression on the same features of the same
samples. What is lost in general is measured on ewect_usual_eval.
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
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
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
_WHO = {"base": "base", "personal": "personal", "kNN": "neighbours", "LR": "regression"}
# By kind of user: the file, the field that names the user, and who in it is no one user.
_GROUPS = {
    "speakers": ("sentiment/cped_valid.jsonl.xz", "speaker", "其他"),
    "domains": ("sentiment/online_shopping.jsonl.xz", "domain", None),
}

Pairs = list[tuple[str, str]]  # a text and its label


@dataclass(frozen=True)
class User:
    """A simulated user: what they correct, and what judges."""

    name: str
    taught: Pairs
    judged: Pairs


@dataclass(frozen=True)
class Outcome:
    """Accuracy by who answers: on a user's own held-out text, and on general text."""

    user: str
    samples: int
    judged: int
    base: float
    personal: float
    neighbours: float
    regression: float
    general_base: float
    general_personal: float
    general_neighbours: float
    general_regression: float
    version: int
    update: str


def main() -> int:
    """Run all users, print the table; 0 when it ran through."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.personal", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the recipe's data files")
    parser.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE)
    parser.add_argument("--trusted-key", type=Path)
    parser.add_argument("--users", choices=sorted(_GROUPS), default="speakers")
    parser.add_argument("--json", type=Path, help="write the outcomes here too")
    arguments = parser.parse_args()
    keys = (arguments.trusted_key,) if arguments.trusted_key else ()
    outcomes = []
    print(
        f"{'user':24}{'samples':>8}{'judged':>8}{'base':>8}{'personal':>10}{'kNN':>8}{'LR':>8}{'general':>9}{'after':>8}{'version':>9}"
    )
    for outcome in run(arguments.data, arguments.bundle, keys, arguments.users):
        outcomes.append(outcome)
        print(
            f"{outcome.user:24}{outcome.samples:>8}{outcome.judged:>8}{outcome.base:>8.3f}{outcome.personal:>10.3f}"
            f"{outcome.neighbours:>8.3f}{outcome.regression:>8.3f}{outcome.general_base:>9.3f}"
            f"{outcome.general_personal:>8.3f}{outcome.version:>9}  {outcome.update}",
            flush=True,
        )
    _summarise(outcomes)
    if arguments.json:
        content = [asdict(outcome) for outcome in outcomes]
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def run(data: Path, bundle: Path, keys: tuple[Path, ...], group: str) -> Iterator[Outcome]:
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
                    users = list(_users(data, recipe, group))
                    source = recipe.measures["ewect_usual_eval"].source
                    general = _general(runtime, data, recipe, source)
                if number == len(users):
                    return
                yield from _teach_and_judge(runtime, users[number], general)
            finally:
                runtime.close()


def bundled_recipe(runtime: Runtime) -> Recipe:
    """The recipe that the bundle was made by."""
    said: Any = runtime.bundle.manifest.provenance["recipe"]
    return parse_recipe(said, "the bundle's recipe")


def _teach_and_judge(runtime: Runtime, user: User, general: tuple[Float32, np.ndarray]) -> Iterator[Outcome]:
    labels = runtime.heads.spec(_TASK).labels
    base = runtime.heads.base(_TASK).parameters
    (features, answers), judged = (_encoded(runtime, pairs, labels) for pairs in (user.taught, user.judged))
    runtime.consent.put(personalization=True)
    told = 0
    for samples in sorted({min(size, len(user.taught)) for size in _SIZES}):
        for text, label in user.taught[told:samples]:
            runtime.feedback.record(text=text, task=_TASK, label=label)
        told = samples
        ended = runtime.updates.wait(runtime.updates.start(_TASK, {}, force=True).id)
        if ended.state != "completed":
            raise SystemExit(f"an update of {user.name} failed: {'; '.join(ended.reasons)}")
        serving = runtime.heads.serving(_TASK)
        taught = features[:samples], answers[:samples]
        neighbours, regression = KNeighborsClassifier(min(5, samples)).fit(*taught), _regression(*taught)
        yield Outcome(
            user.name, samples, len(user.judged), _accuracy(base, *judged), _accuracy(serving.parameters, *judged),
            float(neighbours.score(*judged)), float(regression.score(*judged)), _accuracy(base, *general),
            _accuracy(serving.parameters, *general), float(neighbours.score(*general)),
            float(regression.score(*general)), serving.version, ended.outcome or "",
        )  # fmt: skip


def _regression(features: Float32, answers: np.ndarray) -> ClassifierMixin:
    """Logistic regression or, where all samples have one label, that label."""
    one = len(set(answers.tolist())) == 1
    model = DummyClassifier() if one else LogisticRegression(max_iter=1_000)
    fitted: ClassifierMixin = model.fit(features, answers)
    return fitted


def _accuracy(head: HeadParameters, features: Float32, labels: np.ndarray) -> float:
    return float((head.bulk_probabilities(features).argmax(axis=1) == labels).mean())


def _encoded(runtime: Runtime, pairs: Pairs, labels: Sequence[str]) -> tuple[Float32, np.ndarray]:
    features = np.stack([runtime.encoder.encode(text) for text, _ in pairs])
    return features, np.array([labels.index(label) for _, label in pairs])


def _general(runtime: Runtime, data: Path, recipe: Recipe, source: Source) -> tuple[Float32, np.ndarray]:
    labels = recipe.tasks[_TASK].labels
    examples = read_source(data, source, recipe.tasks)
    return _encoded(runtime, [(e.text, labels[e.labels[_TASK]]) for e in examples], labels)


def _users(data: Path, recipe: Recipe, group: str) -> Iterator[User]:
    path, field, nobody = _GROUPS[group]
    found = training_data(
        data, recipe.shipped_tasks, recipe.sources, list(recipe.measures.values()), recipe.held_out, recipe.seed
    )
    trained = {same_text_key(example.text) for example in found.train if _TASK in example.labels}
    for name, pairs in sorted(_by_field(data / path, field).items()):
        fresh = [(text, label) for text, label in pairs.items() if same_text_key(text) not in trained]
        random.Random(_SEED).shuffle(fresh)
        if name != nobody and len(fresh) >= _SIZES[0] + _JUDGED:
            size = min(_SIZES[-1], len(fresh) // 2, len(fresh) - _JUDGED)
            yield User(name, fresh[:size], fresh[size:])


def _by_field(path: Path, field: str) -> dict[str, dict[str, str]]:
    """The labels of the texts of each group."""
    mapping = {"negative": "负面", "neutral": "中性", "positive": "正面"}
    groups: dict[str, dict[str, str]] = {}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            groups.setdefault(row[field], {}).setdefault(row["text"], mapping[row["label"]])
    return groups


def _summarise(outcomes: Sequence[Outcome]) -> None:
    """Mean accuracy on the users' own text and, in brackets, on general text."""
    last = list({outcome.user: outcome for outcome in outcomes}.values())
    print()
    for samples in _SIZES:
        _line(f"{samples} samples", [outcome for outcome in outcomes if outcome.samples == samples])
    _line("at each user's end", last)
    _line("with a version of their own", [outcome for outcome in last if outcome.version])


def _line(who: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    gains = [outcome.personal - outcome.base for outcome in outcomes]
    lost = [outcome.general_base - outcome.general_personal for outcome in outcomes]
    means = {}
    for name, field in _WHO.items():
        own, general = ([getattr(o, prefix + field) for o in outcomes] for prefix in ("", "general_"))
        means[name] = f"{np.mean(own):.3f} ({np.mean(general):.3f})"
    print(
        f"{who}: {len(outcomes)} users; {', '.join(f'{name} {figure}' for name, figure in means.items())}; "
        f"better {sum(g > 0 for g in gains)}, as good {sum(g == 0 for g in gains)}, worse {sum(g < 0 for g in gains)}; "
        f"lost in general at most {max(lost):.4f}"
    )


if __name__ == "__main__":
    sys.exit(main())
