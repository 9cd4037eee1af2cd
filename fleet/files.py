"""Files of a run's folder that are wholly old or wholly new, whatever stops the process that writes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fleet.errors import NoRoom

TEMPORARY = ".tmp"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` once all of it is on the disk.

    Raises:
        NoRoom: it can't be written; what was there stays.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise NoRoom(f"{path} can't be written: {error.strerror or 'is the disk full?'}") from error


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path`. Raises NoRoom: it can't be written; what was there stays."""
    with replacing(path) as file:
        file.write(content)
