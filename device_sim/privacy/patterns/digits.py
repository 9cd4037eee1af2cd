"""Runs of digits with their separators: what phones, identity cards and bank cards are written as."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Possessive: a run is looked at once, however long it is.
_RUN = re.compile(r"\d++(?:[ ()\-.·_/,，。、*~|:;\n【】\[\]<>]{1,6}+\d++)*+")
_GROUP = re.compile(r"\d++")
WEAK = frozenset("/,，。、*~|:;\n【】[]<>")  # they part whole numbers more often than the groups of one
_SINGLES = 7  # so many single digits in a row are one number, read out or spread


@dataclass(frozen=True, slots=True)
class Group:
    """Digits of a run; `before` is the separator that leads to them, empty for the first."""

    start: int
    end: int
    digits: str
    before: str


def runs(text: str) -> Iterator[list[Group]]:
    """Each run of the text, as its groups."""
    for run in _RUN.finditer(text):
        groups: list[Group] = []
        end = run.start()
        for found in _GROUP.finditer(text, run.start(), run.end()):
            groups.append(Group(found.start(), found.end(), found[0], text[end : found.start()]))
            end = found.end()
        yield _joined(groups) if len(groups) >= _SINGLES else groups


def _joined(groups: list[Group]) -> list[Group]:
    joined: list[Group] = []
    singles: list[Group] = []
    for group in [*groups, None]:
        if group and len(group.digits) == 1:
            singles.append(group)
            continue
        if len(singles) >= _SINGLES:
            digits = "".join(single.digits for single in singles)
            joined.append(Group(singles[0].start, singles[-1].end, digits, singles[0].before))
        else:
            joined += singles
        singles = []
        if group:
            joined.append(group)
    return joined
