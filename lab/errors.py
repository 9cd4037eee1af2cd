"""What can go wrong in the lab.

LabError
├── ScenarioInvalid     a file that is no scenario; the message has a line a mistake
├── UnknownScenario     neither a file, a folder nor the name of a shipped scenario
├── CannotProduce       this machine has no way to produce a fault: the scenario is skipped
├── Interrupted         the lab was told to stop: what a device does now tells nothing about it
└── StepFailed          a step could not be carried out
    ├── PhoneOff        it is not running, or stopped answering in the middle of a call
    ├── PhoneHung       it did not answer in time, and was killed
    ├── CallRefused     it answered with a problem document
    └── StartRefused    the process ended instead of serving
"""


class LabError(Exception):
    """Base of this package's errors; the message is a sentence."""


class ScenarioInvalid(LabError):
    """A file can't be used; each line of the message names the file, the line, the path and the mistake."""


class UnknownScenario(LabError):
    """Nothing of that name can be run."""


class CannotProduce(LabError):
    """A fault needs something that this machine has not."""


class Interrupted(LabError):
    """The lab was told to stop, and its devices are being killed."""


class StepFailed(LabError):
    """A step could not be carried out."""


class PhoneOff(StepFailed):
    """There is no process that would answer."""


class PhoneHung(StepFailed):
    """The process did not answer in time; it is killed by whoever waited."""


class CallRefused(StepFailed):
    """An answer of status 400 or more. `slug` is the last part of the problem's `type`."""

    def __init__(self, status: int, slug: str, detail: str) -> None:
        super().__init__(f"refused with {status} {slug}: {detail}")
        self.status = status
        self.slug = slug
        self.detail = detail


class StartRefused(StepFailed):
    """The process ended before it served. `said` is the last line that it printed."""

    def __init__(self, exit_code: int, said: str) -> None:
        super().__init__(f"the device did not start: exit code {exit_code}: {said}")
        self.exit_code = exit_code
        self.said = said
