"""The state directory: keys, the counter, damage, old copies, full disks, a second process."""

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_sim import keystore
from device_sim.database import DATABASE_FILE, Database, schema
from device_sim.errors import StateCorrupt, StateError, StateLocked, StateRolledBack, StorageFull, WrongKey
from device_sim.keystore import KEY_FILE, KEYSTORE_FILE, KeyStore
from device_sim.lock import StateLock, owner
from device_sim.migrations import MIGRATIONS
from device_sim.runtime import Runtime
from tests.support.phone import TAUGHT, phone, phone_settings, predict, served, teach, update
from tests.support.tiny_bundle import TinyBundle

_PAGE = 4096


def taught(bundle: TinyBundle, state_dir: Path) -> None:
    """A device with samples, and version 1 active."""
    with phone(bundle, state_dir) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"


def copy_of(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name)))


def test_private_files_are_readable_by_their_owner_alone(bundle: TinyBundle, tmp_path: Path) -> None:
    taught(bundle, tmp_path / "state")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "state").iterdir() if path.name != "lock"}
    assert modes
    assert not any(modes.values())
    assert not (tmp_path / "state").stat().st_mode & 0o077


def test_a_directory_that_is_given_back_in_a_moment_is_waited_for(bundle: TinyBundle, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    lock = StateLock.acquire(tmp_path)
    threading.Timer(0.5, lock.release).start()
    with phone(bundle, tmp_path) as runtime:
        assert served(runtime).version == 0


def test_a_key_file_that_can_not_be_overwritten_does_not_stop_an_erasure(
    bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"
        monkeypatch.setattr(keystore, "shred", fail)
        runtime.rights.erase()
        assert (served(runtime).version, runtime.samples.page().total) == (0, 0)
        teach(runtime, TAUGHT[:1], "负面")
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.page().total == 1


def test_a_second_process_is_refused_and_told_who_has_the_directory(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        runtime.announce("http://127.0.0.1:1")
        code = (
            "import sys; from pathlib import Path; from device_sim.lock import StateLock\n"
            "from device_sim.errors import StateLocked\n"
            "try: StateLock.acquire(Path(sys.argv[1]))\n"
            "except StateLocked as error: print(error)"
        )
        answer = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
        assert f"process {os.getpid()}" in answer.stdout
        holder = owner(tmp_path)
        assert holder is not None
        assert holder.url == "http://127.0.0.1:1"
        with pytest.raises(StateLocked):
            Runtime.open(phone_settings(bundle, tmp_path))
    assert owner(tmp_path) is None


@pytest.mark.parametrize("given", ["wrong", None])
def test_a_wrong_or_missing_passphrase_is_refused(bundle: TinyBundle, tmp_path: Path, given: str | None) -> None:
    with phone(bundle, tmp_path, passphrase="right 密码"):
        pass
    with pytest.raises(WrongKey, match="passphrase"), phone(bundle, tmp_path, passphrase=given):
        pass
    with phone(bundle, tmp_path, passphrase="right 密码") as runtime:
        assert runtime.health().status == "ready"


def test_a_passphrase_for_a_key_file_directory_is_refused(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path):
        pass
    with pytest.raises(WrongKey, match="not by a passphrase"), phone(bundle, tmp_path, passphrase="x"):
        pass


def test_another_or_a_missing_key_file_is_refused(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path):
        pass
    (tmp_path / KEY_FILE).write_text("00" * 32)
    with pytest.raises(WrongKey, match="not the key"), phone(bundle, tmp_path):
        pass
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(WrongKey, match="missing"), phone(bundle, tmp_path):
        pass


def test_a_counter_edited_by_hand_is_noticed(bundle: TinyBundle, tmp_path: Path) -> None:
    taught(bundle, tmp_path)
    content = json.loads((tmp_path / KEYSTORE_FILE).read_text())
    content["counter"] -= 1
    (tmp_path / KEYSTORE_FILE).write_text(json.dumps(content))
    with pytest.raises(StateCorrupt, match="changed outside"), phone(bundle, tmp_path):
        pass


@pytest.mark.parametrize("missing", [KEYSTORE_FILE, DATABASE_FILE])
def test_half_a_state_directory_is_refused_not_replaced(bundle: TinyBundle, tmp_path: Path, missing: str) -> None:
    taught(bundle, tmp_path)
    (tmp_path / missing).rename(tmp_path / "aside")
    with pytest.raises(StateCorrupt, match="missing"), phone(bundle, tmp_path):
        pass
    (tmp_path / "aside").rename(tmp_path / missing)
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.page().total == len(TAUGHT)


def test_a_flipped_bit_in_any_page_of_the_database_is_detected(bundle: TinyBundle, tmp_path: Path) -> None:
    taught(bundle, tmp_path)
    path = tmp_path / DATABASE_FILE
    content = path.read_bytes()
    assert len(content) > 10 * _PAGE
    key = KeyStore.open(tmp_path, None).key(keystore.DATABASE_KEY)
    for number, start in enumerate(range(0, len(content), _PAGE)):
        damaged = bytearray(content)
        damaged[start + number * 37 % _PAGE] ^= 1 << number % 8
        path.write_bytes(damaged)
        with pytest.raises(StateCorrupt):
            Database.open(path, key)
    path.write_bytes(content)
    Database.open(path, key).close()


@pytest.mark.parametrize("left", [0, 1, _PAGE - 1])
def test_a_database_with_no_page_left_is_no_new_device(bundle: TinyBundle, tmp_path: Path, left: int) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:1], "负面")
    path = tmp_path / DATABASE_FILE
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(StateCorrupt, match="missing or cut off"), phone(bundle, tmp_path):
        pass


def test_damage_found_in_use_is_told_by_readiness_until_all_is_erased(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert runtime.health().status == "ready"
        runtime.state.database.checkpoint()
        with runtime.state.reading() as connection:
            connection.execute("PRAGMA shrink_memory")  # else it would not look at the file
        path = tmp_path / DATABASE_FILE
        path.write_bytes(bytes(path.stat().st_size))
        with pytest.raises(StateCorrupt, match="damaged or was changed"):
            runtime.samples.page()
        health = runtime.health()
        assert health.status == "degraded"
        assert "damaged or was changed" in health.reasons[0]
        runtime.rights.erase()
        assert runtime.health().status == "ready"


def test_a_database_cut_short_is_detected(bundle: TinyBundle, tmp_path: Path) -> None:
    taught(bundle, tmp_path)
    path = tmp_path / DATABASE_FILE
    path.write_bytes(path.read_bytes()[: 3 * _PAGE])
    with pytest.raises(StateError), phone(bundle, tmp_path):
        pass


def test_an_old_database_put_back_is_noticed_and_can_be_accepted(bundle: TinyBundle, tmp_path: Path) -> None:
    state = tmp_path / "state"
    taught(bundle, state)
    old = copy_of(state, "old")
    with phone(bundle, state) as runtime:
        runtime.models.rollback("sentiment")
        runtime.models.activate("sentiment", 1)
    shutil.copy(old / DATABASE_FILE, state / DATABASE_FILE)
    with pytest.raises(StateRolledBack, match=f"old copy of {DATABASE_FILE}"), phone(bundle, state):
        pass
    runtime = Runtime.open(phone_settings(bundle, state, accept_restored_database=True))
    runtime.close()
    with phone(bundle, state) as runtime:
        assert served(runtime).version == 1


def test_an_old_key_store_put_back_is_noticed(bundle: TinyBundle, tmp_path: Path) -> None:
    state = tmp_path / "state"
    taught(bundle, state)
    old = copy_of(state, "old")
    with phone(bundle, state) as runtime:
        runtime.models.rollback("sentiment")
        runtime.models.activate("sentiment", 1)
    shutil.copy(old / KEYSTORE_FILE, state / KEYSTORE_FILE)
    with pytest.raises(StateRolledBack, match=f"old copy of {KEYSTORE_FILE}"), phone(bundle, state):
        pass


def test_a_crash_between_the_commit_and_the_counter_does_not_look_like_an_old_copy(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    taught(bundle, tmp_path)
    before = (tmp_path / KEYSTORE_FILE).read_bytes()
    with phone(bundle, tmp_path) as runtime:
        runtime.models.rollback("sentiment")
    (tmp_path / KEYSTORE_FILE).write_bytes(before)
    for _ in range(2):
        with phone(bundle, tmp_path) as runtime:
            assert served(runtime).version == 0


def test_an_erasure_cut_short_after_the_keys_is_finished_at_start(bundle: TinyBundle, tmp_path: Path) -> None:
    taught(bundle, tmp_path)
    KeyStore.open(tmp_path, None).destroy()
    assert (tmp_path / DATABASE_FILE).exists()
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.page().total == 0
        assert runtime.consent.get().since is None


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as on a full disk."""
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_refuses_feedback_and_loses_nothing(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:5], "负面")
        before = predict(runtime, TAUGHT[0])
        with no_room_beyond(1_000):
            with pytest.raises(StorageFull):
                runtime.feedback.record(text=TAUGHT[6], task="sentiment", label="负面")
            assert predict(runtime, TAUGHT[0]) == before
        assert runtime.samples.page().total == 5
        runtime.feedback.record(text=TAUGHT[6], task="sentiment", label="负面")
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.page().total == 6


def test_a_full_disk_while_publishing_leaves_the_old_version(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        started = runtime.updates.start("sentiment", {"epochs": 3_000}, force=True)
        with no_room_beyond(1_000):
            ended = runtime.updates.wait(started.id, 60)
        assert (ended.state, ended.outcome) == ("failed", None)
        assert ended.finished_at
        assert "disk is full" in ended.reasons[0]
        assert served(runtime).version == 0
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT)}
        assert update(runtime).outcome == "published"


def test_a_disk_too_full_to_begin_anew_says_that_the_data_is_erased(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:5], "负面")
        with no_room_beyond(100), pytest.raises(StateError, match="data is erased"):
            runtime.rights.erase()
    with phone(bundle, tmp_path) as runtime:
        assert runtime.samples.page().total == 0
        teach(runtime, TAUGHT[:1], "负面")


def test_a_rollback_with_no_room_for_the_counter_holds_and_the_counter_follows(
    bundle: TinyBundle, tmp_path: Path
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).outcome == "published"
        (tmp_path / "keystore.json.tmp").mkdir()  # Nothing can be written in its place.
        runtime.models.rollback("sentiment")
        assert served(runtime).version == 0
        with pytest.raises(StateError):
            runtime.models.activate("sentiment", 1)
        (tmp_path / "keystore.json.tmp").rmdir()
        runtime.models.activate("sentiment", 1)
    with phone(bundle, tmp_path) as runtime:
        assert served(runtime).version == 1


def test_a_schema_brought_up_to_date_equals_a_new_one(tmp_path: Path) -> None:
    key = bytes(32)
    later = (*MIGRATIONS, "CREATE TABLE later (id INTEGER PRIMARY KEY);\nALTER TABLE consent ADD COLUMN extra TEXT;\n")
    Database.open(tmp_path / "old.db", key).close()
    upgraded, fresh = Database.open(tmp_path / "old.db", key, later), Database.open(tmp_path / "new.db", key, later)
    assert schema(upgraded) == schema(fresh)
    assert any("later" in statement for statement in schema(fresh))
    upgraded.close()
    with pytest.raises(StateCorrupt, match="newer version"):
        Database.open(tmp_path / "old.db", key)


def test_a_migration_that_fails_leaves_the_schema_as_it_was(tmp_path: Path) -> None:
    key = bytes(32)
    Database.open(tmp_path / "a.db", key).close()
    with pytest.raises(StateCorrupt):
        Database.open(tmp_path / "a.db", key, (*MIGRATIONS, "CREATE TABLE half (id INTEGER);\nNONSENSE;\n"))
    database = Database.open(tmp_path / "a.db", key)
    assert not any("half" in statement for statement in schema(database))
