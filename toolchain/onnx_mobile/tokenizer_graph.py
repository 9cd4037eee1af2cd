"""A BERT tokenizer as ONNX nodes: text in, token ids out, the same ids as the `tokenizers` file gives.

The BertTokenizer operator of onnxruntime-extensions asks the phone's C library what punctuation, space and case are,
and gives other ids where that library knows other characters (full-width punctuation on Linux, for one). So only its
greedy search for word pieces is used. What comes before it is laid into the graph as character classes, read off the
tokenizer itself, code point by code point: the same on every phone. What comes after it mends one more difference: of a
word that can't be spelt to its end the operator keeps the pieces found so far, where BERT makes the whole word unknown.
Source: onnxruntime-extensions' text operators; RE2's syntax.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ExportError
from toolchain.wordpiece import LONGEST_WORD, Ranges, WordPiece

DOMAIN = "ai.onnx.contrib"
# Stands between characters while they are looked up one by one. As every control character, a tokenizer drops it.
_SEPARATOR = 0x01
_DROPPED = 0xFFFD
# Private characters that stand for special tokens, and for the end of a word. A tokenizer drops those of a text.
_MARKS = range(0x10FF00, 0x10FFFE)
_END_OF_WORD, _UNKNOWN = chr(_MARKS[-1]), chr(_MARKS[-2])


def tokenizer_nodes(words: WordPiece, longest: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes and constants from `text`, a string [1], to `input_ids` and `attention_mask`, int64 [1, S], of at most
    `longest` tokens.

    Raises:
        ExportError: more special tokens than there are marks for.
    """
    if len(words.special) > len(_MARKS) - 2:
        raise ExportError(
            f"the tokenizer has {len(words.special)} special tokens; at most {len(_MARKS) - 2} have a form"
        )
    graph = _Nodes()
    # Of two that begin at one place the longer is meant, so it is looked for first.
    marks = dict(zip(sorted(words.special, key=len, reverse=True), _MARKS, strict=False))
    marks = {token: ord(_UNKNOWN) if words.special[token] == words.unknown else mark for token, mark in marks.items()}
    text = graph.replace("text", _any_of([(_SEPARATOR, _SEPARATOR), (_MARKS[0], _MARKS[-1])]), chr(_DROPPED))
    for token, mark in marks.items():
        text = graph.replace(text, _quoted(token), f" {chr(mark)} ")
    text = graph.replace(text, "(?s)(.)", f"\\1{chr(_SEPARATOR)}")
    text = graph.look_up(text, words.written)
    text = graph.replace(text, _any_of(_without_marks(words.dropped)), "")
    text = graph.replace(text, f"({_any_of(words.alone)})", " \\1 ")
    # Spaces at either end, one between words: the operator takes a second one for a letter.
    text = graph.replace(text, f"{_any_of(words.spaces)}+", " ")
    text = graph.replace(text, "^ | $", "")
    text = graph.replace(text, f"[^ ]{{{LONGEST_WORD + 1},}}", _UNKNOWN)
    text = graph.replace(text, " ", f" {_END_OF_WORD} ")
    lines = _lines(words, {words.special[token]: chr(mark) for token, mark in marks.items()})
    graph.frame(graph.word_pieces(text, words, lines), words.frame, longest)
    return graph.nodes, graph.constants


class _Nodes:
    """Nodes in the order in which they are made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def replace(self, text: str, pattern: str, by: str) -> str:
        if "[]" in pattern:  # no such character
            return text
        return self._contrib("StringRegexReplace", [text, self._string(pattern), self._string(by)])

    def look_up(self, text: str, table: dict[str, str]) -> str:
        """Each character, followed by a separator, written as the table says, if it is in there."""
        split = [text, self._string(chr(_SEPARATOR)), self._constant(np.array([True]))]
        characters = self._add("StringSplit", split, ["places", "characters", "extent"], domain=DOMAIN)[1]
        if table:
            rows = "\n".join(f"{key}\t{image}" for key, image in table.items())
            characters = self._contrib("StringMapping", [characters], map=rows)
        return self._contrib("StringJoin", [characters, self._string(""), self._constant(np.array([0]))])

    def word_pieces(self, text: str, words: WordPiece, lines: Sequence[str]) -> str:
        """The pieces' ids of words with an end of word between them; of an unknown word that of the unknown token."""
        names = ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
        framed = self._add(
            "BertTokenizer", [text], ["framed", "types", "mask"], domain=DOMAIN,
            vocab_file="\n".join([*lines, _END_OF_WORD]), do_basic_tokenize=0, do_lower_case=0, strip_accents=0,
            suffix_indicator=words.prefix, **dict.fromkeys(names, _UNKNOWN),
        )[0]  # fmt: skip
        pieces = self._slice(framed, 1, -1)
        ends = self._op("Equal", [pieces, self._constant(np.array(len(lines)))])
        unknowns = self._op("Equal", [pieces, self._constant(np.array(words.unknown))])
        word = self._op("CumSum", [self._integer(ends), self._constant(np.array(0))])
        # By word, how many of its pieces are unknown: an array long enough for as many words as there are pieces.
        none = self._op("Sub", [pieces, pieces])
        by_word = self._op("ScatterElements", [none, word, self._integer(unknowns)], axis=0, reduction="add")
        spelt = self._op("Equal", [self._op("Gather", [by_word, word]), self._constant(np.array(0))])
        kept = self._op("Or", [spelt, unknowns])
        kept = self._op("And", [kept, self._op("Not", [ends])])
        return self._op("Compress", [pieces, kept], axis=0)

    def frame(self, pieces: str, frame: Sequence[int], longest: int) -> None:
        """Cut, put between the first and the last token, and made a batch of one."""
        cut = self._slice(pieces, 0, longest - len(frame))
        first, last = (self._constant(np.array([token])) for token in frame)
        ids = self._op("Concat", [first, cut, last], axis=0)
        self._add("Unsqueeze", [ids, self._constant(np.array([0]))], ["input_ids"])
        one = numpy_helper.from_array(np.array([1]))
        ones = self._op("ConstantOfShape", [self._op("Shape", ["input_ids"])], value=one)
        self._add("Identity", [ones], ["attention_mask"])

    def _slice(self, value: str, start: int, end: int) -> str:
        return self._op("Slice", [value, self._constant(np.array([start])), self._constant(np.array([end]))])

    def _integer(self, truth: str) -> str:
        return self._op("Cast", [truth], to=TensorProto.INT64)

    def _contrib(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self._add(kind, inputs, [kind], domain=DOMAIN, **attributes)[0]

    def _op(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self._add(kind, inputs, [kind], **attributes)[0]

    def _add(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> list[str]:
        place = len(self.nodes)
        given = ("input_ids", "attention_mask")
        names = [name if name in given else f"tokenizer/{name}_{place}" for name in outputs]
        node = helper.make_node(kind, inputs, names, name=f"tokenizer/{kind}_{place}", **attributes)
        self.nodes.append(node)
        return names

    def _string(self, value: str) -> str:
        return self._constant(np.array([value.encode()], dtype=object))

    def _constant(self, value: Any) -> str:
        name = f"tokenizer/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name


def _lines(words: WordPiece, marks: Mapping[int, str]) -> list[str]:
    """The vocabulary as the operator takes it: tokens that are found by other ways have something else in their place,
    as do those that can't be in a file of lines and are found in no text.
    """
    lines = [*words.vocabulary, *[""] * (max([*marks, -1]) + 1 - len(words.vocabulary))]
    for number, word in enumerate(lines):
        if not word or "\n" in word or "\r" in word:
            lines[number] = f"{_END_OF_WORD}{number}"
    for number, mark in marks.items():
        lines[number] = mark
    lines[words.unknown] = _UNKNOWN
    return lines


def _without_marks(ranges: Ranges) -> list[tuple[int, int]]:
    halves = [
        half
        for first, last in ranges
        for half in ((first, min(last, _MARKS[0] - 1)), (max(first, _MARKS[-1] + 1), last))
    ]
    return list(dict.fromkeys((first, last) for first, last in halves if first <= last))


def _quoted(token: str) -> str:
    return "".join(f"\\x{{{ord(character):x}}}" for character in token)


def _any_of(ranges: Iterable[tuple[int, int]]) -> str:
    """A pattern of one character out of these."""
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]"
