"""Plain text to pretrain on: any JSON-lines or line files of a data folder, cut into sequences of token ids."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer

from toolchain.data import file_hash, same_text_key
from toolchain.errors import DataError, WorkError
from toolchain.formats import files_of, lines
from toolchain.settings import Settings
from toolchain.training import is_main_process, wait_for_all

_ENCODED_AT_A_TIME = 10_000


class TextSource(Settings):
    """A file or folder of the data folder, and how much of it to take: `times` 1 is all of it, 0.3 a random third, 2
    all twice.

    Lines of .jsonl files hold `text`, or `turns` of [speaker, text]; those of others are the text. `.xz` is unpacked.
    """

    path: str
    times: float = Field(default=1.0, gt=0)


@dataclass(frozen=True, eq=False)
class Sequences:
    """Token id sequences end to end: the n-th is `ids[starts[n]:starts[n + 1]]`, from [CLS] to [SEP]."""

    ids: NDArray[np.uint16] | NDArray[np.int32]
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> list[int]:
        """Of every sequence, in tokens."""
        lengths: list[int] = np.diff(self.starts).tolist()
        return lengths

    def row(self, index: int) -> list[int]:
        """The token ids of a sequence."""
        row: list[int] = self.ids[self.starts[index] : self.starts[index + 1]].tolist()
        return row


def read_texts(folder: Path, source: TextSource) -> Iterator[list[str]]:
    """The source's documents, each a list of passages.

    Raises:
        DataError: naming the file, and the line that is malformed.
    """
    path = folder / source.path
    for file in files_of(path):
        named = f"{source.path}/{file.name}" if path.is_dir() else source.path
        jsonl = file.name.removesuffix(".xz").endswith(".jsonl")
        for number, line in lines(file, comments=False):
            yield _passages(line, f"{named}, line {number}") if jsonl else [line.strip()]


def chosen_texts(folder: Path, source: TextSource, generator: random.Random) -> list[list[str]]:
    """The source's documents, each as often as `times` says.

    Raises:
        DataError: see `read_texts`.
    """
    documents = list(read_texts(folder, source))
    whole, part = divmod(source.times, 1.0)
    return documents * int(whole) + generator.sample(documents, int(len(documents) * part))


def sequences(
    folder: Path, sources: Sequence[TextSource], kept_out: set[str], tokenizer: Tokenizer, lengths: Sequence[int],
    seed: int, cache: Path,
) -> Sequences:  # fmt: skip
    """All sources as sequences; kept in `cache` (.npz), which must belong to the same arguments.

    Passages of one document follow each other until a sequence is full; how long one may be is drawn from `lengths` for
    each. Texts whose `same_text_key` is in `kept_out` are left out: they are for measuring.

    Raises:
        DataError, WorkError: see `read_texts`; the cache can't be written.
    """
    if not cache.exists() and is_main_process():
        _write(cache, _cut(folder, sources, kept_out, tokenizer, lengths, seed))
    wait_for_all()
    try:
        with np.load(cache, allow_pickle=False) as stored:
            return Sequences(stored["ids"], stored["starts"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise WorkError(f"{cache} is damaged: remove it, and the text is read again") from error


def source_hashes(folder: Path, sources: Sequence[TextSource]) -> dict[str, str]:
    """SHA-256 of every source's file.

    Raises:
        DataError: one is missing.
    """
    return {source.path: file_hash(folder / source.path) for source in sources}


def _cut(
    folder: Path, sources: Sequence[TextSource], kept_out: set[str], tokenizer: Tokenizer, lengths: Sequence[int],
    seed: int,
) -> Sequences:  # fmt: skip
    generator = random.Random(seed)
    rows: list[NDArray[np.int32]] = []
    whole = Tokenizer.from_str(tokenizer.to_str())
    whole.no_truncation()  # Long passages are cut into sequences here, so that none of them is lost.
    for source in sources:
        chosen = chosen_texts(folder, source, generator)
        for start in range(0, len(chosen), _ENCODED_AT_A_TIME):
            batch = chosen[start : start + _ENCODED_AT_A_TIME]
            kept = [[passage for passage in one if same_text_key(passage) not in kept_out] for one in batch]
            rows += _encode([document for document in kept if document], whole, lengths, generator)
    if not rows:
        raise DataError(f"{folder} holds no text to pretrain on")
    ids = np.concatenate(rows)
    return Sequences(
        ids.astype(np.uint16) if tokenizer.get_vocab_size() <= 1 << 16 else ids,
        np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
    )


def _write(cache: Path, found: Sequences) -> None:
    temporary = cache.with_suffix(".tmp.npz")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(temporary, ids=found.ids, starts=found.starts)
        temporary.replace(cache)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WorkError(f"{cache} can't be written: {error.strerror}") from error


def _passages(line: str, where: str) -> list[str]:
    try:
        row = json.loads(line)
    except ValueError:
        raise DataError(f"{where}: not JSON") from None
    if isinstance(row, dict) and isinstance(row.get("text"), str):
        return [row["text"]]
    turns = row.get("turns") if isinstance(row, dict) else None
    if isinstance(turns, list) and all(isinstance(turn, list) and isinstance(turn[-1], str) for turn in turns):
        return [turn[-1] for turn in turns]
    raise DataError(f"{where}: neither text nor turns")


def _encode(
    documents: list[list[str]], tokenizer: Tokenizer, lengths: Sequence[int], generator: random.Random
) -> list[NDArray[np.int32]]:
    passages = [passage for document in documents for passage in document]
    encoded = iter(tokenizer.encode_batch(passages, add_special_tokens=False))
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    rows = []
    for document in documents:
        ids = [token for _ in document for token in next(encoded).ids]
        while len(ids) > 1:
            room = generator.choice(lengths) - 2
            rows.append(np.array([first, *ids[:room], last], dtype=np.int32))
            ids = ids[room:] if len(ids) - room >= room // 4 else []  # A short rest would be mostly padding.
    return rows
