"""Opening a bundle: nothing is used before its signature, size and hash were checked."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from model_store.errors import BundleCorrupt, BundleMissing, BundleUnsupported
from model_store.manifest import SCHEMA, FileEntry, Manifest
from model_store.signing import load_trusted_keys, verify

SHIPPED_BUNDLE = Path(__file__).parent / "bundle"
MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 1 << 20


class Bundle:
    """A verified bundle directory.

    Every file is checked when the bundle is opened and again whenever it is read, so bytes that were changed in
    between are never used.
    """

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.manifest = manifest

    @classmethod
    def open(cls, root: Path, trusted: Mapping[str, Ed25519PublicKey] | None = None) -> "Bundle":
        """Verify the bundle in `root` whole; `trusted` defaults to the shipped keys.

        Raises:
            BundleError: see `model_store.errors`; the message names the file that is at fault.
        """
        raw = _parse(_read(root, MANIFEST, _MAX_MANIFEST_BYTES))
        verify(raw, load_trusted_keys() if trusted is None else trusted)
        if raw.get("schema") != SCHEMA:
            raise BundleUnsupported(f"{MANIFEST} has a schema that this runtime does not read (it reads {SCHEMA})")
        try:
            manifest = Manifest.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "manifest"
            raise BundleCorrupt(f"{MANIFEST}: {where}: {first['msg']}") from None
        bundle = cls(root, manifest)
        for name in manifest.files:
            bundle.read(name)
        return bundle

    @property
    def version(self) -> str:
        """The bundle's own version, as its maker wrote it."""
        return self.manifest.bundle_version

    def read(self, name: str) -> bytes:
        """The verified bytes of the file `name`.

        Raises:
            BundleMissing, BundleCorrupt: naming the file.
        """
        entry = self.manifest.files[name]
        content = _read(self.root, name, entry.size)
        _check(name, content, entry)
        return content

    def path(self, name: str) -> Path:
        """The path of `name`, just verified: for libraries that only open files by name."""
        self.read(name)
        return self.root / name


def _read(root: Path, name: str, limit: int) -> bytes:
    """At most `limit` + 1 bytes: enough to see that a file is too long, never more."""
    try:
        with (root / name).open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        raise BundleMissing(f"the bundle has no {name}") from None
    except OSError as error:
        raise BundleMissing(f"the bundle's {name} can't be read: {error.strerror}") from error


def _check(name: str, content: bytes, entry: FileEntry) -> None:
    if len(content) != entry.size:
        raise BundleCorrupt(f"{name} is not of the size that the manifest says")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise BundleCorrupt(f"{name} is not the file that was signed: its SHA-256 differs")


def render(manifest: Mapping[str, object]) -> bytes:
    """The one form in which a manifest is written.

    A file in any other form is refused, so that no change of a byte goes unseen, not even one that JSON ignores.
    """
    return (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _parse(content: bytes) -> dict[str, object]:
    if len(content) > _MAX_MANIFEST_BYTES:
        raise BundleCorrupt(f"{MANIFEST} is larger than {_MAX_MANIFEST_BYTES} bytes")
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raise BundleCorrupt(f"{MANIFEST} is not JSON") from None
    if not isinstance(raw, dict):
        raise BundleCorrupt(f"{MANIFEST} is not a JSON object")
    try:
        as_written = render(raw)
    except ValueError:
        raise BundleCorrupt(f"{MANIFEST} holds a number or a character that JSON does not have") from None
    if as_written != content:
        raise BundleCorrupt(f"{MANIFEST} is not in the form that it is written in: it was changed")
    return raw
