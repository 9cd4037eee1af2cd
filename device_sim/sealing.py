"""Sealing parts of an export: AES-256-GCM under the device's export key, or under a passphrase (scrypt)."""

import base64
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from device_sim.errors import InvalidExport

_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}


class Seal:
    """A key with the description of how to get it again."""

    def __init__(self, key: bytes, description: Mapping[str, str]) -> None:
        self._cipher = AESGCM(key)
        self.description = dict(description)

    @classmethod
    def make(cls, device_key: bytes, passphrase: str | None) -> "Seal":
        """A seal for a new export: of the passphrase if there is one, else of this device alone."""
        if passphrase is None:
            return cls(device_key, {"kind": "device"})
        salt = os.urandom(16)
        return cls(_derive(passphrase, salt), {"kind": "passphrase", "salt": base64.b64encode(salt).decode()})

    @classmethod
    def reopen(cls, description: object, device_key: bytes, passphrase: str | None) -> "Seal":
        """The seal that `description` names.

        Raises:
            InvalidExport: the description is malformed, or a passphrase is needed and missing.
        """
        if not isinstance(description, Mapping) or description.get("kind") not in ("device", "passphrase"):
            raise InvalidExport("the export does not say how it was sealed")
        if description["kind"] == "device":
            return cls(device_key, {"kind": "device"})
        if passphrase is None:
            raise InvalidExport("the export is sealed with a passphrase: send it along")
        try:
            salt = base64.b64decode(str(description.get("salt")), validate=True)
        except ValueError:
            raise InvalidExport("the export's salt is damaged") from None
        return cls(_derive(passphrase, salt), {"kind": "passphrase", "salt": str(description["salt"])})

    def close(self, content: bytes, purpose: str) -> str:
        """`content` encrypted for `purpose`, in base64."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, content, purpose.encode())).decode()

    def open(self, sealed: Any, purpose: str) -> bytes:
        """What `close` was given.

        Raises:
            InvalidExport: another key or passphrase, or changed bytes.
        """
        try:
            raw = base64.b64decode(str(sealed), validate=True)
            return self._cipher.decrypt(raw[:12], raw[12:], purpose.encode())
        except (ValueError, InvalidTag):
            wrong = "the passphrase is wrong" if self.description["kind"] == "passphrase" else "it is another device's"
            raise InvalidExport(f"the sealed part does not open: {wrong}, or bytes were changed") from None


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode("utf-8", "surrogatepass"))
