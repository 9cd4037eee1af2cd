"""A bundle's rehearsal sets as files that any language reads: plain little-endian arrays, and a layout that says what
is where.

On a device they are NumPy archives, which a phone does not read.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from model_store.bundle import Bundle
from model_store.manifest import TRAINING_FILES, ParameterBounds, head_file

LAYOUT = "layout.json"
_REPLAY = TRAINING_FILES[-1]


@dataclass(frozen=True)
class TaskLayout:
    """What lies in a task's folder: rows of each part, what labels' numbers mean, and what an update may ask for."""

    labels: tuple[str, ...]
    rows: Mapping[str, int]
    parameters: ParameterBounds
    user_weight: float


def write_rehearsal_files(bundle: Bundle, folder: Path) -> None:
    """Write into the new folder `folder`, for each updatable task, `TASK/rehearsal-*` and `TASK/yardstick-*` (features
    and the bundled head's probabilities in float32, true labels in int32), and `layout.json`.
    """
    folder.mkdir()
    tasks = {}
    for name, task in bundle.manifest.tasks.items():
        if (terms := task.terms) is not None:
            rows = _write_arrays(bundle, name, folder / name)
            tasks[name] = TaskLayout(task.labels, rows, terms.parameters, terms.user_weight)
    layout = {
        "format": 1,
        "feature_width": bundle.manifest.feature_width,
        "tasks": {name: {**asdict(task), "parameters": task.parameters.model_dump()} for name, task in tasks.items()},
    }
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _write_arrays(bundle: Bundle, name: str, folder: Path) -> dict[str, int]:
    folder.mkdir()
    with np.load(io.BytesIO(bundle.read(head_file(name, _REPLAY)))) as replay:
        yardstick = replay["yardstick"]
        parts = {"rehearsal": ~yardstick, "yardstick": yardstick}
        for part, rows in parts.items():
            replay["features"][rows].astype("<f4").tofile(folder / f"{part}-features.f32")
            replay["probabilities"][rows].astype("<f4").tofile(folder / f"{part}-probabilities.f32")
            replay["labels"][rows].astype("<i4").tofile(folder / f"{part}-labels.i32")
        return {part: int(rows.sum()) for part, rows in parts.items()}
