"""What a BERT tokenizer does, as plain tables: for a phone that has no `tokenizers` library.

Which characters are spaces, punctuation or accents is asked of the tokenizer itself, code point by code point. So a
phone needs no Unicode tables of its own, which differ from one system's version to the next.
"""

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from toolchain.errors import ExportError

LONGEST_WORD = 100  # in code points; a longer one is unknown

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends included


@dataclass(frozen=True)
class WordPiece:
    """A tokenizer. A text is read in this order: special tokens are taken out as they stand; each other character is
    dropped, or taken for a space, or written as `written` has it; one in `alone` is a word of its own, as are the
    characters between spaces; a word is spelt by the longest pieces of the vocabulary, those within it after `prefix`,
    and is unknown as a whole if it can't be spelt to its end or is longer than `LONGEST_WORD`.

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
    vocabulary = _vocabulary(said["model"])
    frame = tokenizer.encode("").ids
    if tokenizer.pre_tokenizer is None or len(frame) != 2:
        raise ExportError("the tokenizer is none of BERT's kind: it must split words, and frame a text by two tokens")
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
    if model["type"] != "WordPiece" or model["max_input_chars_per_word"] != LONGEST_WORD:
        raise ExportError(f"the tokenizer is of the type {model['type']}: BERT's WordPiece is the one that goes along")
    words = sorted(model["vocab"], key=lambda word: model["vocab"][word])
    if [model["vocab"][word] for word in words] != list(range(len(words))):
        raise ExportError("the tokenizer's vocabulary has gaps")
    return tuple(words)


def _special_tokens(added: Sequence[dict[str, Any]]) -> dict[str, int]:
    for token in added:
        odd = [name for name in ("single_word", "lstrip", "rstrip", "normalized") if token[name]]
        if odd:
            raise ExportError(f"the tokenizer's token {token['content']} is {odd[0]}, which has no form on a phone")
    return {token["content"]: token["id"] for token in added}


def _needed(written: dict[str, str], vocabulary: Sequence[str], alone: Set[int]) -> dict[str, str]:
    """Without letters that are unknown before and after: their words are unknown either way."""
    known = set("".join(vocabulary))
    return {
        old: new
        for old, new in written.items()
        if old in known or set(new) <= known or any(letter == " " or ord(letter) in alone for letter in new)
    }


def _ranges(codes: Iterable[int]) -> Ranges:
    found: list[list[int]] = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return tuple((first, last) for first, last in found)
