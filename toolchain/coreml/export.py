"""A bundle as Core ML models: the frozen base as an mlprogram, each sentence head as a classifier of its own."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx

from toolchain.coreml.base import Precision, write_base
from toolchain.coreml.check import problems, read_model
from toolchain.coreml.head import HeadIdentity, head_model
from toolchain.coreml.parity import Parity, parity
from toolchain.coreml.pipeline import write_pipeline
from toolchain.coreml.reference import REFERENCE, write_reference
from toolchain.errors import ExportError
from toolchain.exports import REPORT, new_folder, real_sentences, sizes, special_texts
from toolchain.phone_model import PhoneModel
from toolchain.rehearsal_files import write_rehearsal_files
from toolchain.wordpiece import read_wordpiece

BASE, WORDPIECE, REHEARSAL = "Base.mlpackage", "wordpiece.json", "rehearsal"
LEAST_AGREEMENT = 0.99  # of labels, with the device's own: below, a base that rounds more is not offered
_NEXT: dict[Precision, Precision] = {"int8": "fp16", "fp16": "fp32"}


@dataclass(frozen=True)
class CoreMLExport:
    """What was written: the base's precision, why it is not the one that was asked for (empty where it is), bytes by
    file, seconds in all, and how near the base is to what a device runs.
    """

    precision: Precision
    reason: str
    bytes: dict[str, int]
    seconds: float
    parity: Parity


def export_coreml(
    model: PhoneModel, out: Path, precision: Precision, progress: Callable[[str], None], *,
    least_agreement: float = LEAST_AGREEMENT,
) -> CoreMLExport:  # fmt: skip
    """Write `Base.mlpackage`, `Head-TASK.mlmodel` of each sentence task, the pipeline of both from text to label,
    `Attune-TASK.mlpackage`, of each updatable one, the tokenizer's tables, the rehearsal sets, sentences to compare
    with on a Mac, and a report into a new folder.

    A base that rounds more than fp32 is written if it is finite and labels at least `least_agreement` of real sentences
    as the device does; else a wider one is, and the report says why.

    Raises:
        ExportError: `out` exists, the encoder has no translation, is not finite even in fp32, or Core ML would not take
            what was written.
    """
    started = time.monotonic()
    with new_folder(out, model.bundle.root if model.bundle else None) as folder:
        precision, reason, found = _write_base(model, folder / BASE, precision, progress, least_agreement)
        _write_heads(model, folder)
        for path in (*folder.glob("*.mlmodel"), *folder.glob("*.mlpackage")):
            for problem in problems(read_model(path)):
                raise ExportError(f"{path.name} can't be used: {problem}")
        if model.bundle is not None:
            write_rehearsal_files(model.bundle, folder / REHEARSAL)
        write_reference(model, real_sentences(), folder / REFERENCE)
        (folder / WORDPIECE).write_text(_tables(model), "utf-8")
        done = CoreMLExport(precision, reason, sizes(folder), round(time.monotonic() - started, 1), found)
        report = {"version": model.version, **asdict(done)}
        (folder / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return done


def _tables(model: PhoneModel) -> str:
    words = read_wordpiece(model.tokenizer)
    for text in (*real_sentences(), *special_texts(model.tokenizer)):
        if words.ids(text, model.longest) != model.tokenizer.encode(text).ids:
            raise ExportError("the tokenizer gives other token ids than its tables: it has no form on a phone")
    return words.to_json(model.longest)


def _write_base(
    model: PhoneModel, path: Path, precision: Precision, progress: Callable[[str], None], least: float
) -> tuple[Precision, str, Parity]:
    graph = onnx.load(str(model.graph))
    sentences, reason = real_sentences(), ""
    while True:
        progress(f"converting the base to {precision}")
        write_base(graph, model.longest, path, precision, model.version)
        progress(f"comparing it with the device on {len(sentences)} sentences")
        found = parity(path, model, sentences)
        fault = _fault(found, least)
        if precision == "fp32" and not found.finite:
            raise ExportError(f"the base {fault}, even in fp32")
        # In fp32 labels differ by what the device rounds to int8: that is told, and no fault of the export.
        if precision == "fp32" or not fault:
            return precision, reason, found
        shutil.rmtree(path)
        reason = "; ".join(part for part in (reason, f"in {precision} it {fault}") if part)
        precision = _NEXT[precision]


def _write_heads(model: PhoneModel, folder: Path) -> None:
    for name, head in model.heads.items():
        if head.task.kind != "sentence":
            continue
        bounds = head.task.parameters if head.task.updatable else None
        base_id = model.bundle.manifest.base_id if model.bundle else ""
        classifier = head_model(head.parameters, head.task.labels, bounds, HeadIdentity(name, base_id, model.version))
        if classifier.isUpdatable:
            write_pipeline(folder / BASE, classifier, model.longest, folder / f"Attune-{name}.mlpackage")
        (folder / f"Head-{name}.mlmodel").write_bytes(classifier.SerializeToString(deterministic=True))


def _fault(found: Parity, least: float) -> str:
    if not found.finite:
        return "gives values that are not finite"
    worst = min(found.agreement, key=lambda name: found.agreement[name], default=None)
    if worst is not None and found.agreement[worst] < least:
        return f"labels {worst} as the device does in only {found.agreement[worst]:.1%} of {found.sentences} sentences"
    return ""
