"""Ed25519 signatures over a manifest (RFC 8032).

The signed bytes are the manifest without its `signature` member, as canonical JSON: keys sorted, no spaces, UTF-8,
no NaN. A key's id is the first 16 hex digits of the SHA-256 of its 32 raw public bytes.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from model_store.errors import BundleUntrusted

ALGORITHM = "ed25519"
SHIPPED_KEYS = Path(__file__).parent / "trusted_keys"

Json = Mapping[str, object]


def canonical_bytes(manifest: Json) -> bytes:
    """The bytes a signature covers: `manifest` without `signature`, in canonical JSON."""
    rest = {key: value for key, value in manifest.items() if key != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def key_id(key: Ed25519PublicKey) -> str:
    """Short stable name of a public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def sign(manifest: Json, key: Ed25519PrivateKey) -> dict[str, str]:
    """The `signature` member for `manifest`."""
    return {
        "algorithm": ALGORITHM,
        "key_id": key_id(key.public_key()),
        "value": base64.b64encode(key.sign(canonical_bytes(manifest))).decode(),
    }


def verify(manifest: Json, trusted: Mapping[str, Ed25519PublicKey]) -> str:
    """Check the manifest's signature and return the id of the key that made it.

    Raises:
        BundleUntrusted: no signature, a key that is not in `trusted`, or bytes the key did not sign.
    """
    signature = manifest.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != ALGORITHM:
        raise BundleUntrusted("the manifest carries no ed25519 signature")
    name = str(signature.get("key_id"))
    if name not in trusted:
        known = ", ".join(sorted(trusted)) or "none"
        raise BundleUntrusted(f"the manifest is signed by a key that is not trusted (trusted keys: {known})")
    try:
        value = base64.b64decode(str(signature.get("value")), validate=True)
        trusted[name].verify(value, canonical_bytes(manifest))
        # Base64 has several spellings of the same bytes; only the one that `sign` writes is taken.
        genuine = base64.b64encode(value).decode() == signature.get("value")
    except (InvalidSignature, binascii.Error, ValueError):
        genuine = False
    if not genuine:
        raise BundleUntrusted("the signature does not match the manifest: it was changed after signing")
    return name


def load_trusted_keys(paths: Iterable[Path] = ()) -> dict[str, Ed25519PublicKey]:
    """The shipped public keys and those in `paths` (PEM files), by id.

    Raises:
        BundleUntrusted: a file that can't be read, or holds no Ed25519 public key.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    for path in [*sorted(SHIPPED_KEYS.glob("*.pem")), *paths]:
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise BundleUntrusted(f"{path} holds no readable public key in PEM form") from error
        if not isinstance(key, Ed25519PublicKey):
            raise BundleUntrusted(f"{path} is not an Ed25519 public key")
        keys[key_id(key)] = key
    return keys


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the PEM file at `path`.

    Raises:
        BundleUntrusted: a file that can't be read, or holds no Ed25519 private key.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BundleUntrusted(f"{path} holds no readable private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleUntrusted(f"{path} is not an Ed25519 private key")
    return key


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """`key` in PKCS#8 PEM, unencrypted: the caller writes it with mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PublicKey) -> bytes:
    """`key` in PEM, as `load_trusted_keys` reads it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
