"""May a candidate be published? Pure rules on figures."""

from dataclasses import dataclass
from fractions import Fraction
from math import comb

MAX_REPLAY_LOSS = 0.01
SIGNIFICANCE = 0.05
# On fewer held-out samples a head that has learnt most of a pattern would often look like a guess.
_MIN_FOR_GUESSING_TEST = 10


@dataclass(frozen=True)
class HeldOut:
    """Answers on user samples that neither the judged head nor the active version has trained on.

    `gained` counts those right by the candidate alone, `lost` those right by the active version alone.
    """

    count: int
    candidate_right: int
    active_right: int
    gained: int
    lost: int


@dataclass(frozen=True)
class Verdict:
    """`reasons` says why a candidate was rejected; empty when it was accepted."""

    accepted: bool
    reasons: tuple[str, ...]


def judge(held_out: HeldOut, base_replay_accuracy: float, candidate_replay_accuracy: float, classes: int) -> Verdict:
    """The gate: no worse for the user, at most a point worse in general, and not mere noise.

    The replay yardstick is compared with the bundle's head, not with the active version, so that many small losses
    can't add up. Samples whose labels follow no pattern (mistaken taps, say) let a candidate do no better than
    guessing on those it did not see; it is refused unless it clearly beats the active version all the same.
    """
    reasons = []
    if held_out.candidate_right < held_out.active_right:
        reasons.append(
            f"worse on held-out samples: {held_out.candidate_right} of {held_out.count} right, "
            f"the active version {held_out.active_right}"
        )
    elif held_out.count >= _MIN_FOR_GUESSING_TEST:
        guessing = binomial_tail(held_out.candidate_right, held_out.count, Fraction(1, classes)) > SIGNIFICANCE
        no_gain = sign_test(held_out.gained, held_out.lost) > SIGNIFICANCE
        if guessing and no_gain:
            reasons.append(
                f"no better than guessing on held-out samples: {held_out.candidate_right} of {held_out.count} right"
            )
    if forgets(base_replay_accuracy, candidate_replay_accuracy):
        loss = base_replay_accuracy - candidate_replay_accuracy
        reasons.append(
            f"forgets: {loss * 100:.1f} points lost on the replay yardstick, "
            f"at most {MAX_REPLAY_LOSS * 100:.0f} allowed"
        )
    return Verdict(not reasons, tuple(reasons))


def forgets(base_replay_accuracy: float, candidate_replay_accuracy: float) -> bool:
    """Does a candidate lose more on the replay yardstick than it may?"""
    return base_replay_accuracy - candidate_replay_accuracy > MAX_REPLAY_LOSS + 1e-9


def sign_test(more: int, fewer: int) -> float:
    """One-sided exact sign test: the probability of at least `more` of `more + fewer` by a fair coin."""
    return binomial_tail(more, more + fewer, Fraction(1, 2))


def binomial_tail(successes: int, trials: int, chance: Fraction) -> float:
    """P(X >= successes) for X ~ Binomial(trials, chance), exact for any number of trials."""
    yes, no = chance.numerator, chance.denominator - chance.numerator
    ways = sum(comb(trials, count) * yes**count * no ** (trials - count) for count in range(successes, trials + 1))
    return float(Fraction(ways, chance.denominator**trials))
