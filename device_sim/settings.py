"""What a device is opened with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model_store.bundle import SHIPPED_BUNDLE


@dataclass(frozen=True)
class DeviceSettings:
    """Where the state lies, which bundle to run, and what protects the keys.

    `trusted_keys` are PEM files of public keys that may sign bundles, besides the shipped ones. With a `passphrase`
    the key store is wrapped by it; otherwise by the `keystore` kind.
    """

    state_dir: Path
    bundle: Path = SHIPPED_BUNDLE
    trusted_keys: tuple[Path, ...] = ()
    passphrase: str | None = None
    keystore: Literal["file", "keyring"] = "file"
    accept_restored_database: bool = False
