"""The one encrypted database: opened, migrated and used for transactions here and nowhere else.

SQLCipher with a raw 256-bit key, WAL, `synchronous=FULL`, foreign keys on, temporary tables in memory only. One
connection, serialised by a lock: transactions are short and the device has one user.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3

from device_sim.errors import DeviceClosed, DeviceError, StateCorrupt, StorageFull
from device_sim.migrations import MIGRATIONS

_log = logging.getLogger(__name__)

DATABASE_FILE = "attune.db"
PAGE_SIZE = 4096  # SQLCipher's own default
SIDE_FILES = (f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", f"{DATABASE_FILE}-journal")


class Database:
    """An open database. `lock` is re-entrant and may be held across several transactions."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.lock = threading.RLock()
        self.damage: str | None = None  # what was found wrong while it was in use

    @classmethod
    def open(cls, path: Path, key: bytes, migrations: Sequence[str] = MIGRATIONS) -> "Database":
        """Open or create the database at `path`, check every page of it, and bring its schema up to date.

        Raises:
            StateCorrupt: a page fails its HMAC, the file is no database of this key, or it is from a newer version.
            StorageFull: no room for the schema.
        """
        with _translated():
            path.touch(mode=0o600, exist_ok=True)
            connection = sqlcipher3.connect(str(path), isolation_level=None, check_same_thread=False)
            try:
                _configure(connection, key)
                _check_pages(connection)
                _migrate(connection, migrations)
            except BaseException:
                connection.close()
                raise
        return cls(connection)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A write transaction: committed, fsynced, when the block ends well; otherwise nothing of it remains."""
        with self.lock, _translated(), self._watched():
            if self._connection is None:
                raise DeviceClosed("the device is shutting down")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The connection, for queries that belong together."""
        with self.lock, _translated(), self._watched():
            if self._connection is None:
                raise DeviceClosed("the device is shutting down")
            yield self._connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except sqlcipher3.DatabaseError as error:
            # Its subclasses are about what was asked for, or the disk.
            if type(error) is sqlcipher3.DatabaseError and self.damage is None:
                self.damage = f"{DATABASE_FILE} is damaged or was changed: {error}"
                _log.error("%s", self.damage)
            raise

    @property
    def is_open(self) -> bool:
        """Can it be used?"""
        return self._connection is not None

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the database and empty it, old images of deleted rows included."""
        with self.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def surrender(self) -> Any:
        """Give the connection away; this database is closed from then on."""
        connection, self._connection = self._connection, None
        return connection

    def adopt(self, fresh: "Database") -> None:
        """Go on with the connection of another, newly opened database; this one must be closed."""
        with self.lock:
            self._connection = fresh.surrender()
            self.damage = None

    def close(self) -> None:
        """Checkpoint and close; later use raises `DeviceClosed`."""
        with self.lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def schema(database: Database) -> list[str]:
    """The schema's SQL, in a stable order: two databases of one version have the same."""
    with database.reading() as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name").fetchall()
    return [row[0] for row in rows]


def _configure(connection: Any, key: bytes) -> None:
    # It would write lines of its own to stderr, between those of the log; what is wrong is told by the errors.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _check_pages(connection: Any) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    failures = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    if failures:
        raise StateCorrupt(f"{DATABASE_FILE} was changed or is damaged: {len(failures)} of its pages fail their check")


def _migrate(connection: Any, migrations: Sequence[str]) -> None:
    """Each migration and the record of it are one transaction (SQLite's DDL is transactional)."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        raise StateCorrupt(f"{DATABASE_FILE} was written by a newer version of Attune")
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the library's errors into the device's; their texts name tables and columns, never values."""
    try:
        yield
    except DeviceError:
        raise
    except sqlcipher3.OperationalError as error:
        message = str(error)
        if "full" in message or "disk I/O" in message:
            raise StorageFull("the disk is full or can't be written: nothing of the request was kept") from error
        raise StateCorrupt(f"{DATABASE_FILE} can't be used: {message}") from error
    except sqlcipher3.DatabaseError as error:
        raise StateCorrupt(f"{DATABASE_FILE} is damaged or was changed: {error}") from error
    except OSError as error:
        raise StateCorrupt(f"{DATABASE_FILE} can't be opened: {error.strerror}") from error
