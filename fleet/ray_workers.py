"""Workers that Ray runs, where one machine is not enough; the only module that knows Ray."""

import logging
import os
import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Nothing is told to anybody; it is read when Ray is loaded.
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # As later versions do; without it Ray warns.

import ray  # must follow the lines above
from ray.exceptions import RayError

from fleet.errors import ClusterUnreachable
from fleet.features import kept_rows
from fleet.local_workers import ONE_THREAD
from fleet.work import ATTEMPTS, LONGEST_LIFE, Done, Failure, Job, Setup, Worker, failure_of, perform
from model_store.head import Float32

_STORE_BYTES = 256 << 20
_KNOCK_SECONDS = 5
# What Ray says where a head listens and does not let us in.
_NOT_ADMITTED = "Failed to connect"
_NEEDED = "; a cluster with tokens needs RAY_AUTH_MODE=token, and its token in ~/.ray/auth_token or RAY_AUTH_TOKEN"
_kept: dict[str, Worker] = {}  # of this process, if it is one of Ray's


class RayWorkers:
    """As many tasks at a time as there are CPUs: of a Ray of its own with `count`, or of the cluster at `address`.

    Ray runs a task again where its process or machine died.

    Raises:
        ClusterUnreachable.
    """

    replaced = 0  # Ray counts those for itself

    def __init__(self, count: int, address: str | None = None) -> None:
        self._address = address
        try:
            if address is None:
                os.environ.update(ONE_THREAD)  # for the processes that are started now
                ray.init(  # "local" also where RAY_ADDRESS names a cluster, or one runs on this machine
                    address="local", num_cpus=count, include_dashboard=False, logging_level=logging.ERROR,
                    log_to_driver=False, object_store_memory=_STORE_BYTES,
                )  # fmt: skip
            else:
                _knock(address)
                ray.init(
                    address=address, runtime_env={"env_vars": ONE_THREAD}, logging_level=logging.ERROR,
                    log_to_driver=False,
                )  # fmt: skip
            self._slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
        except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError, RayError) as error:
            where = f"Ray can't be reached at {address}" if address else "Ray can't be started"
            raise ClusterUnreachable(f"{where}: {reason_of(error)}") from error

    @property
    def description(self) -> str:
        """For people."""
        place = f"the Ray cluster at {self._address}" if self._address else "Ray on this machine"
        return f"{self._slots} worker{'s' if self._slots != 1 else ''} of {place}"

    def work(self, setup: Setup, features_in: Path | None, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each of `jobs`, in the order in which they are done. Closing the iterator ends those that run.

        Raises:
            ClusterUnreachable: the cluster is lost.
        """
        rows = None if features_in is None else kept_rows(features_in, len(setup.texts))
        task: Any = ray.remote(num_cpus=1, max_retries=ATTEMPTS - 1, max_calls=LONGEST_LIFE)(_perform)
        try:
            # On the cluster's shared memory, so that the workers of a machine have them once.
            known = ray.put(setup), ray.put(None if rows is None else rows[:])
        except (ConnectionError, RayError) as error:
            raise ClusterUnreachable(f"the Ray cluster is lost: {_first_line(error)}") from error
        waiting = iter(jobs)
        key = f"{setup.key} {features_in is None}"
        running = {task.remote(key, *known, job): job for job in islice(waiting, 2 * self._slots)}
        try:
            while running:
                ready, _ = ray.wait(list(running), num_returns=1)
                for reference in ready:
                    job = running.pop(reference)
                    for following in islice(waiting, 1):
                        running[task.remote(key, *known, following)] = following
                    yield self._done(reference, job)
        except ConnectionError as error:
            raise ClusterUnreachable(f"the Ray cluster is lost: {_first_line(error)}") from error
        finally:
            for reference in running:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster, or end the Ray of its own."""
        ray.shutdown()

    @staticmethod
    def _done(reference: Any, job: Job) -> Done:
        try:
            done: Done = ray.get(reference)
            return done
        except RayError as error:
            return Done(
                job, None, Failure(f"Ray gave it up after {ATTEMPTS} attempts: {type(error).__name__}"), ATTEMPTS
            )


def _perform(key: str, setup: Setup, rows: Float32 | None, job: Job) -> Done:
    """In one of Ray's processes, which keeps its worker from one task to the next."""
    if key not in _kept:
        _kept.clear()
        try:
            _kept[key] = Worker(setup, rows)
        except Exception as error:  # noqa: BLE001  # the bundle is not on that machine, say
            return Done(job, None, failure_of(error))
    return perform(_kept[key], job)


def _knock(address: str) -> None:
    """Find out in seconds that nobody listens at HOST:PORT; Ray would wait for minutes. Raises OSError."""
    host, colon, port = address.rpartition(":")
    if colon and "/" not in address and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS).close()


def reason_of(error: BaseException) -> str:
    """Why Ray did not let us in, and what a cluster that listens may need."""
    told = _first_line(error)
    return told + _NEEDED if told.startswith(_NOT_ADMITTED) else told


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
