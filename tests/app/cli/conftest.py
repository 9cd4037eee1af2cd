"""A command line on a device of its own."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.tiny_bundle import TinyBundle


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Where the device of the test keeps its state."""
    return tmp_path / "state"


@pytest.fixture
def attune(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bundle: TinyBundle, state_dir: Path
) -> CommandLine:
    """The command, on that device, which no service has open."""
    command = CommandLine(monkeypatch, capsys)
    command.setenv(state_dir=state_dir, bundle=bundle.path, trusted_keys=bundle.public_key)
    return command
