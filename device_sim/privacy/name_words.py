"""What names are made of: surnames, titles, first names, ends of organisations, places.

The lists lie in `name_words.toml`; surnames of two characters and titles that contacts go by as well come from
`personal.mentions`. What only one pattern needs stands in that pattern.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from device_sim.personal import mentions

_WORDS: dict[str, str] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _characters(name: str) -> frozenset[str]:
    return frozenset(_WORDS[name]) - {"\n"}


def _words(name: str) -> tuple[str, ...]:
    return tuple(_WORDS[name].split())


def one_of(words: Iterable[str]) -> str:
    """A pattern of any of `words`, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


SURNAMES = _characters("surnames")
SURE_SURNAMES = _characters("sure_surnames")
WEAK_SURNAMES = _characters("weak_surnames")
COMPOUND_SURNAMES = mentions.COMPOUND_SURNAMES | frozenset(_words("compound_surnames"))
GIVEN = _characters("given")
TITLES = tuple(title for title in mentions.TITLES if len(title) > 1 and not title.isascii()) + _words("titles")
SHORT_TITLES = _characters("short_titles")
CUES = _words("cues")
AFTER = _words("after")
FIRST_NAMES = frozenset(_words("first_names"))
AMBIGUOUS_FIRST_NAMES = frozenset(_words("ambiguous_first_names"))
PINYIN_SURNAMES = frozenset(_words("pinyin_surnames"))
PROVINCES = _words("provinces")
CITIES = _words("cities")
ORGANISATION_ENDS = _words("organisation_ends")
SURE_ENDS = frozenset(_words("sure_ends"))
ORGANISATION_PARTS = frozenset(_words("organisation_parts"))
COUNTRIES = _words("countries")
BUSINESSES = _words("businesses")
ACTIVITIES = _words("activities")
LATIN_FIRM_ENDS = _words("latin_firm_ends")
LATIN_NO_NAMES = frozenset(_words("latin_no_names"))
KIN_GIVEN = _characters("kin_given")
NO_ENTRY = frozenset(_words("no_entry"))
COLUMNS_OF_FIRMS = _words("columns_of_firms")
COLUMNS_OF_PLANS = _words("columns_of_plans")
OTHER_COLUMNS = frozenset(_words("other_columns"))
ACTS = _words("acts")
KIN_TITLES = _words("kin_titles")
PERSON_LABELS = _words("person_labels")
SHOP_CHARACTERS = _characters("shop_characters")
PET_NAMES = _words("pet_names")
HOMOGRAPHS = frozenset(_words("homographs"))
PERSONAL = _words("personal")
ASKED_OF_ANY = _words("asked_of_any")
NOT_SHOPS = frozenset(_words("not_shops"))
NOT_BEFORE = frozenset(_words("not_before"))
ORGANISATIONS = _words("organisations")
NO_NAMES = frozenset((*_words("no_names"), *_words("of_history")))
