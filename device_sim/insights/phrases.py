"""The small pattern language of `crisis.toml`, and a fast search for many such patterns.

A pattern is a regular expression in which `…` is a bounded gap and `<word>` a named list. All repetition is bounded, so
that a search takes linear time, and a pattern begins with a character or a group of alternatives, so that they are
sorted by their first character: at most positions of a text hardly any is tried.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

# By first character: what may follow it.
Openings = dict[str, list[str]]

_FAULTS = {
    "'+', '*' and '{n,}' have no bound": re.compile(r"[*+]|\{\d*,\}"),
    "a doubled character never matches; write it once": re.compile(r"([一-鿿])\1"),
    "backslashes have no use here": re.compile(r"\\"),
}
_SPECIAL = frozenset("^$.|?{}()[]")


class InvalidPattern(ValueError):
    """A pattern that can't be used, and why."""


def openings(written: str, words: Mapping[str, str], gap: str) -> Openings:
    """The pattern, checked and split by the character it begins with.

    Raises:
        InvalidPattern: it has no bound, names an unknown word, can't match, or is no regular expression.
    """
    for fault, found in _FAULTS.items():
        if found.search(written):
            raise InvalidPattern(fault)
    pattern = written
    for name, alternatives in words.items():
        pattern = pattern.replace(f"<{name}>", alternatives)
    if unknown := re.search(r"<\w+>", pattern):
        raise InvalidPattern(f"unknown word {unknown[0]}")
    pattern = re.sub(r"\((?!\?)", "(?:", pattern.replace("…", gap))
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidPattern(f"not a regular expression: {error}") from error
    return {first: [rest] for first, rest in _split(pattern).items()}


class Phrases:
    """Many patterns, tried only where a text has their first character."""

    def __init__(self, patterns: Iterable[Openings]) -> None:
        merged: Openings = {}
        for pattern in patterns:
            for first, rests in pattern.items():
                merged.setdefault(first, []).extend(rests)
        self._rests = merged
        self._compiled: dict[str, re.Pattern[str]] = {}  # filled when a character is first met: loading stays short

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the patterns match, from left to right and apart from each other."""
        end = 0
        for position, character in enumerate(text):
            if character not in self._rests or position < end:
                continue
            if found := self._pattern(character).match(text, position):
                end = found.end()
                yield position, end

    def _pattern(self, first: str) -> re.Pattern[str]:
        pattern = self._compiled.get(first)
        if pattern is None:  # two threads may both compile it, to the same end
            pattern = self._compiled[first] = re.compile(f"{first}(?:{'|'.join(self._rests[first])})")
        return pattern

    def occur_in(self, text: str) -> bool:
        """Whether any of them matches."""
        return any(True for _ in self.spans(text))

    def cover(self, text: str, cover: str) -> str:
        """The text with `cover` in place of each match."""
        kept, end = [], 0
        for start, next_end in self.spans(text):
            kept += [text[end:start], cover]
            end = next_end
        return "".join([*kept, text[end:]])


def _split(pattern: str) -> dict[str, str]:
    if pattern.startswith("(?:"):
        alternatives, rest = _leading_group(pattern)
        tails: Openings = {}
        for alternative in alternatives:
            for first, tail in _split(alternative).items():
                tails.setdefault(first, []).append(tail)
        split = {first: f"(?:{'|'.join(several)})" for first, several in tails.items()}
    elif re.match(r"\[[^^]", pattern):
        characters, rest = pattern[1:].split("]", 1)
        split = dict.fromkeys(characters.replace("0-9", "0123456789"), "")
    else:
        rest = pattern[1:]
        split = dict.fromkeys(pattern[:1], "")
    if not split or not _SPECIAL.isdisjoint(split) or rest.startswith(("?", "{")):
        raise InvalidPattern("begin with a character or a group of alternatives, not optional")
    return {first: tail + rest for first, tail in split.items()}


def _leading_group(pattern: str) -> tuple[list[str], str]:
    """The alternatives of the group that the pattern begins with, and what follows it."""
    alternatives, depth, in_class = [""], 0, False
    for position, character in enumerate(pattern[3:], start=3):
        in_class = character == "[" or (in_class and character != "]")
        if character == ")" and not in_class and depth == 0:
            return alternatives, pattern[position + 1 :]
        depth += 0 if in_class else (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            alternatives.append("")
        else:
            alternatives[-1] += character
    raise InvalidPattern("a group is not closed")
