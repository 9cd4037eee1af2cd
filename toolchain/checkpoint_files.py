"""The files of a checkpoint, in a directory or on the hub."""

import hashlib
from contextlib import suppress
from pathlib import Path

from transformers.utils import cached_file

from toolchain.errors import CheckpointError

WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def checkpoint_hashes(checkpoint: str) -> dict[str, str]:
    """SHA-256 of the files that a checkpoint consists of, by name.

    Raises:
        CheckpointError: it has no configuration.
    """
    found = {"config.json": checkpoint_file(checkpoint, "config.json")}
    for name in ("tokenizer.json", "vocab.txt", *WEIGHTS):
        with suppress(CheckpointError):
            found[name] = checkpoint_file(checkpoint, name)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


def has_file(checkpoint: str, name: str) -> bool:
    """Does a checkpoint have the file `name`?"""
    try:
        checkpoint_file(checkpoint, name)
    except CheckpointError:
        return False
    return True


def checkpoint_file(checkpoint: str, name: str) -> Path:
    """Where the file `name` of a checkpoint lies.

    Raises:
        CheckpointError: there is no such file, or no such checkpoint.
    """
    if Path(checkpoint).is_dir():
        path = Path(checkpoint) / name
        if not path.is_file():
            raise CheckpointError(f"{checkpoint} has no {name}")
        return path
    try:
        found = cached_file(checkpoint, name)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{checkpoint} is no finished stage, no directory, and no hub model in reach") from error
    if found is None:
        raise CheckpointError(f"{checkpoint} has no {name}")
    return Path(found)
