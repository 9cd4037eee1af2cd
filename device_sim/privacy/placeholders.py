"""The grammar of placeholders: `[PERSON_A]`, and the spellings that language models make of it.

Three kinds of places are found in a text, always from left to right and apart from each other:

- *names*: surely mean one placeholder. Square brackets of any width (also escaped, or as HTML entities) around type and
  letters, in any case, with spaces, and with an underscore, a hyphen or a space between; `{PERSON_A}` and `<PERSON_A>`;
  bare `PERSON_A` at the borders of a word (round brackets, quotation marks and emphasis around it are the sentence's).
- *lost letters*: `[PERSON]` and `[PERSON_]`, which mean one placeholder where there is only one of the type.
- *odd ones*: `[PERSON_A_1]`, `[PERSON_A电话]`, `PERSON_1`; look like a placeholder, and none is surely meant.

The grammar is written once, as data; the pattern that finds such places and the one that tells whether the end of a
text may still become one (for streams) are both made from it.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from device_sim.privacy.findings import SensitiveType

MOST_LETTERS = 2
MOST_OF_A_TYPE = 26 + 26**2
LONGEST = 48  # characters of the longest place that the grammar knows


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that looks like a placeholder: `name` is the placeholder that it means (`[PERSON_A]`), or `None`;
    `type` alone is set where the letters are lost.
    """

    start: int
    end: int
    name: str | None
    type: SensitiveType | None


def placeholder(kind: SensitiveType, number: int) -> str:
    """The placeholder of the `number`-th value (from 0) of a type: A to Z, AA to ZZ."""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"[{kind}_{letters}]"


def mentions(text: str, start: int = 0) -> Iterator[Mention]:
    """What looks like a placeholder in `text` from `start` on; the character before `start` is seen."""
    for found in _places().finditer(text, start):
        if found.lastgroup == "odd":
            yield Mention(found.start(), found.end(), None, None)
            continue
        kind, *letters = re.findall("[A-Z]+", unicodedata.normalize("NFKC", html.unescape(found[0])).upper())
        name = f"[{kind}_{letters[0]}]" if letters else None
        yield Mention(found.start(), found.end(), name, SensitiveType(kind))


def undecided(text: str, start: int) -> int:
    """From where on more text could still turn the end of `text` into a place; its length if it can't."""
    found = _beginnings().search(text, start)
    return found.start() if found else len(text)


# The grammar. A sequence is made of characters (a class, least and most repetitions) and of choices of sequences.


@dataclass(frozen=True, slots=True)
class _Chars:
    of: str
    least: int = 1
    most: int = 1

    def pattern(self, most: int | None = None) -> str:
        return f"{self.of}{{{self.least},{self.most}}}" if most is None else f"{self.of}{{0,{most}}}"


@dataclass(frozen=True, slots=True)
class _Choice:
    among: "Sequence[_Sequence]"


_Sequence = Sequence[_Chars | _Choice]


def _whole(sequence: _Sequence) -> str:
    """The pattern of all of a sequence."""
    parts = []
    for part in sequence:
        if isinstance(part, _Chars):
            parts.append(part.pattern())
        else:
            parts.append(f"(?:{'|'.join(_whole(one) for one in part.among)})")
    return "".join(parts)


def _beginning(sequence: _Sequence) -> str:
    r"""The pattern of a text that ends (`\Z`) before the sequence is decided."""
    first, rest = sequence[0], sequence[1:]
    if isinstance(first, _Chars):
        ends = [first.pattern(first.most - 1) + r"\Z"]
    else:
        ends = [_beginning(one) for one in first.among]
    if rest:
        ends.append(_whole([first]) + _beginning(rest))
    return f"(?:{'|'.join(ends)})"


def _wide(characters: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) for character in characters)


def _word(word: str, *, any_case: bool = False) -> _Sequence:
    spellings = [letter + letter.lower() if any_case else letter for letter in word]
    return [_Chars(f"[{spelling}{_wide(spelling)}]") for spelling in spellings]


def _literal(text: str) -> _Sequence:
    return [_Chars(re.escape(character)) for character in text]


def _entity(*names: str) -> _Choice:
    return _Choice([_literal(f"&{name};") for name in names])


_TYPE = _Choice([_word(kind) for kind in SensitiveType])
_ANY_TYPE = _Choice([_word(kind, any_case=True) for kind in SensitiveType])
_LETTERS = _Chars("[A-ZＡ-Ｚ]", 1, MOST_LETTERS)
_ANY_LETTERS = _Chars("[A-ZＡ-Ｚa-zａ-ｚ]", 1, MOST_LETTERS)
_DIGITS = _Chars("[0-9０-９]", 1, 3)
_SPACE = _Chars("[ \t\u00a0\u2009\u202f\u3000\u200b\u2060\ufeff]", 0, 2)
_ESCAPE = _Chars(r"\\", 0, 2)
_UNDERSCORE: _Sequence = [_ESCAPE, _Chars("[_＿]")]
_BETWEEN = _Choice([
    [_SPACE, _Choice([
        [_ESCAPE, _Chars("[_＿－‐‑–-]")],
        [_entity("#95", "#x5f", "#x5F", "lowbar")],
    ]), _SPACE],
    [_Chars(_SPACE.of, 1, 2)],
])  # fmt: skip
_SQUARE: Sequence[tuple[_Sequence, _Sequence]] = [
    ([_Chars(r"\\", 1, 2), _Chars(r"\[")], [_Chars(r"\\", 1, 2), _Chars(r"\]")]),
    ([_Chars(r"[\[［【〔〖]")], [_Chars(r"[\]］】〕〗]")]),
    ([_entity("#91", "#x5b", "#x5B", "lbrack", "lsqb")], [_entity("#93", "#x5d", "#x5D", "rbrack", "rsqb")]),
]
_PAIRS: Sequence[tuple[_Sequence, _Sequence]] = [
    ([_Chars("[{｛]")], [_Chars("[}｝]")]),
    ([_Chars("[<＜]")], [_Chars("[>＞]")]),
]
_IN_WORD = "[A-Za-z0-9_Ａ-Ｚａ-ｚ０-９＿]"

_names: list[_Sequence] = [
    *([*left, _SPACE, _ANY_TYPE, _BETWEEN, _ANY_LETTERS, _SPACE, *right] for left, right in _SQUARE),
    *([*left, _SPACE, _TYPE, *_UNDERSCORE, _LETTERS, _SPACE, *right] for left, right in _PAIRS),
]
_lost: list[_Sequence] = [
    [*left, _SPACE, _TYPE, _ESCAPE, _Chars("[_＿]", 0, 1), _SPACE, *right] for left, right in _SQUARE
]
_bare: _Sequence = [_TYPE, *_UNDERSCORE, _LETTERS]
_after_bare = _Choice([[*_UNDERSCORE], [_Chars("[-－]", 0, 1), _Chars(_IN_WORD)]])
_odd: list[_Sequence] = [
    [*left, _SPACE, _TYPE, *_UNDERSCORE, _Chars(r"[\w\\.#－-]", 1, 16), *right] for left, right in _SQUARE
]
_odd_bare: _Sequence = [
    _TYPE, *_UNDERSCORE, _Choice([[_LETTERS, _Chars("[_＿]", 0, 1), _Chars(_DIGITS.of, 0, 3)], [_DIGITS]])
]  # fmt: skip
_after_odd = _Chars(_IN_WORD)

_BORDER = r"(?<![A-Za-z0-9_Ａ-Ｚａ-ｚ０-９＿\\])"
_FIRST = (  # a quick look at what a place can begin with: at most characters nothing more is tried
    r"(?=[\\\[［【〔〖&{｛<＜" + "".join(sorted({c + _wide(c) for c in (kind[0] for kind in SensitiveType)})) + "])"
)


@cache  # compiled when first needed: start-up stays short
def _places() -> re.Pattern[str]:
    return re.compile(
        f"{_FIRST}(?:"
        f"(?P<name>{'|'.join(map(_whole, _names))}|{_BORDER}{_whole(_bare)}(?!{_whole([_after_bare])}))"
        f"|(?P<lost>{'|'.join(map(_whole, _lost))})"
        f"|(?P<odd>{'|'.join(map(_whole, _odd))}|{_BORDER}{_whole(_odd_bare)}(?!{_whole([_after_odd])})))"
    )


@cache
def _beginnings() -> re.Pattern[str]:
    return re.compile(
        f"{_FIRST}(?:{'|'.join(map(_beginning, [*_names, *_lost, *_odd]))}"
        f"|{_BORDER}(?:{_beginning([*_bare, _after_bare])}|{_beginning([*_odd_bare, _after_odd])}))"
    )
