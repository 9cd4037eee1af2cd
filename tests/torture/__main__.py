"""`python -m tests.torture`: the campaign at full length, with its counts."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from device_sim.settings import DeviceSettings
from model_store.bundle import SHIPPED_BUNDLE
from tests.torture.campaign import Report, run


def main() -> int:
    """Run the campaign; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--bundle", type=Path, default=SHIPPED_BUNDLE)
    parser.add_argument("--trusted-key", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    started = time.monotonic()

    def progress(report: Report) -> None:
        if report.kills % 50 == 0:
            print(f"{report.kills} kills, {report.acknowledged} acknowledged feedbacks", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        settings = DeviceSettings(Path(folder) / "state", arguments.bundle, tuple(arguments.trusted_key))
        report = run(settings, arguments.kills, arguments.seed, progress)
    print(render(report))
    print(f"{time.monotonic() - started:.0f} s")
    return 0 if report.clean else 1


def render(report: Report) -> str:
    """The counts as lines of text."""
    rows: list[tuple[str, object]] = [("kill -9", report.kills), ("starts with a full check", report.starts)]
    rows += [(f"killed during {name}", count) for name, count in sorted(report.in_flight.items())]
    rows += [(f"completed: {name}", count) for name, count in sorted(report.done.items())]
    rows += [
        ("acknowledged feedback", report.acknowledged),
        ("acknowledged feedback lost", report.lost),
        ("half versions", len(report.half)),
        ("invalid pointers", len(report.pointer)),
        ("failed starts", len(report.failed_starts)),
    ]
    findings = [*report.half, *report.pointer, *report.failed_starts]
    return "\n".join([*(f"{name:32}{count:>8}" for name, count in rows), *findings])


if __name__ == "__main__":
    sys.exit(main())
