"""Sentences out of hand-written frames and what fills them, for training.

A folder of patterns holds tab-separated files: `topics.tsv` (direction, kind, phrase) fills the slot {X} of the
thoughts in `frames.tsv` (intent, kind, frame) of the same kind; `names.tsv` (type, name) and `fillers.tsv` (slot,
filler) fill the slots of the requests in `request-frames.tsv` (route, frame). What comes out are lines as in
corpora/README.md.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from toolchain.errors import DataError

_SLOT = re.compile(r"\{([A-Za-z]+)\}")


def draw(folder: Path, count: int, seed: int) -> list[str]:
    """`count` lines of intent, direction, route and marked text: half of them thoughts, half requests.

    Every pair of an intent and a direction is as likely as any other, and every route.

    Raises:
        DataError: a file is missing or malformed, or a slot has nothing to fill it.
    """
    generator = random.Random(seed)
    patterns = _Patterns(folder)
    return [patterns.thought(generator) if index % 2 else patterns.request(generator) for index in range(count)]


class _Patterns:
    def __init__(self, folder: Path) -> None:
        self._frames = _grouped(folder / "frames.tsv")
        self._topics = _grouped(folder / "topics.tsv")
        self._requests: dict[str, list[str]] = defaultdict(list)
        for route, frame in _rows(folder / "request-frames.tsv", 2):
            self._requests[route].append(frame)
        self._fillers: dict[str, list[str]] = defaultdict(list)
        for slot, filler in _rows(folder / "fillers.tsv", 2):
            self._fillers[slot].append(filler)
        for kind, name in _rows(folder / "names.tsv", 2):
            self._fillers[kind].append(f"[{name}]({kind})")
        self._check(folder)

    def thought(self, generator: random.Random) -> str:
        """A line of a thought."""
        intent = generator.choice(sorted(self._frames))
        direction = generator.choice(sorted(self._topics))
        kind = generator.choice(sorted(self._frames[intent]))
        frame = generator.choice(self._frames[intent][kind])
        phrase = generator.choice(self._topics[direction][kind])
        return "\t".join((intent, direction, "-", frame.replace("{X}", f"[{phrase}](TOPIC)")))

    def request(self, generator: random.Random) -> str:
        """A line of a request; what intent it shows is left open."""
        route = generator.choice(sorted(self._requests))
        frame = generator.choice(self._requests[route])
        return "\t".join(("-", "-", route, _SLOT.sub(lambda slot: generator.choice(self._fillers[slot[1]]), frame)))

    def _check(self, folder: Path) -> None:
        kinds = {kind for by_kind in self._frames.values() for kind in by_kind}
        for direction, by_kind in self._topics.items():
            missing = kinds - set(by_kind)
            if missing:
                raise DataError(f"{folder / 'topics.tsv'} has no {missing.pop()} of {direction}")
        for frames in self._requests.values():
            for slot in (slot for frame in frames for slot in _SLOT.findall(frame)):
                if slot not in self._fillers:
                    raise DataError(f"{folder / 'request-frames.tsv'}: nothing fills the slot {{{slot}}}")


def _grouped(path: Path) -> dict[str, dict[str, list[str]]]:
    """A three-column file's last column, by the first and the second."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for first, second, last in _rows(path, 3):
        found[first][second].append(last)
    return found


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read as UTF-8 text: {error}") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            row = line.split("\t")
            if len(row) != columns:
                raise DataError(f"{path}, line {number}: {len(row)} columns; {columns} are needed")
            yield row
