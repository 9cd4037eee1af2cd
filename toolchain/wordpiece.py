"""What a BERT tokenizer does, as plain tables: for a phone that has no `tokenizers` library.

Which characters are spaces, punctuation or accents is asked of the tokenizer itself, code point by code point. So a
phone needs no Unicode tables of its own, which differ from one system's version to the next.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

from tokenizers import Tokenizer

from toolchain.errors import ExportError

_LAST = 0x10FFFF
LONGEST_WORD = 100  # in code points; a longer one is unknown

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends included


@dataclass(frozen=True)
class WordPiece:
    """A tokenizer. A text is read in this order: special tokens are taken out as they stand, of two that begin at one
    place the longer; each other character is dropped, or taken for a space, or written as `written` has it; one in
    `alone` is a word of its own, as are the characters between spaces; a word is spelt by the longest pieces of the
    vocabulary, those within it after `prefix`, and is unknown as a whole if it can't be spelt to its end or is longer
    than `LONGEST_WORD`.

    `vocabulary` is in the order of ids, `frame` the ids of the first and the last token of every text. A character is
    looked up in `alone` after it was written.
    """

    vocabulary: tuple[str, ...]
    unknown: int
    prefix: str
    special: dict[str, int]
    frame: tuple[int, int]
    dropped: Ranges
    spaces: Ranges
    alone: Ranges
    written: dict[str, str]

    def ids(self, text: str, longest: int) -> list[int]:
        """Token ids of a text, at most `longest`: what a phone should find, in the plainest way."""
        found: list[int] = []
        for part in self._parts(text):
            found += [part] if isinstance(part, int) else self._spelt(part)
        return [self.frame[0], *found[: longest - len(self.frame)], self.frame[1]]

    def _parts(self, text: str) -> Iterator[str | int]:
        """Words, and ids of special tokens, in their order."""
        special = sorted(self.special, key=len, reverse=True)
        pattern = "|".join(map(re.escape, special)) or "(?!)"
        begin = 0
        for match in re.finditer(pattern, text):
            yield from self._words(text[begin : match.start()])
            yield self.special[match.group()]
            begin = match.end()
        yield from self._words(text[begin:])

    def _words(self, text: str) -> list[str]:
        written = []
        for character in text:
            if _within(ord(character), self.dropped):
                continue
            if _within(ord(character), self.spaces):
                written.append(" ")
                continue
            image = self.written.get(character, character)
            written += [f" {one} " if _within(ord(one), self.alone) else one for one in image]
        return [word for word in "".join(written).split(" ") if word]

    def _spelt(self, word: str) -> list[int]:
        found, begin = [], 0
        while begin < len(word) <= LONGEST_WORD:
            prefix = self.prefix if begin else ""
            ends = range(len(word), begin, -1)
            end = next((end for end in ends if prefix + word[begin:end] in self._numbers), None)
            if end is None:
                return [self.unknown]
            found.append(self._numbers[prefix + word[begin:end]])
            begin = end
        return found or [self.unknown]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.vocabulary)}

    def to_json(self, longest: int) -> str:
        """For texts of up to `longest` tokens."""
        content = {
            "format": 1,
            "longest": longest,
            "longest_word": LONGEST_WORD,
            "unknown": self.unknown,
            "prefix": self.prefix,
            "frame": self.frame,
            "special": list(self.special.items()),
            "dropped": self.dropped,
            "spaces": self.spaces,
            "alone": self.alone,
            # Pairs, for keys that some readers of JSON take for equal: K, and the sign of Kelvin.
            "written": list(self.written.items()),
            "vocabulary": self.vocabulary,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_wordpiece(tokenizer: Tokenizer) -> WordPiece:
    """The tables of a tokenizer of the `tokenizers` library.

    Raises:
        ExportError: it is none of BERT's kind, or has special tokens of a kind that has no form here.
    """
    said = json.loads(tokenizer.to_str())
    kinds = {part: (said[part] or {}).get("type") for part in ("normalizer", "pre_tokenizer")}
    if kinds["normalizer"] not in ("BertNormalizer", None) or kinds["pre_tokenizer"] != "BertPreTokenizer":
        named = " and ".join(f"a {part} {kind}" for part, kind in kinds.items())
        raise ExportError(f"the tokenizer has {named}: only BERT's own have a form on a phone")
    vocabulary = _vocabulary(said["model"])
    unpadded = Tokenizer.from_str(tokenizer.to_str())
    unpadded.no_padding()
    frame = unpadded.encode("").ids
    if len(frame) != 2:
        raise ExportError(f"the tokenizer frames a text by {len(frame)} tokens, not by two as BERT's do")
    dropped, spaces, alone, written = _classes(tokenizer)
    return WordPiece(
        vocabulary, vocabulary.index(said["model"]["unk_token"]), said["model"]["continuing_subword_prefix"],
        _special_tokens(said["added_tokens"]), (frame[0], frame[1]), _ranges(dropped), _ranges(spaces), _ranges(alone),
        _needed(written, vocabulary, set(alone)),
    )  # fmt: skip


def _classes(tokenizer: Tokenizer) -> tuple[list[int], list[int], list[int], dict[str, str]]:
    """Dropped, spaces, alone and written, of every code point, each seen between two letters."""
    dropped: list[int] = []
    spaces: list[int] = []
    alone: set[int] = set()
    written: dict[str, str] = {}
    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        text = f"a{chr(code)}a"
        normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        words = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]
        if words == ["aa"]:
            dropped.append(code)
        elif words == ["a", "a"]:
            spaces.append(code)
        else:
            image = words[0][1:-1] if len(words) == 1 else " ".join(words[1:-1])
            if len(words) > 1:
                alone.update(ord(character) for character in image)
            if image != chr(code):
                written[chr(code)] = image
    return dropped, spaces, sorted(alone - {ord(" ")}), written


def _vocabulary(model: dict[str, Any]) -> tuple[str, ...]:
    if model["type"] != "WordPiece":
        raise ExportError(f"the tokenizer is of the type {model['type']}: BERT's WordPiece is the one that goes along")
    if model["max_input_chars_per_word"] != LONGEST_WORD:
        most = model["max_input_chars_per_word"]
        raise ExportError(f"the tokenizer takes words of up to {most} characters, not {LONGEST_WORD} as BERT's do")
    if model["unk_token"] not in model["vocab"]:
        raise ExportError(f"the tokenizer's vocabulary lacks its own unknown token, {model['unk_token']}")
    words = sorted(model["vocab"], key=lambda word: model["vocab"][word])
    if [model["vocab"][word] for word in words] != list(range(len(words))):
        raise ExportError("the tokenizer's vocabulary has gaps")
    return tuple(words)


def _special_tokens(added: Sequence[dict[str, Any]]) -> dict[str, int]:
    for token in added:
        odd = [name for name in ("single_word", "lstrip", "rstrip", "normalized") if token[name]]
        if odd:
            raise ExportError(f"the tokenizer's token {token['content']} is {odd[0]}, which has no form on a phone")
    special = {token["content"]: token["id"] for token in added}
    for one, other in permutations(special, 2):
        if any(one.endswith(other[:size]) for size in range(1, min(len(one), len(other)))):
            raise ExportError(f"the tokenizer's tokens {one} and {other} may overlap, which has no form on a phone")
    return special


def _needed(written: dict[str, str], vocabulary: Sequence[str], alone: Set[int]) -> dict[str, str]:
    """Without letters that are unknown before and after: their words are unknown either way."""
    known = set("".join(vocabulary))
    return {
        old: new
        for old, new in written.items()
        if old in known or set(new) <= known or any(letter == " " or ord(letter) in alone for letter in new)
    }


def _within(code: int, ranges: Ranges) -> bool:
    place = bisect_right(ranges, (code, _LAST)) - 1
    return place >= 0 and code <= ranges[place][1]


def _ranges(codes: Iterable[int]) -> Ranges:
    found: list[list[int]] = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return tuple((first, last) for first, last in found)
