"""A text cut into everyday words, as the rules for names look at it."""

import re
from dataclasses import dataclass

from device_sim.privacy.everyday import EverydayWords
from model_store.han import HAN

Place = tuple[int, int]  # characters of a text, the second exclusive

_HAN = re.compile(rf"[{HAN}]+")


@dataclass(frozen=True)
class Reading:
    """`words` are the everyday words of two characters and more, by where they start: where they end. Single characters
    and what is no Chinese are in none.
    """

    text: str
    words: dict[int, int]
    inside: frozenset[int]  # places in the middle of such a word

    def single(self, place: int) -> bool:
        """Is the character there a Chinese one that is in no word?"""
        return (
            0 <= place < len(self.text)
            and place not in self.words
            and place not in self.inside
            and "\u3400" <= self.text[place] <= "\u9fff"
        )

    def parts(self, start: int, end: int) -> bool:
        """Do no words go across the borders of these characters?"""
        return start not in self.inside and end not in self.inside

    def word_before(self, place: int) -> int:
        """Where the word or single character that ends at `place` starts."""
        start = place - 1
        while start in self.inside:
            start -= 1
        return start


def read(text: str, everyday: EverydayWords) -> Reading:
    """The likeliest words of the text."""
    words: dict[int, int] = {}
    inside: list[int] = []
    for run in _HAN.finditer(text):
        for token in everyday.cut(run[0]):
            if token.known:
                start, end = run.start() + token.start, run.start() + token.end
                words[start] = end
                inside += range(start + 1, end)
    return Reading(text, words, frozenset(inside))
