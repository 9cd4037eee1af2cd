"""The forms that labelled text comes in: JSON lines, and tab-separated lines with marked spans."""

import json
import lzma
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import DataError
from toolchain.examples import Annotation, Example, Span
from toolchain.tasks import Task

if TYPE_CHECKING:
    from toolchain.sources import Source

_UNLABELLED = "-"
_TOPIC = "TOPIC"
_MARK = re.compile(r"\[([^\[\]]+)\]\(([A-Z]+)\)")


def unmark(marked: str) -> tuple[str, list[Span]]:
    """A text in which `[words](TYPE)` marks spans, as plain text and its spans."""
    plain, spans, position = "", [], 0
    for mark in _MARK.finditer(marked):
        plain += marked[position : mark.start()]
        spans.append(Span(len(plain), len(plain) + len(mark[1]), mark[2]))
        plain += mark[1]
        position = mark.end()
    return plain + marked[position:], spans


def json_line(line: str, where: str, source: "Source", tasks: Mapping[str, Task]) -> Example | None:
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


def _annotation(spans: object, text: str, where: str, source: "Source", task: Task) -> Annotation:
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


def tabbed(
    line: str, where: str, source: "Source", tasks: Mapping[str, Task], turns: Mapping[str, str]
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


def first_turns(path: Path) -> dict[str, str]:
    """By a dialogue's id, what its client says first, with white space collapsed."""
    found = {}
    for number, line in lines(path):
        try:
            row = json.loads(line)
            found[str(row["id"])] = " ".join(next(text for who, text in row["turns"] if who == "client").split())
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path}, line {number}: id and turns are needed") from None
        except StopIteration:
            continue
    return found


def files_of(path: Path) -> list[Path]:
    """The files of a folder in the order of their names, but for hidden ones and editors' copies; a file by itself."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.is_file() and file.name[0] != "." and file.name[-1] != "~")


def lines(path: Path, *, comments: bool = True) -> Iterator[tuple[int, str]]:
    """Numbered lines that say something; with `comments`, those that begin with # say nothing."""
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                stripped = line.rstrip("\r\n")
                if stripped.strip() and not (comments and stripped.startswith("#")):
                    yield number, stripped
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (OSError, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read as UTF-8 text: {error}") from error
