"""The header that carries what seals an export or a head."""

from typing import Annotated

from fastapi import Header

_HEADER = Header(alias="Attune-Export-Passphrase", min_length=1, max_length=1000, description="what seals an export")

Passphrase = Annotated[str | None, _HEADER]
RequiredPassphrase = Annotated[str, _HEADER]


def as_typed(passphrase: str) -> str:
    """A header's bytes, which arrive as Latin-1, as the UTF-8 that the sender meant."""
    try:
        return passphrase.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return passphrase
