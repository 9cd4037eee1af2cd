"""The database and the key store as one thing that changes together.

Every move of an active pointer advances the database's generation inside its transaction, and the key store's counter
right after the commit. So at start the generation equals the counter, or is one ahead (the process died between the
two): anything else means that one of the files was put back.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from device_sim import keystore
from device_sim.database import DATABASE_FILE, PAGE_SIZE, SIDE_FILES, Database
from device_sim.durable import sync_directory
from device_sim.errors import StateCorrupt, StateError, StateRolledBack
from device_sim.keystore import DATABASE_KEY, KeyStore
from device_sim.lock import StateLock
from device_sim.settings import DeviceSettings
from model_store.versions import VersionTable

_log = logging.getLogger(__name__)


class State:
    """Everything personal on this device."""

    def __init__(self, settings: DeviceSettings, keys: KeyStore, database: Database) -> None:
        self._settings = settings
        self.directory = settings.state_dir
        self.keys = keys
        self.database = database
        self._after_commit: list[Callable[[], None]] = []

    @classmethod
    def open(cls, settings: DeviceSettings) -> "State":
        """Open the state directory's database, or make a new one in an empty directory.

        Raises:
            StateError: wrong key, changed bytes, an old database put back, no room.
        """
        directory = settings.state_dir
        if keystore.erase_unfinished(directory):
            _remove_files(directory)
            return cls._create(settings)
        if not keystore.exists(directory):
            if (directory / DATABASE_FILE).exists():
                raise StateCorrupt(f"{keystore.KEYSTORE_FILE} is missing: without it {DATABASE_FILE} can't be read")
            return cls._create(settings)
        keys = KeyStore.open(directory, settings.passphrase)
        path = directory / DATABASE_FILE
        # SQLite takes a file of less than a page for a new database.
        if keys.counter > 0 and not (path.exists() and path.stat().st_size >= PAGE_SIZE):
            raise StateCorrupt(f"{DATABASE_FILE} is missing or cut off, though the key store knows of changes to it")
        state = cls(settings, keys, Database.open(path, keys.key(DATABASE_KEY)))
        try:
            state._check_generation()
        except BaseException:
            state.database.close()
            raise
        return state

    @classmethod
    def _create(cls, settings: DeviceSettings) -> "State":
        keys = KeyStore.create(settings.state_dir, settings.keystore, settings.passphrase)
        database = Database.open(settings.state_dir / DATABASE_FILE, keys.key(DATABASE_KEY))
        state = cls(settings, keys, database)
        state._check_generation()
        return state

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A write transaction; if it moves a pointer, the key store's counter follows before this returns."""
        with self.database.lock:
            before = self._generation()
            # A counter that could not be written last time must catch up first: it may lag by one, never by two.
            self.keys.advance(before)
            self._after_commit.clear()  # of one that was rolled back
            with self.database.transaction() as connection:
                yield connection
            for tell in self._after_commit:
                tell()
            self._after_commit.clear()
            try:
                self.keys.advance(self._generation())
            except StateError as error:
                # The change is committed and the lag of one is allowed for; the next change begins by catching up.
                _log.warning("the key store's counter will be written later: %s", error)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` once the present transaction is committed, and never if it is rolled back."""
        self._after_commit.append(tell)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The connection, for queries that belong together."""
        with self.database.reading() as connection:
            yield connection

    @contextmanager
    def versions(self) -> Iterator[VersionTable]:
        """The version table, for reading."""
        with self.database.reading() as connection:
            yield VersionTable(connection)

    def erase(self) -> None:
        """Destroy the keys, then the files, then begin anew. Cut short at any instant, it is finished at next start.

        Raises:
            StateError: the keys could not be destroyed, and nothing has changed; or the data is erased but there was no
                room to begin anew, which the next start does.
        """
        with self.database.lock:
            self.keys.destroy()
            self.database.close()
            try:
                _remove_files(self._settings.state_dir)
                fresh = State._create(self._settings)
            except (StateError, OSError) as error:
                raise StateError("the data is erased, but a new state can't be made: make room and restart") from error
            self.keys, fresh_database = fresh.keys, fresh.database
            self.database.adopt(fresh_database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _generation(self) -> int:
        with self.database.reading() as connection:
            return int(connection.execute("SELECT value FROM generation").fetchone()[0])

    def _check_generation(self) -> None:
        generation, counter = self._generation(), self.keys.counter
        if generation in (counter, counter + 1):
            self.keys.advance(generation)
        elif self._settings.accept_restored_database:
            self.keys.reset_counter(generation)
        else:
            older = DATABASE_FILE if generation < counter else keystore.KEYSTORE_FILE
            raise StateRolledBack(
                f"an old copy of {older} was put back: the database has {generation} changes of what is served, the "
                f"key store counted {counter}. If you did this knowingly: attune doctor --accept-restored-database"
            )


def erase_unopened(directory: Path) -> None:
    """Destroy the keys and the files of a state that can't be opened: it is the user's to erase all the same. The next
    start begins anew.

    Raises:
        StateLocked: a process has it open.
        StateError: the keys could not be destroyed, and nothing has changed; or they are, and not all files could be
            removed, which the next start does.
    """
    lock = StateLock.acquire(directory)
    try:
        keystore.destroy_keys(directory)
        _remove_files(directory)
    except OSError as error:
        raise StateError("the keys are destroyed, but not all files are removed: restart") from error
    finally:
        lock.release()


def _remove_files(directory: Path) -> None:
    for name in (DATABASE_FILE, *SIDE_FILES):
        (directory / name).unlink(missing_ok=True)
    sync_directory(directory)
