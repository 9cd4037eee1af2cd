"""A real device in a directory of its own, for whoever shows what it answers."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_START = "from app.cli.main import main; main()"
_ROOT = Path(__file__).parents[2]


@contextmanager
def running_device(**settings: str) -> Iterator[httpx.Client]:
    """A client of a service that was started afresh, on a free port; both are gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="attune-docs-") as directory:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
        mine = {"ATTUNE_STATE_DIR": f"{directory}/state", "ATTUNE_PORT": "0", "ATTUNE_TIMEZONE": "Asia/Shanghai"}
        environment = {**kept, **mine, **settings, "PYTHONPATH": str(_ROOT)}
        command = [sys.executable, "-c", _START, "serve"]
        log = Path(directory) / "log"
        with log.open("wb") as written:
            process = subprocess.Popen(command, cwd=directory, env=environment, stdout=written, stderr=written)
        try:
            with httpx.Client(base_url=_address(process, log), timeout=60, trust_env=False) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    while process.poll() is None:
        found = re.search(r"http://[\w.:\[\]-]+", log.read_text("utf-8"))
        if found:
            return found[0]
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise SystemExit(f"the device did not start: {log.read_text('utf-8')}")
