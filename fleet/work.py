"""Pieces of work, the same wherever they are done: by a process of this machine, or by Ray on another."""

import errno
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from device_sim.errors import DeviceError, StorageFull
from device_sim.settings import DeviceSettings
from device_sim.training_data import Replay
from fleet.config import RunConfig
from fleet.errors import FleetError, NoRoom
from fleet.features import SharedEncoder, TextFeatures
from fleet.members import Membership
from fleet.results import UserResult
from fleet.simulation import Place, device_name, simulate
from fleet.texts import Corpus
from model_store.bundle import Bundle
from model_store.errors import StoreError
from model_store.head import Float32
from model_store.signing import load_trusted_keys

# A piece of work is tried so often before it is given up.
ATTEMPTS = 3
# A process is replaced after so many: what libraries keep of hundreds of devices must not add up.
LONGEST_LIFE = 100
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, eq=False)
class Setup:
    """What a worker must know; it can be sent to another machine. `texts` are all that users may write; `states` is
    where their devices' states lie, by default the machine's temporary directory.
    """

    config: RunConfig
    corpus: Corpus
    texts: tuple[str, ...]
    bundle: Path
    trusted_keys: tuple[Path, ...]
    states: Path | None
    keep_states: bool

    @property
    def key(self) -> str:
        """Differs between any two setups that work differently."""
        told = (self.config.model_dump_json(), self.bundle, self.trusted_keys, self.states, self.keep_states)
        return hashlib.sha256(repr(told).encode()).hexdigest()


class Worker:
    """What a process keeps between pieces of work. `rows` are the features of the setup's texts, once they are known.

    Raises:
        StoreError: this machine does not have the bundle.
    """

    def __init__(self, setup: Setup, rows: Float32 | None) -> None:
        bundle = Bundle.open(setup.bundle, load_trusted_keys(setup.trusted_keys))
        self.texts = setup.texts
        self.encoder = SharedEncoder(bundle, None if rows is None else TextFeatures(setup.texts, rows))
        self.members = Membership(setup.config, setup.corpus)
        self.place = Place(
            setup.config, self.encoder, Replay.load(bundle, setup.config.task),
            DeviceSettings(Path(), setup.bundle, setup.trusted_keys), setup.states, setup.keep_states,
        )  # fmt: skip


class Job(Protocol):
    """A piece of work."""

    def run(self, worker: Worker) -> Any: ...


@dataclass(frozen=True)
class Encode:
    """Features of the setup's texts from `start` to `end`."""

    start: int
    end: int

    def run(self, worker: Worker) -> Float32:
        """Features [end - start, D]."""
        return worker.encoder.encode_many(worker.texts[self.start : self.end])


@dataclass(frozen=True)
class Simulate:
    """A user under a variant, both by number."""

    variant: int
    user: int

    @property
    def device(self) -> str:
        """The name of its directory, where the states lie together."""
        return device_name(self.variant, self.user)

    def run(self, worker: Worker) -> UserResult:
        """All their rounds."""
        return simulate(worker.place, worker.members.member(self.user), self.variant)


@dataclass(frozen=True)
class Failure:
    """Why a piece of work was given up; `fatal` where no other could succeed either."""

    reason: str
    fatal: bool = False


@dataclass(frozen=True, eq=False)
class Done:
    """A piece of work with its value or with why there is none, and how often it was tried."""

    job: Any
    value: Any
    failure: Failure | None = None
    attempts: int = 1


def perform(worker: Worker, job: Job) -> Done:
    """Do a piece of work, again where it fails, so often as is allowed. Nothing is raised."""
    failure = Failure("it was never tried")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Done(job, job.run(worker), attempts=attempt)
        except Exception as error:  # noqa: BLE001  # whatever a device does, the fleet goes on
            failure = failure_of(error)
            if failure.fatal:
                break
    return Done(job, None, failure, attempt)


def failure_of(error: Exception) -> Failure:
    """What to tell of an error. The messages of our own errors hold no text of a user; of others the kind is told."""
    full = isinstance(error, StorageFull | NoRoom) or (isinstance(error, OSError) and error.errno in _NO_ROOM)
    if full:
        return Failure("the disk is full or can't be written: make room and run the same command again", fatal=True)
    if isinstance(error, StoreError):
        return Failure(str(error), fatal=True)
    ours = isinstance(error, DeviceError | FleetError)
    return Failure(str(error) if ours else f"internal error: {type(error).__name__}")
