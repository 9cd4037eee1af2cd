"""What a user does about an answer: corrects it, confirms it, or lets it be; now and then with a wrong label."""

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.config import RunConfig
from fleet.members import Member, Said, chance
from fleet.variants import Variant


@dataclass(frozen=True)
class Reaction:
    """A label that the user gives, and whether it is the one that they mean."""

    label: str
    meant: bool


def samples_wanted(config: RunConfig, member: Member, variant: Variant, round_number: int) -> int:
    """How many samples the user gives in a round: about their rate, which they keep to, within a quarter."""
    rate = member.rate
    if variant.samples is not None:
        rate *= variant.samples / member.persona.feedback.mean
    drawn = chance(config, member.number, "rate", round_number)
    return max(1, min(500, round(rate * drawn.uniform(0.75, 1.25))))


def react(
    config: RunConfig, member: Member, variant: Variant, round_number: int, said: Said, answer: str,
    labels: Sequence[str],
) -> Reaction | None:  # fmt: skip
    """The user's reaction to the `answer` that a device gave about what they said; None: they let it be.

    The same numbers are drawn whatever the answer and the variant, so that variants differ by what they change alone.
    """
    drawn = chance(config, member.number, "reacts", round_number, said.number)
    moved, slipped, turned, which = (drawn.random() for _ in range(4))
    persona = member.persona
    if moved >= (persona.confirms if answer == said.label else persona.corrects):
        return None
    noise = persona.noise if variant.noise is None else variant.noise
    if turned < _poisoned(member, variant, round_number) or slipped < noise:
        others = [label for label in labels if label != said.label]
        return Reaction(others[int(which * len(others))], meant=False)
    return Reaction(said.label, meant=True)


def _poisoned(member: Member, variant: Variant, round_number: int) -> float:
    if variant.poison is not None:
        return variant.poison if round_number >= variant.poison_from else 0.0
    poison = member.persona.poison
    return poison.share if poison is not None and round_number >= poison.from_round else 0.0
