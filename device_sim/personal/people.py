"""Who the user knows: contacts by what people are called, and all that must never leave the device."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from device_sim.personal.records import Contact

# 王总 and 老王 are 王 with a title before or after it; a double surname counts as one.
_TITLED = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,2}?)"
    r"(?:总监|总|经理|老师|医生|大夫|教授|主任|局长|处长|科长|部长|校长|院长|律师|工程师|工|董事长|董|先生|女士|小姐|阿姨|叔叔|哥|姐|叔|姨)"
)
_FAMILIAR = re.compile(r"(?:老|小|阿|大)(?P<name>[\u4e00-\u9fff])")


@dataclass(frozen=True)
class Secrets:
    """What is private in the calendar and the contacts, as it was at `revision`. `people` are named in events;
    `names` are all of people: names and aliases of contacts, and those.
    """

    revision: int
    contacts: tuple[Contact, ...]
    people: tuple[str, ...]
    places: tuple[str, ...]

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


def called(contacts: Sequence[Contact], name: str) -> tuple[Contact, ...]:
    """Contacts that `name` may mean: those called exactly so; else those whose name holds it; else, for a surname with
    a title or a familiar word (王总, 老王), those of that surname.
    """
    wanted = _plain(name)
    if not wanted:
        return ()
    exact = tuple(one for one in contacts if wanted in _names(one))
    holding = exact or tuple(one for one in contacts if any(wanted in called for called in _names(one)))
    if holding:
        return holding
    titled = _TITLED.fullmatch(wanted) or _FAMILIAR.fullmatch(wanted)
    return tuple(one for one in contacts if _plain(one.name).startswith(titled["name"])) if titled else ()


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
