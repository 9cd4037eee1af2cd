"""Comparing runs: a row for each stage, what it lost and won back, and what can't be compared is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.support.tiny_checkpoint import write_mobilebert, write_tokenizer
from toolchain.bench import export_and_bench
from toolchain.checkpoint import load_encoder, save_checkpoint
from toolchain.compare import compare
from toolchain.comparison import Comparison, Row
from toolchain.comparison_table import markdown, write_comparison
from toolchain.errors import WorkError
from toolchain.model import MultiTaskModel, save_model
from toolchain.stages import LEDGER
from toolchain.structure import parameter_count
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer

CHARACTERS = "好坏天气工作学习"
ROUNDS = [
    {"parameters": 9_000, "removed": 0.2, "cut_accuracy": 0.8, "accuracy": 0.88},
    {"parameters": 8_000, "removed": 0.4, "cut_accuracy": 0.7, "accuracy": 0.85},
]


def figures(accuracy: float, f1: float, **more: object) -> dict[str, object]:
    measures = {
        "reviews": {"accuracy": accuracy, "macro_f1": accuracy - 0.1},
        "names": {"PERSON_f1": f1, "PERSON_recall": 0.0, "PLACE_f1": f1 - 0.2},
    }
    return {"measures": measures, "finite": {"share_of_fp16": 0.01, "not_finite": []}, **more}


def entry(do: str, found: dict[str, object], start: str | None = None, teacher: str | None = None) -> dict[str, Any]:
    return {"do": do, "start": start, "teacher": teacher, "inputs": {}, "seconds": 1.0, "figures": found}


def make_work(folder: Path) -> None:
    """A finished run of eight stages, with models of two, one and one blocks, and a quantised one."""
    for blocks in (1, 2):
        write_mobilebert(folder / f"checkpoint-{blocks}", CHARACTERS, num_hidden_layers=blocks)
    for stage, blocks in (("teacher", 2), ("student", 1), ("pruned", 1)):
        checkpoint = str(folder / f"checkpoint-{blocks}")
        model = MultiTaskModel(load_encoder(checkpoint), {"mood": Task(labels=("bad", "good"))})
        save_model(folder / stage / "model", model, load_tokenizer(checkpoint, 32))
    (folder / "base").mkdir()
    save_checkpoint(folder / "base" / "model", load_encoder(checkpoint), load_tokenizer(checkpoint, 32))
    write_tokenizer(folder / "words" / "model", CHARACTERS)
    (folder / "small").mkdir()
    export_and_bench(checkpoint, (8,), rounds=1, folder=folder / "small")
    (folder / "small" / "encoder-int8.onnx").rename(folder / "small" / "encoder.onnx")
    student = parameter_count(model.encoder)
    write_ledger(folder, {
        "words": entry("vocabulary", {"tokens": 50}),
        "base": entry("pretrain", {"parameters": student}),
        "teacher": entry("finetune", figures(0.92, 0.9, parameters=12_345)),
        "student": entry("distill", figures(0.9, 0.9, parameters=student), "base", "teacher"),
        "pruned": entry(
            "prune", figures(0.87, 0.91, parameters=student, before=0.9, rounds=ROUNDS, reached=False), "student"
        ),
        "small": entry("quantize", figures(0.88, 0.85), "pruned"),
        "bundle": entry("bundle", {"bytes": 1}, "small"),
    })  # fmt: skip


def write_ledger(folder: Path, stages: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / LEDGER).write_text(json.dumps({"recipe": "tiny", "stages": stages}), "utf-8")


def quick(*works: Path) -> Comparison:
    return compare(works, lambda *_: None, (8, 16, 64), rounds=2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    make_work(folder)
    return folder


@pytest.fixture(scope="module")
def comparison(finished: Path) -> Comparison:
    return quick(finished)


@pytest.fixture
def work(finished: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(finished, tmp_path / "spoilt")
    return tmp_path / "spoilt"


def row(comparison: Comparison, stage: str) -> Row:
    return next(found for found in comparison.rows if found.stage == stage)


def test_each_stage_with_a_model_or_measures_has_a_row(comparison: Comparison, finished: Path) -> None:
    assert [found.stage for found in comparison.rows] == ["base", "teacher", "student", "pruned", "small"]
    assert [found.form for found in comparison.rows] == ["fp32", "fp32", "fp32", "fp32", "int8"]
    small, teacher, student = (row(comparison, name) for name in ("small", "teacher", "student"))
    assert small.bytes == (finished / "small" / "encoder.onnx").stat().st_size
    assert student.bytes is not None
    assert teacher.bytes is not None
    assert small.bytes < student.bytes < teacher.bytes
    assert teacher.parameters == 12_345
    assert small.parameters == row(comparison, "pruned").parameters == student.parameters


def test_every_graph_is_timed_at_the_lengths_that_it_can_take(comparison: Comparison) -> None:
    for found in comparison.rows:
        assert set(found.milliseconds) == set(found.faster) == {8, 16}
        assert min(found.milliseconds.values()) > 0
    assert comparison.rows[0].faster == {8: 1.0, 16: 1.0}


def test_what_a_stage_lost_is_against_its_beginning_or_else_its_teacher(comparison: Comparison) -> None:
    against = {found.stage: found.against for found in comparison.rows}
    assert against == {"base": None, "teacher": None, "student": "teacher", "pruned": "student", "small": "pruned"}
    assert row(comparison, "student").lost == {"reviews": pytest.approx(0.02), "names": pytest.approx(0)}
    assert row(comparison, "pruned").lost == {"reviews": pytest.approx(0.03), "names": pytest.approx(-0.01)}
    assert row(comparison, "small").lost["names"] == pytest.approx(0.06)


def test_the_main_figure_is_accuracy_or_the_mean_over_types_of_spans(comparison: Comparison) -> None:
    assert row(comparison, "teacher").measures == {"reviews": 0.92, "names": pytest.approx(0.8)}


def test_each_round_of_pruning_tells_what_it_lost_and_what_recovery_brought_back(comparison: Comparison) -> None:
    first, second = row(comparison, "pruned").steps
    assert (first.before, first.cut, first.recovered) == (0.9, 0.8, 0.88)
    assert (second.before, second.cut, second.recovered) == (0.88, 0.7, 0.85)
    text = markdown(comparison)
    assert "| pruned, round 1 | 9,000 | 20.0% | 0.9000 | 0.8000 | 10.00 | 0.8800 | 8.00 | 2.00 |" in text
    assert "| pruned, round 2 | 8,000 | 40.0% | 0.8800 | 0.7000 | 18.00 | 0.8500 | 15.00 | 5.00 |" in text
    assert "pruned did not reach its target" in text


def test_a_comparison_is_written_as_table_data_and_plot(comparison: Comparison, tmp_path: Path) -> None:
    written = write_comparison(comparison, tmp_path / "new" / "out")
    assert [path.name for path in written] == ["compare.md", "compare.json", "compare.png", "compare.svg"]
    text, data, png, svg = (path.read_bytes() for path in written)
    assert b"| teacher | finetune | 12,345 |" in text
    assert "0.8700 (-3.00)" in text.decode()
    assert b"(compare.png)" in text
    assert [found["stage"] for found in json.loads(data)["rows"]] == [found.stage for found in comparison.rows]
    assert json.loads(data)["rows"][1]["verdict"] == "finite"
    assert png.startswith(b"\x89PNG")
    assert svg.count(b"<!-- pruned") >= 3  # its label in both panels of measures and in that of pruning
    assert b"+15.0" in svg


def test_two_runs_are_compared_in_one_table(comparison: Comparison, finished: Path, work: Path) -> None:
    both = quick(finished, work)
    assert len(both.rows) == 2 * len(comparison.rows)
    assert both.label(both.rows[0]) == f"{finished.name}/base"
    assert both.label(both.rows[-1]) == "spoilt/small"
    assert both.rows[-1].against == "pruned"
    assert all(set(found.faster) == {8, 16} for found in both.rows)


def test_a_run_without_measures_or_pruning_has_no_plot(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "base", tmp_path / "run" / "base")
    write_ledger(tmp_path / "run", {"base": entry("pretrain", {"parameters": 7})})
    written = write_comparison(quick(tmp_path / "run"), tmp_path)
    assert [path.name for path in written] == ["compare.md", "compare.json"]
    assert "compare.png" not in written[0].read_text("utf-8")


def test_progress_is_told_to_its_end(finished: Path) -> None:
    heard: list[tuple[int, int]] = []
    compare([finished], lambda done, total, _: heard.append((done, total)), (8,), rounds=1)
    assert heard == [(done, 8) for done in range(9)]


def test_a_stage_whose_model_is_spoilt_keeps_its_figures(work: Path) -> None:
    (work / "student" / "model" / "model.safetensors").write_bytes(b"cut short")
    (work / "small" / "encoder.onnx").write_bytes(b"cut short")
    shutil.rmtree(work / "pruned")
    found = quick(work)
    for stage, note in (("student", "weights"), ("small", "no graph that can be run"), ("pruned", "")):
        assert row(found, stage).measures["reviews"] > 0.8
        assert row(found, stage).milliseconds == {}
        assert note in row(found, stage).note
    assert "- small: " in markdown(found)
    assert len(write_comparison(found, work)) == 4


def test_values_that_are_not_finite_are_told(work: Path) -> None:
    path = work / "small" / "encoder.onnx"
    graph = onnx.load(str(path))
    for tensor in graph.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == 1:
            tensor.CopyFrom(numpy_helper.from_array(np.full(tensor.dims, np.nan, np.float32), tensor.name))
    onnx.save(graph, str(path))
    ledger = json.loads((work / LEDGER).read_text("utf-8"))
    ledger["stages"]["teacher"]["figures"]["finite"]["share_of_fp16"] = 1.5
    ledger["stages"]["student"]["figures"]["finite"]["not_finite"] = ["/encoder/layer.0/Add"]
    del ledger["stages"]["pruned"]["figures"]["finite"]
    write_ledger(work, ledger["stages"])
    verdicts = {found.stage: found.verdict for found in quick(work).rows}
    assert verdicts["teacher"] == "finite, fp16 would overflow"
    assert verdicts["student"] == "NaN or infinity: /encoder/layer.0/Add"
    assert verdicts["pruned"] == "not looked for"
    assert verdicts["small"] == "NaN or infinity: answers at 8 tokens, answers at 16 tokens"


def test_a_graph_that_keeps_large_values_in_fp32_is_mixed_and_does_not_overflow(work: Path) -> None:
    ledger = json.loads((work / LEDGER).read_text("utf-8"))
    small = ledger["stages"]["small"]["figures"]
    small["finite"]["share_of_fp16"] = 1.5
    small["graph"] = {"method": "mixed", "nodes": 7}
    write_ledger(work, ledger["stages"])
    found = row(quick(work), "small")
    assert (found.form, found.verdict) == ("mixed", "finite, in fp32 where fp16 would overflow")


def damage(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def spoil(work: Path) -> None:
        stages = json.loads((work / LEDGER).read_text("utf-8"))["stages"]
        change(stages)
        write_ledger(work, stages)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda work: (work / LEDGER).unlink(), "is no working directory"),
        (lambda work: (work / LEDGER).write_text('{"recipe": "tiny", "stages": {"wor'), "is damaged"),
        (damage(lambda stages: stages.clear()), "has no finished stage yet"),
        (damage(lambda stages: [stages.pop(name) for name in list(stages)[1:]]), "no finished stage has a model"),
        (
            damage(lambda stages: stages["pruned"]["figures"]["rounds"][1].pop("accuracy")),
            r"damaged: rounds\.1\.accuracy in the figures of pruned",
        ),
    ],
)
def test_what_can_not_be_compared_is_refused(spoil: Callable[[Path], object], message: str, work: Path) -> None:
    spoil(work)
    with pytest.raises(WorkError, match=message) as raised:
        quick(work)
    assert str(work) in str(raised.value)


def test_a_place_that_can_not_be_written_is_named(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkError, match="file can't be written"):
        write_comparison(comparison, tmp_path / "file")
