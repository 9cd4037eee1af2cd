"""What a recipe trains on: its sources without duplicates, without text that is measured, without what is held out."""

import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.errors import DataError
from toolchain.examples import Annotation, Example, Span
from toolchain.formats import files_of, lines
from toolchain.sources import Measure, Source, read_source
from toolchain.tasks import Task
from toolchain.words import LICENCE, dictionary, words_of


@dataclass(frozen=True)
class SourceRecord:
    """What a bundle says of one source: the file's SHA-256, its licence, how many of its rows were used."""

    name: str
    sha256: str
    licence: str
    rows: int


@dataclass(frozen=True)
class TrainingData:
    """`train` to fit; `held_out`, by task, to measure forgetting with; no text of either is in a measure."""

    train: tuple[Example, ...]
    held_out: Mapping[str, tuple[Example, ...]]
    records: tuple[SourceRecord, ...]


def training_data(
    folder: Path, tasks: Mapping[str, Task], sources: Sequence[Source], measures: Sequence[Measure],
    held_out: Mapping[str, int], seed: int,
) -> TrainingData:  # fmt: skip
    """Everything to train on, without duplicates and without any text of a measure; of the tasks in `held_out` so many
    examples are kept out, never of those drawn from patterns, which training would still see in other words. `times` of
    a source repeats its rows.

    Texts count as the same when they agree after NFKC, lower-casing and removal of all but letters and digits; the
    first source to hold a text for a task keeps it.

    Raises:
        DataError: a file is missing or malformed, or a task has too few examples, or of one label only.
    """
    measured = {same_text_key(example.text) for m in measures for example in read_source(folder, m.source, tasks)}
    seen: set[tuple[str, str]] = set()
    examples: list[tuple[Example, Source]] = []
    records = []
    for source in sources:
        fresh = []
        for example in read_source(folder, source, tasks):
            key = same_text_key(example.text)
            new = {task for task in (*example.labels, *example.spans) if (task, key) not in seen}
            if key and new and key not in measured:
                seen |= {(task, key) for task in new}
                fresh.append(_only(example, new))
        examples += [(example, source) for example in fresh]
        records.append(SourceRecord(source.name, file_hash(source.file(folder)), source.licence, len(fresh)))
    generator = random.Random(seed)
    generator.shuffle(examples)
    kept, train = _hold_out(examples, held_out)
    _check_enough(tasks, train)
    repeated = [example for example, source in train for _ in range(source.times)]
    judging = measured | {same_text_key(example.text) for found in kept.values() for example in found}
    copies = [copy for copy in _swapped(train, generator) if same_text_key(copy.text) not in judging]
    if any(task.segmented for task in tasks.values()):
        records.append(_dictionary_record())
    return TrainingData(_segmented((*repeated, *copies), tasks), kept, tuple(records))


def same_text_key(text: str) -> str:
    """What two copies of a text have in common when only punctuation, width or case differ."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of all files of a folder.

    Raises:
        DataError: it can't be read.
    """
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).hexdigest()
        named = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files_of(path)}
        return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}") from None


def _dictionary_record() -> SourceRecord:
    name, file = dictionary()
    return SourceRecord(name, file_hash(file), LICENCE, sum(1 for _ in lines(file)))


def _only(example: Example, tasks: set[str]) -> Example:
    labels = {task: label for task, label in example.labels.items() if task in tasks}
    spans = {task: annotation for task, annotation in example.spans.items() if task in tasks}
    return replace(example, labels=labels, spans=spans)


def _hold_out(
    examples: Sequence[tuple[Example, Source]], wanted: Mapping[str, int]
) -> tuple[dict[str, tuple[Example, ...]], list[tuple[Example, Source]]]:
    kept: dict[str, list[Example]] = {task: [] for task in wanted}
    train = []
    for example, source in examples:
        takers = [
            task for task in wanted
            if not source.drawn and task in example.labels and len(kept[task]) < wanted[task]
        ]  # fmt: skip
        for task in takers:
            kept[task].append(example)
        if not takers:
            train.append((example, source))
    return {task: tuple(found) for task, found in kept.items()}, train


def _segmented(examples: Sequence[Example], tasks: Mapping[str, Task]) -> tuple[Example, ...]:
    """The examples with their words, where a task asks for them; repeated ones stay the same object."""
    wanted = {name: frozenset(task.labels) for name, task in tasks.items() if task.segmented}
    if not wanted:
        return tuple(examples)
    done: dict[int, Example] = {}
    for example in examples:
        if id(example) not in done:
            words = words_of(example.text)
            added = {name: Annotation(words, kinds) for name, kinds in wanted.items()}
            done[id(example)] = replace(example, spans={**example.spans, **added})
    return tuple(done[id(example)] for example in examples)


def _check_enough(tasks: Mapping[str, Task], train: Sequence[tuple[Example, Source]]) -> None:
    for name, task in tasks.items():
        if task.segmented:
            continue
        if task.kind == "sentence":
            found = {example.labels[name] for example, _ in train if name in example.labels}
            missing = [label for index, label in enumerate(task.labels) if index not in found]
        else:
            types = {span.type for example, _ in train if name in example.spans for span in example.spans[name].spans}
            missing = [label for label in task.labels if label not in types]
        if missing:
            raise DataError(f"nothing is left to train {name} on that is labelled {', '.join(missing)}")


def _swapped(train: Sequence[tuple[Example, Source]], generator: random.Random) -> list[Example]:
    """Copies of examples with other names in the places of their own, as `Source.swaps` asks for: a model should know a
    name by where it stands, and so meet many in each place.
    """
    pools: dict[tuple[str, str], list[str]] = {}
    for example, _ in train:
        for task, annotation in example.spans.items():
            for span in annotation.spans:
                pools.setdefault((task, span.type), []).append(example.text[span.start : span.end])
    copies = []
    for example, source in train:
        for task, annotation in example.spans.items():
            if any(span.type in source.swapped for span in annotation.spans):
                copies += [_swap(example, task, source, pools, generator) for _ in range(source.swaps)]
    return copies


def _swap(
    example: Example, task: str, source: Source, pools: Mapping[tuple[str, str], Sequence[str]],
    generator: random.Random,
) -> Example:  # fmt: skip
    text, spans, position = "", [], 0
    annotation = example.spans[task]
    for span in sorted(annotation.spans, key=lambda span: span.start):
        own = example.text[span.start : span.end]
        name = generator.choice(pools[task, span.type]) if span.type in source.swapped else own
        text += example.text[position : span.start]
        spans.append(Span(len(text), len(text) + len(name), span.type))
        text += name
        position = span.end
    text += example.text[position:]
    return Example(text, example.source, example.labels, {task: Annotation(tuple(spans), annotation.types)})
