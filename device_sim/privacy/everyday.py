"""The allow-list: what of a text is made of words that everyday public text holds, and what is not.

The list is made by `attune-toolchain everyday-words`; see there for its file. A text is cut into the likeliest words of
the list (a unigram model); characters that are left over are doubtful, unless they usually stand alone.
"""

import lzma
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.plain_text import unhidden
from model_store.han import HAN_ANY

_FILE = Path(__file__).with_name("everyday_words.txt.xz")
_SOURCE = "everyday words"
_LONGEST = 5
_ALONE_COST, _UNKNOWN_COST = 70, 160  # of a single character, in the file's unit: -10 ln(probability)
_RARER_COST = 80  # of a word that one text in 3,000 has
_NAME_ENDS = frozenset("里坊阁馆帮屋社轩苑居斋堂园店")  # of shops and houses
_LONGEST_NUMBER = 5  # digits; a longer one is a code
_NICKNAME = frozenset("小老阿")
# Han, what is written with letters and digits of any script, or neither.
_RUN = re.compile(rf"(?P<han>[{HAN_ANY}]+)|(?P<word>[^\W{HAN_ANY}]+(?:[-.@/:+#&'’]*[^\W{HAN_ANY}]+)*)")
_PART = re.compile(r"[^\W\d_]+|\d+|_+")
_UNITS_OF_ALL = "a b c d e f g h k l m n p q r s t v x y w z am pm cm mm km kg mg ml gb mb tb hz kw st nd rd th"
_UNITS = frozenset(_UNITS_OF_ALL.split())


@dataclass(frozen=True)
class _Words:
    costs: dict[str, int]
    free: frozenset[str]
    alone: frozenset[str]
    beside: frozenset[str]
    latin: frozenset[str]
    plans: frozenset[str]


@dataclass(frozen=True)
class Token:
    """Characters `start` to `end` of a text: a word of the list, or a single character."""

    start: int
    end: int
    known: bool = field(compare=False)


class EverydayWords:
    """A recogniser of what the list can't explain. Reads its file when it is first asked."""

    def __init__(self, file: Path = _FILE) -> None:
        self._file = file
        self._words: _Words | None = None
        self._lock = threading.Lock()

    def __contains__(self, word: str) -> bool:
        """Is this a word of two characters and more, or of letters, that everyday text holds?"""
        words = self._read()
        return word in words.costs or word.lower() in words.latin

    def is_rare(self, word: str) -> bool:
        """Is this no word of the list, or one that fewer than one text in 3,000 has?"""
        return self._read().costs.get(word, _UNKNOWN_COST) >= _RARER_COST

    def is_free(self, character: str) -> bool:
        """Does the character stand alone so often that it says nothing: 的, 和, 我?"""
        return character in self._read().free

    def is_usual(self, character: str) -> bool:
        """Does the character stand alone often enough to pass?"""
        words = self._read()
        return character in words.free or character in words.alone

    def is_plan(self, words: str) -> bool:
        """Is this what everyday text calls a plan, a project or a company: 学习计划, 保险公司?"""
        return words in self._read().plans

    def find(self, text: str) -> list[Finding]:
        """See `Recogniser`: every rare word, and every run of characters that are no words."""
        squeezed = unhidden(text)
        found = []
        for run in _RUN.finditer(squeezed.text):
            places = self._doubtful(run[0]) if run["han"] else self._strange(run[0])
            for start, end in places:
                begin, stop = squeezed.original(run.start() + start, run.start() + end)
                found.append(Finding(begin, stop, SensitiveType.TERM, _SOURCE))
        return found

    def cut(self, run: str) -> list[Token]:
        """Chinese text as the likeliest words of the list, and single characters where it has none."""
        words = self._read()
        costs, free, alone = words.costs, words.free, words.alone
        size = len(run)
        best = [0] * (size + 1)
        ends = [0] * size
        for start in range(size - 1, -1, -1):
            character = run[start]
            known = character in free or character in alone
            least = best[start + 1] + (_ALONE_COST if known else _UNKNOWN_COST)
            chosen = start + 1
            for end in range(start + 2, min(start + _LONGEST, size) + 1):
                cost = costs.get(run[start:end])
                if cost is not None and cost + best[end] < least:
                    least, chosen = cost + best[end], end
            best[start], ends[start] = least, chosen
        tokens = []
        start = 0
        while start < size:
            tokens.append(Token(start, ends[start], ends[start] - start > 1))
            start = ends[start]
        return tokens

    def _doubtful(self, run: str) -> Iterator[tuple[int, int]]:
        """Runs of single characters that no word explains, with the rarer words that they stand at."""
        words = self._read()
        tokens = self.cut(run)
        first = 0
        while first < len(tokens):
            last = first
            while last < len(tokens) and self._joins(run, tokens, first, last):
                last += 1
            if last == first:
                first += 1
                continue
            start, end = tokens[first].start, tokens[last - 1].end
            rare = any(character not in words.alone for character in run[start:end])
            if rare or end - start > 1:
                before, after = self._with(run, tokens, first - 1), self._with(run, tokens, last)
                yield before.start if rare and before else start, after.end if rare and after else end
            first = last

    def _joins(self, run: str, tokens: list[Token], first: int, last: int) -> bool:
        """Is the last a single character that says something, and is not often seen after the one before it?"""
        at = tokens[last].start
        if tokens[last].known or run[at] in self._read().free:
            return False
        return last == first or run[at - 1 : at + 1] not in self._read().beside

    def _with(self, run: str, tokens: list[Token], place: int) -> Token | None:
        """The word there if it is a rarer one, which may belong to a rare character beside it: 琥珀 in 琥珀川."""
        if not 0 <= place < len(tokens):
            return None
        token = tokens[place]
        if not token.known:
            return token if run[token.start] in _NAME_ENDS else None
        return token if self._read().costs[run[token.start : token.end]] >= _RARER_COST else None

    def _strange(self, run: str) -> Iterator[tuple[int, int]]:
        """A code, or a word of letters that is rare."""
        words = self._read()
        parts = _PART.findall(run)
        if len(parts) == 1 and parts[0].isdigit():
            if len(run) > _LONGEST_NUMBER:
                yield 0, len(run)
            return
        usual = all(
            len(part) <= 4 if part.isdigit() else part.lower() in words.latin or part.lower() in _UNITS
            for part in parts
        )
        mixed = any(part.isdigit() for part in parts)
        if usual and (not mixed or _is_measure(parts)):
            return
        if not any(c.isalpha() for c in run) and all(len(part) <= _LONGEST_NUMBER for part in parts):
            return  # a time, a date, a price, a share
        yield 0, len(run)

    def _read(self) -> _Words:
        if self._words is None:
            with self._lock:
                if self._words is None:
                    self._words = _load(self._file)
        return self._words


def _is_measure(parts: list[str]) -> bool:
    """5G, 10kg, A4, but not QX7."""
    first, *rest = parts
    return len(rest) == 1 and (first.isdigit() or (len(first) == 1 and len(rest[0]) == 1))


def _load(file: Path) -> _Words:
    costs: dict[str, int] = {}
    kinds: dict[str, frozenset[str]] = {}
    for line in lzma.decompress(file.read_bytes()).decode().splitlines():
        kind, _, words = line.partition("\t")
        if kind.isdigit():
            costs.update(dict.fromkeys(words.split(" "), int(kind)))
        elif not kind.startswith("#"):
            kinds[kind] = frozenset(words.split(" "))
    names = ("free", "alone", "beside", "latin", "plan")
    free, alone, beside, latin, plans = (kinds.get(name, frozenset()) for name in names)
    return _Words(costs, free, alone, beside, latin, plans)
