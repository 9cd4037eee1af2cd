"""The finished stages of runs beside each other, out of their ledgers.

All latencies are measured anew, in turn with each other; accuracies are those that the stages measured themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import TensorProto
from pydantic import BaseModel, ValidationError

from model_store.manifest import ENCODER
from toolchain.checkpoint import load_encoder
from toolchain.comparison import Comparison, Row, Step
from toolchain.errors import ToolchainError, WorkError
from toolchain.export import export_encoder
from toolchain.latency import TimedGraph, timings
from toolchain.model import MultiTaskModel
from toolchain.stages import LEDGER, Entry, read_ledger
from toolchain.training import Report

LENGTHS = (16, 32, 64)  # tokens
_FORMS = {TensorProto.INT8: "int8", TensorProto.UINT8: "int8", TensorProto.FLOAT16: "fp16"}


class _Round(BaseModel):
    parameters: int
    removed: float
    cut_accuracy: float
    accuracy: float


class _Finite(BaseModel):
    share_of_fp16: float
    not_finite: tuple[str, ...]


class _Graph(BaseModel):
    method: str


class _Figures(BaseModel):
    """What is read of a stage's figures; it may have others."""

    parameters: int | None = None
    measures: dict[str, dict[str, float]] = {}
    finite: _Finite | None = None
    graph: _Graph | None = None
    before: float = 0.0
    rounds: tuple[_Round, ...] = ()
    reached: bool | None = None


def compare(works: Sequence[Path], report: Report, lengths: Sequence[int] = LENGTHS, rounds: int = 30) -> Comparison:
    """Compare the finished stages of working directories; those without a model, a graph or measures are left out.

    `report` hears how many stages and lengths are done. A stage whose model can't be used any more keeps its figures,
    and its row says why it has no latency.

    Raises:
        WorkError: a directory is no working directory, has no finished stage, or its ledger is damaged.
    """
    ledgers = {work: _finished(work) for work in works}
    total = sum(map(len, ledgers.values())) + len(lengths)
    done = 0
    rows: list[Row] = []
    graphs: list[TimedGraph | None] = []
    with TemporaryDirectory() as folder:
        for work, stages in ledgers.items():
            known: dict[str, Row] = {}
            for stage, entry in stages.items():
                report(done, total, f"exporting {stage}")
                row, graph = _row(work, stage, entry, known, Path(folder) / f"{stage}-{done}.onnx")
                known[stage] = row
                if row.measures or row.note or graph is not None:
                    rows.append(row)
                    graphs.append(graph)
                done += 1
    if not rows:
        raise WorkError(f"{', '.join(map(str, works))}: no finished stage has a model to compare")
    for length in lengths:
        report(done, total, f"timing {length} tokens")
        rows = _timed(rows, graphs, length, rounds)
        done += 1
    report(done, total, "done")
    return Comparison(tuple(rows), tuple(lengths))


def _finished(work: Path) -> Mapping[str, Entry]:
    stages = read_ledger(work).stages
    if not stages:
        raise WorkError(f"{work} has no finished stage yet")
    return stages


def _row(
    work: Path, stage: str, entry: Entry, known: Mapping[str, Row], scratch: Path
) -> tuple[Row, TimedGraph | None]:  # fmt: skip
    """A stage's row but for its latency, and its graph, exported to `scratch` where it has but a model."""
    try:
        figures = _Figures.model_validate(entry.figures)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise WorkError(f"{work / LEDGER} is damaged: {place} in the figures of {stage}") from None
    measures = {name: main for name, found in figures.measures.items() if (main := _main(found)) is not None}
    references = (known[name] for name in (entry.start, entry.teacher) if name is not None and name in known)
    against = next((other for other in references if other.measures.keys() & measures.keys()), None)
    beginning = known.get(entry.start or "")
    graph, note = _graph(work / stage, scratch)
    row = Row(
        work=str(work), stage=stage, do=entry.do, start=entry.start, teacher=entry.teacher,
        form=_form(graph.path, figures.graph) if graph else None,
        parameters=figures.parameters or (beginning.parameters if beginning else None),
        bytes=graph.path.stat().st_size if graph else None,
        milliseconds={}, faster={}, measures=measures,
        against=against.stage if against else None,
        lost={name: against.measures[name] - value for name, value in measures.items() if name in against.measures}
        if against else {},
        steps=_steps(figures), reached=figures.reached,
        largest=figures.finite.share_of_fp16 if figures.finite else None,
        not_finite=figures.finite.not_finite if figures.finite else (),
        note=note,
    )  # fmt: skip
    return row, graph


def _graph(folder: Path, scratch: Path) -> tuple[TimedGraph | None, str]:
    """What a stage left to be timed, or why it can't be."""
    try:
        if (folder / ENCODER).is_file():
            return TimedGraph(folder / ENCODER), ""
        if (folder / "model" / "config.json").is_file():
            model = MultiTaskModel(load_encoder(str(folder / "model")), {})
            export_encoder(model, scratch)
            return TimedGraph(scratch), ""
    except ToolchainError as error:
        return None, str(error)
    return None, ""


def _form(graph: Path, made: _Graph | None) -> str:
    """The lowest precision of a graph's constants of more than one dimension; mixed where it was made so."""
    if made is not None and made.method == "mixed":
        return made.method
    types = {tensor.data_type for tensor in onnx.load(str(graph)).graph.initializer if len(tensor.dims) > 1}
    return next((form for kind, form in _FORMS.items() if kind in types), "fp32")


def _main(figures: Mapping[str, float]) -> float | None:
    """A measure's main figure: accuracy, or the mean F1 over the types of spans."""
    of_spans = [value for name, value in figures.items() if name.endswith("_f1") and name != "macro_f1"]
    if "accuracy" in figures or not of_spans:
        return figures.get("accuracy")
    return sum(of_spans) / len(of_spans)


def _steps(figures: _Figures) -> tuple[Step, ...]:
    before = [figures.before, *(done.accuracy for done in figures.rounds)]
    return tuple(
        Step(done.parameters, done.removed, start, done.cut_accuracy, done.accuracy)
        for start, done in zip(before, figures.rounds, strict=False)
    )


def _timed(rows: Sequence[Row], graphs: Sequence[TimedGraph | None], length: int, rounds: int) -> list[Row]:
    """The rows with the time of a text of `length` tokens, where the graph has positions for it."""
    answers = {index: answer for index, graph in enumerate(graphs) if graph and (answer := graph.answers(length))}
    calls = {index: graph.call(length) for index, graph in enumerate(graphs) if graph and index in answers}
    found = timings(calls, rounds) if calls else {}
    first = next((index for index, graph in enumerate(graphs) if graph), None)
    timed = list(rows)
    for index, timing in found.items():
        row = rows[index]
        spoiled = not all(np.isfinite(value).all() for value in answers[index])
        timed[index] = replace(
            row,
            milliseconds={**row.milliseconds, length: timing.median},
            faster={**row.faster, length: timing.ratio} if first in found else row.faster,
            not_finite=(*row.not_finite, f"answers at {length} tokens") if spoiled else row.not_finite,
        )
    return timed
