"""What ONNX Runtime needs to train a head on a phone, laid out as files that any language reads.

A bundle's training graphs and checkpoint go along as they are. Its rehearsal set is a NumPy archive, which a phone does
not read: here its arrays are plain little-endian ones, and `layout.json` says what is where.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from model_store.bundle import Bundle
from model_store.manifest import CHECKPOINT, TRAINING_FILES, TaskManifest, head_file

LAYOUT = "layout.json"
_REPLAY = TRAINING_FILES[-1]
_GRAPHS = (*TRAINING_FILES[:-1], CHECKPOINT)


def write_training_files(bundle: Bundle, folder: Path) -> None:
    """Write a folder for each updatable task, and `layout.json`, into the new folder `folder`."""
    folder.mkdir()
    tasks = {}
    for name, task in bundle.manifest.tasks.items():
        if task.updatable:
            (folder / name).mkdir()
            tasks[name] = _write_task(bundle, name, task, folder / name)
    layout = {"format": 1, "feature_width": bundle.manifest.feature_width, "tasks": tasks}
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _write_task(bundle: Bundle, name: str, task: TaskManifest, folder: Path) -> dict[str, Any]:
    for file in _GRAPHS:
        (folder / file).write_bytes(bundle.read(head_file(name, file)))
    with np.load(io.BytesIO(bundle.read(head_file(name, _REPLAY)))) as replay:
        yardstick = replay["yardstick"]
        parts = {"rehearsal": ~yardstick, "yardstick": yardstick}
        for part, rows in parts.items():
            replay["features"][rows].astype("<f4").tofile(folder / f"{part}-features.f32")
            replay["probabilities"][rows].astype("<f4").tofile(folder / f"{part}-probabilities.f32")
            replay["labels"][rows].astype("<i4").tofile(folder / f"{part}-labels.i32")
        counts = {part: int(rows.sum()) for part, rows in parts.items()}
    return {
        "labels": task.labels,
        "parameters": None if task.parameters is None else task.parameters.model_dump(),
        "user_weight": task.user_weight,
        "rows": counts,
        "graph": {"inputs": ["features", "targets", "weights"], "outputs": ["loss", "logits"]},
        "head": {"weight": "head.weight", "bias": "head.bias"},
    }
