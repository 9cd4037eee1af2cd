"""Reading public Chinese sentiment data, mapping its labels to three, and keeping what is measured out of training.

A data folder holds `sentiment/<name>.jsonl.xz`, one JSON object a line with `text` and `label`.
"""

import hashlib
import json
import lzma
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import DataError

LABELS = ("负面", "中性", "正面")
NEGATIVE, NEUTRAL, POSITIVE = range(3)

# Labels that are in no mapping are left out: surprise can be of either kind.
POLARITY = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
EMOTIONS = {
    "anger": NEGATIVE, "disgust": NEGATIVE, "sadness": NEGATIVE, "fear": NEGATIVE,
    "none": NEUTRAL, "like": POSITIVE, "happiness": POSITIVE,
}  # fmt: skip
MOODS = {"angry": NEGATIVE, "sad": NEGATIVE, "fear": NEGATIVE, "neutral": NEUTRAL, "happy": POSITIVE}


@dataclass(frozen=True)
class Source:
    """One file: its name, its labels' mapping, its licence, and how many of its rows to take at most.

    They are the first rows; with `domains` they are drawn at random, those of these domains before all others.
    """

    name: str
    mapping: Mapping[str, int]
    licence: str
    most: int | None = None
    domains: tuple[str, ...] = ()


# In the order in which duplicates are settled: the first source to hold a text keeps it.
TRAINING = (
    Source("ewect_virus_train", MOODS, "none stated"),
    Source("ewect_virus_eval", MOODS, "none stated"),
    Source("weibo_moods8", EMOTIONS, "MIT"),
    Source("nlpcc2013_emotion", EMOTIONS, "MIT"),
    Source("chnsenticorp_train", POLARITY, "Apache-2.0"),
    # The reviews that are measured are of hotels, books and computers; the other domains widen them.
    Source("online_shopping", POLARITY, "none stated", most=40_000, domains=("酒店", "书籍", "计算机")),
    # Its last dialogues are for measuring.
    Source("cped_valid", POLARITY, "Apache-2.0", most=9_000),
)
REVIEWS = Source("chnsenticorp_dev", POLARITY, "Apache-2.0")
EVERYDAY = Source("ewect_usual_eval", MOODS, "none stated")
MEASURING = (REVIEWS, EVERYDAY)


@dataclass(frozen=True)
class Example:
    """A text, the index of its label in `LABELS`, and the source and domain (hotels, books...) it came from."""

    text: str
    label: int
    source: str
    domain: str = ""


@dataclass(frozen=True)
class SourceRecord:
    """What a bundle says of one source: the file's SHA-256, its licence, how many of its rows were used."""

    name: str
    sha256: str
    licence: str
    rows: int


@dataclass(frozen=True)
class TrainingData:
    """`train` to fit, `held_out` to choose and to rehearse with; no text of either is in a measuring set."""

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    records: tuple[SourceRecord, ...]


def read_source(folder: Path, source: Source) -> list[Example]:
    """All rows of a source that its mapping knows, in file order.

    Raises:
        DataError: naming the file, and the line that is malformed.
    """
    examples = []
    for number, row in enumerate(_rows(folder, source.name), start=1):
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(label, str):
            raise DataError(f"{source.name}, line {number}: text and label must be strings")
        if text.strip() and label in source.mapping:
            examples.append(Example(text, source.mapping[label], source.name, str(row.get("domain", ""))))
    if len({example.label for example in examples}) < 2:
        raise DataError(f"{source.name} holds no two kinds of known labels ({', '.join(source.mapping)})")
    return examples


def training_data(folder: Path, seed: int, held_out: int = 1_500) -> TrainingData:
    """Everything to train on, without duplicates and without any text of a measuring set.

    Texts count as the same when they agree after NFKC, lower-casing and removal of all but letters and digits.

    Raises:
        DataError: a file is missing or malformed, or there is nothing left to train on.
    """
    seen = {same_text_key(example.text) for source in MEASURING for example in read_source(folder, source)}
    generator = random.Random(seed)
    examples: list[Example] = []
    records = []
    for source in TRAINING:
        fresh = []
        for example in _chosen(folder, source, generator):
            key = same_text_key(example.text)
            if key and key not in seen:
                seen.add(key)
                fresh.append(example)
        examples += fresh
        records.append(SourceRecord(source.name, _sha256(path_of(folder, source.name)), source.licence, len(fresh)))
    if len(examples) <= held_out:
        raise DataError(
            f"{folder} holds {len(examples)} usable sentences; more than the {held_out} held out are needed"
        )
    generator.shuffle(examples)
    return TrainingData(tuple(examples[held_out:]), tuple(examples[:held_out]), tuple(records))


def same_text_key(text: str) -> str:
    """What two copies of a text have in common when only punctuation, width or case differ."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that training depends on: what is trained on, and what is kept out of it.

    Raises:
        DataError: one is missing.
    """
    try:
        return {source.name: _sha256(path_of(folder, source.name)) for source in (*TRAINING, *MEASURING)}
    except OSError as error:
        raise DataError(f"{error.filename} can't be read: {error.strerror}") from None


def path_of(folder: Path, name: str) -> Path:
    """Where a source lies in a data folder."""
    return folder / "sentiment" / f"{name}.jsonl.xz"


def _chosen(folder: Path, source: Source, generator: random.Random) -> Sequence[Example]:
    rows = read_source(folder, source)
    if source.domains:
        generator.shuffle(rows)
        rows.sort(key=lambda row: row.domain not in source.domains)
    return rows[: source.most]


def _rows(folder: Path, name: str) -> Iterator[dict[str, object]]:
    path = path_of(folder, name)
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise DataError(f"{path}, line {number}: not a JSON object")
                yield row
    except FileNotFoundError:
        raise DataError(f"{path} is missing: the data folder needs sentiment/{name}.jsonl.xz") from None
    except (OSError, lzma.LZMAError, ValueError) as error:
        raise DataError(f"{path} can't be read as xz-compressed JSON lines in UTF-8: {error}") from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
