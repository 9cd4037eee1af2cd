"""Results of a run: one line a finished user, durable before the next; ids and figures only, never a text."""

import fcntl
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from fleet.errors import NoRoom, OtherRun
from fleet.personas import Frozen

RESULTS_FILE = "results.jsonl"
_REASONS_SHOWN = 5

Outcome = Literal["published", "rejected", "waiting"]


class Round(Frozen):
    """One round of a user: feedback, an update, and what judges it. `right_*` are shares of the user's judged texts:
    of the bundle's head, and of what served before and after the update; `general_*` shares of the replay yardstick.

    `samples` counts all given so far, `wrong` those of this round that the user did not mean, `rolled_back` the
    versions that the trial took back during the round; `reasons` are classes of why a candidate was refused.
    """

    round: int
    seen: int
    given: int
    wrong: int
    samples: int
    rolled_back: int
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    training_kept: float | None = None
    version: int
    right_base: float
    right_before: float
    right_after: float
    general_base: float
    general_before: float
    general_after: float


class Measured(Frozen):
    """What differs from machine to machine: seconds on the clock and of the processor, bytes on disk at the end, and
    the greatest memory of the worker's process so far. `training` are the seconds of each round's update.
    """

    seconds: float
    cpu_seconds: float
    training: tuple[float, ...]
    bytes: int
    worker_peak_bytes: int
    attempts: int = 1


class UserResult(Frozen):
    """A finished user of a variant, or one whose device failed, with the reason."""

    variant: int
    user: int
    persona: str
    judged: int = 0
    rounds: tuple[Round, ...] = ()
    failed: str | None = None
    measured: Measured | None = None

    @property
    def figures(self) -> dict[str, object]:
        """What is the same on every machine."""
        return self.model_dump(exclude={"measured"})


class ResultsFile:
    """The results of a run, open for adding to; one process at a time."""

    def __init__(self, file: FileIO, found: list[UserResult]) -> None:
        self._file = file
        self.found = found

    @classmethod
    def open(cls, folder: Path) -> "ResultsFile":
        """Take the file over; a line that a crash cut short is dropped, and failed users will be tried again.

        Raises:
            OtherRun: another process adds to it, or it is damaged. NoRoom.
        """
        path = folder / RESULTS_FILE
        try:
            file = path.open("a+b", buffering=0)  # What found no room must not be tried again when it is closed.
        except OSError as error:
            raise NoRoom(f"{path} can't be written: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise OtherRun(f"another process is running the fleet in {folder}: wait for it or stop it") from None
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
        file.seek(0, os.SEEK_END)
        return cls(file, list(_parsed(whole, path)))

    def add(self, result: UserResult) -> None:
        """Keep a result for good. Raises NoRoom."""
        line = result.model_dump_json(exclude_defaults=True).encode() + b"\n"
        try:
            room = self._file.write(line) == len(line)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise NoRoom(f"{RESULTS_FILE} can't be written: {error.strerror}; what is finished is kept") from error
        if not room:
            raise NoRoom(f"{RESULTS_FILE} can't be written: the disk is full; what is finished is kept")

    def close(self) -> None:
        """Let others have it."""
        self._file.close()


def read_results(folder: Path) -> list[UserResult]:
    """All results so far, the last word on each user. Raises OtherRun: the file is damaged."""
    path = folder / RESULTS_FILE
    try:
        content = path.read_bytes()
    except OSError:
        return []
    last = {(r.variant, r.user): r for r in _parsed(content[: content.rfind(b"\n") + 1], path)}
    return [last[key] for key in sorted(last)]


def failures(results: Iterable[UserResult]) -> dict[str, int]:
    """Why users failed and how many did so, the commonest first."""
    return dict(Counter(result.failed for result in results if result.failed is not None).most_common())


def in_words(reasons: Mapping[str, int]) -> list[str]:
    """What `failures` found, for people: the commonest reasons, and how many others there are."""
    shown = [f"{count} failed: {reason}" for reason, count in list(reasons.items())[:_REASONS_SHOWN]]
    others = list(reasons.values())[_REASONS_SHOWN:]
    return [*shown, f"{sum(others)} failed for {len(others)} other reasons"] if others else shown


def _parsed(content: bytes, path: Path) -> Iterator[UserResult]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield UserResult.model_validate_json(line)
        except ValidationError:
            raise OtherRun(f"{path}, line {number}: is no result of this version of the fleet") from None
