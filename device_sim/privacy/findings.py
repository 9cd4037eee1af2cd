"""Places in a text that are sensitive: what each is, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SensitiveType(StrEnum):
    """What a sensitive value is; a placeholder begins with it."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"  # any organisation
    PROJECT = "PROJECT"
    ADDRESS = "ADDRESS"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    ID = "ID"  # a resident identity card's number
    CARD = "CARD"  # a bank card's number
    PASSPORT = "PASSPORT"  # also the permits for Hong Kong, Macao and Taiwan
    PLATE = "PLATE"  # a vehicle's
    ACCOUNT = "ACCOUNT"  # WeChat, QQ, other accounts; passwords, codes
    LINK = "LINK"  # an address on the network
    AMOUNT = "AMOUNT"
    DATE = "DATE"
    TERM = "TERM"  # a word that everyday public text does not hold
    TEXT = "TEXT"  # what looks like a placeholder in the user's own text


@dataclass(frozen=True, slots=True)
class Finding:
    """The characters (code points) `start` to `end`, exclusive, of a text. `source` names the recogniser, for people;
    `subject`, where there is one, is the same for all that mean the same thing: 王总 and 王建国 of one contact.
    """

    start: int
    end: int
    type: SensitiveType
    source: str
    subject: str | None = None


class Recogniser(Protocol):
    """Finds what is sensitive. Thread-safe."""

    def find(self, text: str) -> Sequence[Finding]:
        """The places, in any order; they may overlap. The time grows linearly with the text."""
        ...
