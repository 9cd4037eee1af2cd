"""What ONNX Runtime needs to train a head on a phone: a bundle's training graphs and checkpoint as they are, and its
rehearsal set.

The training graph takes, in this order, features [N, D], targets [N, C] and weights [N], and gives the loss and the
logits; the parameters are named head.weight and head.bias (`toolchain.heads`).
"""

from pathlib import Path

from model_store.bundle import Bundle
from model_store.manifest import CHECKPOINT, TRAINING_FILES, head_file
from toolchain.rehearsal_files import write_rehearsal_files

_GRAPHS = (*TRAINING_FILES[:-1], CHECKPOINT)


def write_training_files(bundle: Bundle, folder: Path) -> None:
    """Write a folder for each updatable task, and `layout.json`, into the new folder `folder`."""
    write_rehearsal_files(bundle, folder)
    for name, task in bundle.manifest.tasks.items():
        if task.updatable:
            for file in _GRAPHS:
                (folder / name / file).write_bytes(bundle.read(head_file(name, file)))
