"""The device's key store: data keys wrapped under a key-encryption key, and the counter that dates the database.

`keystore.json` holds the wrapped keys (AES-256-GCM) and a counter, all under an HMAC. The key-encryption key comes
from a passphrase (scrypt, RFC 7914), from the OS keyring, or from a random key file beside it. What an attacker can
do who holds both the directory and the key is said in docs/security.md.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from device_sim.durable import overwrite, shred, sync_directory, write_private
from device_sim.errors import StateCorrupt, StorageFull, WrongKey

_log = logging.getLogger(__name__)

KEYSTORE_FILE = "keystore.json"
KEY_FILE = "device.key"
DATABASE_KEY = "database"
EXPORT_KEY = "export"

_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}
_KEYRING_SERVICE = "attune"


class KeyStore:
    """The open key store of one state directory. Not thread-safe: the owner of the state serialises its use."""

    def __init__(self, directory: Path, kek: bytes, content: dict[str, Any]) -> None:
        self._directory = directory
        self._kek = kek
        self._content = content

    @classmethod
    def create(cls, directory: Path, kind: str, passphrase: str | None) -> "KeyStore":
        """Make new keys; those of an earlier store in the directory are lost."""
        protection: dict[str, Any]
        if passphrase is not None:
            protection = {"kind": "passphrase", "salt": _encode(os.urandom(16)), **_SCRYPT}
            kek = _derive(passphrase, protection)
        elif kind == "keyring":
            kek = os.urandom(32)
            protection = {"kind": "keyring", "name": os.urandom(8).hex()}
            _in_keyring("set_password", protection["name"], kek.hex())
        else:
            kek = os.urandom(32)
            protection = {"kind": "file"}
            write_private(directory / KEY_FILE, kek.hex().encode())
        keys = {name: _wrap(kek, name, os.urandom(32)) for name in (DATABASE_KEY, EXPORT_KEY)}
        store = cls(directory, kek, {"schema": 1, "protection": protection, "keys": keys, "counter": 0})
        store._save()
        return store

    @classmethod
    def open(cls, directory: Path, passphrase: str | None) -> "KeyStore":
        """Open the directory's key store.

        Raises:
            WrongKey: the passphrase, key file or keyring entry is missing or is another.
            StateCorrupt: the file was changed.
        """
        content = _load(directory)
        try:
            protection = content["protection"]
            kek = _key_encryption_key(directory, protection, passphrase)
            expected = content.pop("mac")
            store = cls(directory, kek, content)
            store.key(DATABASE_KEY)
        except (KeyError, TypeError, ValueError):
            raise StateCorrupt(f"{KEYSTORE_FILE} is damaged") from None
        if not hmac.compare_digest(str(expected), store._mac()):
            raise StateCorrupt(f"{KEYSTORE_FILE} was changed outside this program")
        return store

    def key(self, name: str) -> bytes:
        """The data key `name`, 32 bytes.

        Raises:
            WrongKey: the key-encryption key does not unwrap it.
        """
        if not self._content:
            raise WrongKey("the keys of this state directory were destroyed")
        wrapped = self._content["keys"][name]
        try:
            return AESGCM(self._kek).decrypt(_decode(wrapped["nonce"]), _decode(wrapped["key"]), name.encode())
        except InvalidTag:
            raise WrongKey(_WRONG[self._content["protection"]["kind"]]) from None

    @property
    def counter(self) -> int:
        """How many times an active pointer had been moved when this store was last written."""
        return int(self._content["counter"])

    def advance(self, value: int) -> None:
        """Make the counter durable at `value`. It never goes back."""
        if value > self.counter:
            previous = self._content
            self._content = {**previous, "counter": value}
            try:
                self._save()
            except Exception:
                self._content = previous
                raise

    def reset_counter(self, value: int) -> None:
        """Follow a database that the user knowingly put back."""
        self._content["counter"] = value
        self._save()

    def destroy(self) -> None:
        """Destroy the wrapped keys: from here on nothing they encrypted can be read. A second call does nothing."""
        if not self._content:
            return
        protection = self._content["protection"]
        _mark_erasing(self._directory)
        self._kek = b""
        self._content = {}
        _clear_away(self._directory, protection)

    def _save(self) -> None:
        content = {**self._content, "mac": self._mac()}
        write_private(self._directory / KEYSTORE_FILE, json.dumps(content, indent=1).encode())

    def _mac(self) -> str:
        canonical = json.dumps(self._content, sort_keys=True, separators=(",", ":")).encode()
        key = hmac.digest(self._kek, b"attune key store", "sha256")
        return hmac.new(key, canonical, hashlib.sha256).hexdigest()


def exists(directory: Path) -> bool:
    """Is there a key store in the directory?"""
    return (directory / KEYSTORE_FILE).exists()


def destroy_keys(directory: Path) -> None:
    """Destroy the wrapped keys of a store, which need not be one that can be opened, or be whole."""
    try:
        protection = _load(directory).get("protection")
    except StateCorrupt:
        protection = None
    _mark_erasing(directory)
    _clear_away(directory, protection)


def _mark_erasing(directory: Path) -> None:
    """Put a mark in the place of the wrapped keys, which are then lost."""
    marker = json.dumps({"schema": 1, "erasing": True}).encode()
    try:
        write_private(directory / KEYSTORE_FILE, marker)
    except StorageFull:
        overwrite(directory / KEYSTORE_FILE, marker)


def _clear_away(directory: Path, protection: object) -> None:
    """Remove what would have unwrapped them, as far as it can be."""
    if isinstance(protection, dict) and protection.get("kind") == "keyring":
        try:
            _in_keyring("delete_password", str(protection.get("name")))
        except WrongKey as error:
            # What it would have unwrapped is destroyed already.
            _log.warning("the keyring's entry for this directory was not removed: %s", error)
    try:
        shred(directory / KEY_FILE)
        sync_directory(directory)
    except OSError as error:
        _log.warning("%s was not removed: %s", KEY_FILE, error.strerror)


def erase_unfinished(directory: Path) -> bool:
    """Was an erasure cut short after the keys were destroyed?"""
    return exists(directory) and bool(_load(directory).get("erasing"))


_WRONG = {
    "passphrase": "the passphrase is wrong",
    "file": f"{KEY_FILE} is not the key of this state directory",
    "keyring": "the keyring's entry is not the key of this state directory",
}


def _load(directory: Path) -> dict[str, Any]:
    try:
        content = json.loads((directory / KEYSTORE_FILE).read_bytes())
    except OSError as error:
        raise StateCorrupt(f"{KEYSTORE_FILE} can't be read: {error.strerror}") from error
    except ValueError:
        raise StateCorrupt(f"{KEYSTORE_FILE} is damaged") from None
    if not isinstance(content, dict) or content.get("schema") != 1:
        raise StateCorrupt(f"{KEYSTORE_FILE} is damaged")
    return content


def _key_encryption_key(directory: Path, protection: dict[str, Any], passphrase: str | None) -> bytes:
    kind = protection["kind"]
    if (kind == "passphrase") != (passphrase is not None):
        if passphrase is None:
            raise WrongKey("this state directory is protected by a passphrase: set ATTUNE_PASSPHRASE")
        raise WrongKey(f"this state directory is protected by a {kind} key, not by a passphrase")
    if passphrase is not None:
        return _derive(passphrase, protection)
    if kind == "keyring":
        entry = _in_keyring("get_password", protection["name"])
        if entry is None:
            raise WrongKey("the OS keyring has no key for this state directory")
        try:
            return _kek_from(entry)
        except ValueError:
            raise WrongKey(_WRONG["keyring"]) from None
    try:
        return _kek_from((directory / KEY_FILE).read_text("ascii"))
    except FileNotFoundError:
        raise WrongKey(f"{KEY_FILE} is missing: without it nothing in this state directory can be read") from None
    except (OSError, ValueError):
        raise WrongKey(_WRONG["file"]) from None


def _kek_from(text: str) -> bytes:
    kek = bytes.fromhex(text)
    if len(kek) != 32:
        raise ValueError("the key has another length")
    return kek


def _derive(passphrase: str, protection: dict[str, Any]) -> bytes:
    n, r, p = (int(protection[name]) for name in ("n", "r", "p"))
    # A changed cost must not be a way to make the device eat its memory.
    if (n, r, p) != tuple(_SCRYPT.values()):
        raise StateCorrupt(f"{KEYSTORE_FILE} names a key derivation that this version does not use")
    return Scrypt(salt=_decode(protection["salt"]), length=32, n=n, r=r, p=p).derive(passphrase.encode())


def _wrap(kek: bytes, name: str, key: bytes) -> dict[str, str]:
    nonce = os.urandom(12)
    return {"nonce": _encode(nonce), "key": _encode(AESGCM(kek).encrypt(nonce, key, name.encode()))}


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _in_keyring(action: str, *arguments: str) -> Any:
    """Ask the optional keyring library; imported late because the default key store does not need it."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        how = "run `pip install -e '.[keyring]'` in Attune's folder"
        raise WrongKey(f"ATTUNE_KEYSTORE=keyring needs the extra: {how}") from None
    try:
        return getattr(keyring, action)(_KEYRING_SERVICE, *arguments)
    except KeyringError as error:
        raise WrongKey(f"the OS keyring can't be used ({type(error).__name__}): unlock it or install one") from None
