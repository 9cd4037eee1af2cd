"""The `attune` command as a test runs it: inside the test's process, or as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import pytest

from app.cli.main import main

START = "from app.cli.main import main; main()"


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout, which must be one JSON value."""
        return json.loads(self.out)


class CommandLine:
    """Runs commands in the test's process, with the environment that `setenv` has made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def setenv(self, **settings: object) -> None:
        """Set `ATTUNE_*` variables."""
        for name, value in settings.items():
            self._monkeypatch.setenv(f"ATTUNE_{name.upper()}", str(value))

    def __call__(self, *arguments: object) -> Outcome:
        """Run one command."""
        self._monkeypatch.setattr(sys, "argv", ["attune", *map(str, arguments)])
        self._capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        printed = self._capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    def json(self, *arguments: object) -> Any:
        """The answer of a command that must succeed."""
        outcome = self(*arguments, "--json")
        assert outcome.code == 0, outcome.err
        return outcome.json


def start(
    *arguments: str, program: str = START, stdin: IO[bytes] | int = subprocess.DEVNULL, **settings: object
) -> "subprocess.Popen[str]":
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=_environment(settings),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    mine = {f"ATTUNE_{name.upper()}": str(value) for name, value in settings.items()}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **mine}
