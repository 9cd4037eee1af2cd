"""`python -m tests.benchmarks`: the budget table, and the same as JSON."""

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.budget import QUICK, Effort, Row, measure


def main() -> int:
    """Measure, print and write; 0 when it ran through, met or not."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the rows here too")
    parser.add_argument("--quick", action="store_true", help="a short look that only shows that it runs")
    arguments = parser.parse_args()
    effort = QUICK if arguments.quick else Effort()
    print(f"{'':66}{'figure':>10}    {'bound':16}")
    rows = []
    for row in _rows(effort):
        rows.append(row)
        verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
        print(f"{row.what:66}{row.figure:>10.2f} {row.unit:3}{row.bound:16}{verdict:8} {row.note}", flush=True)
    if arguments.json is not None:
        machine = {"machine": platform.machine(), "python": platform.python_version(), "quick": arguments.quick}
        content = {**machine, "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _rows(effort: Effort) -> Iterator[Row]:
    yield from measure(effort, lambda stage: print(f"measuring: {stage}", file=sys.stderr))
    if find_spec("torch") is None:
        print("the torch rows need the extra: run `pip install -e '.[toolchain]'`", file=sys.stderr)
        return
    # Imported last: it brings torch, and what was measured before must not share the process with it.
    from tests.benchmarks.against_torch import against_torch

    yield from against_torch(effort)


if __name__ == "__main__":
    sys.exit(main())
