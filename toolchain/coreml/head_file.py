"""Heads between devices and Core ML: a device's version into an exported model, and an updated model's head back."""

import json
import os
import shutil
from pathlib import Path

from coremltools.proto import Model_pb2

from model_store.head import HeadParameters
from model_store.head_file import HeadFile
from toolchain.coreml.check import read_model
from toolchain.coreml.head import classifier, identity_of, labels_of, read_head, read_parameters, write_parameters
from toolchain.errors import ExportError
from toolchain.exports import new_folder

_SPECIFICATION = Path("Data") / "com.apple.CoreML" / "model.mlmodel"  # in a package
_PHONE_VERSION = 0  # a phone counts its versions for itself


def read_head_file(path: Path, passphrase: str) -> HeadFile:
    """The head of a file that `attune head export` wrote.

    Raises:
        ExportError: it can't be read. HeadFileInvalid: it is no head, or the passphrase is wrong.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not JSON'}") from None
    return HeadFile.opened(document if isinstance(document, dict) else {}, passphrase)


def write_into(head: HeadFile, source: Path, out: Path) -> None:
    """Copy the exported `source`, a Head-TASK.mlmodel or an Attune-TASK.mlpackage, to `out`, with this head in it.

    Raises:
        ExportError: `out` exists, or the model is a head of something else.
    """
    model = read_model(source)
    part = classifier(model)
    _require_same(head, part)
    write_parameters(part, head.parameters)
    content = model.SerializeToString(deterministic=True)
    if source.is_dir():
        with new_folder(out, source) as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True)
            (folder / _SPECIFICATION).unlink()
            write_private(folder / _SPECIFICATION, content)
    else:
        write_private(out, content)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read: a trained head is personal data.

    Raises:
        ExportError: there is something at `path`.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ExportError(f"{path} exists: choose a new file") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def read_from(source: Path, like: Path | None = None) -> HeadFile:
    """The head of a Core ML model; or of a file of parameters that an app has written, for what the model `like` is of.

    Raises:
        ExportError: it is no such model. HeadInvalid: the file holds no parameters, or not of that shape.
    """
    if like is None:
        part = read_head(source)
        parameters = read_parameters(part)
    else:
        part = read_head(like)
        try:
            parameters = HeadParameters.from_bytes(source.read_bytes())
        except OSError as error:
            raise ExportError(f"{source} can't be read: {error.strerror}") from None
        parameters.check(*read_parameters(part).weight.shape)
    identity = identity_of(part)
    return HeadFile(identity.task, labels_of(part), identity.base_id, identity.bundle, _PHONE_VERSION, parameters)


def _require_same(head: HeadFile, part: Model_pb2.Model) -> None:
    identity = identity_of(part)
    for what, mine, theirs in (
        ("task", head.task, identity.task),
        ("base", head.base_id, identity.base_id),
        ("labels", head.labels, labels_of(part)),
    ):
        if mine != theirs:
            raise ExportError(f"the head is not for this model: its {what} is another one")
