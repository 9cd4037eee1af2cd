"""Files of labelled text: what a recipe says of one, and reading it as examples of the tasks."""

import json
import lzma
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from toolchain.errors import DataError
from toolchain.patterns import draw
from toolchain.settings import Settings
from toolchain.tasks import Task

CORPORA = Path(__file__).parent / "corpora"
_SHIPPED = "corpora:"  # The prefix of paths in the toolchain's own folder of text.
_UNLABELLED = "-"
_TOPIC = "TOPIC"
_MARK = re.compile(r"\[([^\[\]]+)\]\(([A-Z]+)\)")


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Annotation:
    """The spans of a text, complete for `types`; of others nothing is known."""

    spans: tuple[Span, ...]
    types: frozenset[str]


@dataclass(frozen=True)
class Example:
    """A text with a label (its index) for some sentence tasks, and spans for some token tasks, by the task's name."""

    text: str
    source: str
    labels: Mapping[str, int] = field(default_factory=dict)
    spans: Mapping[str, Annotation] = field(default_factory=dict)


class Source(Settings):
    """A file of labelled text, in the data folder or, as `corpora:<name>`, among the toolchain's own.

    JSON lines have `text`, and `label` or `spans` [{start, end, type}], which `labels` maps to those of `task`; labels
    that it leaves out are left out. Tab-separated lines have a column for each of `columns`, tasks by name ('-' is
    unlabelled), then the text, in which `[words](TYPE)` marks spans of `task`; see corpora/README.md. With `texts`, a
    file of dialogues as JSON lines of id and turns, the last column is instead a dialogue's id and the places of TOPIC
    spans in its first turn: labels of text that is not ours to copy. With `drawn` the path is a folder of patterns (see
    `toolchain.patterns`), and so many sentences are made of them.
    """

    path: str
    licence: str
    task: str
    labels: dict[str, str] = Field(default={})
    columns: tuple[str, ...] = ()
    texts: str | None = None
    drawn: int = Field(default=0, ge=0, description="sentences to draw, where the path is a folder of patterns")
    skip: int = Field(default=0, ge=0, description="rows to leave out at the beginning")
    most: int | None = Field(default=None, ge=1, description="rows to take at most")
    times: int = Field(default=1, ge=1, description="how often training sees each of them an epoch")
    swaps: int = Field(default=0, ge=0, description="copies of each row to make with other names in it")
    swapped: tuple[str, ...] = Field(default=(), description="types of spans whose names are swapped in the copies")

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return Path(self.path.removeprefix(_SHIPPED)).name.split(".")[0]

    def file(self, folder: Path) -> Path:
        """Where it lies."""
        if self.path.startswith(_SHIPPED):
            return CORPORA / self.path.removeprefix(_SHIPPED)
        return folder / self.path


class Measure(Settings):
    """A figure's data: what `source` says of `task`, which must be one of its tasks.

    `between` counts only two labels, the more probable one; `taken` names pairs (right, chosen) whose rate is told.
    """

    source: Source
    task: str
    between: tuple[str, str] | None = None
    taken: tuple[tuple[str, str], ...] = ()


def read_source(folder: Path, source: Source, tasks: Mapping[str, Task]) -> list[Example]:
    """All rows of a source that say something of a task, in file order.

    Raises:
        DataError: naming the file, and the line that is malformed or has an unknown label; nothing is in it.
    """
    path = source.file(folder)
    _check_tasks(source, tasks)
    turns = _first_turns(folder / source.texts) if source.texts else {}
    tabbed = bool(source.drawn) or path.name.removesuffix(".xz").endswith(".tsv")
    examples = []
    for number, line in enumerate(draw(path, source.drawn, 0), start=1) if source.drawn else _lines(path):
        where = f"{source.path}, line {number}"
        if number <= source.skip:
            continue
        example = _tabbed(line, where, source, tasks, turns) if tabbed else _json_line(line, where, source, tasks)
        if example:
            examples.append(example)
    if not examples:
        raise DataError(f"{source.path} holds no row with a label of {source.task} ({_allowed(source, tasks)})")
    return examples[: source.most]


def unmark(marked: str) -> tuple[str, list[Span]]:
    """A text in which `[words](TYPE)` marks spans, as plain text and its spans."""
    plain, spans, position = "", [], 0
    for mark in _MARK.finditer(marked):
        plain += marked[position : mark.start()]
        spans.append(Span(len(plain), len(plain) + len(mark[1]), mark[2]))
        plain += mark[1]
        position = mark.end()
    return plain + marked[position:], spans


def _json_line(line: str, where: str, source: Source, tasks: Mapping[str, Task]) -> Example | None:
    try:
        row = json.loads(line)
    except ValueError:
        raise DataError(f"{where}: not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise DataError(f"{where}: text must be a string")
    task, text = tasks[source.task], row["text"]
    if task.kind == "token":
        return Example(text, source.name, spans={source.task: _annotation(row.get("spans"), text, where, source, task)})
    if not isinstance(row.get("label"), str):
        raise DataError(f"{where}: label must be a string")
    label = source.labels.get(row["label"])
    return (
        Example(text, source.name, labels={source.task: task.labels.index(label)}) if label and text.strip() else None
    )


def _annotation(spans: object, text: str, where: str, source: Source, task: Task) -> Annotation:
    if not isinstance(spans, list):
        raise DataError(f"{where}: spans must be a list")
    found = []
    for span in spans:
        try:
            start, end, kind = int(span["start"]), int(span["end"]), source.labels.get(span["type"])
        except (KeyError, TypeError, ValueError):
            raise DataError(f"{where}: a span needs start, end and type") from None
        if not 0 <= start < end <= len(text):
            raise DataError(f"{where}: a span lies outside of the text")
        if kind:
            found.append(Span(start, end, kind))
    return Annotation(tuple(found), frozenset(source.labels.values()) & set(task.labels))


def _tabbed(
    line: str, where: str, source: Source, tasks: Mapping[str, Task], turns: Mapping[str, str]
) -> Example | None:
    *columns, marked = line.split("\t")
    if len(columns) != len(source.columns):
        raise DataError(f"{where}: {len(columns) + 1} columns; {len(source.columns) + 1} are needed")
    text, spans = _referred(marked, where, turns) if source.texts else unmark(marked)
    labels = {}
    for task, label in zip(source.columns, columns, strict=True):
        if label != _UNLABELLED and task in tasks:
            if label not in tasks[task].labels:
                raise DataError(f"{where}: {task} has no such label; allowed: {', '.join(tasks[task].labels)}")
            labels[task] = tasks[task].labels.index(label)
    if source.task not in tasks or tasks[source.task].kind != "token":
        return Example(text, source.name, labels) if labels else None
    types = frozenset([_TOPIC]) if source.texts else frozenset(tasks[source.task].labels)
    unknown = {span.type for span in spans} - types
    if unknown:
        raise DataError(f"{where}: no such type of span: {unknown.pop()}; allowed: {', '.join(sorted(types))}")
    return Example(text, source.name, labels, {source.task: Annotation(tuple(spans), types)})


def _referred(marked: str, where: str, turns: Mapping[str, str]) -> tuple[str, list[Span]]:
    """The text and the topics that a dialogue's id and places in its first turn stand for."""
    name, *places = marked.split()
    text = turns.get(name)
    try:
        spans = [Span(int(start), int(end), _TOPIC) for start, _, end in (place.partition("-") for place in places)]
    except ValueError:
        raise DataError(f"{where}: places must be start-end") from None
    if text is None or any(not 0 <= span.start < span.end <= len(text) for span in spans):
        raise DataError(f"{where}: there is no dialogue {name}, or its first turn has no such place")
    return text, spans


def _first_turns(path: Path) -> dict[str, str]:
    """By a dialogue's id, what its client says first, with white space collapsed."""
    found = {}
    for number, line in _lines(path):
        try:
            row = json.loads(line)
            found[str(row["id"])] = " ".join(next(text for who, text in row["turns"] if who == "client").split())
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path}, line {number}: id and turns are needed") from None
        except StopIteration:
            continue
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that say something."""
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                stripped = line.rstrip("\r\n")
                if stripped.strip() and not stripped.startswith("#"):
                    yield number, stripped
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (OSError, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read as UTF-8 text: {error}") from error


def _check_tasks(source: Source, tasks: Mapping[str, Task]) -> None:
    if source.task not in tasks and not set(source.columns) & set(tasks):
        raise DataError(f"{source.path} is for the task {source.task}; the recipe's are {', '.join(tasks)}")
    if source.task in tasks and not source.columns:
        unknown = set(source.labels.values()) - set(tasks[source.task].labels)
        if unknown:
            allowed = ", ".join(tasks[source.task].labels)
            raise DataError(f"{source.path}: {source.task} has no label {min(unknown)}; allowed: {allowed}")


def _allowed(source: Source, tasks: Mapping[str, Task]) -> str:
    if source.columns:
        return ", ".join(source.columns)
    return ", ".join(source.labels) or ", ".join(tasks[source.task].labels)
