"""What one of the pattern modules found, in places of the plain text."""

from typing import NamedTuple

from device_sim.privacy.findings import SensitiveType


class Match(NamedTuple):
    """`start` to `end`, exclusive, in the plain text."""

    start: int
    end: int
    type: SensitiveType
