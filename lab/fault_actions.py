"""What goes wrong with the device: its power, its clock, its files, its disk."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from lab.times import SpanText, parse_span
from lab.vocabulary import Action, Kept, Name, Part, bare, either

Damaged = Literal["database", "keystore", "bundle"]


class Killing(Part):
    """At once, or so many milliseconds later."""

    after_ms: int = Field(0, ge=0, le=10_000)


class Kill(Action):
    """`kill -9`."""

    kill: Annotated[Killing, bare(Killing)]

    def told(self) -> str:
        """The action in words."""
        after = self.kill.after_ms
        return "the device is killed (kill -9)" + (f" {after} ms later" if after else "")


class SaveFiles(Action):
    """Copy the state directory of a device that is off."""

    save_files: Name
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        return f"the device's files are copied to {self.save_files}"

    def keeps(self) -> Iterable[Kept]:
        """The copy."""
        return (Kept("copy", self.save_files),)


class PuttingBack(Part):
    """Which copy, and what of it."""

    from_: Name = Field(alias="from")
    only: Literal["database", "keystore", "all"] = "all"


class PutBack(Action):
    """Put a copy of the files back; the device must be off."""

    put_back: Annotated[PuttingBack, either("from", PuttingBack | Name)]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        what = {"all": "all files"}.get(self.put_back.only, f"the {self.put_back.only}")
        return f"{what} of the copy {self.put_back.from_} put back"

    def needs(self) -> Iterable[Kept]:
        """The copy."""
        return (Kept("copy", self.put_back.from_),)


class Damaging(Part):
    """`flip` changes some bytes in the middle, `cut` takes the second half away, `remove` all."""

    what: Damaged
    how: Literal["flip", "cut", "remove"] = "flip"


class Damage(Action):
    """Damage files of a device that is off; of the bundle only a copy."""

    damage: Annotated[Damaging, either("what", Damaging | Damaged)]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        how = {"flip": "bytes changed", "cut": "cut in half", "remove": "gone"}[self.damage.how]
        return (
            f"damage: the {self.damage.what} has {how}" if how != "gone" else f"damage: the {self.damage.what} is gone"
        )

    def keeps(self) -> Iterable[Kept]:
        """The damage, until it is mended."""
        return (Kept("damage", self.damage.what),)


class Repair(Action):
    """Put the good bundle back."""

    repair: Literal["bundle"]
    needs_phone = False

    def told(self) -> str:
        """The action in words."""
        return "the good bundle is back"

    def needs(self) -> Iterable[Kept]:
        """A damage."""
        return (Kept("damage", self.repair),)


class Disk(Action):
    """Whether the running process finds room to write (Linux)."""

    disk: Literal["full", "free"]

    def told(self) -> str:
        """The action in words."""
        return "the disk is full" if self.disk == "full" else "the disk has room again"

    def mark(self) -> str:
        """Which of both."""
        return f"disk {self.disk}"


class Clock(Action):
    """The device's clock jumps, and stays wrong by that."""

    clock: SpanText

    def told(self) -> str:
        """The action in words."""
        way = "back" if self.span < timedelta() else "forward"
        return f"the clock jumps {way} by {self.clock.lstrip('+-')}"

    @property
    def span(self) -> timedelta:
        """How far."""
        return parse_span(self.clock)

    def shift(self) -> timedelta:
        """How far."""
        return self.span
