"""What public text says of words: in how many texts and sources each is, alone or beside what, as a name or not.

Counts only; of a text itself nothing is kept. Every fiftieth text is left out, so that a list made of the counts can be
measured on text that it has not seen.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolchain.corpus import TextSource, read_texts
from toolchain.errors import DataError
from toolchain.formats import lines
from toolchain.sources import CORPORA

SOURCES = (
    "raw/smilechat.jsonl.xz",
    "raw/zhihu_titles.txt.xz",
    "sentiment/online_shopping.jsonl.xz",
    "sentiment/weibo_moods8.jsonl.xz",
    "sentiment/nlpcc2013_emotion.jsonl.xz",
    "sentiment/ewect_virus_train.jsonl.xz",
    "sentiment/chnsenticorp_train.jsonl.xz",
    "topic/tnews_train.jsonl.xz",
    "ner/msra.jsonl.xz",
    "ner/cluener_train.jsonl.xz",
)
MOST_CHARACTERS = 60_000_000  # of one source
LEFT_OUT = 50  # one text in so many
PLANS = ("项目", "计划", "工程", "行动", "方案", "公司", "集团")
# What marked spans tell that a word is not: an everyday one.
_NAMES = {"PER", "ORG", "name", "company", "organization", "government", "book", "movie", "game"}
_MARKED = re.compile(r"\[[^\]\n]*\]\((?!TOPIC)[A-Z]+\)")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")
# What no word goes across, and what stands for no words at all: handles, links, and the like.
_NOISE = re.compile(r"https?://\S+|//@[^:：\s]+[:：]|@[\w-]+|\[[\u4e00-\u9fff]{1,6}\]")
LONGEST = 5

Progress = Callable[[str, int], None]


@dataclass
class Counts:
    """Numbers of texts by word. `sources` are in how many sources; `alone` and `pairs` are characters that were no part
    of a word, `plans` stems before one of `PLANS` with it; in text whose names are marked, `named` are whole names, and
    `unnamed` words outside of them, by place.
    `written` are those of the toolchain's own sentences.
    """

    texts: int = 0
    words: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    plans: Counter[str] = field(default_factory=Counter)
    latin: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)


def count(folder: Path, sources: Sequence[str] = SOURCES, progress: Progress = lambda *_: None) -> Counts:
    """Count the texts of those `sources` that the folder has.

    Raises:
        DataError: it has none of them, or one is malformed.
    """
    there = [source for source in sources if (folder / source).exists()]
    if not there:
        raise DataError(f"{folder} has none of {', '.join(sources)}")
    counts = Counts()
    for source in there:
        progress(source, counts.texts)
        seen: set[str] = set()
        for text in _kept(folder, source):
            _count(text, counts, seen)
        counts.sources.update(seen)
        if source.startswith("ner/"):
            _count_names(folder / source, counts)
    _count_written(counts)
    return counts


def left_out(folder: Path, source: str) -> Iterator[str]:
    """The texts of a source that no count has seen, in its order."""
    yield from (text for number, text in enumerate(_documents(folder, source)) if number % LEFT_OUT == 0)


def segment(text: str) -> list[str]:
    """The text as words of the dictionary, and words that its model of new words makes of the rest."""
    return list(_segmenter().cut(text))


def marks() -> dict[str, str]:
    """The dictionary's own mark of each of its words, after ICTCLAS: n, v, nr..."""
    return _dictionary()[1]


def _kept(folder: Path, source: str) -> Iterator[str]:
    taken = 0
    for number, text in enumerate(_documents(folder, source)):
        if number % LEFT_OUT and taken < MOST_CHARACTERS:
            taken += len(text)
            yield text


def _documents(folder: Path, source: str) -> Iterator[str]:
    for passages in read_texts(folder, TextSource(path=source)):
        yield _NOISE.sub("\n", "\n".join(passages)).lower()


def _count(text: str, counts: Counts, seen: set[str]) -> None:
    words: set[str] = set()
    alone: set[str] = set()
    pairs: set[str] = set()
    plans: set[str] = set()
    for run in _HAN.findall(text):
        tokens = segment(run)
        words.update(token for token in tokens if 2 <= len(token) <= LONGEST)
        alone.update(token for token in tokens if len(token) == 1)
        for before, after in pairwise(tokens):
            if len(before) == len(after) == 1:
                pairs.add(before + after)
            elif after in PLANS:
                plans.add(before + after)
    latin = set(_LATIN.findall(text))
    counts.texts += 1
    counts.words.update(words)
    counts.alone.update(alone)
    counts.pairs.update(pairs)
    counts.plans.update(plans)
    counts.latin.update(latin)
    counts.characters.update(set(text))
    seen |= words | pairs | latin


def _count_written(counts: Counts) -> None:
    """Words of the toolchain's own sentences outside of marked names: public text holds few words of offices."""
    for path in sorted((CORPORA / "written").glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            if not line.startswith("#"):
                text = _MARKED.sub("\n", line.rpartition("\t")[2])
                counts.written.update({token for run in _HAN.findall(text) for token in segment(run)})


def _count_names(path: Path, counts: Counts) -> None:
    for number, line in lines(path, comments=False):
        try:
            row = json.loads(line)
            text = row["text"].lower()
            spans = sorted((s["start"], s["end"]) for s in row["spans"] if s["type"] in _NAMES)
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path}, line {number}: text and spans are needed") from None
        at = 0
        for start, end in spans:
            counts.named[text[start:end]] += 1
            counts.unnamed.update(segment(text[at:start]))
            at = end
        counts.unnamed.update(segment(text[at:]))


@cache
def _dictionary() -> tuple[Any, dict[str, str]]:
    import jieba.posseg  # late: it reads its dictionary of 5 MB, which few commands need

    # Not `initialize`: it would believe a cache of anyone's in the folder of temporary files.
    segmenter = jieba.Tokenizer()
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter, jieba.posseg.dt.word_tag_tab


def _segmenter() -> Any:
    return _dictionary()[0]
