"""A bundle for ONNX Runtime on phones: attune.onnx, and the files to train heads with."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx

from toolchain.errors import ExportError
from toolchain.exports import REPORT, new_folder, real_sentences, sizes, special_texts
from toolchain.onnx_mobile.parity import PipelineParity, PipelineSession, SameIds, pipeline_parity, same_ids
from toolchain.onnx_mobile.pipeline import pipeline_graph
from toolchain.onnx_mobile.training_files import write_training_files
from toolchain.phone_model import PhoneModel

PIPELINE, TRAINING = "attune.onnx", "training"
_WORST = 1e-5  # of probabilities: the same int8 base is run, so nothing but the heads' sums may differ


@dataclass(frozen=True)
class OnnxExport:
    """What was written: bytes by file, seconds in all, and how near the graph is to what a device runs."""

    bytes: dict[str, int]
    seconds: float
    ids: SameIds
    parity: PipelineParity


def export_onnx(model: PhoneModel, out: Path, progress: Callable[[str], None]) -> OnnxExport:
    """Write `attune.onnx`, of a bundle also `training/`, and a report into a new folder.

    Raises:
        ExportError: `out` exists, the tokenizer has no form in a graph, or the graph answers otherwise than the device.
    """
    started = time.monotonic()
    with new_folder(out, model.bundle.root if model.bundle else None) as folder:
        progress("reading the tokenizer")
        onnx.save(pipeline_graph(model), str(folder / PIPELINE))
        session, sentences = PipelineSession(folder / PIPELINE), [*real_sentences(), *special_texts(model.tokenizer)]
        progress(f"comparing it with the device on {len(sentences)} sentences")
        ids, found = same_ids(session, model.tokenizer, sentences), pipeline_parity(session, model, sentences)
        if ids.others:
            raise ExportError(f"{ids.others} of {ids.texts} sentences get other token ids than on the device")
        worst = max(found.probabilities.values(), default=0.0)
        if not worst <= _WORST:  # also true for NaN
            raise ExportError(f"probabilities differ from the device's by {worst}, more than {_WORST}")
        if model.bundle is not None:
            write_training_files(model.bundle, folder / TRAINING)
        done = OnnxExport(sizes(folder), round(time.monotonic() - started, 1), ids, found)
        report = {"version": model.version, **asdict(done)}
        (folder / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return done
