"""What ONNX Runtime needs to train a head on a phone: a bundle's training graphs and checkpoint as they are, and its
rehearsal set.
"""

from pathlib import Path

from model_store.bundle import Bundle
from model_store.manifest import CHECKPOINT, TRAINING_FILES, head_file
from toolchain.rehearsal_files import write_arrays, write_layout

_GRAPHS = (*TRAINING_FILES[:-1], CHECKPOINT)


def write_training_files(bundle: Bundle, folder: Path) -> None:
    """Write a folder for each updatable task, and `layout.json`, into the new folder `folder`."""
    folder.mkdir()
    tasks = {}
    for name, task in bundle.manifest.tasks.items():
        if not task.updatable or task.parameters is None:
            continue
        tasks[name] = write_arrays(bundle, name, task, folder / name) | {
            "parameters": task.parameters.model_dump(),
            "user_weight": task.user_weight,
            "graph": {"inputs": ["features", "targets", "weights"], "outputs": ["loss", "logits"]},
            "head": {"weight": "head.weight", "bias": "head.bias"},
        }
        for file in _GRAPHS:
            (folder / name / file).write_bytes(bundle.read(head_file(name, file)))
    write_layout(bundle, folder, tasks)
