"""A finished bundle's quality, beside that of the fp32 model it was quantised from."""

from pathlib import Path

from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.manifest import ENCODER, TOKENIZER, head_file
from toolchain.bundle import FP32_ENCODER
from toolchain.errors import DataError
from toolchain.evaluate import Predict, Quality, graph_predictor, measure
from toolchain.recipe import TASK
from toolchain.replay import Array


def quality_of(bundle: Bundle, data: Path, work: Path | None) -> dict[str, Quality]:
    """Measured figures of the int8 bundle; of fp32 measured too if its working directory is at hand, else recorded.

    Raises:
        DataError: the measuring data or the fp32 graph is missing.
    """
    figures = {"int8 (measured)": measure_bundle(bundle, data)}
    if work is None:
        try:
            recorded = bundle.manifest.provenance["metrics"]["evaluate"]["fp32"]  # type: ignore[call-overload, index]  # JSON
            figures["fp32 (recorded)"] = Quality(**recorded)  # type: ignore[arg-type]  # as above
        except (KeyError, TypeError):
            raise DataError("the bundle's manifest records no figures of fp32: name its working directory") from None
        return figures
    graph = work / FP32_ENCODER
    if not graph.is_file():
        raise DataError(f"{graph} is missing: {work} is no finished working directory")
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    figures["fp32 (measured)"] = measure(graph_predictor(graph, tokenizer, bundled_head(bundle)), data)
    return figures


def measure_bundle(bundle: Bundle, data: Path) -> Quality:
    """The quality of a bundle's encoder and initial head on the measuring sets."""
    return measure(bundle_predictor(bundle), data)


def bundle_predictor(bundle: Bundle) -> Predict:
    """Answers of a bundle's version 0."""
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    return graph_predictor(bundle.path(ENCODER), tokenizer, bundled_head(bundle))


def bundled_head(bundle: Bundle) -> tuple[Array, Array]:
    """Weight [C, D] and bias [C] of the head that a bundle ships."""
    from onnxruntime.training.api import CheckpointState  # imports torch again: only where it is needed

    state = CheckpointState.load_checkpoint(str(bundle.path(head_file(TASK, "checkpoint"))))
    return state.parameters["head.weight"].data, state.parameters["head.bias"].data.reshape(-1)
