"""The words that everyday public text holds, as a file that devices read.

A device lets only such words of private text leave as they are. A word is everyday when many texts of several sources
have it and it is not mostly a name there. What the dictionary marks as a name, what it lacks, and what is formed like a
nickname has to be found more widely than other words.

The file, UTF-8 under xz, is comments that begin with # and lines of a kind, a tab, and words with spaces between them:

    N        words of two characters and more; N is -10 ln(share of texts), rounded
    free     characters that stand alone so often that any other may stand beside them
    alone    characters that may stand alone, but not side by side
    beside   two such characters that are often seen side by side
    latin    words of letters, in lower case
    plan     what everyday text calls a project, plan or company: 学习计划, 保险公司
"""

import lzma
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from toolchain.errors import DataError, WorkError
from toolchain.everyday_counts import LONGEST, PLANS, SOURCES, Counts, Progress, count, marks

# In how many texts of how many sources a word is at least.
_ORDINARY, _PLAIN, _LATIN, _PLAN = (8, 3), (3, 2), (5, 2), 3
_NEW, _NAMELIKE, _NICKNAME = (50, 5), (30, 6), (60, 6)
_SURNAMED = (1, 1)
_WRITTEN, _NEWLY_WRITTEN = 3, 8  # sentences, where the dictionary has the word and where not
_MOSTLY_NAMED = 0.34  # of its places in text whose names are marked
_NAME_MARKS = ("nr", "nt", "nz")
_PLAIN_MARKS = ("v", "a", "d", "i", "l", "m", "t", "c", "p", "r", "u", "z")  # verbs and what else names no thing
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_NICKNAME_BEGINNINGS = frozenset("小老阿大")
# Shares of a character's texts, and texts; for two characters, texts and sources.
_FREE, _OFTEN, _ALONE, _MANY, _BESIDE = (0.45, 1500), (0.1, 4000), (0.025, 60), (0, 300), (6, 2)
# A small dictionary: who reads the file needs as much memory.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20}]


def write_everyday_words(
    folder: Path, out: Path, sources: Sequence[str] = SOURCES, progress: Progress = lambda *_: None
) -> int:
    """Count the public text of `folder`, choose, and write the file; how many words of two characters and more.

    Raises:
        DataError: the folder has none of the sources, or too little text. WorkError: the file can't be written.
    """
    counts = count(folder, sources, progress)
    lines = choose(counts)
    words = sum(line.count(" ") + 1 for line in lines if line[0].isdigit())
    if not words:
        raise DataError(f"{folder} has too little text: no word is in {_ORDINARY[0]} texts of {_ORDINARY[1]} sources")
    made_of = ", ".join(source for source in sources if (folder / source).exists())
    try:
        out.write_bytes(packed(lines, counts.texts, made_of))
    except OSError as error:
        raise WorkError(f"{out} can't be written: {error.strerror}") from error
    return words


def packed(lines: Sequence[str], texts: int, made_of: str) -> bytes:
    """The file's bytes."""
    head = (
        f"# The words that {texts} public texts have in common; made by attune-toolchain everyday-words",
        f"# of {made_of}; the dictionary of jieba (MIT) told words apart",
    )
    return lzma.compress("\n".join((*head, *lines, "")).encode(), filters=_FILTERS)


def choose(counts: Counts) -> list[str]:
    """The file's lines."""
    marked = marks()
    words = {word for word in counts.words if _everyday(word, counts, marked.get(word, ""))}
    written = {word for word in counts.written if _written(word, counts, marked.get(word, ""))} - words
    nouns = {character for character in counts.alone if marked.get(character, "").startswith("n")}
    free = (_alone(counts, *_FREE) | _alone(counts, *_OFTEN)) - _SURNAMES - _NICKNAME_BEGINNINGS - nouns - {"月"}
    alone = (_alone(counts, *_ALONE) | _alone(counts, *_MANY)) - free
    beside = {pair for pair, texts in counts.pairs.items() if texts >= _BESIDE[0] and _beside(pair, counts, alone)}
    latin = {word for word, texts in counts.latin.items() if texts >= _LATIN[0] and counts.sources[word] >= _LATIN[1]}
    by_cost: dict[int, list[str]] = {}
    for word in sorted(words | written):
        by_cost.setdefault(round(-10 * math.log(max(1, counts.words[word]) / counts.texts)), []).append(word)
    lines = [_line(str(cost), by_cost[cost]) for cost in sorted(by_cost)]
    rest = {"free": free, "alone": alone, "beside": beside, "latin": latin, "plan": _plans(counts, marked)}
    return lines + [_line(kind, sorted(chosen)) for kind, chosen in rest.items() if chosen]


def _line(kind: str, words: Iterable[str]) -> str:
    return f"{kind}\t{' '.join(words)}"


def _everyday(word: str, counts: Counts, mark: str) -> bool:
    named, unnamed = counts.named[word], counts.unnamed[word]
    if named > _MOSTLY_NAMED * (named + unnamed):
        return False
    texts, sources = _ORDINARY
    if not mark:
        texts, sources = _NEW
    elif mark.startswith(_NAME_MARKS):
        texts, sources = _NAMELIKE
    elif mark.startswith(_PLAIN_MARKS):
        texts, sources = _PLAIN
    elif word[0] in _SURNAMES:
        texts, sources = _SURNAMED  # were it missing, it would be read as a name: 范文, 张弛
    if _like_a_name(word, mark) and unnamed < 5:
        texts, sources = max(texts, _NICKNAME[0]), max(sources, _NICKNAME[1])
        if not mark and word[0] in _NICKNAME_BEGINNINGS | _SURNAMES:
            return False
    return counts.words[word] >= texts and counts.sources[word] >= sources


def _written(word: str, counts: Counts, mark: str) -> bool:
    """A word that public text may lack and several of the toolchain's own sentences have: 纪要, 周会."""
    if mark.startswith((*_NAME_MARKS, "ns")) or _like_a_name(word, mark) or not 2 <= len(word) <= LONGEST:
        return False
    return counts.written[word] >= (_WRITTEN if mark else _NEWLY_WRITTEN)


def _like_a_name(word: str, mark: str) -> bool:
    """A surname with one or two characters, a character said twice, 小 or 老 with a character."""
    if len(word) == 2 and (word[0] == word[1] or word[0] in _NICKNAME_BEGINNINGS):
        return True
    return len(word) <= 3 and word[0] in _SURNAMES and (not mark or mark.startswith("nr"))


def _beside(pair: str, counts: Counts, alone: set[str]) -> bool:
    like_a_name = pair[0] == pair[1] or pair[0] in _SURNAMES | _NICKNAME_BEGINNINGS
    return not like_a_name and alone.issuperset(pair) and counts.sources[pair] >= _BESIDE[1]


def _alone(counts: Counts, share: float, texts: int) -> set[str]:
    return {c for c, n in counts.alone.items() if n >= texts and n >= share * counts.characters[c]}


def _plans(counts: Counts, marked: dict[str, str]) -> set[str]:
    names = (*_NAME_MARKS, "ns")
    return {
        plan
        for plan, texts in counts.plans.items()
        if texts >= _PLAN and not marked.get(_stem(plan), "nz").startswith(names)
    }


def _stem(plan: str) -> str:
    return next(plan[: -len(end)] for end in PLANS if plan.endswith(end))
