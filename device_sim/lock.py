"""One process owns a state directory at a time."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from device_sim.errors import StateLocked

LOCK_FILE = "lock"


@dataclass(frozen=True)
class Owner:
    """The process that holds the lock, and where it serves, if it does."""

    pid: int
    url: str | None


class StateLock:
    """An advisory lock on the directory, freed by the kernel when the process ends, however it ends."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def acquire(cls, state_dir: Path) -> "StateLock":
        """Take the lock.

        Raises:
            StateLocked: naming the process that has it.
        """
        file = (state_dir / LOCK_FILE).open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            holder = owner(state_dir)
            who = f"process {holder.pid}" if holder else "another process"
            raise StateLocked(f"the state directory is in use by {who}; stop it or choose another directory") from None
        lock = cls(file)
        lock.announce(None)
        return lock

    def announce(self, url: str | None) -> None:
        """Tell other processes where this one serves."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "url": url}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the directory back."""
        self._file.close()


def owner(state_dir: Path) -> Owner | None:
    """Who holds the directory now; None where nobody does."""
    try:
        with (state_dir / LOCK_FILE).open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                content = json.load(file)
                return Owner(int(content["pid"]), content.get("url"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None
