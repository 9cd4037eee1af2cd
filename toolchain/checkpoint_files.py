"""The files of a checkpoint, in a directory or on the hub."""

import hashlib
from contextlib import suppress
from pathlib import Path

from huggingface_hub.errors import LocalEntryNotFoundError
from transformers.utils import cached_file

from toolchain.errors import CheckpointError

VOCABULARY = ("tokenizer.json", "vocab.txt")
# The library reads the first that there is; large models come in parts, which an index names with their sizes.
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")

# Hub ids whose hub did not answer: the library tries for half a minute, which once is enough for all of their files.
_out_of_reach: set[str] = set()


def checkpoint_hashes(checkpoint: str) -> dict[str, str]:
    """SHA-256 of the files of a checkpoint that are read, by name: of its vocabulary's and weights' forms the first.

    Raises:
        CheckpointError: it has neither configuration nor vocabulary.
    """
    found = {}
    for forms in (("config.json",), VOCABULARY, WEIGHTS, ("tasks.json",), ("heads.safetensors",)):
        for name in forms:
            with suppress(CheckpointError):
                found[name] = checkpoint_file(checkpoint, name)
                break
    if not found:
        checkpoint_file(checkpoint, "config.json")  # says what is wrong
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
    if checkpoint.startswith((".", "/", "~")) or checkpoint.count("/") > 1:
        raise CheckpointError(f"{checkpoint} is no finished stage and no directory")
    try:
        found = cached_file(checkpoint, name, local_files_only=checkpoint in _out_of_reach)
    except (OSError, ValueError) as error:
        if isinstance(error.__cause__, LocalEntryNotFoundError):
            _out_of_reach.add(checkpoint)
        raise CheckpointError(f"{checkpoint} is no finished stage, no directory, and no hub model in reach") from error
    if found is None:
        raise CheckpointError(f"{checkpoint} has no {name}")
    return Path(found)
