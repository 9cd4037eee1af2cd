"""Files that are wholly old or wholly new after a crash: temporary file, fsync, rename, fsync of the directory."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from device_sim.errors import StateCorrupt, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, readable by its owner alone.

    Raises:
        StorageFull: there is no room; the old content stays.
        StateCorrupt: the directory can't be written to.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFull("the disk is full: nothing was changed") from error
        raise StateCorrupt(f"{path.name} can't be written: {error.strerror}") from error


def overwrite(path: Path, content: bytes) -> None:
    """Write `content` over the beginning of `path`, and blanks over the rest: needs no room on the disk.

    Raises:
        StateCorrupt: the file can't be written.
    """
    try:
        with path.open("r+b") as file:
            file.write(content.ljust(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StateCorrupt(f"{path.name} can't be written: {error.strerror}") from error


def sync_directory(path: Path) -> None:
    """Make renames and removals in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shred(path: Path) -> None:
    """Overwrite a small file and remove it; a file that is not there is fine."""
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)
