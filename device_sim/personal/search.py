"""Looking notes and events up: by words, in the full-text index, and by meaning, by the encoder's features."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from device_sim.errors import InvalidText
from device_sim.inference import Encoder
from device_sim.personal.records import Note
from device_sim.personal.words import exact, loose, telling
from device_sim.state import State
from model_store.head import Float32

# How the parts of a rank count: all words of the query as they stand, the telling ones, likeness in meaning.
_EXACTLY, _WORDS, _MEANING = 1.0, 1.0, 0.3
# Below this cosine a note that shares no word with the query is no answer to it: unlike texts reach 0.77.
_LIKE = 0.8
# Where the best note holds less than this part of the telling words, guesses are shown between what was found: so many
# notes, at least so like the query.
_WEAK, _GUESSES, _GUESS = 0.5, 3, 0.55
# Notes that lack features are encoded when a search comes by, so many at a time: the rest is found by words.
_AT_ONCE = 32
# A word in a title tells as much as several in the body.
_TITLE_WEIGHT = 3.0


class NoteSearch:
    """Ranks notes; caches their unit features until `forget`."""

    def __init__(self, state: State, encoder: Encoder | None) -> None:
        self._state = state
        self._encoder = encoder
        self._vectors: tuple[list[int], Float32] | None = None
        self._complete_now = False

    def features(self, note: Note) -> Float32 | None:
        """What a note is about [D]; None where there is no encoder, or it can read nothing of the note."""
        return self._encoded(f"{note.title}。{note.body}")

    def keep(self, connection: Any, note_id: int, features: Float32 | None) -> None:
        """Store the features of a note, in the transaction that stores the note."""
        if features is not None and self._encoder:
            connection.execute(
                "INSERT OR REPLACE INTO note_features (note_id, base_id, features) VALUES (?, ?, ?)",
                (note_id, self._encoder.base_id, features.astype("<f4").tobytes()),
            )

    def forget(self) -> None:
        """Notes were changed."""
        self._vectors = None
        self._complete_now = False

    def ranked(self, query: str, guess: bool = False) -> list[int]:
        """Ids of notes that hold words of `query` or are much like it, best first. Where none holds many of them and a
        `guess` is wanted, the few that are nearest in meaning stand between them.
        """
        with self._state.reading() as connection:
            by_words = _scores(connection, "note_words", loose(query))
            exactly = {note for note, _ in _scores(connection, "note_words", exact(query))}
        best = max((score for _, score in by_words), default=1.0)
        ranks = {note: _WORDS * score / best for note, score in by_words}
        for note in exactly:
            ranks[note] = ranks.get(note, 0.0) + _EXACTLY
        likeness = self._likeness(query)
        for note, cosine in likeness:
            if note in ranks or cosine >= _LIKE:
                ranks[note] = ranks.get(note, 0.0) + _MEANING * cosine
        found = sorted(ranks, key=lambda note: (-ranks[note], -note))
        if guess and self._held(found[:1], query) < _WEAK:
            nearest = sorted(likeness, key=lambda one: -one[1])[:_GUESSES]
            guesses = [note for note, cosine in nearest if cosine >= _GUESS]
            both = (one for pair in zip_longest(found, guesses) for one in pair if one is not None)
            return list(dict.fromkeys(both))
        return found

    def _held(self, note: Sequence[int], query: str) -> float:
        """Which part of the telling words of `query` a note holds."""
        wanted = set(telling(query))
        with self._state.reading() as connection:
            row = note and connection.execute("SELECT title, rest FROM note_words WHERE rowid = ?", note).fetchone()
        held = set(" ".join(row).split()) if row else set()
        return len(wanted & held) / len(wanted) if wanted else 1.0

    def _likeness(self, query: str) -> list[tuple[int, float]]:
        features = self._encoded(query)
        if features is None:
            return []
        self._complete()
        with self._state.reading() as connection:
            if self._vectors is None:
                self._vectors = _unit_features(connection, self._encoder.base_id if self._encoder else "")
            ids, vectors = self._vectors
        unit = features / np.maximum(np.linalg.norm(features), np.float32(1e-9))
        # Not by BLAS: its threads wait for those of the encoder, which takes a hundred times as long as the product.
        return list(zip(ids, np.einsum("ij,j->i", vectors, unit).tolist(), strict=True)) if ids else []

    def _complete(self) -> None:
        """Encode some notes that lack features of this base: after an import, or another bundle."""
        base_id = self._encoder.base_id if self._encoder else ""
        with self._state.reading() as connection:
            if self._complete_now:
                return
            rows = connection.execute(
                "SELECT id, title, body FROM notes WHERE id NOT IN "
                "(SELECT note_id FROM note_features WHERE base_id = ?) ORDER BY id DESC LIMIT ?",
                (base_id, _AT_ONCE),
            ).fetchall()
            self._complete_now = not rows
        made = [(row, self._encoded(f"{row[1]}。{row[2]}")) for row in rows]
        if made:
            with self._state.transaction() as connection:
                for row, features in made:
                    # Only of the text that was encoded: it may have been changed or deleted meanwhile.
                    same = "SELECT 1 FROM notes WHERE id = ? AND title = ? AND body = ?"
                    if connection.execute(same, row).fetchone():
                        self.keep(connection, row[0], features)
                self.forget()

    def _encoded(self, text: str) -> Float32 | None:
        try:
            return self._encoder.encode(text) if self._encoder else None
        except InvalidText:
            return None


def best_by_words(connection: Any, index: str, query: str) -> list[int]:
    """Ids of what holds all words of `query`, and then of what holds telling ones, best first."""
    found = (*_scores(connection, index, exact(query)), *_scores(connection, index, loose(query)))
    return list(dict.fromkeys(entry for entry, _ in found))


def found_exactly(connection: Any, index: str, phrase: str) -> bool:
    """Whether anything holds the words of `phrase` as they stand."""
    return bool(_scores(connection, index, exact(phrase)))


def _scores(connection: Any, index: str, expression: str | None) -> Sequence[tuple[int, float]]:
    if expression is None:
        return ()
    rows = connection.execute(
        f"SELECT rowid, -bm25({index}, {_TITLE_WEIGHT}, 1.0) FROM {index} WHERE {index} MATCH ? "
        "ORDER BY 2 DESC, 1 DESC",
        (expression,),
    ).fetchall()
    return [(int(row[0]), float(row[1])) for row in rows]


def _unit_features(connection: Any, base_id: str) -> tuple[list[int], Float32]:
    rows = connection.execute(
        "SELECT note_id, features FROM note_features WHERE base_id = ? ORDER BY note_id", (base_id,)
    ).fetchall()
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    vectors = np.stack([np.frombuffer(row[1], "<f4") for row in rows]).astype(np.float32)
    return [row[0] for row in rows], vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
