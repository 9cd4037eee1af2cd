"""A finished bundle's quality, measured as its recipe says, beside that of the fp32 graph it was quantised from."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.manifest import CHECKPOINT, ENCODER, TOKENIZER, head_file
from toolchain.errors import DataError
from toolchain.evaluate import Answerer, EncoderGraph, Figures, graph_answerer, measure
from toolchain.sources import Measure
from toolchain.tasks import Task

_NO_RECIPE = "the bundle's manifest records no recipe that this toolchain reads: it can't tell what to measure"


def measure_bundle(bundle: Bundle, data: Path) -> dict[str, Figures]:
    """The figures of a bundle's encoder and initial heads on the measuring sets of its recipe.

    Raises:
        DataError: the bundle records no recipe, or a measuring set is missing.
    """
    recipe = bundle.manifest.provenance.get("recipe")
    try:
        said: Any = recipe if isinstance(recipe, dict) else {}
        measures = TypeAdapter(dict[str, Measure]).validate_python(said["measures"])
        tasks = TypeAdapter(dict[str, Task]).validate_python(said["tasks"])
    except (KeyError, ValidationError):
        raise DataError(_NO_RECIPE) from None
    return measure(bundle_answerer(bundle, tasks), data, tasks, measures)


def recorded_fp32(bundle: Bundle) -> dict[str, Figures]:
    """What the manifest records of the fp32 graph that the bundle's was quantised from; nothing where it does not."""
    said: Any = bundle.manifest.provenance
    try:
        found: dict[str, Figures] = said["metrics"][said["quantized"]]["fp32"]
    except (KeyError, TypeError):
        return {}
    return found


def bundle_answerer(bundle: Bundle, tasks: dict[str, Task]) -> Answerer:
    """Answers of a bundle's versions 0."""
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    heads = {name: bundled_head(bundle, name) for name in tasks if name in bundle.manifest.tasks}
    return graph_answerer(EncoderGraph(bundle.path(ENCODER), tokenizer), heads, tasks)


def bundled_head(bundle: Bundle, task: str) -> HeadParameters:
    """The head that a bundle ships for a task."""
    from onnxruntime.training.api import CheckpointState  # imports torch again: only where it is needed

    state = CheckpointState.load_checkpoint(str(bundle.path(head_file(task, CHECKPOINT))))
    return HeadParameters(state.parameters["head.weight"].data, state.parameters["head.bias"].data.reshape(-1))
