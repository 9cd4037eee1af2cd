"""What can be wrong with a bundle or a version.

StoreError
├── BundleError
│   ├── BundleMissing         no such directory, or a file the manifest lists is not there
│   ├── BundleCorrupt         a size, a hash or the manifest itself is not what it should be
│   ├── BundleUntrusted       unsigned, signed by an unknown key, or the signature does not match
│   └── BundleUnsupported     a schema this runtime does not read
├── SealBroken                what was sealed does not open: another key, another passphrase, or changed bytes
├── HeadFileInvalid           not a head on its way, or not of this bundle's kind
└── VersionError
    ├── UnknownVersion        no version of that number
    ├── VersionNotServable    it exists, but must not answer predictions
    └── HeadInvalid           parameters of a wrong shape, not finite, or not the bytes that were published

Messages never hold a user's text and are safe to show.
"""

from typing import ClassVar


class StoreError(Exception):
    """Base of this package's errors; `code` is a stable slug for programs."""

    code: ClassVar[str] = "store-error"


class BundleError(StoreError):
    """The bundle can't be used."""

    code = "bundle-invalid"


class BundleMissing(BundleError):
    """The directory, or a file that its manifest lists, does not exist or can't be read."""

    code = "bundle-missing"


class BundleCorrupt(BundleError):
    """A file differs from what the manifest says, or the manifest is malformed."""

    code = "bundle-corrupt"


class BundleUntrusted(BundleError):
    """No trusted key vouches for the manifest."""

    code = "bundle-untrusted"


class BundleUnsupported(BundleError):
    """The manifest's schema is newer than this runtime."""

    code = "bundle-unsupported"


class SealBroken(StoreError):
    """Something sealed does not open."""

    code = "seal-broken"


class HeadFileInvalid(StoreError):
    """What should be a head on its way between devices is none."""

    code = "invalid-head-file"


class VersionError(StoreError):
    """A version of a head can't be used."""

    code = "version-invalid"


class UnknownVersion(VersionError):
    """There is no version of that number for the task."""

    code = "unknown-version"


class VersionNotServable(VersionError):
    """The version exists but must not answer: rejected, destroyed, or made for another base."""

    code = "version-not-servable"


class HeadInvalid(VersionError):
    """A head's parameters are not finite, of a wrong shape, or not the published bytes."""

    code = "head-invalid"
