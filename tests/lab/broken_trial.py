"""`attune` whose trials never roll a version back."""

from device_sim import trial

_judge = trial.judge_trial


def _lenient(tally: trial.TrialTally) -> trial.TrialVerdict:
    verdict = _judge(tally)
    return trial.TrialVerdict.TRYING if verdict is trial.TrialVerdict.ROLL_BACK else verdict


trial.judge_trial = _lenient

from app.cli.main import main  # noqa: E402  # what is loaded from here on takes the broken rule

main()
