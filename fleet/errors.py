"""What can stop a fleet.

FleetError
├── WrongInput            what was asked for can't be run; trying again won't help
│   ├── InvalidPersonas
│   ├── InvalidTexts
│   └── InvalidVariant
├── OtherRun              the folder holds another run, or another process writes to it
├── NoResults             there is nothing to report yet
├── NoRoom                the disk is full or can't be written
├── ExtraMissing          Ray or matplotlib is not installed
├── ClusterUnreachable    Ray can't be started, or not be reached at its address
├── WorkersDie            workers end as soon as they begin
└── DeviceFailed          one simulated device could not do its rounds; the fleet goes on without it

No message holds a text of the corpus.
"""

from typing import ClassVar


class FleetError(Exception):
    """Base of this package's errors; `code` is a stable slug."""

    code: ClassVar[str] = "fleet-error"


class WrongInput(FleetError):
    """The run can't be made as it was asked for."""

    code = "wrong-input"


class InvalidPersonas(WrongInput):
    """The file of personas; the message names the field and what is allowed."""

    code = "invalid-personas"


class InvalidTexts(WrongInput):
    """The file of texts; the message names the line."""

    code = "invalid-texts"


class InvalidVariant(WrongInput):
    """A value to vary that does not exist or lies out of its bounds."""

    code = "invalid-variant"


class OtherRun(FleetError):
    """The folder belongs to another run; the message says what differs."""

    code = "other-run"


class NoResults(FleetError):
    """No device has finished in this folder."""

    code = "no-results"


class NoRoom(FleetError):
    """Nothing more can be stored; what is finished is kept."""

    code = "no-room"


class ExtraMissing(FleetError):
    """A library of the extra `fleet` is not installed."""

    code = "extra-missing"


class ClusterUnreachable(FleetError):
    """Ray does not answer."""

    code = "cluster-unreachable"


class WorkersDie(FleetError):
    """No worker lives long enough to do anything."""

    code = "workers-die"


class DeviceFailed(FleetError):
    """A device's rounds ended in an error."""

    code = "device-failed"
