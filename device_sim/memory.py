"""Memory that is free but not given back: glibc keeps the pages that a thread's buffers lay in."""

import ctypes
from collections.abc import Callable
from typing import Any


def _malloc_trim() -> Callable[[int], Any] | None:
    try:
        # Of the process itself, so of the C library that all its parts allocate with.
        trim: Callable[[int], Any] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows has no process to look in
        return None
    return trim


_TRIM = _malloc_trim()


def give_back_free_memory() -> None:
    """Have the C library return its free pages to the system, which takes about a millisecond.

    Other C libraries than glibc do so by themselves, or can't be asked: there it does nothing. Source: malloc_trim(3).
    """
    if _TRIM is not None:
        _TRIM(0)
