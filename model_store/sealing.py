"""Sealing what leaves a device: AES-256-GCM under the device's export key, or under a passphrase (scrypt)."""

import base64
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from model_store.errors import SealBroken

MOST_BYTES = 1000  # of a passphrase
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that would not be the same by every way that it can take: an HTTP header loses spaces at its
    ends and can't hold control characters.

    Raises:
        SealBroken: saying what is allowed.
    """
    odd = any(ord(character) < ord(" ") or character == "\x7f" for character in passphrase)
    if (
        not 1 <= len(passphrase.encode("utf-8", "surrogatepass")) <= MOST_BYTES
        or passphrase != passphrase.strip()
        or odd
    ):
        raise SealBroken(
            f"a passphrase has 1 to {MOST_BYTES} bytes in UTF-8, no space at either end and no control characters"
        )


class Seal:
    """A key with the description of how to get it again."""

    def __init__(self, key: bytes, description: Mapping[str, str]) -> None:
        self._cipher = AESGCM(key)
        self.description = dict(description)

    @classmethod
    def make(cls, device_key: bytes, passphrase: str | None) -> "Seal":
        """A seal for a new export: of the passphrase if there is one, else of this device alone."""
        return cls(device_key, {"kind": "device"}) if passphrase is None else cls.of_passphrase(passphrase)

    @classmethod
    def of_passphrase(cls, passphrase: str) -> "Seal":
        """A new seal that opens wherever the passphrase is known. Raises SealBroken if it is none, see there."""
        check_passphrase(passphrase)
        salt = os.urandom(16)
        return cls(_derive(passphrase, salt), {"kind": "passphrase", "salt": base64.b64encode(salt).decode()})

    @classmethod
    def reopen(cls, description: object, device_key: bytes | None, passphrase: str | None) -> "Seal":
        """The seal that `description` names. Without a `device_key` that of a device does not open.

        Raises:
            SealBroken: the description is malformed, or the key that is needed is missing.
        """
        if not isinstance(description, Mapping) or description.get("kind") not in ("device", "passphrase"):
            raise SealBroken("it does not say how it was sealed")
        if description["kind"] == "device":
            if device_key is None:
                raise SealBroken("it was sealed for the device that it comes from, and not with a passphrase")
            return cls(device_key, {"kind": "device"})
        if passphrase is None:
            raise SealBroken("it is sealed with a passphrase: send it along")
        try:
            salt = base64.b64decode(str(description.get("salt")), validate=True)
        except ValueError:
            raise SealBroken("its salt is damaged") from None
        return cls(_derive(passphrase, salt), {"kind": "passphrase", "salt": str(description["salt"])})

    def close(self, content: bytes, purpose: str) -> str:
        """`content` encrypted for `purpose`, in base64."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, content, purpose.encode())).decode()

    def open(self, sealed: Any, purpose: str) -> bytes:
        """What `close` was given.

        Raises:
            SealBroken: another key or passphrase, or changed bytes.
        """
        try:
            raw = base64.b64decode(str(sealed), validate=True)
            return self._cipher.decrypt(raw[:12], raw[12:], purpose.encode())
        except (ValueError, InvalidTag):
            wrong = "the passphrase is wrong" if self.description["kind"] == "passphrase" else "it is another device's"
            raise SealBroken(f"the sealed part does not open: {wrong}, or bytes were changed") from None


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode("utf-8", "surrogatepass"))
