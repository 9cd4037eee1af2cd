"""Sensitive values out, placeholders in; and the only maker of what may leave the device."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Final, Literal

from device_sim.privacy.findings import Finding, Recogniser, SensitiveType
from device_sim.privacy.phrase_index import PhraseIndex
from device_sim.privacy.placeholders import mentions, placeholder
from device_sim.privacy.spans import Span, merge, outside, rank
from device_sim.privacy.vault import Vault

Role = Literal["system", "user", "assistant"]

_SEAL: Final = object()  # what the values below are made with; only this module has it
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class RedactedSpan:
    """Characters (code points) `start` to `end`, exclusive, of the original text, and what stands for them."""

    start: int
    end: int
    type: SensitiveType
    text: str = field(repr=False)
    placeholder: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its sensitive values. Only a redactor makes one."""

    text: str = field(repr=False)
    entities: tuple[RedactedSpan, ...]
    vault: Vault = field(compare=False)
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only a redactor makes a redacted text")


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is redacted: its parts, joined as they are. The redactor's own words and redacted texts go as
    they stand, any other text is redacted.
    """

    role: Role
    parts: Sequence[str | Redacted] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that may leave."""

    role: Role
    content: str = field(repr=False)


class Outbound:
    """What may leave the device: messages without sensitive values. Only a redactor makes one; it can't be changed,
    copied or pickled.
    """

    __slots__ = ("_messages", "_seal")

    def __init__(self, messages: Iterable[Message], *, seal: object = None) -> None:
        if seal is not _SEAL:
            raise TypeError("only a redactor makes what may leave the device")
        object.__setattr__(self, "_messages", tuple(messages))
        object.__setattr__(self, "_seal", seal)

    @property
    def messages(self) -> tuple[Message, ...]:
        """In the order of the conversation."""
        if getattr(self, "_seal", None) is not _SEAL:  # made around the constructor
            raise TypeError("only a redactor makes what may leave the device")
        messages: tuple[Message, ...] = object.__getattribute__(self, "_messages")
        return messages

    def __init_subclass__(cls) -> None:
        raise TypeError("what may leave the device has one type")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("what may leave the device can't be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("what may leave the device can't be changed")

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("what may leave the device can't be copied")

    def __repr__(self) -> str:
        characters = sum(len(message.content) for message in self.messages)
        return f"<Outbound of {len(self.messages)} messages, {characters} characters>"


class Redactor:
    """Replaces what its recognisers find, and every value that the conversation knows already.

    `recognisers` see a text as it is and once more with its placeholders, until they find nothing more; those of
    `once`, such as a model that takes milliseconds, see it as it is alone; those of `afterwards`, such as an allow-list
    of words, only with placeholders, so that a name and what stands beside it are not taken for one odd word.
    `own_words` are the texts of this program that go out as they are, such as system prompts. Thread-safe.
    """

    def __init__(
        self, recognisers: Sequence[Recogniser], *, once: Sequence[Recogniser] = (),
        afterwards: Sequence[Recogniser] = (), own_words: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._recognisers = tuple(recognisers)
        self._once = tuple(once)
        self._afterwards = tuple(afterwards)
        self.own_words = frozenset(own_words)

    def redact(self, text: str, vault: Vault) -> Redacted:
        """The text with a placeholder for each sensitive value. Restoring it gives the text back, byte for byte: also
        where the text itself holds what looks like a placeholder.

        Raises:
            VaultFull: the conversation has no room for another value.
        """
        spans = self._spans(text, vault)
        entities = []
        for span in spans:
            value = text[span.start : span.end]
            name = vault.placeholder_for(value, span.type, span.subject)
            entities.append(RedactedSpan(span.start, span.end, span.type, value, name))
        redacted, _ = _replaced(text, spans, [entity.placeholder for entity in entities])
        return Redacted(redacted, tuple(entities), vault, _SEAL)

    def _spans(self, text: str, vault: Vault) -> tuple[Span, ...]:
        found = [finding for one in (*self._recognisers, *self._once) for finding in one.find(text)]
        looks_alike = (Finding(m.start, m.end, SensitiveType.TEXT, "placeholder") for m in mentions(text))
        spans = _with_known(text, merge([*_inside(text, found), *looks_alike]), vault)
        for _ in range(_ROUNDS):
            more = self._still_there(text, spans)
            if not more:
                return spans
            spans = _with_known(text, merge([*spans, *more]), vault)
        return (Span(0, len(text), SensitiveType.TEXT),)  # a recogniser that is never content gets nothing to see

    def _still_there(self, text: str, spans: Sequence[Span]) -> list[Finding]:
        """What would be found, or restored, in the redacted text beyond its placeholders; by place in `text`."""
        recognisers = (*self._recognisers, *self._afterwards) if spans else self._afterwards
        if not recognisers:
            return []
        redacted, places = _replaced(text, spans, [placeholder(span.type, 0) for span in spans])
        ours = set(places)
        found = [
            Finding(m.start, m.end, SensitiveType.TEXT, "placeholder")
            for m in mentions(redacted) if (m.start, m.end) not in ours
        ]  # fmt: skip
        found += _inside(redacted, [finding for one in recognisers for finding in one.find(redacted)])
        more = []
        for finding in found:
            # Where a false placeholder holds a true one, signs alone may be left of it: they are parts too.
            signs = finding.source == "placeholder"
            for start, end in outside(redacted, finding.start, finding.end, places, signs=signs):
                shift = sum(
                    (span.end - span.start) - (place[1] - place[0])
                    for span, place in zip(spans, places, strict=True) if place[1] <= start
                )  # fmt: skip
                more.append(Finding(start + shift, end + shift, finding.type, finding.source, finding.subject))
        return more

    def outbound(self, drafts: Iterable[Draft], vault: Vault) -> Outbound:
        """The messages as they may leave.

        Raises:
            ValueError: a redacted part is of another conversation, or parts join to something that looks like a
                placeholder and is none.
            VaultFull: the conversation has no room for another value.
        """
        return Outbound([Message(draft.role, self._joined(draft, vault)) for draft in drafts], seal=_SEAL)

    def _joined(self, draft: Draft, vault: Vault) -> str:
        pieces: list[str] = []
        ours: set[tuple[int, int]] = set()
        length = 0
        for part in draft.parts:
            if isinstance(part, Redacted) and part.vault is not vault:
                raise ValueError("a part was redacted for another conversation")
            if isinstance(part, str) and part in self.own_words:
                pieces.append(part)
                ours.update((length + m.start, length + m.end) for m in mentions(part))
            else:
                redacted = part if isinstance(part, Redacted) else self.redact(part, vault)
                pieces.append(redacted.text)
                shift = length
                for entity in redacted.entities:
                    start = entity.start + shift
                    ours.add((start, start + len(entity.placeholder)))
                    shift += len(entity.placeholder) - (entity.end - entity.start)
            length += len(pieces[-1])
        content = "".join(pieces)
        if any((m.start, m.end) not in ours for m in mentions(content)):
            raise ValueError("parts of a message join to what looks like a placeholder")
        return content


def _inside(text: str, findings: Iterable[Finding]) -> list[Finding]:
    """A finding that reaches out of the text, or is empty, is a recogniser's fault that must not hide others."""
    length = len(text)
    return [finding for finding in findings if 0 <= finding.start < finding.end <= length]


def _with_known(text: str, spans: tuple[Span, ...], vault: Vault) -> tuple[Span, ...]:
    """The spans, and wherever else the text holds one of their values or one that the conversation knows. A value that
    is known already keeps the type that it was first seen as: one value, one placeholder.
    """
    known = vault.occurrences(text)
    while True:
        here: PhraseIndex[Span] = PhraseIndex()
        for span in sorted(spans, key=lambda one: rank(one.type)):
            if span.type is not SensitiveType.TEXT:
                here.add(text[span.start : span.end], span)
        again = (Finding(f.start, f.end, f.label.type, "again", f.label.subject) for f in here.find(text))
        more = merge([*spans, *known, *again])
        if more == spans:
            break
        spans = more
    return tuple(
        Span(span.start, span.end, vault.type_of(text[span.start : span.end]) or span.type, span.subject)
        for span in spans
    )  # fmt: skip


def _replaced(text: str, spans: Sequence[Span], names: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text with the names in place of the spans, and where they stand in it."""
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    end = length = 0
    for span, name in zip(spans, names, strict=True):
        pieces += (text[end : span.start], name)
        length += span.start - end
        places.append((length, length + len(name)))
        length += len(name)
        end = span.end
    pieces.append(text[end:])
    return "".join(pieces), places
