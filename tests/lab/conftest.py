"""What the lab's tests share."""

import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def attune(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line."""
    return CommandLine(monkeypatch, capsys)
