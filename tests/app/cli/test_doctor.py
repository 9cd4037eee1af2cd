"""`attune doctor` finds what is broken."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from device_sim.database import DATABASE_FILE
from device_sim.keystore import KEY_FILE
from tests.support.command_line import CommandLine, Outcome
from tests.support.tiny_bundle import TinyBundle


def _checks(outcome: Outcome) -> dict[str, Any]:
    return {check["name"]: check["ok"] for check in outcome.json["checks"]}


@pytest.fixture
def used(attune: CommandLine) -> CommandLine:
    """A device that was used before."""
    attune.json("consent", "give")
    return attune


def test_a_device_that_was_never_used_is_healthy_and_stays_unmade(attune: CommandLine, state_dir: Path) -> None:
    outcome = attune("doctor", "--json")
    assert (outcome.code, _checks(outcome)["state directory"]) == (0, None)
    assert not state_dir.exists()


def test_a_used_device_is_healthy(used: CommandLine) -> None:
    outcome = used("doctor", "--json")
    assert outcome.code == 0
    assert set(_checks(outcome).values()) == {True}
    assert "failed" not in used("doctor").out


def test_a_wrong_passphrase_fails_the_key_store(used: CommandLine) -> None:
    used.setenv(passphrase="another")
    outcome = used("doctor", "--json")
    assert (outcome.code, _checks(outcome)["key store"]) == (1, False)
    assert "another" not in outcome.out


def test_a_flipped_bit_of_the_database_is_found(used: CommandLine, state_dir: Path) -> None:
    content = bytearray((state_dir / DATABASE_FILE).read_bytes())
    content[5000] ^= 1
    (state_dir / DATABASE_FILE).write_bytes(content)
    outcome = used("doctor", "--json")
    assert outcome.code == 1
    assert False in _checks(outcome).values()


def test_a_changed_bundle_is_found(used: CommandLine, bundle: TinyBundle, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(bundle.path, changed)
    (changed / "CARD.md").write_bytes(b"x" + (changed / "CARD.md").read_bytes()[1:])
    used.setenv(bundle=changed)
    outcome = used("doctor", "--json")
    assert (outcome.code, _checks(outcome)["bundle"]) == (1, False)
    assert "CARD.md" in outcome.out


def test_a_key_file_that_others_may_read_is_found(used: CommandLine, state_dir: Path) -> None:
    (state_dir / KEY_FILE).chmod(0o644)
    outcome = used("doctor", "--json")
    assert (outcome.code, _checks(outcome)["state directory"]) == (1, False)


def test_an_old_database_is_noticed_and_may_be_accepted(used: CommandLine, state_dir: Path, tmp_path: Path) -> None:
    files = [path for path in state_dir.iterdir() if path.name.startswith(DATABASE_FILE)]
    for path in files:
        shutil.copy(path, tmp_path / path.name)
    used.json("feedback", used.json("predict", "好")["predictions"][0]["label"], "好")
    for _ in range(2):
        used.json("update", "--force", "--epochs", 1, "--learning-rate", 1e-5)
        used.json("rollback")
    for path in state_dir.glob(f"{DATABASE_FILE}*"):
        path.unlink()
    for path in files:
        shutil.copy(tmp_path / path.name, path)
    outcome = used("doctor", "--json")
    assert (outcome.code, _checks(outcome)["counter"]) == (1, False)
    assert used("predict", "好").code == 1
    assert used("doctor", "--accept-restored-database").code == 0
    assert used("predict", "好").code == 0
