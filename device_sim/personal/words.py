"""Chinese and mixed text as words that a full-text index can hold.

SQLite's own tokenizers either keep a run of Chinese characters as one word, or need three characters to find anything;
the names and topics of notes mostly have two. So a run of them is indexed as its overlapping pairs, in order, which
makes a run of any length a phrase of pairs, and then as its single characters. Nothing but ASCII is ever a separator
to the tokenizer (`ascii`), and what is written here separates by spaces.
"""

import re
import unicodedata
from collections.abc import Iterator

_PIECE = re.compile(r"[0-9a-z\u00c0-\u024f]+")
_SYMBOLS = frozenset({"So", "Sc", "Sm"})  # pictures, currencies, signs
_SHORTEST_BEGINNING = 2

# What questions are made of: it says nothing about what is looked for.
_ASKING = re.compile(
    "(?:请|麻烦)?(?:告诉我|帮我|给我)?(?:查一下|查查|找一下|找找|看一下|看看|说一下)|有没有|是不是|什么时候|为什么|什么|怎么样|怎么|哪些|哪里|哪个|"
    "哪天|多少|是谁|几点|上一次|上次|最近|之前|关于|有关|的事情|的话|我们|他们|那个|这个|一下|说了|说过|提到|讨论了|"
    "[的了吗呢吧啊我你他她是在]"
)


def indexed(text: str) -> str:
    """What the index holds of `text`."""
    words: list[str] = []
    for run in _runs(text):
        words += [*_pairs(run), *run] if _is_unspaced(run) and len(run) > 1 else [run]
    return " ".join(words)


def exact(query: str) -> str | None:
    """An FTS5 expression: all words of `query` as they stand, words of letters by their beginning; None: no word."""
    phrases = []
    for run in _runs(query):
        if _is_unspaced(run):
            phrases.append('"{}"'.format(" ".join(_pairs(run) if len(run) > 1 else [run])))
        else:
            phrases.append(f'"{run}"*' if len(run) >= _SHORTEST_BEGINNING else f'"{run}"')
    return " AND ".join(phrases) or None


def telling(query: str) -> list[str]:
    """Words of a question that tell what it is about, as the index holds them."""
    words: dict[str, None] = {}
    for run in _runs(_ASKING.sub(" ", unicodedata.normalize("NFKC", query))):
        words.update(dict.fromkeys(_pairs(run) if _is_unspaced(run) else [run]))
    return list(words)


def loose(query: str) -> str | None:
    """An FTS5 expression: any telling word of `query`; None: there is none."""
    return " OR ".join(f'"{word}"' for word in telling(query)) or None


def _runs(text: str) -> Iterator[str]:
    """Words of letters and digits, runs of characters that are written without spaces, single symbols."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    place = 0
    while place < len(folded):
        spaced = _PIECE.match(folded, place)
        if spaced:
            yield spaced[0]
            place = spaced.end()
            continue
        end = place
        while end < len(folded) and folded[end].isalnum() and not _PIECE.match(folded[end]):
            end += 1
        if end > place:
            yield folded[place:end]
        elif unicodedata.category(folded[place]) in _SYMBOLS and not folded[place].isascii():
            yield folded[place]
        place = max(end, place + 1)


def _is_unspaced(run: str) -> bool:
    return not _PIECE.fullmatch(run)


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]
