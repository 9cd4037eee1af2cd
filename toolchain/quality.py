"""A bundle's quality beside that of the fp32 model it was quantised from."""

from pathlib import Path

from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.manifest import TOKENIZER
from toolchain.bundle import FP32_ENCODER, bundled_head, measure_bundle
from toolchain.errors import DataError
from toolchain.evaluate import Quality, graph_predictor, measure


def quality_of(bundle: Bundle, data: Path, work: Path | None) -> dict[str, Quality]:
    """Measured figures of the int8 bundle; of fp32 measured too if its working directory is at hand, else recorded.

    Raises:
        DataError: the measuring data or the fp32 graph is missing.
    """
    figures = {"int8 (measured)": measure_bundle(bundle, data)}
    if work is None:
        recorded = bundle.manifest.provenance["metrics"]
        figures["fp32 (recorded)"] = Quality(**recorded["evaluate"]["fp32"])  # type: ignore[call-overload, index, arg-type]  # JSON
        return figures
    graph = work / FP32_ENCODER
    if not graph.is_file():
        raise DataError(f"{graph} is missing: {work} is no finished working directory")
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    figures["fp32 (measured)"] = measure(graph_predictor(graph, tokenizer, bundled_head(bundle)), data)
    return figures
