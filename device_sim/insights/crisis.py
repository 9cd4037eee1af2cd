"""The crisis guard: notices signs of self-harm risk in a text, and holds the one fixed answer to them.

All wording lies in `crisis.toml`. A text is first made plain: widths, case, Traditional characters (`han.py`), repeated
characters and marks put between characters no longer matter. Then each sentence is judged by itself, so that an idiom
in one hides nothing in another: it is a sign when a pattern still matches after the everyday phrases (idioms, films,
denials) are covered.

Wordings that no pattern foresees are left to `crisis.npz`, a linear model over runs of characters which
`attune-toolchain crisis` makes: a text whose score reaches its threshold, without what everyday phrases explained, is a
sign too.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from device_sim.insights.phrases import InvalidPattern, Openings, Phrases, openings
from model_store.grams import GramModel, InvalidGramFile
from model_store.han import SIMPLIFIED

# What `…` stands for. In a sign: a few characters of the sentence. In an everyday phrase: of the clause, without the
# first person, so that "the film where he …" is left alone and "after the film I …" is not.
_SIGN_GAP = "[^。]{0,10}"
_EVERYDAY_GAP = "[^我俺。, ]{0,10}"
_CERTAIN = "certain"  # the group of signs that no everyday phrase can hide

# `。` ends a sentence and `,` a clause; a space is any other mark. What is not seen at all is dropped.
_MARKS = str.maketrans(dict.fromkeys("!?;\r\n", "。") | dict.fromkeys("、:", ",") | dict.fromkeys("'’‘`´"))
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), 0xFEFF])
_STEPS = [
    (re.compile(r"(?:[^\w。,《》]|_)+"), " "),
    (re.compile(r" ?,[ ,]*"), ","),
    (re.compile(r"[ ,]?。[ ,。]*"), "。"),
    # A character standing alone belongs to its neighbours (想-死), unless a stronger mark parts it from them than from
    # the rest (笑死。想-死); a lone letter belongs to other lone letters (k m s).
    (re.compile(r"(?:(?<=[ ,。][一-鿿]) |(?<=[,。][一-鿿]),)(?=\w)"), ""),
    (re.compile(r"(?<=\w)(?: (?=[一-鿿][ ,。])|,(?=[一-鿿][,。])|。(?=[一-鿿]。))"), ""),
    (re.compile(r"(?<=[ ,。][a-z])[ ,](?=[a-z][ ,。])"), ""),
    (re.compile(r"([一-鿿])\1+"), r"\1"),
    (re.compile(r"([a-z])\1{2,}"), r"\1"),
]
# Gaps that still part two characters once everyday phrases were looked for; between English words they stay.
_LOOSE = re.compile(r"[《》]| (?=[^a-z0-9])|(?<=[^a-z0-9]) ")
_COVERED = "○"

_Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Groups = dict[str, Annotated[list[_Filled], Field(min_length=1)]]


class InvalidCrisisFile(ValueError):
    """The file can't be used; the message names the entry."""


class Resource(BaseModel):
    """Someone to reach: who it is, the number, and when it is the right one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    name: _Filled
    contact: _Filled
    when: _Filled


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=80, max_length=200)]
    resources: Annotated[list[Resource], Field(min_length=1)]
    fold: dict[str, _Filled]
    words: dict[str, _Filled]
    signs: _Groups
    everyday: _Groups


class CrisisGuard:
    """Immutable once loaded; safe to share between threads."""

    def __init__(self, source: _Source, model: GramModel | None) -> None:
        self.answer = source.answer
        self.resources = tuple(source.resources)
        folds = SIMPLIFIED | _folds(source.fold)
        signs = _patterns("signs", source.signs, source.words, _SIGN_GAP, folds)
        everyday = _patterns("everyday", source.everyday, source.words, _EVERYDAY_GAP, folds)
        self._fold = _MARKS | _UNSEEN | folds
        self._model = model
        self._signs = Phrases(signs.values())
        self._certain = Phrases(found for entry, found in signs.items() if entry.startswith(f"signs.{_CERTAIN}["))
        self._everyday = Phrases(everyday.values())

    @classmethod
    def load(cls, text: str | Path) -> "CrisisGuard":
        """The guard of a TOML text, or of a file and the model beside it (`.npz`); a text alone has only its patterns.

        Raises:
            InvalidCrisisFile: not readable, not TOML, or an entry is missing, unknown, or no usable pattern; or the
                model is missing or can't be used.
        """
        try:
            content = text.read_text("utf-8") if isinstance(text, Path) else text
            source = _Source.model_validate(tomllib.loads(content))
            return cls(source, GramModel.read(text.with_suffix(".npz")) if isinstance(text, Path) else None)
        except ValidationError as error:
            first = error.errors()[0]
            entry = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
            raise InvalidCrisisFile(f"{entry.removeprefix('.')}: {first['msg']}") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidCrisisFile(f"the crisis file can't be read: {error}") from error
        except InvalidGramFile as error:
            raise InvalidCrisisFile(f"the crisis model: {error}") from error

    def notices(self, text: str) -> bool:
        """Whether the text holds a sign of self-harm risk. The time grows linearly with its length."""
        plain = unicodedata.normalize("NFKC", text).lower().translate(self._fold)
        plain = f"。{plain}。"
        for found, instead in _STEPS:
            plain = found.sub(instead, plain)
        unexplained = []
        for sentence in plain.split("。"):
            rest = self._unexplained(f"。{sentence}。") if sentence else ""
            if rest is None:
                return True
            unexplained.append(rest)
        return self._model is not None and self._model.score("。".join(unexplained)) >= self._model.threshold

    def _unexplained(self, sentence: str) -> str | None:
        """What everyday phrases don't explain of a sentence: all of it, if there is nothing to explain; `None` if what
        is left is a sign.
        """
        loose = _LOOSE.sub("", sentence)
        if not self._signs.occur_in(loose):
            return sentence
        if self._certain.occur_in(loose):
            return None
        rest = self._everyday.cover(sentence, _COVERED)
        return None if self._signs.occur_in(_LOOSE.sub("", rest)) else rest


def _folds(tables: Mapping[str, str]) -> dict[int, str]:
    folds = {}
    for name, pairs in tables.items():
        for pair in pairs.split():
            if len(pair) != len("體体"):
                raise InvalidCrisisFile(f"fold.{name}: {pair!r} is not a pair of characters")
            folds[ord(pair[0])] = pair[1]
    return folds


def _patterns(
    table: str, groups: Mapping[str, list[str]], words: Mapping[str, str], gap: str, folds: Mapping[int, str]
) -> dict[str, Openings]:
    found = {}
    for group, patterns in groups.items():
        for number, written in enumerate(patterns):
            entry = f"{table}.{group}[{number}]"
            if written.lower().translate(folds) != written:
                raise InvalidCrisisFile(f"{entry}: a text is never seen with these characters; they are folded away")
            try:
                found[entry] = openings(written, words, gap)
            except InvalidPattern as error:
                raise InvalidCrisisFile(f"{entry}: {error}") from error
    return found
