"""What the expectations of one step look at: the device after its actions, and what the lab remembers of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lab.device import Device
from lab.errors import StepFailed
from lab.player import Player
from lab.scenario import Scenario


@dataclass
class Scene:
    """A step's end. `refusal` is how its last action was refused. What several expectations are about is asked for
    once, so that they speak of the same update, decision or trail.
    """

    scenario: Scenario
    player: Player
    device: Device
    refusal: StepFailed | None

    @property
    def model(self) -> Any:
        """What answers now; a prediction may have changed it, so it is asked for anew."""
        return self.device.phone.model(self.scenario.task)

    @property
    def samples(self) -> list[Any]:
        """The stored samples."""
        return self.device.phone.all("/v1/samples", task=self.scenario.task)

    @cached_property
    def ready(self) -> Any:
        """What `/readyz` says."""
        return self.device.phone.call("GET", "/readyz")

    @cached_property
    def update(self) -> Any | None:
        """The newest update."""
        return self.device.phone.newest_update()

    @cached_property
    def decision(self) -> Any | None:
        """The schedule's last decision."""
        return self.device.phone.call("GET", "/v1/schedule")["last_decision"]

    @cached_property
    def trail(self) -> list[Any]:
        """The audit trail."""
        return self.device.phone.all("/v1/audit")

    @cached_property
    def rest_of_trail(self) -> Iterator[Any]:
        """The entries that no expectation has passed yet: those of one step follow each other."""
        return iter(self.trail)
