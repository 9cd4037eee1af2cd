"""Finds what is sensitive by its form: phones, e-mail, identity and bank cards, papers, plates, accounts, links,
amounts and dates. `Patterns` is the recogniser; each module beside it knows some of the types.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.patterns.accounts import accounts
from device_sim.privacy.patterns.amounts import amounts
from device_sim.privacy.patterns.dates import dates
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.named_values import named_values
from device_sim.privacy.patterns.network import network
from device_sim.privacy.patterns.numbers import numbers
from device_sim.privacy.patterns.papers import papers
from device_sim.privacy.patterns.plain import plain
from device_sim.privacy.patterns.spoken import with_digits
from device_sim.privacy.patterns.tables import tables
from model_store.han import simplified

SOURCE = "patterns"
# Of two findings at one place, the first type here is what it is.
_ORDER = (
    SensitiveType.EMAIL,
    SensitiveType.LINK,
    SensitiveType.ID,
    SensitiveType.CARD,
    SensitiveType.PASSPORT,
    SensitiveType.PHONE,
    SensitiveType.PLATE,
    SensitiveType.ACCOUNT,
    SensitiveType.DATE,
    SensitiveType.AMOUNT,
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
# Nothing but spoken numbers and amounts is written without one of these: most sentences are done with at once.
_ANY = re.compile(r"[\da-z@]|\.[一-鿿]")
_MONEY_WORDS = re.compile(
    r"[一二两三四五六七八九十百千万亿半壹贰叁肆伍陆柒捌玖][百千万亿佰仟拾萬几多来余]?[元块万毛美欧英港日角分圆千百]|[人均][^，。]{0,2}[一二三四五六七八九]|\d|个[亿w]|生|dollar|buck|pound|euro|yuan|grand|[〇零一二三四五六七八九]年"
)


@dataclass(frozen=True, slots=True)
class PatternPolicy:
    """Whether amounts of money and full dates count as sensitive."""

    amounts: bool = True
    dates: bool = True


class Patterns:
    """The recogniser of what is known by its form. Holds no state; safe to share between threads."""

    def __init__(self, policy: PatternPolicy = PatternPolicy()) -> None:
        self._policy = policy

    def find(self, text: str) -> list[Finding]:
        """The sensitive places, from left to right, none within another; in code points of `text`."""
        made = plain(text)
        found = []
        for match in _outermost(self._matches(simplified(made.text))):
            start, end = made.original(match.start, match.end)
            found.append(Finding(start, end, match.type, SOURCE))
        return found

    def _matches(self, text: str) -> list[Match]:
        found: list[Match] = []
        if _ANY.search(text):
            found += _of_digits(text)
            found += network(text)
            found += tables(text)
        found += named_values(text)
        spoken = with_digits(text)
        if spoken:
            found += _of_digits(spoken)
            found += named_values(spoken)
        if _MONEY_WORDS.search(text):
            if self._policy.dates:
                found += dates(text)
            if self._policy.amounts:
                found += amounts(text, private=bool(found))
        return found


def _of_digits(text: str) -> Iterator[Match]:
    yield from numbers(text)
    yield from papers(text)
    yield from accounts(text)


def _outermost(matches: list[Match]) -> list[Match]:
    """Without those that lie in another. Two that only overlap both stay: dropping one would show a part of it."""
    kept: list[Match] = []
    reached = 0
    for match in sorted(matches, key=lambda one: (one.start, -one.end, _RANK[one.type])):
        if match.end > reached:
            kept.append(match)
            reached = match.end
    return kept
