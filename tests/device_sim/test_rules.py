"""The pure rules: conditions, gate and trial."""

import pytest

from device_sim.conditions import Conditions, SchedulePolicy, decide, obstacles
from device_sim.errors import InvalidInput
from device_sim.gate import HeldOut, judge, sign_test
from device_sim.trial import TrialTally, TrialVerdict, judge_trial

GOOD = Conditions(charging=True, wifi=True, idle=True, battery=0.8, thermal="nominal")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (GOOD, ()),
        (Conditions(), ("not charging", "not on Wi-Fi", "not idle")),
        (Conditions(True, True, True, 0.1, "nominal"), ("battery at 10%, below 20%",)),
        (Conditions(True, True, True, 0.2, "serious"), ("too hot: serious, at most fair",)),
    ],
)
def test_every_missing_condition_is_named(conditions: Conditions, expected: tuple[str, ...]) -> None:
    assert obstacles(SchedulePolicy(), conditions) == expected


def test_a_policy_can_waive_conditions() -> None:
    policy = SchedulePolicy(require_charging=False, require_wifi=False, require_idle=False)
    assert obstacles(policy, Conditions()) == ()


def test_a_look_trains_only_with_all_reasons() -> None:
    policy = SchedulePolicy()
    assert decide(policy, GOOD, True, False, {"sentiment": 20}) == (
        ("sentiment",),
        ("sentiment: 20 of 20 new samples",),
    )
    assert decide(policy, GOOD, True, False, {"sentiment": 19})[0] == ()
    for tasks, reasons in (
        decide(policy, GOOD, False, False, {"sentiment": 20}),
        decide(policy, GOOD, True, True, {"sentiment": 20}),
        decide(SchedulePolicy(enabled=False), GOOD, True, False, {"sentiment": 20}),
        decide(policy, Conditions(), True, False, {"sentiment": 20}),
    ):
        assert tasks == ()
        assert len(reasons) >= 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("every_seconds", 0), ("min_new_samples", 0), ("retention_days", 0), ("min_battery", 1.5), ("max_thermal", "hot")],
)
def test_a_policy_out_of_bounds_names_its_field(field: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=field):
        SchedulePolicy(**{field: value}).check()  # type: ignore[arg-type]  # wrong on purpose


def held_out(candidate: int, active: int, count: int = 20) -> HeldOut:
    both = min(candidate, active)
    return HeldOut(count, candidate, active, candidate - both, active - both)


@pytest.mark.parametrize(
    ("figures", "base", "candidate", "accepted"),
    [
        (held_out(20, 0), 0.80, 0.80, True),
        (held_out(15, 15), 0.80, 0.79, True),
        (held_out(14, 15), 0.80, 0.80, False),
        (held_out(20, 0), 0.80, 0.785, False),
        (held_out(7, 7), 0.80, 0.80, False),  # as good as guessing among three
        (held_out(7, 0), 0.80, 0.80, True),  # as good as guessing, but clearly better than what serves
        (held_out(2, 1, 3), 0.80, 0.80, True),
        (HeldOut(0, 0, 0, 0, 0), 0.80, 0.80, True),
    ],
)
def test_the_gate(figures: HeldOut, base: float, candidate: float, accepted: bool) -> None:
    verdict = judge(figures, base, candidate, 3)
    assert verdict.accepted is accepted
    assert bool(verdict.reasons) is not accepted


def test_the_sign_test_is_exact() -> None:
    assert sign_test(5, 0) == pytest.approx(1 / 32)
    assert sign_test(4, 1) == pytest.approx(6 / 32)
    assert sign_test(0, 0) == 1


@pytest.mark.parametrize(
    ("tally", "verdict"),
    [
        (TrialTally(0, 0, 0, 0), TrialVerdict.TRYING),
        (TrialTally(6, 0, 0, 6), TrialVerdict.TRYING),
        (TrialTally(7, 0, 0, 7), TrialVerdict.ROLL_BACK),
        (TrialTally(5_000, 1_000, 1_000, 2_000), TrialVerdict.ROLL_BACK),
        (TrialTally(12, 5, 2, 7), TrialVerdict.TRYING),
        (TrialTally(9, 9, 9, 0), TrialVerdict.TRYING),
        (TrialTally(10, 10, 0, 0), TrialVerdict.GOOD),
        (TrialTally(12, 10, 1, 2), TrialVerdict.TRYING),
    ],
)
def test_the_trial(tally: TrialTally, verdict: TrialVerdict) -> None:
    assert judge_trial(tally) is verdict
