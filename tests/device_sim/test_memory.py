"""Free memory goes back to the system."""

import platform

import psutil
import pytest

from device_sim.memory import give_back_free_memory

_BLOCK = 1_000
_BLOCKS = 64_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to give memory back")
def test_what_was_freed_below_something_kept_is_given_back() -> None:
    blocks = [bytes(_BLOCK) for _ in range(_BLOCKS)]
    kept = blocks[-1]  # the heap can't shrink below it by itself
    del blocks
    process = psutil.Process()
    before = process.memory_info().rss
    give_back_free_memory()
    assert before - process.memory_info().rss > _BLOCK * _BLOCKS / 2
    assert len(kept) == _BLOCK
