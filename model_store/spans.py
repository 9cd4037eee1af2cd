"""From the tags of tokens to spans of characters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from model_store.head import Float64

OUTSIDE = "O"
_BEGIN, _INSIDE = "B-", "I-"
_NEVER = -1e9


@dataclass(frozen=True)
class TextSpan:
    """Characters `start` to `end` (exclusive) of a text, and the mean probability of its tokens' tags."""

    start: int
    end: int
    type: str
    probability: float


def tags_of(types: Sequence[str]) -> tuple[str, ...]:
    """Begin-inside-outside tags (Ramshaw and Marcus, 1995) in the order of a head's outputs: O, then B, I by type."""
    return (OUTSIDE, *(f"{mark}{kind}" for kind in types for mark in (_BEGIN, _INSIDE)))


def types_of(tags: Sequence[str]) -> tuple[str, ...]:
    """The types that `tags_of` made tags for."""
    return tuple(tag.removeprefix(_BEGIN) for tag in tags if tag.startswith(_BEGIN))


def decode_spans(
    probabilities: Float64, tags: Sequence[str], offsets: Sequence[tuple[int, int]]
) -> tuple[TextSpan, ...]:
    """The spans of the likeliest sequence of tags in which I-X follows only B-X or I-X (Viterbi).

    `probabilities` is [S, C] in the order of `tags`; `offsets` are each token's characters. A token of no characters,
    such as [CLS], is in no span.
    """
    real = [index for index, (start, end) in enumerate(offsets) if end > start]
    if not real:
        return ()
    path = _likeliest(np.log(probabilities[real] + 1e-12), tuple(tags))
    spans: list[TextSpan] = []
    members: list[int] = []
    for position in range(len(path) + 1):
        tag = tags[path[position]] if position < len(path) else OUTSIDE
        if members and not tag.startswith(_INSIDE):
            tokens = [real[member] for member in members]
            sure = float(np.mean([probabilities[real[member], path[member]] for member in members]))
            kind = tags[path[members[0]]].removeprefix(_BEGIN)
            spans.append(TextSpan(offsets[tokens[0]][0], offsets[tokens[-1]][1], kind, sure))
            members = []
        if tag != OUTSIDE:
            members.append(position)
    return tuple(spans)


def _likeliest(scores: Float64, tags: tuple[str, ...]) -> list[int]:
    step = _steps(tags)
    total = scores[0] + np.array([_NEVER if tag.startswith(_INSIDE) else 0.0 for tag in tags])
    back = []
    for row in scores[1:]:
        ways = total[:, None] + step
        back.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    path = [int(total.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


@lru_cache(maxsize=16)
def _steps(tags: tuple[str, ...]) -> Float64:
    """The cost [C, C] of one tag (a column) after another (a row): nothing, or as good as forbidden."""
    costs = np.array([[0.0 if _may_follow(before, after) else _NEVER for after in tags] for before in tags])
    costs.flags.writeable = False
    return costs


def _may_follow(before: str, after: str) -> bool:
    return not after.startswith(_INSIDE) or before[2:] == after[2:]
