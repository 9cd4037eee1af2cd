"""What a text holds in another writing: escapes, percent signs, entities, base64, hexadecimal digits."""

import base64
import binascii
import html
import re
import sys
from collections.abc import Iterator
from urllib.parse import unquote

_DEPTH = 2  # base64 of a percent-encoded text, and the like
_ESCAPE = re.compile(r"\\+u\{?([0-9a-fA-F]{4,6})\}?")
_ESCAPED_BYTES = re.compile(r"(?:\\+x[0-9a-fA-F]{2})+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(r"[0-9a-fA-F]{12,}")


def decoded_text(text: str) -> Iterator[str]:
    """The text with its escapes, entities and percent signs undone, where it has any."""
    for _ in range(_DEPTH):
        plain = text
        if "\\" in plain:
            plain = _unescaped(plain)
        if "&" in plain:
            plain = html.unescape(plain)
        if "%" in plain:
            plain = unquote(plain, errors="ignore")
        if plain == text:
            return
        yield plain
        text = plain


def _unescaped(text: str) -> str:
    r"""`\u738b` as 王, also in halves (surrogates), and `\xe7\x8e\x8b` as the bytes that it writes."""

    def character(found: re.Match[str]) -> str:
        code = int(found[1][:4], 16) if found[0][-1] != "}" else int(found[1], 16)
        rest = found[1][4:] if found[0][-1] != "}" else ""
        return chr(code) + rest if code <= sys.maxunicode else found[0]

    def read(found: re.Match[str]) -> str:
        return bytes.fromhex(re.sub(r"\\+x", "", found[0])).decode(errors="ignore")

    plain = _ESCAPED_BYTES.sub(read, _ESCAPE.sub(character, text))
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decoded_bytes(text: str, depth: int = _DEPTH) -> Iterator[str]:
    """The texts that parts of it may be base64 or hexadecimal digits of, whatever else these may mean."""
    for found in _HEX.finditer(text):
        for shift in range(2):
            part = found[0][shift:]
            yield from _read(bytes.fromhex(part[: len(part) // 2 * 2]), depth)
    for found in _BASE64.finditer(text):
        digits = found[0].replace("-", "+").replace("_", "/")
        for shift in range(4):  # a code may begin anywhere within a run
            part = digits[shift:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            try:
                yield from _read(base64.b64decode(part + "=" * (-len(part) % 4)), depth)
            except binascii.Error:
                continue


def _read(raw: bytes, depth: int) -> Iterator[str]:
    text = raw.decode(errors="ignore")
    if not text:
        return
    yield text
    if depth > 1:
        yield from decoded_text(text)
        yield from decoded_bytes(text, depth - 1)
