"""The texts that simulated users write: the sentences that ship, or a file of your own."""

import hashlib
import json
import lzma
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from device_sim.errors import InvalidText
from device_sim.inference import check_text
from fleet.errors import InvalidTexts

SHIPPED = Path(__file__).parent / "texts" / "everyday.yaml"
EVERYTHING = "all"
# How the labels of the bundle's sentiment may be called in files.
_ALIASES = {"negative": "负面", "neutral": "中性", "positive": "正面"}


@dataclass(frozen=True)
class Text:
    """A labelled text. `group` is its topic or its author; texts of one `family` share a phrase and are never split
    between what a user teaches and what judges.
    """

    text: str
    label: str
    group: str
    family: int


@dataclass(frozen=True)
class Corpus:
    """Texts, and a digest that changes with any of them. `left_out` counts lines that hold no text to speak of."""

    texts: tuple[Text, ...]
    left_out: int = 0

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of all groups."""
        return tuple(sorted({text.group for text in self.texts}))

    @property
    def digest(self) -> str:
        """SHA-256 of all texts with their labels and groups."""
        content = json.dumps([(text.text, text.label, text.group, text.family) for text in self.texts])
        return hashlib.sha256(content.encode()).hexdigest()


def in_labels_of(name: str, labels: Sequence[str]) -> str:
    """A label by the name that the bundle has for it, which may be the same."""
    alias = _ALIASES.get(name)
    return alias if alias in labels and name not in labels and alias is not None else name


def shipped_corpus(labels: Sequence[str]) -> Corpus:
    """The sentences that ship. Raises InvalidTexts: the task is not one that they are labelled for."""
    if not set(_ALIASES.values()) <= set(labels):
        raise InvalidTexts("the shipped texts are labelled for sentiment: give texts of your own with --texts")
    content = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return Corpus(tuple(_compose(content)))


def _compose(content: Mapping[str, Any]) -> Iterator[Text]:
    """Each subject with each opinion of its part; openers and endings go round."""
    count = family = 0
    for topic, parts in content["topics"].items():
        for part in parts:
            for name, label in _ALIASES.items():
                openers, endings = content["openers"][name], content["endings"][name]
                for opinion in part[name]:
                    family += 1
                    for subject in part["subjects"]:
                        count += 1
                        chosen = random.Random(count)  # noqa: S311  # variety, no secret
                        text = chosen.choice(openers) + subject + opinion + chosen.choice(endings)
                        yield Text(text, label, topic, family)


def read_corpus(
    path: Path, labels: Sequence[str], group: str | None, most: int, most_each: int, seed: int
) -> Corpus:  # fmt: skip
    """JSON lines, plain or .xz, with `text`, `label` and, if named, the field `group`; at most `most` texts, drawn
    evenly over the groups, of each at most `most_each`. Blank texts are left out, and repeated ones.

    Raises:
        InvalidTexts: naming the line.
    """
    groups: dict[str, list[Text]] = {}
    seen: set[str] = set()
    left_out = 0
    for number, row in _rows(path):
        if isinstance(row, dict) and isinstance(row.get("text"), str) and not row["text"].strip():
            left_out += 1
            continue
        text = _parsed(row, labels, group, f"{path.name}, line {number}", number)
        if text.text not in seen:
            seen.add(text.text)
            groups.setdefault(text.group, []).append(text)
    if not groups:
        raise InvalidTexts(f"{path} holds no text")
    drawn = random.Random(seed)  # noqa: S311  # a sample of texts, no secret
    chosen = [drawn.sample(groups[name], min(len(groups[name]), most_each)) for name in sorted(groups)]
    evenly = (text for turn in zip_longest(*chosen) for text in turn if text is not None)
    return Corpus(tuple(text for _, text in zip(range(most), evenly, strict=False)), left_out)


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="utf-8-sig") as lines:
            yield from _decoded(path, lines)
    except OSError as error:
        raise InvalidTexts(f"{path} can't be read: {error.strerror or 'it is no file'}") from error
    except (lzma.LZMAError, EOFError, UnicodeError) as error:
        raise InvalidTexts(f"{path} is not text in UTF-8, or not what xz packed") from error


def _decoded(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                raise InvalidTexts(f"{path.name}, line {number}: is not JSON") from None
            except RecursionError:
                raise InvalidTexts(f"{path.name}, line {number}: is nested too deeply") from None


def _parsed(row: Any, labels: Sequence[str], group: str | None, where: str, number: int) -> Text:
    if not isinstance(row, dict):
        raise InvalidTexts(f"{where}: is no JSON object")
    for field in ("text", "label", *((group,) if group else ())):
        if not isinstance(row.get(field), str) or not row[field].strip():
            raise InvalidTexts(f"{where}: has no {field!r}; its fields are: {', '.join(sorted(row))}")
    label = in_labels_of(row["label"], labels)
    if label not in labels:
        aliases = ", ".join(name for name, of in _ALIASES.items() if of in labels)
        raise InvalidTexts(f"{where}: its label is none of {', '.join(labels)}{f' (or {aliases})' if aliases else ''}")
    try:
        checked = check_text(row["text"])
    except InvalidText as error:
        raise InvalidTexts(f"{where}: {error}") from None
    return Text(checked, label, row[group] if group else EVERYTHING, number)
