"""A program beside the lab that outlives it: it ends the devices of a lab that was itself killed.

It reads lines on its standard input, `+` or `-` before the number of a process that began or is over. When nobody
writes any more, it kills what is still running, each with all that it has started.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def guard(lines: Iterable[str]) -> None:
    """Read until the end, then kill what is left."""
    running: set[int] = set()
    for line in lines:
        number = int(line[1:])
        if line.startswith("+"):
            running.add(number)
        else:
            running.discard(number)
    for number in running:
        with contextlib.suppress(OSError):
            os.killpg(number, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.stdin)
