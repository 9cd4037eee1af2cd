"""Who judges a version: the gate before it is published, and the trial after."""

from collections.abc import Callable
from dataclasses import dataclass

from device_sim.gate import HeldOut, Verdict, judge
from device_sim.trial import TrialTally, TrialVerdict, judge_trial

Gate = Callable[[HeldOut, float, float, int], Verdict]
Trial = Callable[[TrialTally], TrialVerdict]


@dataclass(frozen=True)
class Judges:
    """The device's own unless others are given: only a simulation does, to measure what they are worth."""

    gate: Gate = judge
    trial: Trial = judge_trial
