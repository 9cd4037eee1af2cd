"""Has a published version proved itself? Pure rules on the answers that it and its parent gave to later feedback."""

from dataclasses import dataclass
from enum import Enum

from device_sim.gate import sign_test

AGREEMENTS_NEEDED = 10
# Stricter than the gate: the trial is looked at after each piece of feedback, and users correct more than they confirm.
SIGNIFICANCE = 0.01


class TrialVerdict(Enum):
    """What becomes of a version on trial."""

    TRYING = "trying"
    GOOD = "good"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True)
class TrialTally:
    """Later feedback, counted: all of it, what the version had right, and what only one of the two had right."""

    count: int
    version_right: int
    only_version: int
    only_parent: int

    @property
    def p_value(self) -> float:
        """Chance of the parent's lead if both were equally good (exact one-sided McNemar test)."""
        return sign_test(self.only_parent, self.only_version)


def judge_trial(tally: TrialTally) -> TrialVerdict:
    """Roll back what is significantly worse than its parent; call good what enough feedback has agreed with."""
    if tally.only_parent > tally.only_version and tally.p_value < SIGNIFICANCE:
        return TrialVerdict.ROLL_BACK
    if tally.version_right >= AGREEMENTS_NEEDED and tally.only_version >= tally.only_parent:
        return TrialVerdict.GOOD
    return TrialVerdict.TRYING
