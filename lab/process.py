"""The process of a device: started, waited for, stopped, killed, and kept from writing."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import CannotProduce, PhoneHung, StartRefused

_SERVES = re.compile(r"serves at (http://\S+)")
_LINES_KEPT = 500


class Processes:
    """Every process that the lab has running, so that none outlives it, not even a lab that is killed."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._guard: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Were all told to end? What a device does from then on is the lab's doing."""
        return self._stopping.is_set()

    def pause(self, seconds: float) -> None:
        """Let time go by; no longer than until all are told to end."""
        self._stopping.wait(seconds)

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> "subprocess.Popen[str]":
        """Start one, unless all were told to end."""
        with self._lock:
            if self.stopping:
                raise StartRefused(-1, "the lab is stopping")
            if self._guard is None:
                self._guard = subprocess.Popen(  # noqa: S603  # this interpreter, on a file of the lab
                    [sys.executable, "-I", str(Path(__file__).with_name("guard.py"))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    encoding="ascii",
                    start_new_session=True,
                )
            process = subprocess.Popen(  # noqa: S603  # what the user asked to test
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                # Ctrl-C is for the lab, which ends its devices itself; with all that a command may have started.
                start_new_session=True,
            )
            self._running.add(process)
            self._tell_guard(f"+{process.pid}")
        return process

    def ended(self, process: "subprocess.Popen[str]") -> None:
        """One is over."""
        with self._lock:
            self._running.discard(process)
            self._tell_guard(f"-{process.pid}")

    def _tell_guard(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # somebody has killed it, or all is over
                self._guard.stdin.write(f"{line}\n")
                self._guard.stdin.flush()

    def kill_all(self) -> None:
        """Kill what runs, and let nothing start any more."""
        with self._lock:
            self._stopping.set()
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGKILL)
        for process in running:
            process.wait()
        with self._lock:
            for process in running:
                self._tell_guard(f"-{process.pid}")
            if self._guard is not None and self._guard.stdin is not None:
                with contextlib.suppress(OSError):
                    self._guard.stdin.close()
                self._guard.wait()


class Process:
    """A device's process; `url` is where it serves, `output` what it printed."""

    def __init__(self, processes: Processes, process: "subprocess.Popen[str]") -> None:
        self._processes = processes
        self._process = process
        self._changed = threading.Condition()
        self._limits: tuple[int, int] | None = None
        self._over = False
        self.url: str | None = None
        self.output: deque[str] = deque(maxlen=_LINES_KEPT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def start(
        cls, processes: Processes, command: Sequence[str], environment: Mapping[str, str], folder: Path, patience: float
    ) -> "Process":
        """Start a device, and wait until it serves.

        Raises:
            StartRefused: it ended instead, or can't be started at all. PhoneHung: neither came in time; it is killed.
        """
        try:
            process = cls(processes, processes.start(command, environment, folder))
        except OSError as error:
            raise StartRefused(-1, f"{command[0]}: {error.strerror}") from None
        with process._changed:
            process._changed.wait_for(lambda: process.url is not None or process._over, patience)
        if process.url is not None:
            return process
        if not process._over:
            process.kill()
            raise PhoneHung(f"the device did not serve within {patience:g} s of its start, and was killed")
        code = process._process.wait()
        processes.ended(process._process)
        said = next((line for line in reversed(process.output) if line.startswith("attune: ")), None)
        raise StartRefused(code, said or (process.output[-1] if process.output else "it said nothing"))

    @property
    def running(self) -> bool:
        """Is it alive?"""
        return self._process.poll() is None

    def stop(self, patience: float) -> None:
        """Stop it in good order. Raises PhoneHung: it did not, and was killed."""
        _signal(self._process, signal.SIGTERM)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise PhoneHung(f"the device did not stop within {patience:g} s, and was killed") from None
        self._end()

    def kill(self, after: float = 0.0) -> None:
        """`kill -9`."""
        self._processes.pause(after)
        _signal(self._process, signal.SIGKILL)
        self._process.wait()
        self._end()

    def limit_files(self, full: bool) -> None:
        """Let no file grow, or let files grow again: to the process the first looks like a full disk.

        Raises:
            CannotProduce: only Linux can limit another process.
        """
        if sys.platform != "linux":
            raise CannotProduce("a full disk needs Linux, where the files of another process can be limited (prlimit)")
        import resource  # of Unix only

        if self._limits is None:
            self._limits = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        soft, hard = self._limits
        # Zero bytes: nothing is written at any place of any file. Not even what lies within the write-ahead log.
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (0 if full else soft, hard))

    def _end(self) -> None:
        self._processes.ended(self._process)
        self._reader.join(5)

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            with contextlib.suppress(ValueError, OSError):
                for line in stream:
                    self.output.append(line.rstrip("\n"))
                    if self.url is None and (found := _SERVES.search(line)):
                        with self._changed:
                            self.url = found[1]
                            self._changed.notify_all()
            stream.close()
        with self._changed:
            self._over = True
            self._changed.notify_all()


def _signal(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """To the process and all that it has started: what a user tests may be a script that starts the service."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def clean_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """This process's environment with the settings of a device, and no others of Attune's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    given = {f"ATTUNE_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
    return {**kept, "PYTHONUNBUFFERED": "1", **given}
