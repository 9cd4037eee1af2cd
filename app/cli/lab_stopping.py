"""The signals that tell a run of the lab to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Ctrl-C, what a CI server sends, and a terminal that is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that is set by a signal, so that devices are ended and reports written in good order; a signal more
    changes nothing. What was to be ignored (by `nohup`, or in the background) still is.
    """
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for number in taken:
            signal.signal(number, before[number])
