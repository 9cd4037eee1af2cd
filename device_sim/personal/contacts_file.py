"""Address books as files: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).

Read here and not by a library: vobject, the kept one, drops all nicknames but the first, gives a whole card up for one
line that it can't read, and writes such a line into the log.
"""

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from device_sim.errors import InvalidEntry, InvalidFile
from device_sim.personal.bounds import check_contact
from device_sim.personal.files import Block, Entry, Reading, Rejection, blocks, digest, lines_of
from device_sim.personal.records import Contact

_SPLIT = re.compile(r"((?:[^:\"]|\"[^\"]*\")*?):(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class _Property:
    name: str
    parameters: Mapping[str, str]
    value: str


def read_contacts(content: str) -> Reading[Contact]:
    """The cards of an address book. Raises InvalidFile: it has none."""
    entries: list[Entry[Contact]] = []
    rejected: list[Rejection] = []
    for block in blocks(lines_of(content), "VCARD"):
        try:
            entries.append(_entry(block))
        except InvalidEntry as error:
            rejected.append(Rejection(block.line, str(error)))
    if not entries and not rejected:
        raise InvalidFile("there is no BEGIN:VCARD: it is no address book", field="content")
    return Reading(tuple(entries), tuple(rejected))


def _entry(block: Block) -> Entry[Contact]:
    if not block.whole:
        raise InvalidEntry("the card has no END:VCARD")
    found = list(_properties(block.lines))
    values = {name: [one for one in found if one.name == name] for name in ("N", "FN", "NICKNAME", "ORG", "UID")}
    organisation = " ".join(part for one in values["ORG"][:1] for part in _parts(one.value, ";") if part)
    nicknames = [part for one in values["NICKNAME"] for part in _parts(one.value, ",")]
    names = [
        *(_plain(one.value) for one in values["FN"]), *(_joined(_parts(one.value, ";")) for one in values["N"]),
        *nicknames,
    ]  # fmt: skip
    # A company's card often names nobody in it.
    called = list(dict.fromkeys(name for name in map(_line, names) if name and name != organisation)) or [organisation]
    if not called[0]:
        raise InvalidEntry("the card names nobody")
    contact = check_contact(
        Contact(
            0, called[0], tuple(called[1:]),
            tuple(_filled(_plain(one.value).removeprefix("tel:") for one in found if one.name == "TEL")),
            tuple(_filled(_plain(one.value).removeprefix("mailto:") for one in found if one.name == "EMAIL")),
            organisation or None, None,
        )
    )  # fmt: skip
    uid = next((uid for uid in (_plain(one.value).strip() for one in values["UID"]) if uid), "")
    uid = uid or digest(contact.name, *contact.phones, *contact.emails, contact.organisation or "")
    return Entry(block.line, uid, contact)


def _properties(lines: Sequence[str]) -> Iterator[_Property]:
    for line in _unfolded(lines):
        found = _SPLIT.fullmatch(line)
        head, value = found.groups() if found else line.partition(":")[::2]
        name, *marks = head.split(";")
        parameters = {}
        for mark in marks:
            # vCard 2.1 writes the mere value; without a sign it is the name here.
            key, _, setting = mark.partition("=")
            parameters[key.strip().upper()] = setting.strip('" ')
        encoding = parameters.get("ENCODING", "").upper()
        if encoding == "QUOTED-PRINTABLE" or "QUOTED-PRINTABLE" in parameters:
            value = _unquoted(value, parameters.get("CHARSET") or "utf-8")
        # `item1.TEL` is the TEL of a group.
        yield _Property(name.rpartition(".")[2].strip().upper(), parameters, value)


def _unfolded(lines: Sequence[str]) -> Iterator[str]:
    """Whole lines: the next one is a part of this if it is indented, or if quoted-printable text ends with `=`."""
    whole = ""
    for line in lines:
        if whole.endswith("=") and "QUOTED-PRINTABLE" in whole.partition(":")[0].upper():
            whole = whole[:-1] + line.lstrip(" \t")
        elif line[:1] in (" ", "\t"):
            whole += line[1:]
        else:
            if whole:
                yield whole
            whole = line
    if whole:
        yield whole


def _unquoted(value: str, charset: str) -> str:
    try:
        octets = quopri.decodestring(value.encode("utf-8", "surrogatepass"))
        # GBK and GB 2312 are parts of GB 18030, and named where it is meant.
        return octets.decode("gb18030" if charset.lower().startswith("gb") else charset)
    except (UnicodeDecodeError, LookupError, binascii.Error, ValueError):
        raise InvalidEntry("a value can't be read in the character set that the card names") from None


def _parts(value: str, separator: str) -> list[str]:
    """A value of several parts; a separator after a backslash is a part of the text."""
    return [_plain(part).strip() for part in re.split(rf"(?<!\\){separator}", value)]


def _joined(parts: Sequence[str]) -> str:
    """Family and given name in the order in which their script writes them."""
    family, given = (*parts, "", "")[:2]
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in family + given)
    return f"{family}{given}" if chinese else f"{given} {family}".strip()


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _line(value: str) -> str:
    return " ".join(value.split())


def _filled(values: Iterator[str]) -> list[str]:
    return [value for value in map(_line, values) if value]
