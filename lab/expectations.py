"""What a step may expect of the device. Each key is one check; a key that is left out checks nothing."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from lab.times import MomentText
from lab.vocabulary import Figure, Name, Part, Share, Version, either, several

Phrase = Annotated[str, Field(min_length=1, max_length=300)]
Readiness = Literal["ready", "degraded"]
Decided = Literal["train", "wait"]
State = Literal["base", "trying", "good", "rejected", "rolled_back", "destroyed"]
Audited = Literal[
    "consent", "publish", "reject", "update-failed", "activate", "rollback", "automatic-rollback", "destroy",
    "delete-samples", "expire-samples", "import", "erase", "install-knowledge", "reset-knowledge",
]  # fmt: skip
Phrases = Annotated[list[Phrase], several(Phrase), Field(min_length=1)]
Affected = Annotated[list[Version], several(Version)]
Versions = Annotated[Affected, Field(min_length=1)]


class Expectation(Part):
    """Something that is looked at. What would look at nothing, and so always hold, is refused."""

    @model_validator(mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        for name, given in value.items() if isinstance(value, dict) else ():
            if given is None:
                raise ValueError(f"{name} says nothing: write what is expected, or leave it out")
        return value


class Bounds(Expectation):
    """Between what a figure lies."""

    at_least: Figure | None = None
    at_most: Figure | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Bounds":
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least, at_most or both")
        return self

    def hold(self, figure: float) -> bool:
        """Does `figure` lie between them?"""
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)

    def told(self, style: str = "g") -> str:
        """Both in words."""
        given = (("at least", self.at_least), ("at most", self.at_most))
        return ", ".join(f"{word} {bound:{style}}" for word, bound in given if bound is not None)


class UpdateExpected(Expectation):
    """The newest update; `reasons` are phrases, each found in one of its reasons; `figures` are its metrics by name."""

    state: Literal["suspended", "running", "cancelling", "completed", "failed"] | None = None
    outcome: Literal["published", "rejected"] | None = None
    version: Version | None = None
    trigger: Literal["request", "schedule", "deletion"] | None = None
    samples: int | None = Field(None, ge=0, description="how many it learnt from")
    reasons: Phrases | None = None
    figures: dict[Phrase, Bounds] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _something(self) -> "UpdateExpected":
        if not self.model_fields_set:
            raise ValueError(f"needs one at least of: {', '.join(type(self).model_fields)}")
        return self


class DecisionExpected(Expectation):
    """The schedule's last decision; `reasons` are phrases, each found in one of its reasons."""

    action: Decided
    trigger: Literal["request", "schedule"] | None = None
    reasons: Phrases | None = None


class AccuracyExpected(Bounds):
    """The share of `texts` that the device gives the set's label, or the label `of`."""

    texts: Name
    at_least: Share | None = None
    at_most: Share | None = None
    of: str | None = Field(None, min_length=1, max_length=64)


class AnswersExpected(Expectation):
    """Whether the answers are, to the bit, those remembered under a name."""

    like: Name | None = None
    unlike: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> "AnswersExpected":
        if (self.like is None) == (self.unlike is None):
            raise ValueError("needs either like or unlike")
        return self


class ReadyExpected(Expectation):
    """What `/readyz` says."""

    status: Readiness
    reasons: Phrases | None = None


class AuditExpected(Expectation):
    """An entry of the audit trail."""

    action: Audited
    actor: Phrase | None = None
    from_: Version | None = Field(None, alias="from")
    to: Version | None = None


class RefusedExpected(Expectation):
    """The step's last action is refused: the last part of the problem's `type`, its status, a phrase of its detail."""

    type: Phrase
    status: int | None = Field(None, ge=400, le=599)
    says: Phrase | None = None


class StartRefusedExpected(Expectation):
    """The device does not start: its exit code, and a phrase of the last line that it prints."""

    exit_code: int = 1
    says: Phrase


class TrafficExpected(Expectation):
    """What `traffic` met: calls that failed, answers that mixed versions, and the versions that answered."""

    failures: int = 0
    mixed: int = 0
    versions: Versions | None = None


class Expect(Expectation):
    """Expectations of one step."""

    version: Versions | None = Field(None, description="the active version, or those that it may be")
    serving: Version | None = Field(None, description="the version that answers, by a prediction")
    state: State | None = Field(None, description="of the active version")
    states: dict[Version, State] | None = Field(None, min_length=1, description="of versions, by number")
    ready: Annotated[ReadyExpected, either("status", ReadyExpected | Readiness)] | None = None
    running: bool | None = Field(None, description="whether the process runs")
    pending: int | None = Field(None, ge=0, description="samples that wait to be learnt")
    samples: int | None = Field(None, ge=0, description="samples that are stored")
    update: UpdateExpected | None = None
    updates: int | None = Field(None, ge=0, description="how many there have been")
    decision: Annotated[DecisionExpected, either("action", DecisionExpected | Decided)] | None = None
    accuracy: Annotated[list[AccuracyExpected], several(AccuracyExpected), Field(min_length=1)] | None = None
    answers: AnswersExpected | None = None
    audit: list[AuditExpected] | None = Field(
        None, min_length=1, description="entries in this order, others between them allowed"
    )
    never: Annotated[list[Audited], several(Audited), Field(min_length=1)] | None = Field(
        None, description="actions that the audit trail must not hold"
    )
    consent: bool | None = None
    affected: Affected | None = Field(None, description="versions that a deletion names")
    refused: Annotated[RefusedExpected, either("type", RefusedExpected | Phrase)] | None = None
    start_refused: Annotated[StartRefusedExpected, either("says", StartRefusedExpected | Phrase)] | None = None
    now: MomentText | None = Field(None, description="the device's time, to the minute")
    traffic: TrafficExpected | None = None
    no_trace: Name | None = Field(None, description="a set of which no text is in any file of the device")

    def texts(self) -> Iterable[tuple[tuple[int | str, ...], str]]:
        """The sets that it uses: in which place, and their names."""
        for index, one in enumerate(self.accuracy or ()):
            yield ("accuracy", index, "texts"), one.texts
        if self.no_trace:
            yield ("no_trace",), self.no_trace
