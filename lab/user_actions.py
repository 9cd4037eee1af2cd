"""What the user does with the device."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lab.texts import Sentence
from lab.vocabulary import Action, Figure, Kept, Name, Part, Passphrase, Version, bare, either

_UNTIL = r"(end|start|epoch [1-9][0-9]{0,3})"


def _is_until(text: str) -> str:
    if re.fullmatch(_UNTIL, text) is None:
        raise ValueError("must be end, start, or an epoch, counted from 1, as: epoch 5")
    return text


Until = Annotated[
    str,
    AfterValidator(_is_until),
    Field(
        description="how long to wait: to its end, not at all, or until it is in an epoch",
        json_schema_extra={"pattern": f"^{_UNTIL}$"},
    ),
]
Then = Literal["keep", "retrain", "destroy"]


class Consent(Action):
    """Give or withdraw the consent to personalisation."""

    consent: bool

    def told(self) -> str:
        """The action in words."""
        return "agrees to personalisation" if self.consent else "withdraws the consent"


class Corrections(Part):
    """`texts` corrected to their labels, or all to the label `as`; `random` draws a label for each by the seed."""

    texts: Name
    as_: str | None = Field(None, alias="as", min_length=1, max_length=64)
    first: int | None = Field(None, ge=1, description="only so many of the set")
    skip: int = Field(0, ge=0, description="leaving out so many at its beginning")


class Correct(Action):
    """Send feedback."""

    correct: Annotated[Corrections, either("texts", Corrections | Name)]

    def told(self) -> str:
        """The action in words."""
        what = self.correct
        part = f"{what.first} text{'s' * (what.first > 1)}" if what.first else "the texts"
        after = f" after the first {what.skip}" if what.skip else ""
        return f"corrects {part} of {what.texts}{after}" + (f" to {what.as_}" if what.as_ else "")

    def texts(self) -> Iterable[str]:
        """The set."""
        return (self.correct.texts,)


class UpdateWish(Part):
    """An update by hand, as `POST /v1/updates`; `force` is the button `train now`."""

    force: bool = False
    epochs: int | None = None
    mini_batch_size: int | None = None
    learning_rate: Figure | None = None
    seed: int | None = None
    until: Until = "end"

    def parameters(self, seed: int) -> dict[str, int | float]:
        """Those of the training, the scenario's seed among them."""
        given = self.model_dump(include={"epochs", "mini_batch_size", "learning_rate", "seed"}, exclude_none=True)
        return {"seed": seed, **given}


class Update(Action):
    """Ask for an update."""

    update: Annotated[UpdateWish, bare(UpdateWish)]

    def told(self) -> str:
        """The action in words."""
        wish = self.update
        until = {"end": "", "start": ", without waiting"}.get(wish.until, f", and it is in {wish.until}")
        return ("presses “train now”" if wish.force else "asks for an update") + until


class Cancel(Action):
    """Cancel the update that was asked for last."""

    cancel: Annotated[Part, bare(Part)]

    def told(self) -> str:
        """The action in words."""
        return "cancels the update"


class RollbackWish(Part):
    """Where to go back to; by default the parent."""

    to: Version | None = None


class Rollback(Action):
    """Roll back."""

    rollback: Annotated[RollbackWish, either("to", RollbackWish | Version | None)]

    def told(self) -> str:
        """The action in words."""
        return "rolls back to " + ("the parent" if self.rollback.to is None else f"version {self.rollback.to}")


class Activate(Action):
    """Let a version answer."""

    activate: Version

    def told(self) -> str:
        """The action in words."""
        return f"activates version {self.activate}"


class Deletion(Part):
    """The sample of one text, or all of them; `then` is what becomes of versions that learnt from it."""

    text: Sentence | None = None
    then: Then = "keep"


class Delete(Action):
    """Delete samples."""

    delete: Annotated[Deletion, bare(Deletion)]

    def told(self) -> str:
        """The action in words."""
        what = f"the sample {self.delete.text}" if self.delete.text else "all samples"
        return f"deletes {what}, then: {self.delete.then}"


class ExportWish(Part):
    """An export that is remembered under the name `to`."""

    to: Name
    sealed: bool = False
    passphrase: Passphrase | None = None


class Export(Action):
    """Export everything personal."""

    export: Annotated[ExportWish, either("to", ExportWish | Name)]

    def told(self) -> str:
        """The action in words."""
        return f"exports to {self.export.to}" + (" with a passphrase" if self.export.passphrase else "")

    def keeps(self) -> Iterable[Kept]:
        """The export."""
        return (Kept("export", self.export.to),)


class ImportWish(Part):
    """An export to bring back; `without_version` is one whose trained parameters were lost from it on the way."""

    from_: Name = Field(alias="from")
    passphrase: Passphrase | None = None
    without_version: Version | None = None


class Import(Action):
    """Import an export."""

    import_: Annotated[ImportWish, either("from", ImportWish | Name)] = Field(alias="import")

    def told(self) -> str:
        """The action in words."""
        lost = self.import_.without_version
        return f"imports {self.import_.from_}" + (f", with version {lost} lost from it" if lost else "")

    def needs(self) -> Iterable[Kept]:
        """The export."""
        return (Kept("export", self.import_.from_),)


class Erase(Action):
    """Erase the user's data."""

    erase: Annotated[Part, bare(Part)]

    def told(self) -> str:
        """The action in words."""
        return "erases everything"
