"""Simulated users of the insight assistant: do likes move what is offered toward an interest, and nothing else?

Ten users, an interest each. A user writes thirty thoughts: some clear, some that could be of the interest or of another
direction. Of what is offered they like an entry of their interest where the thought can be meant so, else one of the
thought's own direction; in 15 of 100 cases any entry. After fifteen thoughts and after thirty the head is updated.
Then thoughts that nobody has liked anything for are asked. At last the time of an analysis beside the encoder's own.

    python -m tests.benchmarks.insights [--json FILE] [--seed N] [--noise SHARE]
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from device_sim.insights.knowledge import DIRECTIONS
from device_sim.insights.ranking import History, rank
from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings

_HERE = Path(__file__).parent
_NOISE = 0.15
_AMBIGUOUS, _CLEAR_OWN, _CLEAR_OTHER = 12, 9, 9  # thoughts of a user before they are measured


@dataclass(frozen=True)
class Figures:
    """Of thoughts that could be of the interest: `hit` how often the first entry is, `mrr` the mean reciprocal place of
    the interest among directions. Of clear thoughts of other directions: how often the direction, and the first
    entry's, is theirs.
    """

    hit: float
    mrr: float
    clear: float
    clear_first: float


@dataclass(frozen=True)
class User:
    """One simulated user, before and after two updates; how many likes, and which versions were published."""

    interest: str
    likes: int
    published: int
    before: Figures
    after: Figures


def main() -> None:
    """Print a row a user, and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--noise", type=float, default=_NOISE)
    parser.add_argument("--seed", type=int, default=0, help="another one is ten other users")
    arguments = parser.parse_args()
    users = []
    print("interest     likes versions  hit@1 before after   MRR before after   clear before after  first before after")
    for number, interest in enumerate(DIRECTIONS):
        user = simulate(interest, arguments.noise, seed=arguments.seed + number)
        users.append(user)
        b, a = user.before, user.after
        print(
            f"{interest:12} {user.likes:5} {user.published:8}  {b.hit:12.3f} {a.hit:5.3f} {b.mrr:12.3f} {a.mrr:5.3f} "
            f"{b.clear:14.3f} {a.clear:5.3f} {b.clear_first:13.3f} {a.clear_first:5.3f}",
            flush=True,
        )
    for name in Figures.__dataclass_fields__:
        before, after = (
            mean(getattr(side, name) for side in sides)
            for sides in zip(*((u.before, u.after) for u in users), strict=True)
        )
        print(f"mean {name}: {before:.3f} -> {after:.3f}")
    encoder, analysis, answer = _latencies()
    print(
        f"analysis of one thought: {analysis / encoder:.2f} x the encoder's {encoder:.2f} ms, p50; "
        f"the whole answer, not kept: {answer:.2f} ms"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(user) for user in users], indent=1) + "\n", "utf-8")


def simulate(interest: str, noise: float, seed: int) -> User:
    """One user from a fresh device on."""
    generator = random.Random(seed)
    clear, ambiguous = _thoughts(), _ambiguous(interest)
    generator.shuffle(ambiguous)
    own = [text for direction, text in clear if direction == interest]
    others = [(direction, text) for direction, text in clear if direction != interest]
    generator.shuffle(own)
    generator.shuffle(others)
    written = [(interest, text) for text in ambiguous[:_AMBIGUOUS]]
    written += [(interest, text) for text in own[:_CLEAR_OWN]] + others[:_CLEAR_OTHER]
    generator.shuffle(written)
    asked, elsewhere = ambiguous[_AMBIGUOUS:], others[_CLEAR_OTHER:]
    with TemporaryDirectory() as folder:
        runtime = Runtime.open(DeviceSettings(Path(folder) / "state"), ticking=False)
        try:
            runtime.consent.put(personalization=True)
            before = _measure(runtime, interest, asked, elsewhere)
            likes = published = 0
            for number, (meant, text) in enumerate(written, start=1):
                likes += _like(runtime, meant, text, noise, generator)
                if number % (len(written) // 2) == 0:
                    started = runtime.updates.start("insight", {}, force=True)
                    published += runtime.updates.wait(started.id, 120).outcome == "published"
            return User(interest, likes, published, before, _measure(runtime, interest, asked, elsewhere))
        finally:
            runtime.close()


def _latencies() -> tuple[float, float, float]:
    """p50 in milliseconds of a pass of the encoder, of an analysis, and of an answer, in turn on the same thoughts."""
    texts = [text for _, text in _thoughts()]
    with TemporaryDirectory() as folder:
        runtime = Runtime.open(DeviceSettings(Path(folder) / "state"), ticking=False)
        try:
            insights = runtime.insights
            calls: tuple[Callable[[str], object], ...] = (
                runtime.encoder.encode_all,
                insights.analysis,
                insights.answer,
            )
            runtime.insights.answer(texts[0])
            times: tuple[list[float], ...] = ([], [], [])
            for text in texts:
                for call, found in zip(calls, times, strict=True):
                    started = time.perf_counter()
                    call(text)
                    found.append(1000 * (time.perf_counter() - started))
            encoder, analysis, answer = map(median, times)
            return encoder, analysis, answer
        finally:
            runtime.close()


def _like(runtime: Runtime, meant: str, text: str, noise: float, generator: random.Random) -> int:
    answer = runtime.insights.answer(text, 10)
    fitting = [one.insight.id for one in answer.insights if one.insight.direction == meant]
    if generator.random() < noise:
        fitting = [generator.choice(answer.insights).insight.id] if answer.insights else []
    if fitting:
        runtime.insights.react(answer.id, fitting[0], "like")
    return len(fitting[:1])


def _measure(runtime: Runtime, interest: str, asked: list[str], elsewhere: list[tuple[str, str]]) -> Figures:
    """Without history, so that only the head makes the difference."""
    hits, ranks, right, first = [], [], [], []
    for text in asked:
        order = _directions(runtime, text)
        hits.append(order[0] == interest)
        ranks.append(1 / (order.index(interest) + 1))
    for direction, text in elsewhere:
        right.append(runtime.insights.analysis(text).direction.label == direction)
        first.append(_directions(runtime, text)[0] == direction)
    return Figures(mean(hits), mean(ranks), mean(right), mean(first))


def _directions(runtime: Runtime, text: str) -> list[str]:
    """Directions in the order of their best entry."""
    analysis, index = runtime.insights.analysis(text), runtime.insights.library.index
    likeness = index.likeness(text, analysis.features)
    ranked = rank(analysis, index.insights, likeness, History({}, {}, {}), runtime.insights.now(), text)
    return list(dict.fromkeys(one.insight.direction for one in ranked))


def _thoughts() -> list[tuple[str, str]]:
    rows = _rows("thoughts.tsv")
    return [(direction, text) for direction, _, text in rows]


def _ambiguous(interest: str) -> list[str]:
    return [text for one, other, text in _rows("ambiguous.tsv") if interest in (one, other)]


def _rows(name: str) -> list[list[str]]:
    lines = (_HERE / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


if __name__ == "__main__":
    main()
