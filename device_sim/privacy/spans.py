"""Findings made one: parts of a text that are replaced, from left to right and apart from each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from device_sim.privacy.findings import Finding, SensitiveType

# Where findings overlap, the type of the whole is the first of these: what holds others before what others hold, and
# what has a checked form before what is guessed.
PRIORITY = (
    SensitiveType.TEXT,
    SensitiveType.LINK,
    SensitiveType.EMAIL,
    SensitiveType.ID,
    SensitiveType.CARD,
    SensitiveType.PASSPORT,
    SensitiveType.PHONE,
    SensitiveType.PLATE,
    SensitiveType.ACCOUNT,
    SensitiveType.ADDRESS,
    SensitiveType.COMPANY,
    SensitiveType.PROJECT,
    SensitiveType.PERSON,
    SensitiveType.AMOUNT,
    SensitiveType.DATE,
    SensitiveType.TERM,
)
_RANK = {kind: rank for rank, kind in enumerate(PRIORITY)}


def rank(kind: SensitiveType) -> int:
    """Where the type stands in the order of priority, 0 first."""
    return _RANK[kind]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that is replaced as one value."""

    start: int
    end: int
    type: SensitiveType
    subject: str | None = None


def merge(findings: Iterable[Finding | Span]) -> tuple[Span, ...]:
    """Overlapping findings become the span that covers them all, so that nothing of any peeks out. It has a subject
    where all subjects agree and one that has it covers the whole.
    """
    groups: list[list[Finding | Span]] = []
    end = -1
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if finding.start < end:
            groups[-1].append(finding)
        else:
            groups.append([finding])
        end = max(end, finding.end)
    return tuple(map(_one, groups))


def _one(group: Sequence[Finding | Span]) -> Span:
    start, end = group[0].start, max(finding.end for finding in group)
    subjects = {finding.subject for finding in group} - {None}
    whole = {finding.subject for finding in group if (finding.start, finding.end) == (start, end)} - {None}
    kind = min((finding.type for finding in group), key=rank)
    return Span(start, end, kind, whole.pop() if len(subjects) == 1 and whole else None)


def outside(
    text: str, start: int, end: int, covered: Iterable[tuple[int, int]], *, signs: bool = False
) -> Iterator[tuple[int, int]]:
    """The parts of `start` to `end` that no covered part (in order, apart) holds. Without a letter or digit they count
    only with `signs`.
    """
    for left, right in (*covered, (end, end)):
        if right <= start and left < end:
            continue
        stop = min(left, end)
        if start < stop and (signs or any(map(str.isalnum, text[start:stop]))):
            yield start, stop
        if left >= end:
            return
        start = max(start, right)
