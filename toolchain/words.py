"""The words of a text and their kinds, as a dictionary knows them: what a small encoder of single characters is trained
to see too, so that a span that it marks is made of whole words.
"""

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from toolchain.examples import Span

OTHER = "other"
# The first letters of the dictionary's own marks, which follow ICTCLAS; the longer go first.
_MARKS = {"nr": "person", "ns": "place", "nt": "organization", "n": "noun", "v": "verb", "a": "adjective"}
KINDS = (*_MARKS.values(), OTHER)
LICENCE = "MIT"


def words_of(text: str) -> tuple[Span, ...]:
    """The words of a text, each with its kind, one of `KINDS`; `other` too where the dictionary has no such word."""
    segmenter, marks = _dictionary()
    return tuple(
        Span(start, end, _kind(marks.get(word, "")))
        for word, start, end in segmenter.tokenize(text)
        if any(character.isalnum() for character in word)
    )


def dictionary() -> tuple[str, Path]:
    """Name and file of the dictionary."""
    import jieba

    return f"dictionary of jieba {version('jieba')}", Path(jieba.__file__).with_name("dict.txt")


def _kind(mark: str) -> str:
    return next((kind for letters, kind in _MARKS.items() if mark.startswith(letters)), OTHER)


@cache
def _dictionary() -> tuple[Any, dict[str, str]]:
    """The segmenter, and the mark of each word that its dictionary has."""
    import jieba.posseg  # late: it reads its dictionary of 5 MB, which few commands need

    # Not `initialize`: it would believe a cache of anyone's in the folder of temporary files.
    segmenter = jieba.Tokenizer()
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter, jieba.posseg.dt.word_tag_tab
