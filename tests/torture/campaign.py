"""Fork, kill, check, again: a zygote that has imported everything but opened nothing keeps each round short."""

import json
import os
import random
import select
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from device_sim.settings import DeviceSettings
from tests.torture.check import Found, Told, check
from tests.torture.load import worker

_ERASE_EVERY = 8
_LONGEST = 0.6


@dataclass
class Report:
    """The counts of a campaign."""

    seed: int
    kills: int = 0
    starts: int = 0
    acknowledged: int = 0
    in_flight: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    half: list[str] = field(default_factory=list)
    pointer: list[str] = field(default_factory=list)
    failed_starts: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Every promise was kept."""
        return not (self.lost or self.half or self.pointer or self.failed_starts)


def run(settings: DeviceSettings, kills: int, seed: int, progress: Callable[[Report], None]) -> Report:
    """Kill the device `kills` times, starting and checking it after each."""
    generator = random.Random(seed)
    report, told = Report(seed), Told()
    while report.kills < kills:
        _round(settings, generator, report, told)
        answer = _in_child(lambda: check(settings, told))
        report.starts += 1
        if isinstance(answer, str):
            report.failed_starts.append(answer)
            break
        report.lost += answer.lost
        report.half += answer.half
        report.pointer += answer.pointer
        progress(report)
        if not answer.clean:
            break
    return report


def _round(settings: DeviceSettings, generator: random.Random, report: Report, told: Told) -> None:
    reading, writing = os.pipe()
    seed, erase = generator.randrange(2**31), generator.randrange(_ERASE_EVERY) == 0
    child = os.fork()
    if child == 0:
        os.close(reading)
        _never_return(lambda: worker(settings, writing, seed, len(told.texts), erase))
    os.close(writing)
    # One round in five is killed while it opens; the rest at any moment of the load.
    delay = generator.random() * (0.15 if generator.randrange(5) == 0 else _LONGEST)
    lines = _lines_for(reading, delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lines += _lines_for(reading, 0.0)
    os.close(reading)
    report.kills += 1
    _take_in(_parsed(lines), report, told)


def _take_in(lines: list[dict[str, Any]], report: Report, told: Told) -> None:
    begun = {line["begin"]: line for line in lines if "begin" in line}
    told.maybe_erased = False
    for line in lines:
        if line.get("do") == "feedback":
            told.texts[line["text"]] = line["label"]
        if line.get("do") == "erase":
            # From here on, what was acknowledged before may be gone, and sample ids may begin anew.
            told.acknowledged.clear()
            told.maybe_erased = True
        if "done" in line and line["done"] in begun:
            call = begun[line["done"]]
            report.done[call["do"]] += 1
            if call["do"] == "erase":
                told.acknowledged.clear()
                told.maybe_erased = True
            if call["do"] == "feedback" and not told.maybe_erased:
                told.acknowledged[line["sample"]] = (call["text"], call["label"])
                report.acknowledged += 1
    ended = {line[key] for line in lines for key in ("done", "refused") if key in line}
    flying = {call["do"] for number, call in begun.items() if number not in ended}
    report.in_flight.update(flying or {"nothing"})


def _lines_for(descriptor: int, seconds: float) -> list[bytes]:
    """What comes up the pipe in `seconds`, or at once and to the end with 0."""
    chunks = []
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        if seconds and left <= 0:
            break
        ready, _, _ = select.select([descriptor], [], [], max(0.0, left) if seconds else 1.0)
        if not ready:
            continue
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            if seconds:
                time.sleep(max(0.0, until - time.monotonic()))
            break
        chunks.append(chunk)
    return chunks


def _parsed(chunks: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(chunks).splitlines()]


def _in_child(action: Callable[[], Found]) -> Found | str:
    """Run `action` in a fork of this process, which stays as clean as it was."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)

        def send() -> None:
            try:
                found = action()
                content: dict[str, Any] = {"lost": found.lost, "half": found.half, "pointer": found.pointer}
            except Exception:  # any failure to start is a finding
                content = {"failed": traceback.format_exc()}
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(content).encode())

        _never_return(send)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = json.loads(pipe.read() or b'{"failed": "the checking process died"}')
    os.waitpid(child, 0)
    return content["failed"] if "failed" in content else Found(**content)


def _never_return(action: Callable[[], object]) -> None:
    """Run `action` and leave the forked process without the parent's exit handlers."""
    try:
        action()
    except BaseException:  # told on standard error, and the process ends
        traceback.print_exc()
    finally:
        os._exit(0)
