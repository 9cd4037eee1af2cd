"""A short campaign; `make torture` runs it at full length."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.phone import phone, phone_settings, teach
from tests.support.tiny_bundle import TinyBundle
from tests.torture.check import Told, check
from tests.torture.load import sentence


def test_nothing_promised_is_lost_however_the_process_is_killed(bundle: TinyBundle) -> None:
    command = [sys.executable, "-m", "tests.torture", "--kills", "25", "--seed", "1", "--bundle", str(bundle.path)]
    ended = subprocess.run(
        [*command, "--trusted-key", str(bundle.public_key)], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    counts = {line[:32].strip(): line[32:].strip() for line in ended.stdout.splitlines()}
    assert counts["kill -9"] == counts["starts with a full check"] == "25"
    assert int(counts["acknowledged feedback"]) > 0
    assert json.loads(counts["acknowledged feedback lost"]) == 0


def test_the_check_sees_a_lost_sample_and_a_half_version(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, [sentence(1)], "负面")
    told = Told(acknowledged={1: (1, "负面"), 2: (2, "负面")}, texts={1: "负面", 2: "负面"})
    settings = phone_settings(bundle, tmp_path)
    assert check(settings, told).lost == 1
    with phone(bundle, tmp_path) as runtime, runtime.state.transaction() as connection:
        connection.execute("UPDATE samples SET state = 'used'")
        connection.execute("INSERT INTO active_versions VALUES ('sentiment', 9)")
    with phone(bundle, tmp_path):
        pass
    found = check(settings, told)
    assert found.half
    assert found.pointer
