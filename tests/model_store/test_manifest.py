"""What a manifest says of a head, and that the first edition's form still opens."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from model_store.bundle import Bundle
from model_store.manifest import CHECKPOINT, MOST_LABELS, TRAINING_FILES, ParameterBounds, TaskManifest
from model_store.signing import load_trusted_keys
from model_store.spans import tags_of
from tests.support.changed_bundle import changed
from tests.support.phone import label_of, phone
from tests.support.tiny_bundle import TinyBundle

# As the bundle 1.0.0 has it, word for word.
FIRST_EDITION = {
    "kind": "sentence",
    "labels": ["负面", "中性", "正面"],
    "metrics": {"everyday_accuracy": 0.8043, "everyday_macro_f1": 0.7712, "reviews_accuracy": 0.865},
    "parameters": {
        "epochs": {"default": 60, "maximum": 5000, "minimum": 1},
        "learning_rate": {"default": 0.003, "maximum": 0.1, "minimum": 1e-05},
        "mini_batch_size": {"default": 32, "maximum": 64, "minimum": 1},
        "seed": {"default": 0, "maximum": 2147483647, "minimum": 0},
        "shuffle": {"default": True},
    },
    "updatable": True,
    "user_weight": 0.05,
}


def test_a_task_of_the_first_edition_is_updatable_within_its_bounds() -> None:
    task = TaskManifest.model_validate(FIRST_EDITION)
    assert task.terms is not None
    assert task.terms.user_weight == 0.05
    assert task.terms.parameters == ParameterBounds.model_validate(FIRST_EDITION["parameters"])
    assert task.files == (CHECKPOINT, *TRAINING_FILES)


def test_a_bundle_of_the_first_editions_form_is_served(bundle: TinyBundle, tmp_path: Path) -> None:
    def as_first_edition(manifest: dict[str, Any]) -> None:
        manifest["tasks"] = {"sentiment": FIRST_EDITION}
        for name in list(manifest["files"]):
            if name.startswith("heads/") and not name.startswith("heads/sentiment/"):
                del manifest["files"][name]

    first = changed(bundle, tmp_path / "first", as_first_edition)
    assert set(Bundle.open(first.path, load_trusted_keys([first.public_key])).manifest.tasks) == {"sentiment"}
    with phone(bundle, tmp_path / "one") as one, phone(first, tmp_path / "other") as other:
        assert label_of(other, "楼下的咖啡真不错") == label_of(one, "楼下的咖啡真不错")


def test_a_token_task_has_as_many_types_as_a_recipe_may_name() -> None:
    def of(types: int) -> dict[str, Any]:
        return {"kind": "token", "updatable": False, "labels": tags_of([f"T{number}" for number in range(types)])}

    assert len(TaskManifest.model_validate(of(MOST_LABELS)).labels) == 2 * MOST_LABELS + 1
    with pytest.raises(ValidationError):
        TaskManifest.model_validate(of(MOST_LABELS + 1))


def test_a_fixed_head_ships_its_checkpoint_alone_and_has_no_terms(bundle: TinyBundle) -> None:
    opened = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
    for name in ("intent", "entities"):
        task = opened.manifest.tasks[name]
        assert (task.terms, task.parameters, task.user_weight, task.files) == (None, None, None, (CHECKPOINT,))
        assert [file for file in opened.manifest.files if file.startswith(f"heads/{name}/")] == [
            f"heads/{name}/{CHECKPOINT}"
        ]
