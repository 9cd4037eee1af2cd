"""`attune` with a gate that accepts everything: as it would be if somebody broke it."""

from device_sim import gate


def _accept(
    held_out: gate.HeldOut, base_replay_accuracy: float, candidate_replay_accuracy: float, classes: int
) -> gate.Verdict:
    return gate.Verdict(True, ())


gate.judge = _accept

from app.cli.main import main  # noqa: E402  # what is loaded from here on takes the broken rule

main()
