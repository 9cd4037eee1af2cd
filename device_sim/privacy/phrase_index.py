"""Many phrases sought in one pass, as a reader would see them: width, case, accents, what can't be seen (spaces,
zero-width characters) and hyphens or brackets between digits make no difference.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Generic, TypeVar

Label = TypeVar("Label")
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Zs"})
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[-‐‑–()·]+(?=[0-9])")
_SHORT = 4  # fewer ASCII characters than this must stand together


@dataclass(frozen=True, slots=True)
class Found(Generic[Label]):
    """The characters `start` to `end`, exclusive, of the text, and what the phrase was added as."""

    start: int
    end: int
    label: Label


class _Table(dict[str, str]):
    """What each character looks like to a reader; line breaks stay, as they part words."""

    def __missing__(self, character: str) -> str:
        plain = unicodedata.normalize("NFKD", character).casefold()
        seen = "".join(c for c in plain if c not in "\t\r" and unicodedata.category(c) not in _UNSEEN)
        self[character] = seen
        return seen


_TABLE = _Table()


def _fold(text: str) -> tuple[str, "list[int] | range"]:
    """The text as a reader sees it, and for each of its characters the place in `text` that it comes from."""
    pieces = [_TABLE[character] for character in text]
    folded = "".join(pieces)
    places: list[int] | range = range(len(text))
    if len(folded) != len(text) or not all(pieces):
        places = [place for place, piece in enumerate(pieces) for _ in piece]
    if _BETWEEN_DIGITS.search(folded):
        signs = {place for found in _BETWEEN_DIGITS.finditer(folded) for place in range(*found.span())}
        places = [place for number, place in enumerate(places) if number not in signs]
        folded = _BETWEEN_DIGITS.sub("", folded)
    return folded, places


class PhraseIndex(Generic[Label]):
    """Phrases of at least two characters, each with a label. A search costs a look-up for each character of the text,
    however many phrases there are. Reading while another thread adds is safe.
    """

    def __init__(self) -> None:
        self._labels: dict[str, Label] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}  # by the first two characters, the longest first

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, phrase: str, label: Label) -> None:
        """Seek `phrase` from now on. One that reads the same and was there before keeps its label."""
        folded, _ = _fold(phrase)
        if len(folded) < 2 or not any(map(str.isalnum, folded)):  # one character is everywhere
            return
        self._labels.setdefault(folded, label)
        lengths = self._lengths.get(folded[:2], ())
        if len(folded) not in lengths:
            self._lengths[folded[:2]] = tuple(sorted((*lengths, len(folded)), reverse=True))

    def find(self, text: str) -> list[Found[Label]]:
        """The longest phrase that begins at each place. Numbers are found between characters that are no digits, and
        letters of scripts with spaces between characters that are no letters.
        """
        folded, places = _fold(text)
        lengths = self._lengths
        found = []
        for start in [i for i in range(len(folded) - 1) if folded[i : i + 2] in lengths]:
            for length in lengths[folded[start : start + 2]]:
                label = self._labels.get(folded[start : start + length])
                if label is None or start + length > len(folded):
                    continue
                first, last = places[start], places[start + length - 1] + 1
                while last < len(text) and not _TABLE[text[last]] and unicodedata.category(text[last])[0] == "M":
                    last += 1
                if _stands_alone(text, first, last, length):
                    found.append(Found(first, last, label))
                    break
        return found


def _stands_alone(text: str, start: int, end: int, length: int) -> bool:
    if _run_on(text[start - 1 : start], text[start]) or _run_on(text[end - 1], text[end : end + 1]):
        return False
    return length >= _SHORT or end - start == length or not text[start:end].isascii()


def _run_on(left: str, right: str) -> bool:
    if not left or not right:
        return False
    return (left.isdigit() and right.isdigit()) or (_has_case(left) and _has_case(right))


def _has_case(character: str) -> bool:
    return character.lower() != character.upper()
