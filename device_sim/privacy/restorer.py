"""Placeholders in an answer back to values: in one pass, and only where what is meant is certain."""

from dataclasses import dataclass, field

from device_sim.privacy.placeholders import Mention, mentions, undecided
from device_sim.privacy.vault import Vault


@dataclass(frozen=True, slots=True)
class Restored:
    """A text with its values, and what looks like a placeholder and stayed (each spelling once, in order)."""

    text: str = field(repr=False)
    unresolved: tuple[str, ...] = ()


def restore(text: str, vault: Vault) -> Restored:
    """The text with the value of each placeholder of this conversation, in any spelling that surely means it; a
    restored value is never looked at again. `[PERSON]` is restored where the conversation holds one person.
    """
    return StreamRestorer(vault).finish(text)


class StreamRestorer:
    """Restores a text that arrives in pieces, cut anywhere, with the same result as `restore` of the whole. Only what
    may still become a placeholder is held back, at most 48 characters. For one stream, not thread-safe.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._seen = ""  # the character before what is held: it tells whether a word begins there
        self._held = ""
        self._unresolved: dict[str, None] = {}

    def feed(self, chunk: str) -> str:
        """The part of the text that is certain now."""
        return self._advance(chunk, final=False)

    def finish(self, chunk: str = "") -> Restored:
        """The rest of the text, with a last chunk if there is one, and what stayed in all of it."""
        return Restored(self._advance(chunk, final=True), tuple(self._unresolved))

    def _advance(self, chunk: str, *, final: bool) -> str:
        text = self._seen + self._held + chunk
        position = len(self._seen)
        pieces: list[str] = []
        stop = len(text) if final else undecided(text, position)
        for mention in mentions(text, position):
            if mention.start >= stop:
                break
            pieces += (text[position : mention.start], self._resolve(text, mention))
            position = mention.end
        stop = max(stop, position)  # what was resolved is never looked at again
        pieces.append(text[position:stop])
        self._seen, self._held = text[max(stop - 1, 0) : stop], text[stop:]
        return "".join(pieces)

    def _resolve(self, text: str, mention: Mention) -> str:
        value = None
        if mention.name is not None:
            value = self._vault.value_of(mention.name)
        elif mention.type is not None:
            value = self._vault.only_value_of(mention.type)
        if value is None:
            value = text[mention.start : mention.end]
            self._unresolved.setdefault(value)
        return value
