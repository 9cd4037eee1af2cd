"""How many names the recognisers find, and how much text without names they touch.

By source and type, the share of marked names that are wholly covered by findings of any type (none of their letters or
digits is left), with the rules alone, the entities head alone, and both; then the share of texts without any marked
name in which anything is found. The shipped encoder was trained on nearly all of CLUENER and MSRA: of the head, those
figures are not of unseen text. The toolchain's own held-out and validation sets were never trained on. In all
four, what everybody knows is marked too (鲁迅为什么弃医从文, 华为的总部在哪个城市); it is left alone, so not covered.

Then the list of everyday words: the share of characters that it hides in everyday text that it was not made of, and of
odd names wholly and partly hidden. At last the time of each recogniser on 200 characters, in milliseconds.

    python -m tests.benchmarks.names DATA [--texts N] [--json FILE]
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from device_sim.privacy.entities import Entities
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding
from device_sim.privacy.names import Names
from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from toolchain.everyday_counts import left_out
from toolchain.formats import lines, unmark
from toolchain.sources import CORPORA

_TYPES = {
    "PERSON": "PERSON", "PER": "PERSON", "name": "PERSON", "ORG": "ORG", "company": "ORG", "organization": "ORG",
    "government": "ORG", "PROJECT": "PROJECT", "ADDRESS": "ADDRESS",
}  # fmt: skip
_TEXT = "今天下午三点和王总在国贸开会，讨论新一年的预算，张伟和李娜负责把材料送到海淀区中关村大街27号。"
_ODD_NAMES = Path(__file__).parents[1] / "support" / "odd_names.txt"

Find = Callable[[str], Sequence[Finding]]


@dataclass(frozen=True)
class Marked:
    """A text and its names as (start, end, type); a type None counts neither as a name nor as none."""

    text: str
    names: tuple[tuple[int, int, str | None], ...]


@dataclass(frozen=True)
class Row:
    """Of one source with some recognisers: covered by type, how many there are, touched of texts without names."""

    source: str
    recognisers: str
    covered: dict[str, float]
    names: dict[str, int]
    touched: float
    without_names: int


def main() -> None:
    """Print a row a source and choice of recognisers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with ner/cluener_train.jsonl.xz, ner/msra.jsonl.xz, raw/...")
    parser.add_argument("--texts", type=int, default=1500, help="of CLUENER and of MSRA each")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    everyday = EverydayWords()
    names = Names(None, everyday)
    rows: list[Row] = []
    with TemporaryDirectory() as state:
        runtime = Runtime.open(DeviceSettings(Path(state)))
        try:
            entities = Entities(runtime.encoder, runtime.heads, everyday)
            choices: dict[str, Find] = {
                "rules": names.find,
                "head": entities.find,
                "both": lambda text: [*names.find(text), *entities.find(text)],
            }
            for source, texts in _sources(arguments.data, arguments.texts):
                for choice, find in choices.items():
                    rows.append(row(source, choice, texts, find))
                    print(_shown(rows[-1]), flush=True)
            hidden, wholly, partly = _everyday(arguments.data, everyday)
            print(f"everyday words: {hidden:.3f} of characters of everyday text hidden")
            print(f"odd names: {wholly:.3f} wholly, {partly:.3f} at least partly hidden")
            for choice, find in {**choices, "everyday words": everyday.find}.items():
                print(f"200 characters, {choice}: {_milliseconds(find):.2f} ms")
        finally:
            runtime.close()
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n", "utf-8")


def row(source: str, recognisers: str, texts: Sequence[Marked], find: Find) -> Row:
    """The figures of some recognisers on some texts."""
    names: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    without = touched = 0
    for marked in texts:
        places = {place for one in find(marked.text) for place in range(one.start, one.end)}
        for start, end, kind in marked.names:
            if kind is not None:
                names[kind] += 1
                covered[kind] += all(place in places or not marked.text[place].isalnum() for place in range(start, end))
        if not marked.names:
            without += 1
            touched += bool(places)
    shares = {kind: covered[kind] / number for kind, number in sorted(names.items())}
    return Row(source, recognisers, shares, dict(names), touched / max(without, 1), without)


def _sources(data: Path, most: int) -> Iterator[tuple[str, list[Marked]]]:
    for name in ("heldout", "validation"):
        yield name, list(_own(CORPORA / f"{name}.tsv"))
    for name in ("cluener_train", "msra"):
        texts = list(_spans(data / "ner" / f"{name}.jsonl.xz"))
        random.Random(0).shuffle(texts)
        yield name, texts[:most]


def _own(path: Path) -> Iterator[Marked]:
    for _, line in lines(path):
        text, spans = unmark(line.split("\t")[-1])
        yield Marked(text, tuple((s.start, s.end, _TYPES[s.type]) for s in spans if s.type in _TYPES))


def _spans(path: Path) -> Iterator[Marked]:
    for _, line in lines(path, comments=False):
        found = json.loads(line)
        yield Marked(found["text"], tuple((s["start"], s["end"], _TYPES.get(s["type"])) for s in found["spans"]))


def _everyday(data: Path, everyday: EverydayWords) -> tuple[float, float, float]:
    generator = random.Random(0)
    texts = []
    for source in ("raw/zhihu_titles.txt.xz", "raw/smilechat.jsonl.xz"):
        texts += [generator.choice(text.split("\n")) for text in generator.sample(list(left_out(data, source)), 150)]
    hidden = sum(_letters(text, everyday.find(text)) for text in texts)
    whole = sum(character.isalnum() for text in texts for character in text)
    wholly = partly = 0
    odd = [line for _, line in lines(_ODD_NAMES)]
    for line in odd:
        start, end = line.index("["), line.index("]") - 1
        text = line.replace("[", "").replace("]", "")
        places = {place for one in everyday.find(text) for place in range(one.start, one.end)}
        wholly += places.issuperset(range(start, end))
        partly += not places.isdisjoint(range(start, end))
    return hidden / whole, wholly / len(odd), partly / len(odd)


def _letters(text: str, findings: Sequence[Finding]) -> int:
    return sum(text[place].isalnum() for place in {p for one in findings for p in range(one.start, one.end)})


def _milliseconds(find: Find) -> float:
    text = (_TEXT * 5)[:200]
    times = []
    for _ in range(60):
        started = time.perf_counter()
        find(text)
        times.append((time.perf_counter() - started) * 1000)
    return median(times[10:])


def _shown(one: Row) -> str:
    covered = "  ".join(f"{kind} {share:.3f} of {one.names[kind]}" for kind, share in one.covered.items())
    return f"{one.source:14}{one.recognisers:7}{covered}  touched {one.touched:.3f} of {one.without_names}"


if __name__ == "__main__":
    main()
