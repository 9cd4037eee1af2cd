"""Looking entries up: by words, in an index in memory, and by meaning, by the encoder's features of their texts."""

import math
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from device_sim.inference import check_text
from device_sim.insights.knowledge import Insight
from device_sim.insights.ranking import Likeness
from model_store.head import Float32

_WORDS_OF_A_TRIGRAM = 3

Indices = NDArray[np.intp]


class InsightIndex:
    """The entries of one version, and what is looked up in. Features are made when first asked for: of an entry's text
    by `of_entry`, which may keep them, of a query by `of_query`.
    """

    def __init__(
        self, insights: Sequence[Insight], of_entry: Callable[[str], Float32], of_query: Callable[[str], Float32]
    ) -> None:
        self.insights = tuple(insights)
        self._of_entry = of_entry
        self._of_query = of_query
        self._lock = threading.Lock()
        self._vectors: Float32 | None = None
        self._words: sqlite3.Connection | None = None
        self._places: dict[str, Indices] | None = None

    @property
    def vectors(self) -> Float32:
        """Unit features [N, D] of title, topics and body of each entry."""
        with self._lock:
            if self._vectors is None:
                texts = [f"{one.title}，{'，'.join(one.topics)}。{one.body}" for one in self.insights]
                rows = np.stack([self._of_entry(text) for text in texts])
                self._vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
            return self._vectors

    def likeness(self, text: str, features: Float32) -> Likeness:
        """How like a text with these features each entry is."""
        unit = features / np.maximum(np.linalg.norm(features), np.float32(1e-9))
        return Likeness(self.wording(text), self.vectors @ unit)

    def wording(self, text: str) -> Float32:
        """How much of a text's pairs of characters, rare ones above all, stand in each entry [N]: from 0 to 1."""
        with self._lock:
            if self._places is None:
                places: dict[str, list[int]] = defaultdict(list)
                for place, insight in enumerate(self.insights):
                    for pair in _pairs(_text(insight)):
                        places[pair].append(place)
                self._places = {pair: np.array(found) for pair, found in places.items()}
            known = self._places
        shares, whole = np.zeros(len(self.insights), np.float32), 0.0
        for pair in _pairs(text) & known.keys():
            rarity = math.log(len(self.insights) / len(known[pair]))
            shares[known[pair]] += rarity
            whole += rarity
        return shares / np.float32(whole or 1.0)

    def search(self, query: str, limit: int) -> list[Insight]:
        """Entries that hold the words of `query`, best first, and after them those that are nearest in meaning.

        Raises:
            InvalidText: the query can't be read.
        """
        check_text(query)
        found = self._by_words(query)
        features = self._of_query(query)
        for place in np.argsort(-(self.vectors @ features), kind="stable"):
            if int(place) not in found:
                found.append(int(place))
        return [self.insights[place] for place in found[:limit]]

    def _by_words(self, query: str) -> list[int]:
        """Places in the order of BM25 over trigrams; a word of fewer characters is looked for as it stands."""
        words = [word for word in query.split() if word]
        long = [word for word in words if len(word) >= _WORDS_OF_A_TRIGRAM]
        with self._lock:
            index = self._words = self._words or _index(self.insights)
            if long:
                match = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in long)
                rows = index.execute("SELECT rowid FROM entries WHERE entries MATCH ? ORDER BY rank", (match,))
            else:
                rows = index.execute("SELECT rowid FROM entries ORDER BY rowid")
            places = [int(row[0]) for row in rows.fetchall()]
        short = [word.casefold() for word in words if len(word) < _WORDS_OF_A_TRIGRAM]
        return [place for place in places if all(word in _text(self.insights[place]).casefold() for word in short)]


def _index(insights: Sequence[Insight]) -> sqlite3.Connection:
    # In memory: own entries are personal, and nothing of them may lie in a plain file.
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("CREATE VIRTUAL TABLE entries USING fts5 (title, topics, body, tokenize = 'trigram')")
    connection.executemany(
        "INSERT INTO entries (rowid, title, topics, body) VALUES (?, ?, ?, ?)",
        [(place, one.title, " ".join(one.topics), f"{one.body} {' '.join(one.actions)}")
         for place, one in enumerate(insights)],
    )  # fmt: skip
    return connection


def _pairs(text: str) -> set[str]:
    letters = [letter for letter in text.casefold() if letter.isalnum()]
    return {first + second for first, second in pairwise(letters)}


def _text(insight: Insight) -> str:
    return " ".join((insight.title, *insight.topics, insight.body, *insight.actions))
