"""A fleet's run: who and what, the features once, then every user under every variant; kept as they finish."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from fleet.config import RunConfig, check_folder, settle_config
from fleet.errors import DeviceFailed, FleetError
from fleet.features import FEATURES_FILE, keep_rows, kept_rows
from fleet.prepare import Prepared
from fleet.results import ResultsFile, UserResult
from fleet.work import Done, Encode, Job, Setup, Simulate

STATES = "states"
_ENCODED_AT_A_TIME = 50


class Workers(Protocol):
    """Those who do the work: processes of this machine, or Ray's."""

    replaced: int

    @property
    def description(self) -> str: ...

    def work(self, setup: Setup, features_in: Path | None, jobs: Iterable[Job]) -> Iterator[Done]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Progress:
    """How far a stage is: `done` and `failed` of `total`; `resumed` were done by an earlier start."""

    stage: Literal["encode", "simulate"]
    done: int
    total: int
    failed: int = 0
    resumed: int = 0


def run_fleet(
    prepared: Prepared, folder: Path, workers: Workers, states: Path | None, keep_states: bool
) -> Iterator[Progress]:
    """Run what is not run yet, telling how far it is. Closing the iterator stops it; what is finished is kept. The
    workers are closed at the end.

    Raises:
        FleetError: see `fleet.errors`.
    """
    check_folder(folder, prepared.config)
    results = ResultsFile.open(folder)  # From here on the folder is ours.
    todo: list[Simulate] = []
    try:
        settle_config(folder, prepared.config)
        todo, finished = _todo(prepared.config, results.found)
        setup = prepared.setup(states, keep_states)
        if todo:
            if kept_rows(folder, len(setup.texts)) is None:
                yield from _encode(setup, prepared.width, folder, workers)
            yield from _simulate(setup, folder, workers, results, todo, finished)
        else:
            yield Progress("simulate", finished, finished, resumed=finished)
        (folder / FEATURES_FILE).unlink(missing_ok=True)
    finally:
        workers.close()  # first: who still runs would write states behind the sweep's back
        results.close()
        if not keep_states and states is not None:
            _sweep(states, todo)


def _sweep(states: Path, jobs: list[Simulate]) -> None:
    """Delete the states of these devices, also those that a killed worker left; others were kept on purpose."""
    for job in jobs:
        shutil.rmtree(states / job.device, ignore_errors=True)
    with suppress(OSError):
        states.rmdir()


def _todo(config: RunConfig, found: list[UserResult]) -> tuple[list[Simulate], int]:
    """What is left, a user's variants together, so that what is finished can be compared at any time."""
    finished = {(result.variant, result.user) for result in found if result.failed is None}
    everything = [Simulate(variant, user) for user in range(config.users) for variant in range(len(config.variants))]
    todo = [job for job in everything if (job.variant, job.user) not in finished]
    return todo, len(everything) - len(todo)


def _encode(setup: Setup, width: int, folder: Path, workers: Workers) -> Iterator[Progress]:
    count = len(setup.texts)
    rows = np.empty((count, width), dtype=np.float32)
    jobs = [Encode(start, min(start + _ENCODED_AT_A_TIME, count)) for start in range(0, count, _ENCODED_AT_A_TIME)]
    encoded = 0
    yield Progress("encode", 0, count)
    for done in workers.work(setup, None, jobs):
        if done.failure is not None:
            raise DeviceFailed(f"the texts could not be encoded: {done.failure.reason}")
        job: Encode = done.job
        rows[job.start : job.end] = done.value
        encoded += job.end - job.start
        yield Progress("encode", encoded, count)
    keep_rows(folder, rows)


def _simulate(
    setup: Setup, folder: Path, workers: Workers, results: ResultsFile, todo: list[Simulate], finished: int
) -> Iterator[Progress]:
    failed = 0
    total = finished + len(todo)
    yield Progress("simulate", finished, total, resumed=finished)
    for count, done in enumerate(workers.work(setup, folder, todo), start=1):
        if done.failure is not None and done.failure.fatal:
            raise FleetError(done.failure.reason)
        results.add(_result(done))
        failed += done.failure is not None
        yield Progress("simulate", finished + count, total, failed, finished)


def _result(done: Done) -> UserResult:
    job: Simulate = done.job
    if done.failure is not None:
        return UserResult(variant=job.variant, user=job.user, persona="", failed=done.failure.reason)
    result: UserResult = done.value
    if done.attempts == 1 or result.measured is None:
        return result
    return result.model_copy(update={"measured": result.measured.model_copy(update={"attempts": done.attempts})})
