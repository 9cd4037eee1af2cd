"""What language models do to placeholders, and what must come of it. Written without the code under test."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\[([A-Z]+)_([A-Z]{1,2})\]")
_SAFE_BEFORE = re.compile(r"[^A-Za-z0-9_\\\[［【〔〖{｛<＜]\Z")  # a word may begin after it, and no bracket is closed
_SAFE_AFTER = re.compile(r"[^A-Za-z0-9_\\-]")
_CLOSER = re.compile(r"[\]］】〕〗]")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPEN = {"[" + letter for letter in _CAPITALS}

Spelling = Callable[[str, str], str]

# Surely mean the placeholder, wherever they stand.
CERTAIN: Mapping[str, Spelling] = {
    "kept": lambda kind, letters: f"[{kind}_{letters}]",
    "small letters": lambda kind, letters: f"[{kind}_{letters}]".lower(),
    "mixed case": lambda kind, letters: f"[{kind.title()}_{letters}]",
    "spaces": lambda kind, letters: f"[ {kind} _ {letters} ]",
    "space at the end": lambda kind, letters: f"[{kind}_{letters} ]",
    "space for underscore": lambda kind, letters: f"[{kind} {letters}]",
    "hyphen": lambda kind, letters: f"[{kind}-{letters}]",
    "full-width brackets": lambda kind, letters: f"【{kind}_{letters}】",
    "one full-width bracket": lambda kind, letters: f"[{kind}_{letters}】",
    "full width": lambda kind, letters: _wide(f"[{kind}_{letters}]"),
    "escaped underscore": lambda kind, letters: f"[{kind}\\_{letters}]",
    "braces": lambda kind, letters: f"{{{kind}_{letters}}}",
    "angles": lambda kind, letters: f"<{kind}_{letters}>",
    "entities": lambda kind, letters: f"&#91;{kind}_{letters}&#93;",
    "zero width": lambda kind, letters: f"[{kind}\u200b_{letters}]",
}
# The same, where letters, digits and escapes don't touch them.
CERTAIN_APART: Mapping[str, Spelling] = {
    "bare": lambda kind, letters: f"{kind}_{letters}",
    "bare, full width": lambda kind, letters: _wide(f"{kind}_{letters}"),
    "bare, escaped": lambda kind, letters: f"{kind}\\_{letters}",
    "escaped": lambda kind, letters: f"\\[{kind}\\_{letters}\\]",
    "never closed": lambda kind, letters: f"[{kind}_{letters}",
}
# What is put around or behind; it stays.
AROUND = (
    "**{}**",
    "*{}*",
    "`{}`",
    "“{}”",
    "（{}）",
    "~~{}~~",
    "{}先生",
    "{}'s",
    "{}，",
    "- {}",
    "[[{}]]",
    "# {}\n",
    '"{}"',
)
# Mean nothing for certain: they stay and are reported.
UNCERTAIN: Mapping[str, Spelling] = {
    "number behind": lambda kind, letters: f"[{kind}_{letters}_1]",
    "digit behind": lambda kind, letters: f"[{kind}_{letters}2]",
    "word behind": lambda kind, letters: f"[{kind}_{letters}电话]",
    "unknown letters": lambda kind, letters: f"[{kind}_Z{letters[0]}]",
    "digits for letters": lambda kind, letters: f"[{kind}_1]",
    "three letters": lambda kind, letters: f"[{kind}_{letters}QX]"[:40],
}


@dataclass(frozen=True)
class Answer:
    """What a peer answers, what the user must read, and what must be reported."""

    text: str
    expected: str
    unresolved: frozenset[str]


class ManglingPeer:
    """Answers with the text that it gets, its placeholders spelt in some way."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def answer(self, redacted: str, values: Mapping[str, str], *, uncertain: float = 0.15) -> Answer:
        """`values` by placeholder; `uncertain` is the share of placeholders that are spoilt beyond certainty."""
        sent, expected, unresolved = "", "", set()
        end = 0
        for found in PLACEHOLDER.finditer(redacted):
            if found[0] not in values:  # such as [PERSONPERSON_A], which is the text's own
                continue
            plain = redacted[end : found.start()]
            end = found.end()
            sent, expected = sent + plain, expected + plain
            spelt, meant = self._spell(found, sent, redacted[end:], values, uncertain)
            if meant is None:
                unresolved.add(spelt)
                meant = spelt
            elif self._rng.random() < 0.3 and spelt[0] + spelt[-1] not in _OPEN:
                around = self._rng.choice([a for a in AROUND if spelt[0] not in _BARE or "[" not in a])
                spelt, meant = around.replace("{}", spelt), around.replace("{}", meant)
            sent, expected = sent + spelt, expected + meant
        return Answer(sent + redacted[end:], expected + redacted[end:], frozenset(unresolved))

    def _spell(
        self, found: re.Match[str], before: str, after: str, values: Mapping[str, str], uncertain: float
    ) -> tuple[str, str | None]:  # fmt: skip
        """A spelling, and what the user must read for it; `None` where nothing is certain."""
        kind, letters = found.groups()
        value = values[found[0]]
        if self._rng.random() < uncertain:
            return self._rng.choice(list(UNCERTAIN.values()))(kind, letters), None
        alone = sum(name.startswith(f"[{kind}_") for name in values) == 1
        if alone and self._rng.random() < 0.2:
            return f"[{kind}]", value
        closed = _CLOSER.search(PLACEHOLDER.sub("", after))
        if _apart(before, after) and self._rng.random() < 0.4:
            name = self._rng.choice([n for n in CERTAIN_APART if n != "never closed" or not closed])
            opened = "[" if name == "never closed" else ""
            return CERTAIN_APART[name](kind, letters), opened + value
        return self._rng.choice(list(CERTAIN.values()))(kind, letters), value


def _apart(before: str, after: str) -> bool:
    return (not before or bool(_SAFE_BEFORE.search(before.rstrip(" ") or " "))) and (
        not after or bool(_SAFE_AFTER.match(after) and not PLACEHOLDER.match(after))
    )


def _wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) for character in text)


_BARE = _CAPITALS + _wide(_CAPITALS)
