"""Opening bundles: what was changed, unsigned, incomplete or too new is refused, and the message says what it is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_store.bundle import MANIFEST, Bundle, render
from model_store.errors import BundleCorrupt, BundleError, BundleMissing, BundleUntrusted, HeadInvalid
from model_store.head import HeadParameters
from model_store.signing import load_trusted_keys, sign
from tests.support.tiny_bundle import TinyBundle


@pytest.fixture
def copy(bundle: TinyBundle, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(bundle.path, tmp_path / "bundle"))


def reopen(bundle: TinyBundle, path: Path) -> Bundle:
    return Bundle.open(path, load_trusted_keys([bundle.public_key]))


def test_a_bundle_opens_with_its_makers_key_and_not_without(bundle: TinyBundle) -> None:
    assert reopen(bundle, bundle.path).version == "0.1.0"
    with pytest.raises(BundleUntrusted, match="not trusted"):
        Bundle.open(bundle.path)


def test_a_flipped_bit_in_any_byte_range_of_any_file_is_detected(bundle: TinyBundle, copy: Path) -> None:
    trusted = load_trusted_keys([bundle.public_key])
    flips = 0
    for path in sorted(path for path in copy.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for index, start in enumerate(range(0, len(content), max(1, len(content) // 24))):
            damaged = bytearray(content)
            damaged[start] ^= 1 << index % 8
            path.write_bytes(damaged)
            with pytest.raises(BundleError):
                Bundle.open(copy, trusted)
            flips += 1
        path.write_bytes(content)
    assert flips > 200
    reopen(bundle, copy)


def test_a_flipped_bit_anywhere_in_the_manifest_is_detected(bundle: TinyBundle, copy: Path) -> None:
    trusted = load_trusted_keys([bundle.public_key])
    content = (copy / MANIFEST).read_bytes()
    for start in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[start] ^= 1 << start % 8
        (copy / MANIFEST).write_bytes(damaged)
        with pytest.raises(BundleError):
            Bundle.open(copy, trusted)


@pytest.mark.parametrize("size", [-1, 1])
def test_a_file_of_another_size_is_refused_by_name(bundle: TinyBundle, copy: Path, size: int) -> None:
    content = (copy / "encoder.onnx").read_bytes()
    (copy / "encoder.onnx").write_bytes(content[:size] if size < 0 else content + b"\0")
    with pytest.raises(BundleCorrupt, match=r"encoder\.onnx is not of the size"):
        reopen(bundle, copy)


@pytest.mark.parametrize("name", ["manifest.json", "tokenizer.json", "heads/sentiment/replay.npz"])
def test_a_missing_file_is_named(bundle: TinyBundle, copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleMissing, match=name):
        reopen(bundle, copy)


def test_a_missing_directory_says_so(bundle: TinyBundle, tmp_path: Path) -> None:
    with pytest.raises(BundleMissing):
        reopen(bundle, tmp_path / "nowhere")


def _unsign(manifest: dict[str, Any]) -> None:
    del manifest["signature"]


def _resign_by_another(manifest: dict[str, Any]) -> None:
    manifest["signature"]["key_id"] = "0" * 16


def _borrow(manifest: dict[str, Any]) -> None:
    manifest["bundle_version"] = "9.9.9"


@pytest.mark.parametrize("change", [_unsign, _resign_by_another, _borrow])
def test_a_manifest_that_no_trusted_key_signed_is_refused(
    bundle: TinyBundle, copy: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    change(manifest)
    (copy / MANIFEST).write_bytes(render(manifest))
    with pytest.raises(BundleUntrusted):
        reopen(bundle, copy)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "schema"),
        (("base_id",), "0" * 64, "base_id is not that"),
        (("tasks", "sentiment", "labels"), ["a", "a"], "labels must differ"),
        (("tasks", "sentiment", "parameters", "epochs", "default"), 0, "outside minimum"),
        (("tasks", "sentiment", "user_weight"), 0, "user_weight"),
        (("tasks", "sentiment", "parameters"), None, "an updatable head needs parameters"),
        (("tasks", "intent", "updatable"), True, "an updatable head needs parameters"),
        (("tasks", "entities", "labels"), ["O", "I-TOPIC", "B-TOPIC"], "the labels of a token task must be O, then"),
        (("tasks", "sentiment", "kind"), "token", "can't be updatable"),
        (("tasks",), {}, "tasks"),
        (("surprise",), 1, "surprise"),
        (("files", "../outside"), {"sha256": "0" * 64, "size": 0}, "leaves the bundle"),
    ],
)
def test_a_signed_manifest_that_makes_no_sense_is_refused(
    bundle: TinyBundle, copy: Path, path: tuple[str, ...], value: object, message: str
) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    inner = manifest
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    manifest["signature"] = sign(manifest, bundle.signing_key)
    (copy / MANIFEST).write_bytes(render(manifest))
    with pytest.raises(BundleError, match=message):
        reopen(bundle, copy)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"schema": NaN}', b"[" * 100_000])
def test_what_is_no_manifest_is_refused(bundle: TinyBundle, copy: Path, content: bytes) -> None:
    (copy / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError):
        reopen(bundle, copy)


def test_bytes_that_change_after_opening_are_not_used(bundle: TinyBundle, copy: Path) -> None:
    opened = reopen(bundle, copy)
    (copy / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(BundleCorrupt):
        opened.read("tokenizer.json")
    with pytest.raises(BundleCorrupt):
        opened.path("tokenizer.json")


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"])
def test_a_file_that_is_no_public_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(BundleUntrusted, match=r"key\.pem"):
        load_trusted_keys([tmp_path / "key.pem"])


@pytest.mark.parametrize("blob", [b"", b"ATH1", b"XXXX" + bytes(100), b"ATH1" + b"\x03\0\0\0\x02\0\0\0" + bytes(35)])
def test_bytes_that_are_no_head_are_refused(blob: bytes) -> None:
    with pytest.raises(HeadInvalid):
        HeadParameters.from_bytes(blob)
