"""What a device is opened with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from model_store.bundle import SHIPPED_BUNDLE


@dataclass(frozen=True)
class DeviceSettings:
    """Where the state lies, which bundle to run, and what protects the keys.

    `trusted_keys` are PEM files of public keys that may sign bundles, besides the shipped ones. With a `passphrase`
    the key store is wrapped by it; otherwise by the `keystore` kind. `timezone` is the IANA name of the device's zone,
    by default the machine's.
    """

    state_dir: Path
    bundle: Path = SHIPPED_BUNDLE
    trusted_keys: tuple[Path, ...] = ()
    passphrase: str | None = None
    keystore: Literal["file", "keyring"] = "file"
    accept_restored_database: bool = False
    timezone: str | None = None

    def zone(self) -> ZoneInfo:
        """The device's time zone: the machine's, or UTC where that can't be told. Raises ValueError: no such zone."""
        if self.timezone is not None:
            return named_zone(self.timezone)
        from tzlocal import get_localzone_name  # looks at files, and only a device that is opened needs it

        try:
            return named_zone(get_localzone_name() or "UTC")
        except (ValueError, LookupError, OSError):
            return ZoneInfo("UTC")


def named_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError: this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("is no time zone that this machine knows; one is Asia/Shanghai") from None
