"""One process owns a state directory at a time."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from device_sim.errors import StateError, StateLocked

LOCK_FILE = "lock"
# Seconds: a command that works without a service ends in that time, and a service that starts says where it serves.
_PATIENCE = 3.0
_PAUSE = 0.02
_CONTENT_SIZE = 256


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
        """Take the lock, waiting a moment for a process that may be about to give it back.

        Raises:
            StateLocked: naming the process that has it. StateError: there can be no lock.
        """
        try:
            file = os.fdopen(os.open(state_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
        except OSError as error:
            raise StateError(f"{state_dir / LOCK_FILE} can't be written: {error.strerror}") from error
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = owner(state_dir)
                # None: it was given back just now, or someone only looked whether it is taken.
                if (holder is None or holder.url is None) and time.monotonic() < until:
                    time.sleep(_PAUSE)
                    continue
                file.close()
                who = f"process {holder.pid}" if holder else "another process"
                message = f"the state directory is in use by {who}; stop it or choose another directory"
                raise StateLocked(message) from None
            except OSError as error:
                file.close()
                raise StateError(f"{state_dir} can't be locked: {error.strerror}") from error
        lock = cls(file)
        try:
            lock.announce(None)
        except OSError as error:
            lock.release()
            raise StateError(f"{state_dir / LOCK_FILE} can't be written: {error.strerror}") from error
        return lock

    def announce(self, url: str | None) -> None:
        """Tell other processes where this one serves."""
        # Of one length and in one write, so that no reader finds half of it.
        content = json.dumps({"pid": os.getpid(), "url": url}).ljust(_CONTENT_SIZE)
        os.pwrite(self._file.fileno(), content.encode(), 0)

    def release(self) -> None:
        """Give the directory back; nobody serves it from here on."""
        with suppress(OSError):
            self.announce(None)
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
