"""A bundle as Core ML models: the frozen base as an mlprogram, each sentence head as a classifier of its own."""

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import coremltools as ct
import numpy as np
import onnx
from tokenizers import Tokenizer

from model_store.bundle import Bundle
from model_store.manifest import ENCODER, TOKENIZER
from toolchain.coreml.check import problems, read_model
from toolchain.coreml.head import head_model
from toolchain.coreml.parity import Parity, parity
from toolchain.coreml.pipeline import write_pipeline
from toolchain.coreml.program import INPUTS, TARGET, encoder_program
from toolchain.errors import ExportError
from toolchain.evaluate import EncoderGraph
from toolchain.formats import unmark
from toolchain.quality import bundled_head

Precision = Literal["fp16", "fp32"]
BASE, REPORT = "Base.mlpackage", "report.json"
LEAST_AGREEMENT = 0.99  # of labels, with the device's own: below, fp16 is not offered
_SENTENCES = 200
_WRITTEN = Path(__file__).parent.parent / "corpora" / "validation.tsv"


@dataclass(frozen=True)
class CoreMLExport:
    """What was written: the base's precision, why it is not the one that was asked for (empty where it is), bytes by
    file, and how near the base is to what a device runs.
    """

    precision: Precision
    reason: str
    bytes: dict[str, int]
    parity: Parity


def export_coreml(
    bundle: Bundle, out: Path, precision: Precision, progress: Callable[[str], None], *,
    least_agreement: float = LEAST_AGREEMENT,
) -> CoreMLExport:  # fmt: skip
    """Write `Base.mlpackage`, `Head-TASK.mlmodel` of each sentence task, the pipeline of both from text to label,
    `Attune-TASK.mlpackage`, of each updatable one, the tokenizer and a report into a new folder.

    fp16 is written if it is finite and labels at least `least_agreement` of real sentences as the device does; else
    fp32 is, and the report says why.

    Raises:
        ExportError: `out` exists, the encoder has no translation, is not finite even in fp32, or Core ML would not take
            what was written.
    """
    if out.exists():
        raise ExportError(f"{out} exists: choose a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as scratch:
        folder = Path(scratch) / out.name
        folder.mkdir()
        done = _write(bundle, folder, precision, progress, least_agreement)
        folder.rename(out)
    return done


def real_sentences(count: int) -> list[str]:
    """Sentences that people wrote, none of which any model here was trained on."""
    rows = (_WRITTEN.read_text("utf-8")).splitlines()
    return [unmark(row.split("\t")[-1])[0] for row in rows if row and not row.startswith("#")][:count]


def _write(
    bundle: Bundle, folder: Path, precision: Precision, progress: Callable[[str], None], least: float
) -> CoreMLExport:
    graph = onnx.load_from_string(bundle.read(ENCODER))
    names = [name for name, task in bundle.manifest.tasks.items() if task.kind == "sentence"]
    heads = {name: bundled_head(bundle, name) for name in names}
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    encoder, sentences = EncoderGraph(bundle.path(ENCODER), tokenizer), real_sentences(_SENTENCES)

    reason = ""
    while True:
        progress(f"converting the base to {precision}")
        write_base(graph, bundle.manifest.max_length, folder / BASE, precision, bundle.version)
        progress(f"comparing it with the device on {len(sentences)} sentences")
        found = parity(folder / BASE, encoder, heads, sentences)
        fault = _fault(found, least)
        if precision == "fp32" and not found.finite:
            raise ExportError(f"the base {fault}, even in fp32")
        # In fp32 labels differ by what the device rounds to int8: that is told, and no fault of the export.
        if precision == "fp32" or not fault:
            break
        shutil.rmtree(folder / BASE)
        precision, reason = "fp32", f"in fp16 it {fault}"

    for name in names:
        task = bundle.manifest.tasks[name]
        about = f"Attune {bundle.version}: the head of {name}"
        model = head_model(heads[name], task.labels, task.parameters if task.updatable else None, about)
        if model.isUpdatable:
            write_pipeline(folder / BASE, model, bundle.manifest.max_length, folder / f"Attune-{name}.mlpackage")
        (folder / f"Head-{name}.mlmodel").write_bytes(model.SerializeToString(deterministic=True))
    for path in (*folder.glob("*.mlmodel"), *folder.glob("*.mlpackage")):
        for problem in problems(read_model(path)):
            raise ExportError(f"{path.name} would not be taken by Core ML: {problem}")
    (folder / TOKENIZER).write_bytes(bundle.read(TOKENIZER))
    sizes = {entry.name: _bytes(entry) for entry in sorted(folder.iterdir())}
    done = CoreMLExport(precision, reason, sizes, found)
    report: dict[str, Any] = {"bundle": bundle.version, **asdict(done)}
    (folder / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return done


def write_base(graph: onnx.ModelProto, longest: int, path: Path, precision: Precision, version: str = "") -> None:
    """Write the mlprogram of an encoder graph for texts of up to `longest` tokens, as an .mlpackage.

    Raises:
        ExportError: the graph has an operator without a translation.
    """
    length = ct.RangeDim(1, longest, default=min(16, longest))
    kind = ct.precision.FLOAT16 if precision == "fp16" else ct.precision.FLOAT32
    # In fp16 it warns of constants beyond its range, which it clips: what comes out is looked at afterwards.
    with warnings.catch_warnings(action="ignore"):
        model = ct.convert(
            encoder_program(graph), convert_to="mlprogram", compute_precision=kind, minimum_deployment_target=TARGET,
            inputs=[ct.TensorType(name, shape=(1, length), dtype=np.int32) for name in INPUTS], skip_model_load=True,
        )  # fmt: skip
    model.short_description = f"Attune {version}: the frozen base, token ids to features"
    model.version = version
    model.save(str(path))


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _fault(found: Parity, least: float) -> str:
    if not found.finite:
        return "gives values that are not finite"
    worst = min(found.agreement, key=lambda name: found.agreement[name], default=None)
    if worst is not None and found.agreement[worst] < least:
        return f"labels {worst} as the device does in only {found.agreement[worst]:.1%} of {found.sentences} sentences"
    return ""
