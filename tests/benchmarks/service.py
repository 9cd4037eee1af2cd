"""The service that is measured: `attune serve` as a process of its own, on the bundle that ships."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.wire import Wire, request

_PREDICT = request("POST", "/v1/predict", {"text": "今天又加班到十点"})


@dataclass(frozen=True)
class Served:
    """A running service, and the seconds from its start to its first prediction."""

    port: int
    process: psutil.Process
    start_seconds: float

    def resident_megabytes(self) -> float:
        """Resident memory of the serving process."""
        return float(self.process.memory_info().rss) / 1e6

    def holds_torch(self) -> bool:
        """Is any file of torch mapped into the process?"""
        maps = Path(f"/proc/{self.process.pid}/maps").read_text("utf-8")
        return "/torch/" in maps or "libtorch" in maps


@contextmanager
def served(state_dir: Path) -> Iterator[Served]:
    """Run `attune serve` on `state_dir` until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    environment |= {"ATTUNE_STATE_DIR": str(state_dir), "ATTUNE_PORT": str(port)}
    log = state_dir.with_name("log")  # a pipe that nobody reads would keep entries in the memory that is measured
    started = time.perf_counter()
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("attune")), "serve"], env=environment, stderr=written
        )
    try:
        _first_prediction(port, process, log)
        yield Served(port, psutil.Process(process.pid), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _first_prediction(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(6_000):
        if process.poll() is not None:
            raise RuntimeError(f"attune serve ended: {log.read_text('utf-8')}")
        try:
            wire = Wire(port)
        except OSError:
            time.sleep(0.005)
            continue
        reply = wire.send(_PREDICT)
        wire.close()
        if reply.status == 200:
            return
    raise RuntimeError("attune serve gave no prediction within 30 s")
