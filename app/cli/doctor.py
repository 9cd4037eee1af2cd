"""`attune doctor`: is everything that the device needs whole? Works without a service, and without the network."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import typer

from app.cli.output import print_json, print_table
from app.cli.refusal import Refusal
from app.settings import Settings, load_settings
from device_sim import keystore, lock
from device_sim.errors import DeviceError, StateLocked, StateRolledBack, WrongKey
from device_sim.state import State
from model_store.bundle import Bundle
from model_store.errors import StoreError
from model_store.signing import load_trusted_keys

_ROOM_NEEDED = 64 * 1024 * 1024


@dataclass(frozen=True)
class Check:
    """One finding. `ok` is None where it could not be looked at."""

    name: str
    ok: bool | None
    detail: str


def examine(accept_restored_database: bool, as_json: bool) -> None:
    """Print every check; exit with 1 if one failed."""
    settings = load_settings()
    checks = [*_installation(settings), *_state(settings, accept_restored_database)]
    healthy = all(check.ok is not False for check in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
    else:
        marks = {True: "ok", False: "failed", None: "not checked"}
        print_table(("check", "result", "detail"), ((c.name, marks[c.ok], c.detail) for c in checks), "no checks")
    if not healthy:
        raise typer.Exit(1)


def _installation(settings: Settings) -> Iterator[Check]:
    yield Check("python", True, ".".join(map(str, sys.version_info[:3])))
    yield _attempt("inference and training", _onnx_runtime)
    yield _attempt("bundle", lambda: _bundle(settings))


def _onnx_runtime() -> str:
    try:
        import device_sim.onnx_runtime  # noqa: F401  # to load it is the check
    except ImportError as error:
        raise Refusal.because("not-installed", "Not installed", f"{error.name} is missing") from None
    return "ONNX Runtime and its training API load"


def _bundle(settings: Settings) -> str:
    bundle = Bundle.open(settings.bundle, load_trusted_keys(settings.trusted_keys))
    return f"{bundle.version} in {bundle.root}: signature and {len(bundle.manifest.files)} files verified"


def _state(settings: Settings, accept_restored_database: bool) -> Iterator[Check]:
    directory = settings.state_dir
    if not directory.exists():
        yield Check("state directory", None, f"{directory} does not exist yet; the first command makes it")
        return
    if not directory.is_dir():
        yield Check("state directory", False, f"{directory} is no directory")
        return
    yield _private(settings)
    free = shutil.disk_usage(directory).free
    yield Check("room on the disk", free >= _ROOM_NEEDED, f"{free // 1024 // 1024} MiB are free")
    try:
        held = lock.StateLock.acquire(directory)
    except StateLocked as error:
        holder = lock.owner(directory)
        where = f", which serves at {holder.url}" if holder and holder.url else ""
        yield Check("lock", True, f"held by process {holder.pid}{where}" if holder else str(error))
        yield Check("key store and database", None, "in use; the process that has them checked them when it started")
        return
    except DeviceError as error:
        yield Check("lock", False, str(error))
        yield Check("key store and database", None, "can't be looked at without the lock")
        return
    try:
        yield Check("lock", True, "free")
        yield from _opened(settings, accept_restored_database)
    finally:
        held.release()


def _opened(settings: Settings, accept_restored_database: bool) -> Iterator[Check]:
    """The key store, the database and the counter that dates it."""
    if not keystore.exists(settings.state_dir):
        yield Check("key store", None, "there is none yet; the first command makes it")
        return
    try:
        State.open(settings.device(accept_restored_database=accept_restored_database)).close()
    except WrongKey as error:
        yield Check("key store", False, str(error))
        yield Check("database", None, "can't be read without its key")
    except StateRolledBack as error:
        yield Check("key store", True, "opens")
        yield Check("database", True, "every page passes its check")
        yield Check("counter", False, str(error))
    except DeviceError as error:
        yield Check("key store and database", False, str(error))
    else:
        yield Check("key store", True, "opens")
        yield Check("database", True, "every page passes its check")
        yield Check("counter", True, "key store and database agree")


def _private(settings: Settings) -> Check:
    files = [settings.state_dir / name for name in (keystore.KEYSTORE_FILE, keystore.KEY_FILE)]
    readable = [
        file.name
        for file in files
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if readable:
        return Check(
            "state directory", False, f"others may read {', '.join(readable)}: chmod 600 in {settings.state_dir}"
        )
    return Check("state directory", True, str(settings.state_dir))


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except (DeviceError, StoreError, Refusal) as error:
        return Check(name, False, str(error))
