"""Makes the learned part of the crisis guard: a linear model over runs of characters.

It learns from the texts of `corpora/crisis` (signs of self-harm risk, and sad or harmless texts with the same words)
and, as what is hardly ever a sign, from public posts and the toolchain's own thoughts and requests: without them a
plain wish (我想早起) is hardly known. The threshold is chosen on texts of writers that it has not seen:
each file is left out once, and scored by a model of the others.
"""

import json
import lzma
import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model_store.grams import GramModel, grams, plain, share
from model_store.han import SIMPLIFIED
from toolchain.errors import DataError
from toolchain.sources import CORPORA

CORPUS = CORPORA / "crisis"
PUBLIC = ("weibo_moods8", "nlpcc2013_emotion", "ewect_virus_train")  # in DATA/sentiment
KINDS = ("crisis", "sad")
HARD = ("twins", "veiled")  # veiled signs and their harmless twins: learnt from, no measure of what people write
_MARKED = re.compile(r"\[([^\]\n]*)\]\([A-Z]+\)")
_WISHES = ("我想{}", "我想把自己的{}", "我想要{}", "我打算{}", "我希望{}", "我要{}", "今年想{}", "想把{}", "{}")
_FEWEST = 2  # labelled texts that a run has to be in
_RIDGE = 2.0
_PUBLIC_WEIGHT = 0.5
_SMALLEST = 0.02  # weights below this, times the greatest, are left out
_ALARMS = 0.03  # of sad texts of an unseen writer

Labelled = tuple[str, bool]


@dataclass(frozen=True)
class Judged:
    """A file's texts as a model sees them that was trained without it, at the threshold chosen over all files."""

    name: str
    recall: float
    alarms: float


@dataclass(frozen=True)
class Trained:
    """What was made, and how well it did on each file that it had not seen, and on public posts."""

    model: GramModel
    judged: tuple[Judged, ...]
    public_alarms: float


def read_corpus(folder: Path = CORPUS) -> dict[str, list[Labelled]]:
    """The texts of each file. Raises DataError: a line is neither a comment nor a kind, a tab and a text."""
    found: dict[str, list[Labelled]] = {}
    for path in sorted(folder.glob("*.tsv")):
        texts = found[path.stem] = []
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if line.startswith("#"):
                continue
            kind, tab, text = line.partition("\t")
            if kind not in KINDS or not tab or not text.strip():
                raise DataError(f"{path.name}, line {number}: not one of {', '.join(KINDS)}, a tab and a text")
            texts.append((text, kind == KINDS[0]))
    if len(found) < len(KINDS):
        raise DataError(f"{folder} needs two files (*.tsv) or more: each is left out once, to choose the threshold")
    return found


def read_public(data: Path, most: int, seed: int) -> list[str]:
    """Public posts in a seeded order. Raises DataError: the folder has none."""
    posts: set[str] = set()
    for path in sorted(path for name in PUBLIC for path in (data / "sentiment").glob(f"{name}*.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            posts.update(json.loads(line)["text"] for line in lines)
    if not posts:
        raise DataError(f"{data / 'sentiment'} has none of {', '.join(PUBLIC)}")
    drawn = sorted(posts)
    random.Random(seed).shuffle(drawn)
    return drawn[:most]


def read_written(most: int, seed: int, folder: Path = CORPORA / "written") -> list[str]:
    """Thoughts and requests of everyday life in a seeded order, without their marks; see corpora/README.md."""
    texts: set[str] = set()
    for path in sorted(folder.glob("*.tsv")):
        rows = (line.rpartition("\t")[2] for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
        texts.update(_MARKED.sub(r"\1", row) for row in rows if row.strip())
    drawn = sorted(texts)
    random.Random(seed).shuffle(drawn)
    return drawn[:most]


def draw_wishes(most: int, seed: int, topics: Path = CORPORA / "patterns" / "topics.tsv") -> list[str]:
    """Plain wishes about things of everyday life: too short to be told by anything else than their words."""
    rows = [line.rpartition("\t")[2] for line in topics.read_text("utf-8").splitlines() if not line.startswith("#")]
    drawing = random.Random(seed)
    return [drawing.choice(_WISHES).format(drawing.choice(rows)) for _ in range(most)]


def folds_of(guard: Path) -> dict[int, str]:
    """The characters that the device's guard folds together: the tables of `[fold]` in its file."""
    tables = tomllib.loads(guard.read_text("utf-8"))["fold"]
    return SIMPLIFIED | {ord(pair[0]): pair[1] for pairs in tables.values() for pair in pairs.split()}


def train(corpus: Mapping[str, Sequence[Labelled]], public: Sequence[str], folds: Mapping[int, str]) -> Trained:
    """Choose the threshold by leaving each file out, then learn from all. The same texts give the same model.

    `public` is halved: one half is learnt from, the other counts alarms.
    """
    learnt, kept = public[::2], public[1::2]
    scores: dict[str, list[tuple[float, bool]]] = {}
    alarming: list[float] = []
    for left_out, texts in corpus.items():
        others = [text for name in corpus if name != left_out for text in corpus[name]]
        model = _fit(others, learnt, folds)
        scores[left_out] = [(model.score(text, folds), sign) for text, sign in texts]
        alarming += [model.score(text, folds) for text in kept]
    threshold = _threshold([of for name, of in scores.items() if name not in HARD] or list(scores.values()))
    judged = tuple(
        Judged(name, _share(of, True, threshold), _share(of, False, threshold)) for name, of in scores.items()
    )
    fitted = _fit([text for texts in corpus.values() for text in texts], learnt, folds)
    alarms = sum(score >= threshold for score in alarming) / max(len(alarming), 1)
    return Trained(GramModel(fitted.weights, fitted.bias, threshold), judged, alarms)


def _threshold(scores: Sequence[Sequence[tuple[float, bool]]]) -> float:
    """The least at which the files' mean share of alarms is at most `_ALARMS`."""
    candidates = sorted({score for of in scores for score, sign in of if not sign})
    for candidate in candidates:
        if sum(_share(of, False, candidate) for of in scores) <= _ALARMS * len(scores):
            return candidate
    return math.nextafter(candidates[-1], math.inf)


def _share(scores: Sequence[tuple[float, bool]], kind: bool, threshold: float) -> float:
    of_kind = [score for score, sign in scores if sign == kind]
    return sum(score >= threshold for score in of_kind) / max(len(of_kind), 1)


def _fit(labelled: Sequence[Labelled], public: Sequence[str], folds: Mapping[int, str]) -> GramModel:
    """Logistic regression with a ridge; a run that few texts have may weigh more (idf)."""
    texts = [grams(plain(text, folds)) for text, _ in labelled]
    in_texts = Counter(run for text in texts for run in text)
    runs = {run: at for at, run in enumerate(sorted(run for run, count in in_texts.items() if count >= _FEWEST))}
    texts += [grams(plain(text, folds)) for text in public]
    in_all = Counter(run for text in texts for run in text)
    rarity = np.array([math.log((1 + len(texts)) / (1 + in_all[run])) + 1 for run in runs])
    rows = np.repeat(np.arange(len(texts)), [sum(run in runs for run in text) for text in texts])
    columns = np.array([at for text in texts for at in sorted(runs[run] for run in text if run in runs)], np.int64)
    values = np.array([share(len(text)) for text in texts])[rows] * rarity[columns]
    signs = np.array([float(sign) for _, sign in labelled] + [0.0] * len(public))
    counts = np.array([1.0] * len(labelled) + [_PUBLIC_WEIGHT] * len(public))
    line = torch.zeros(len(runs) + 1, dtype=torch.float64)  # the weights, and the bias
    optimizer = torch.optim.LBFGS([line], max_iter=150, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        weights, bias = line[:-1].numpy(), float(line[-1])
        logits = np.bincount(rows, values * weights[columns], len(texts)) + bias
        each = counts * (np.logaddexp(0, logits) - signs * logits)
        slopes = counts * (0.5 * (1 + np.tanh(logits / 2)) - signs)
        slope = np.bincount(columns, values * slopes[rows], len(runs)) + _RIDGE * weights
        line.grad = torch.from_numpy(np.append(slope, slopes.sum()))
        return torch.tensor(each.sum() + _RIDGE / 2 * (weights**2).sum(), dtype=torch.float64)

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = line[:-1].numpy() * rarity
    least = _SMALLEST * np.abs(found).max(initial=0.0)
    kept = {run: float(found[at]) for run, at in runs.items() if abs(found[at]) >= least}
    return GramModel(kept, float(line[-1]), 0.0)
