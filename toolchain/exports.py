"""What all exports have in common: a folder that appears whole or not at all, sizes, sentences to compare on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from toolchain.errors import ExportError
from toolchain.formats import unmark

REPORT = "report.json"
SENTENCES = 200  # how many an export is compared on
_WRITTEN = Path(__file__).parent / "corpora" / "validation.tsv"


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `out` at the end, and is gone if anything went wrong.

    Raises:
        ExportError: `out` exists.
    """
    if out.exists():
        raise ExportError(f"{out} exists: choose a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as scratch:
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


def real_sentences(count: int = SENTENCES) -> list[str]:
    """Sentences that people wrote, none of which any model here was trained on."""
    rows = _WRITTEN.read_text("utf-8").splitlines()
    return [unmark(row.split("\t")[-1])[0] for row in rows if row and not row.startswith("#")][:count]
