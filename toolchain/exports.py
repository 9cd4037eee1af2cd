"""What all exports have in common: a folder that appears whole or not at all, sizes, sentences to compare on."""

import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tokenizers import Tokenizer

from toolchain.errors import ExportError
from toolchain.formats import unmark

REPORT = "report.json"
SENTENCES = 200  # how many an export is compared on
_WRITTEN = Path(__file__).parent / "corpora" / "validation.tsv"


@contextmanager
def new_folder(out: Path, source: Path | None = None) -> Iterator[Path]:
    """A folder to fill, which becomes `out` at the end, and is gone if anything went wrong.

    Raises:
        ExportError: `out` exists, or lies in `source`, which must stay as it is.
    """
    if out.exists():
        raise ExportError(f"{out} exists: choose a new folder")
    if source is not None and source.resolve() in out.resolve().parents:
        raise ExportError(f"{out} lies in {source}, which must stay as it is: choose another place")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch) / out.name
        folder.mkdir()
        yield folder
        folder.rename(out)


def sizes(folder: Path) -> dict[str, int]:
    """Bytes by entry; of a folder in it, of all its files."""
    return {entry.name: size(entry) for entry in sorted(folder.iterdir())}


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def texts_of(path: Path, most: int) -> list[str]:
    """Up to `most` texts of a file of lines, or of JSON lines: there, of every string in each of them.

    Raises:
        ExportError: it can't be read, or is not UTF-8.
    """
    opened = lzma.open if path.suffix == ".xz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            found = (text for line in lines for text in _strings(line.rstrip("\n"), ".jsonl" in path.name) if text)
            return list(islice(found, most))
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise ExportError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None


def _strings(line: str, is_json: bool) -> Iterator[str]:
    content = json.loads(line) if is_json else line
    pending = [content]
    while pending:
        one = pending.pop(0)
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            pending += one.values() if isinstance(one, dict) else one


def special_texts(tokenizer: Tokenizer) -> list[str]:
    """A text with each special token of a tokenizer in it."""
    return [f"好{token.content} ok" for token in tokenizer.get_added_tokens_decoder().values()]


def real_sentences(count: int = SENTENCES) -> list[str]:
    """Sentences that were written for this project, to choose between models by; none was ever trained on."""
    rows = _WRITTEN.read_text("utf-8").splitlines()
    return [unmark(row.split("\t")[-1])[0] for row in rows if row and not row.startswith("#")][:count]
