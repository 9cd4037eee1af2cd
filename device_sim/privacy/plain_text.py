"""A text without what only hides its words: spaces in Chinese, characters that are not seen, full-width letters,
Traditional characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model_store.han import HAN_ANY, simplified

_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_UNSEEN_RUN = re.compile(rf"[{_UNSEEN}]+")
_HIDING = re.compile(rf"{_UNSEEN_RUN.pattern}|(?<=[{HAN_ANY}])[ \t\u00a0\u3000{_UNSEEN}]+(?=[{HAN_ANY}])")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` as it reads. `places` are the places of its characters in the original, perhaps with the original's length
    behind them; None if they are the same.
    """

    text: str
    places: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original the characters `start` to `end` (exclusive, not empty) stand."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def unhidden(text: str, *, spaces: bool = False) -> Plain:
    """`text` made plain; with its `spaces` if they are wanted."""
    narrow = text if text.isascii() else simplified(text.translate(_WIDE))
    hiding = [match.span() for match in (_UNSEEN_RUN if spaces else _HIDING).finditer(narrow)]
    if not hiding:
        return Plain(narrow, None)
    places: list[int] = []
    at = 0
    for start, end in hiding:
        places += range(at, start)
        at = end
    places += range(at, len(narrow))
    return Plain("".join(narrow[place] for place in places), tuple(places))
