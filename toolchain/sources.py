"""Files of labelled text: what a recipe says of one, and reading it as examples of the tasks."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from pydantic import Field

from toolchain.errors import DataError
from toolchain.examples import Example
from toolchain.formats import files_of, first_turns, json_line, lines, tabbed
from toolchain.patterns import draw
from toolchain.settings import Settings
from toolchain.tasks import Task

CORPORA = Path(__file__).parent / "corpora"
_SHIPPED = "corpora:"  # The prefix of paths in the toolchain's own folder of text.


class Source(Settings):
    """A file of labelled text or a folder of them, in the data folder or, as `corpora:<name>`, among the toolchain's
    own.

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

    def check(self, name: str, tasks: Mapping[str, Task]) -> None:
        """Does it ask for what its source and the tasks have? Raises ValueError if not."""
        if self.task not in (self.source.task, *self.source.columns):
            raise ValueError(f"{name}: its source says nothing of {self.task}")
        labels = tasks[self.task].labels if self.task in tasks else ()
        for label in (*(self.between or ()), *(label for pair in self.taken for label in pair)):
            if labels and label not in labels:
                raise ValueError(f"{name}: {self.task} has no label {label}; allowed: {', '.join(labels)}")


def read_source(folder: Path, source: Source, tasks: Mapping[str, Task]) -> list[Example]:
    """All rows of a source that say something of a task, in file order.

    Raises:
        DataError: naming the file, and the line that is malformed or has an unknown label; nothing is in it.
    """
    _check_tasks(source, tasks)
    turns = first_turns(folder / source.texts) if source.texts else {}
    examples = []
    for where, line, is_tabbed in islice(_rows(folder, source), source.skip, None):
        example = tabbed(line, where, source, tasks, turns) if is_tabbed else json_line(line, where, source, tasks)
        if example:
            examples.append(example)
    if not examples:
        raise DataError(f"{source.path} holds no row with a label of {source.task} ({_allowed(source, tasks)})")
    return examples[: source.most]


def _rows(folder: Path, source: Source) -> Iterator[tuple[str, str, bool]]:
    """Where each row stands, the row, and whether it has columns."""
    path = source.file(folder)
    if source.drawn:
        for number, line in enumerate(draw(path, source.drawn, 0), start=1):
            yield f"{source.path}, line {number}", line, True
        return
    for file in files_of(path):
        named = f"{source.path}/{file.name}" if path.is_dir() else source.path
        for number, line in lines(file):
            yield f"{named}, line {number}", line, file.name.removesuffix(".xz").endswith(".tsv")


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
