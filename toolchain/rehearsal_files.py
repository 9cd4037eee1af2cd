"""A bundle's rehearsal sets as files that any language reads: plain little-endian arrays, and a layout that says what
is where.

On a device they are NumPy archives, which a phone does not read.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_store.bundle import Bundle
from model_store.manifest import TRAINING_FILES, TaskManifest, head_file

LAYOUT = "layout.json"
_REPLAY = TRAINING_FILES[-1]


def write_rehearsal_files(bundle: Bundle, folder: Path) -> None:
    """Write into the new folder `folder`, for each updatable task, `TASK/rehearsal-*` and `TASK/yardstick-*` (features
    and the bundled head's probabilities in float32, true labels in int32), and `layout.json`.
    """
    folder.mkdir()
    tasks = {name: task for name, task in bundle.manifest.tasks.items() if task.updatable}
    write_layout(
        bundle, folder, {name: write_arrays(bundle, name, task, folder / name) for name, task in tasks.items()}
    )


def write_arrays(bundle: Bundle, name: str, task: TaskManifest, folder: Path) -> dict[str, Any]:
    """Write the arrays of one task into the new folder `folder`; its labels and numbers of rows, for the layout."""
    folder.mkdir()
    with np.load(io.BytesIO(bundle.read(head_file(name, _REPLAY)))) as replay:
        yardstick = replay["yardstick"]
        parts = {"rehearsal": ~yardstick, "yardstick": yardstick}
        for part, rows in parts.items():
            replay["features"][rows].astype("<f4").tofile(folder / f"{part}-features.f32")
            replay["probabilities"][rows].astype("<f4").tofile(folder / f"{part}-probabilities.f32")
            replay["labels"][rows].astype("<i4").tofile(folder / f"{part}-labels.i32")
        counts = {part: int(rows.sum()) for part, rows in parts.items()}
    return {"labels": list(task.labels), "rows": counts}


def write_layout(bundle: Bundle, folder: Path, tasks: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `layout.json`."""
    layout = {"format": 1, "feature_width": bundle.manifest.feature_width, "tasks": tasks}
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1, ensure_ascii=False) + "\n", "utf-8")
