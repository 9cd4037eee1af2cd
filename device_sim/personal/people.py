"""Who the user knows: contacts by what people are called, and all that must never leave the device."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from device_sim.personal.mentions import People
from device_sim.personal.records import Contact


@dataclass(frozen=True)
class Secrets:
    """What is private in the calendar and the contacts, as it was at `revision`. `people` are named in events;
    `names` are all of people: names and aliases of contacts, and those.
    """

    revision: int
    contacts: tuple[Contact, ...]
    people: tuple[str, ...]
    places: tuple[str, ...]

    @cached_property
    def index(self) -> People:
        """The contacts, made ready to be found in texts."""
        return People(self.contacts)

    @property
    def names(self) -> frozenset[str]:
        """Every name that a person goes by."""
        return frozenset(name for one in self.contacts for name in (one.name, *one.aliases)) | frozenset(self.people)

    @property
    def phones(self) -> frozenset[str]:
        """As they were entered."""
        return frozenset(phone for one in self.contacts for phone in one.phones)

    @property
    def emails(self) -> frozenset[str]:
        """As they were entered."""
        return frozenset(email for one in self.contacts for email in one.emails)

    @property
    def organisations(self) -> frozenset[str]:
        """Where contacts work."""
        return frozenset(one.organisation for one in self.contacts if one.organisation)


def called(known: Secrets, name: str) -> tuple[Contact, ...]:
    """Contacts that `name` may mean: those called exactly so; else those whose name holds it; else those whom people
    may call so (王总, 老王).
    """
    wanted = _plain(name)
    if not wanted:
        return ()
    exact = tuple(one for one in known.contacts if wanted in _names(one))
    holding = exact or tuple(one for one in known.contacts if any(wanted in called for called in _names(one)))
    if holding:
        return holding
    mentions = known.index.find(wanted)
    return mentions[0].contacts if len(mentions) == 1 and mentions[0].stop - mentions[0].begin == len(wanted) else ()


def holding(contacts: Iterable[Contact], query: str) -> tuple[Contact, ...]:
    """Contacts that hold `query` in any field; numbers are compared by their digits."""
    wanted, digits = _plain(query), re.sub(r"\D", "", query)
    return tuple(
        one for one in contacts
        if (wanted and any(wanted in _plain(value) for value in (*_names(one), *one.emails, one.organisation or "")))
        or (len(digits) >= 3 and any(digits in re.sub(r"\D", "", phone) for phone in one.phones))
    )  # fmt: skip


def _names(contact: Contact) -> tuple[str, ...]:
    return tuple(_plain(name) for name in (contact.name, *contact.aliases))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
