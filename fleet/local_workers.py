"""Workers that are processes of this machine; one that dies is replaced, and its work done again."""

import os
import signal
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Thread

from fleet.errors import WorkersDie
from fleet.features import kept_rows
from fleet.work import ATTEMPTS, LONGEST_LIFE, Done, Failure, Job, Setup, Worker, failure_of, perform

# One thread for each library: the workers share the cores, and sums must not depend on how many there are.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LONGEST_FAREWELL = 5.0


@dataclass(eq=False)
class _Process:
    process: SpawnProcess
    pipe: connection.Connection
    job: Job | None = None
    finished: int = 0


class LocalWorkers:
    """Up to `count` processes; they live as long as `work` is being asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.replaced = 0

    @property
    def description(self) -> str:
        """For people."""
        return f"{self.count} worker{'s' if self.count != 1 else ''} on this machine"

    def work(self, setup: Setup, features_in: Path | None, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each of `jobs`, in the order in which they are done. Closing the iterator ends the workers.

        Raises:
            WorkersDie: no worker lives long enough to do anything.
        """
        waiting = deque(jobs)
        tried: Counter[Job] = Counter()
        crew: list[_Process] = []
        deaths = 0
        try:
            while waiting or any(worker.job for worker in crew):
                busy = sum(worker.job is not None for worker in crew)
                while len(crew) < min(self.count, len(waiting) + busy):
                    crew.append(self._start(setup, features_in))
                for worker in crew:
                    if worker.job is None and waiting:
                        self._give(worker, waiting.popleft())
                for worker in self._ready(crew):
                    done = self._hear(worker)
                    if done is not None:
                        deaths = 0
                        done = replace(done, attempts=done.attempts + tried[done.job])
                        worker.job = None
                        worker.finished += 1
                        if worker.finished == LONGEST_LIFE:
                            crew.remove(worker)
                            _dismiss([worker])
                        elif waiting:
                            self._give(worker, waiting.popleft())
                        yield done
                        continue
                    crew.remove(worker)
                    deaths += 1
                    self.replaced += 1
                    yield from self._after_death(worker, waiting, tried)
                    if deaths > ATTEMPTS * (self.count + 1):
                        raise WorkersDie(
                            "the workers die as soon as they begin: is there enough memory? Try --workers 1"
                        )
        finally:
            _dismiss(crew)

    def close(self) -> None:
        """Nothing is left to end: the workers end with their work."""

    @staticmethod
    def _after_death(worker: _Process, waiting: deque[Job], tried: Counter[Job]) -> Iterator[Done]:
        job = worker.job
        if job is None:
            return
        tried[job] += 1
        if tried[job] < ATTEMPTS:
            waiting.appendleft(job)
        else:
            yield Done(job, None, Failure(f"its worker died {ATTEMPTS} times"), ATTEMPTS)

    def _start(self, setup: Setup, features_in: Path | None) -> _Process:
        context = get_context("spawn")  # a copy of a process with threads may hang
        ours, theirs = context.Pipe()
        resource_tracker.ensure_running()  # `start` would begin it, and unblock SIGINT
        earlier = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(ONE_THREAD)  # They are read when the libraries are loaded.
        # Ctrl-C is for the process that leads: its workers never hear it, not even while they start.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = context.Process(target=_serve, args=(theirs, setup, features_in), daemon=True, name="fleet")
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            for name, value in earlier.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        theirs.close()
        return _Process(process, ours)

    @staticmethod
    def _give(worker: _Process, job: Job) -> None:
        worker.job = job
        with suppress(OSError):  # It has died; `_hear` will find that.
            worker.pipe.send(job)

    @staticmethod
    def _ready(crew: list[_Process]) -> list[_Process]:
        ready = set(connection.wait([worker.pipe for worker in crew]))
        return [worker for worker in crew if worker.pipe in ready]

    @staticmethod
    def _hear(worker: _Process) -> Done | None:
        try:
            done: Done = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            worker.pipe.close()
            return None
        return done


def _dismiss(crew: list[_Process]) -> None:
    for worker in crew:
        worker.pipe.close()  # An idle one ends by itself then.
        if worker.job is not None:
            worker.process.terminate()
    for worker in crew:
        worker.process.join(_LONGEST_FAREWELL)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(pipe: connection.Connection, setup: Setup, features_in: Path | None) -> None:
    """A worker's life: one piece of work after the other, until nobody listens any more."""
    Thread(target=_end_with_parent, daemon=True).start()
    worker: Worker | None = None
    while True:
        try:
            job: Job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if worker is None:
                worker = Worker(setup, None if features_in is None else kept_rows(features_in, len(setup.texts)))
            done = perform(worker, job)
        except Exception as error:  # noqa: BLE001  # the bundle is gone, say: tell it and live on
            done = Done(job, None, failure_of(error))
        try:
            pipe.send(done)
        except OSError:
            return


def _end_with_parent() -> None:
    """End in the middle of the work where the parent was killed: the run that goes on may have the same user by now."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
