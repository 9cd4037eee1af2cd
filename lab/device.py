"""A device of a scenario: its process, its files, and what was done to them."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lab.errors import PhoneOff, StepFailed
from lab.phone import Phone
from lab.process import Process, Processes, clean_environment

DATABASE, KEYSTORE = "attune.db", "keystore.json"
_BUNDLE_FILE = "encoder.onnx"


@dataclass(frozen=True)
class Build:
    """What is tested: the command that `serve` is added to, its bundle, and how many seconds a device may take for one
    thing, and for its start if that is another number.
    """

    command: tuple[str, ...]
    bundle: Path
    trusted_keys: str | None = None
    patience: float = 30.0
    start_patience: float | None = None


class Device:
    """One device, in a folder of its own."""

    def __init__(self, name: str, folder: Path, build: Build, processes: Processes, timezone: str) -> None:
        self.name = name
        self._folder = folder
        self._build = build
        self._processes = processes
        self._timezone = timezone
        self._process: Process | None = None
        self._phone: Phone | None = None
        self._bundle: Path | None = None
        self._printed: list[str] = []
        self.state = folder / "state"
        self.shift = timedelta()
        self.was_started = False
        self.has_seed = False
        self.disk_is_full = False
        self.update_id: str | None = None
        folder.mkdir(parents=True)

    @property
    def phone(self) -> Phone:
        """What answers its calls. Raises PhoneOff."""
        if self._process is None or self._phone is None:
            raise PhoneOff(f"the device {self.name} is off: it needs the action start")
        if not self._process.running:
            raise PhoneOff(f"the process of the device {self.name} has ended by itself")
        return self._phone

    @property
    def running(self) -> bool:
        """Does its process run?"""
        return self._process is not None and self._process.running

    @property
    def url(self) -> str:
        """Where it serves. Raises PhoneOff."""
        if self._process is None or self._process.url is None:
            raise PhoneOff(f"the device {self.name} is off")
        return self._process.url

    @property
    def patience(self) -> float:
        """How many seconds it may take for one thing."""
        return self._build.patience

    def start(self, passphrase: str | None) -> None:
        """Start its process. Raises StartRefused, PhoneHung."""
        if self.running:
            raise StepFailed(f"the device {self.name} runs already")
        self._let_go()
        self.was_started = True
        bundle = self._bundle or self._build.bundle
        environment = clean_environment(
            {"state_dir": self.state, "host": "127.0.0.1", "port": 0, "timezone": self._timezone, "bundle": bundle,
             "trusted_keys": self._build.trusted_keys, "passphrase": passphrase}
        )  # fmt: skip
        command = (*self._build.command, "serve")
        patience = self._build.start_patience or self.patience
        self._process = Process.start(self._processes, command, environment, self._folder, patience)
        self._phone = Phone(self.url, self.patience)

    def stop(self) -> None:
        """Stop it in good order."""
        process = self._alive()
        process.stop(self.patience)
        self._let_go()

    def kill(self, after: float = 0.0) -> None:
        """`kill -9`."""
        self._alive().kill(after)
        self._let_go()

    def end(self) -> None:
        """However it stands, leave no process behind."""
        if self._process is not None and self._process.running:
            self._process.kill()
        self._let_go()

    def fill_disk(self, full: bool) -> None:
        """Let the process find no room to write, or let it find room again. Raises CannotProduce."""
        self._alive().limit_files(full)
        self.disk_is_full = full

    def save_files(self, name: str) -> None:
        """Copy the state directory."""
        self._must_be_off("copying its files")
        if not self.state.is_dir():
            raise StepFailed(f"the device {self.name} has no files to copy: it was never started")
        if self._copy(name).exists():
            raise StepFailed(f"there is a copy {name} already: give this one another name")
        shutil.copytree(self.state, self._copy(name))

    def put_back(self, name: str, only: str) -> None:
        """Put the files of a copy back."""
        self._must_be_off("putting files back")
        copy = self._copy(name)
        if not copy.is_dir():
            raise StepFailed(f"there is no copy {name}: save_files makes one")
        if only == "all":
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.copytree(copy, self.state)
        elif only == "database":
            for path in self.state.glob(f"{DATABASE}*"):
                path.unlink()
            for path in copy.glob(f"{DATABASE}*"):
                shutil.copy2(path, self.state)
        else:
            if not (copy / KEYSTORE).is_file():
                raise StepFailed(f"the copy {name} holds no {KEYSTORE}")
            shutil.copy2(copy / KEYSTORE, self.state)

    def damage(self, what: str, how: str) -> None:
        """Damage a file of the device; of the bundle, one of a copy that it runs from then on."""
        self._must_be_off("damaging its files")
        if what == "bundle":
            self._bundle = self._folder / "bundle"
            if not self._bundle.exists():
                shutil.copytree(self._build.bundle, self._bundle)
            path = self._bundle / _BUNDLE_FILE
        else:
            path = self.state / (DATABASE if what == "database" else KEYSTORE)
        if not path.is_file():
            raise StepFailed(f"there is no {path.name} to damage")
        _damage(path, how)

    def repair_bundle(self) -> None:
        """Run the good bundle again."""
        self._must_be_off("changing its bundle")
        self._bundle = None

    def holders_of(self, texts: Sequence[str]) -> list[str]:
        """Names of the device's files, and `log`, that hold one of `texts` in the clear, as UTF-8, UTF-16 or JSON.
        Raises StepFailed: there are no files, so that nothing would be looked into.
        """
        files = [path for path in sorted(self.state.rglob("*")) if path.is_file()]
        if not files:
            raise StepFailed(f"the device {self.name} has no files to look into")
        escaped = [json.dumps(text)[1:-1] for text in texts]
        needles = [text.encode(form) for text in (*texts, *escaped) for form in ("utf-8", "utf-16-le")]
        found = [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]
        printed = "\n".join([*self._printed, *(self._process.output if self._process else ())])
        return found + (["log"] if any(text in printed for text in (*texts, *escaped)) else [])

    def _copy(self, name: str) -> Path:
        return self._folder / f"copy-{name}"

    def _alive(self) -> Process:
        if self._process is None or not self._process.running:
            raise PhoneOff(f"the device {self.name} is off already")
        return self._process

    def _must_be_off(self, doing: str) -> None:
        if self.running:
            raise StepFailed(f"{doing} needs the device {self.name} to be off: stop or kill it first")

    def _let_go(self) -> None:
        if self._process is not None:
            self._printed += self._process.output
        if self._phone is not None:
            self._phone.close()
        self._process = self._phone = None
        self.disk_is_full = False  # A new process is not limited.


def _damage(path: Path, how: str) -> None:
    if how == "remove":
        path.unlink()
        return
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if how == "cut":
        del content[middle:]
    else:
        for place in range(middle, min(middle + 16, len(content))):
            content[place] ^= 0xFF
    path.write_bytes(content)
