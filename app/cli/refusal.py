"""How a command learns that the device said no."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device_sim.errors import DeviceError, StateCorrupt, StateRolledBack, WrongKey
from model_store.errors import StoreError

# The state directory is there, and what it holds can't be read.
UNOPENABLE = {StateCorrupt.code, StateRolledBack.code, WrongKey.code}


class Refusal(Exception):  # it is no error of ours: the device said no
    """The device refused or failed; `problem` is the problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        super().__init__(f"{problem['title']}: {problem['detail']}")

    @property
    def code(self) -> str:
        """What the problem's type ends with."""
        return str(self.problem.get("type", "")).rpartition(":")[2]

    @classmethod
    def because(cls, code: str, title: str, detail: str) -> "Refusal":
        """A refusal that no service worded."""
        return cls({"type": f"urn:attune:problem:{code}", "title": title, "detail": detail})

    @classmethod
    def unreadable(cls, file: Path, error: OSError) -> "Refusal":
        """A file that the command was given can't be read."""
        detail = f"{file}: {error.strerror or type(error).__name__}"
        return cls.because("unreadable-file", "The file can't be read", detail)


def refusal_of(error: DeviceError | StoreError) -> Refusal:
    """An error of the device in the words that the service would use."""
    from app.problems import status_and_title

    return Refusal.because(error.code, status_and_title(error)[1], str(error))
