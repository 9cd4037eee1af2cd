"""Timing and profiling encoders: every parameter, byte, call and millisecond is accounted for."""

import io
import json
import re
from pathlib import Path

import onnx
import pytest
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from transformers import AutoModel

from tests.support.tiny_checkpoint import write_bert, write_mobilebert
from toolchain.bench import Bench, export_and_bench, full_size_config
from toolchain.checkpoint import load_encoder
from toolchain.cli.tables import bench_table, profile_tables
from toolchain.errors import CheckpointError, DataError
from toolchain.latency import TimedGraph, eager_call, timings
from toolchain.model import MultiTaskModel, save_model
from toolchain.profile_graph import profile_graph
from toolchain.profile_model import profile_model
from toolchain.profiling import Memory, Operator, Part, Profile
from toolchain.quantize import QuantizeSettings, quantize_encoder
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer

CHARACTERS = "".join(chr(0x4E00 + index) for index in range(3_000))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileBERT of two tiny blocks under a large vocabulary, with 32 positions."""
    folder = tmp_path_factory.mktemp("checkpoint")
    write_mobilebert(folder, CHARACTERS)
    return folder


@pytest.fixture(scope="module")
def in_torch(checkpoint: Path) -> Profile:
    return profile_model(str(checkpoint), (8, 32, 64), rounds=2)


@pytest.fixture(scope="module")
def graphs(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Path]:
    folder = tmp_path_factory.mktemp("graphs")
    return export_and_bench(str(checkpoint), (8, 32, 64), rounds=2, folder=folder), folder


@pytest.fixture(scope="module")
def in_runtime(graphs: tuple[Bench, Path]) -> Profile:
    return profile_graph(graphs[1] / "encoder-int8.onnx", (8, 32, 64), rounds=2)


def shown_by(*tables: Table) -> str:
    console = Console(file=io.StringIO(), width=400)
    with console.capture() as capture:
        console.print(*tables)
    return capture.get()


def test_all_timed_things_are_called_in_turn_and_each_begins_a_round() -> None:
    called: list[str] = []
    found = timings({name: lambda name=name: called.append(name) for name in "abc"}, rounds=3, warm_up=1)  # type: ignore[misc]
    rounds = ["".join(called[start : start + 3]) for start in range(0, len(called), 3)]
    assert rounds == ["abc", "bca", "cab", "abc"]
    assert found["a"].ratio == 1.0
    assert all(timing.low <= timing.median <= timing.high for timing in found.values())


def test_every_parameter_is_in_one_part_of_a_model(checkpoint: Path, in_torch: Profile) -> None:
    encoder = load_encoder(str(checkpoint))
    assert in_torch.parameters == sum(value.numel() for value in encoder.parameters())
    assert in_torch.bytes == 4 * in_torch.parameters
    sizes = {(part.block, part.kind): part.parameters for part in in_torch.parts}
    assert sizes[None, "word embeddings"] == encoder.embeddings.word_embeddings.weight.numel()
    attention = encoder.encoder.layer[1].attention
    assert sizes[1, "attention"] == sum(
        p.numel() for name, p in attention.named_parameters() if "LayerNorm" not in name
    )
    assert {kind for block, kind in sizes if block == 0} >= {"attention", "feed-forward", "bottleneck", "norms"}
    assert {block for block, _ in sizes} == {None, 0, 1}


@pytest.mark.parametrize("profile", ["in_torch", "in_runtime"])
def test_parts_take_the_time_of_the_whole_and_long_texts_are_left_out(
    profile: str, request: pytest.FixtureRequest
) -> None:
    found: Profile = request.getfixturevalue(profile)
    assert list(found.milliseconds) == [8, 32]
    for length, whole in found.milliseconds.items():
        assert sum(part.milliseconds[length] for part in found.parts) == pytest.approx(whole)
        assert all(part.milliseconds[length] >= 0 for part in found.parts)
    assert found.nodes == sum(operator.calls for operator in found.operators)


def test_operator_calls_are_those_of_one_forward(checkpoint: Path, in_torch: Profile) -> None:
    products = sum(isinstance(module, nn.Linear) for module in load_encoder(str(checkpoint)).modules())
    assert {operator.name: operator.calls for operator in in_torch.operators}["aten::addmm"] == products


def test_memory_grows_with_the_text(checkpoint: Path, in_torch: Profile) -> None:
    shorter = profile_model(str(checkpoint), (8,), rounds=1)
    assert in_torch.bytes < shorter.memory.peak < in_torch.memory.peak
    assert in_torch.memory.length == 32


def test_profiling_prints_nothing(checkpoint: Path, capfd: pytest.CaptureFixture[str]) -> None:
    profile_model(str(checkpoint), (8,), rounds=1)
    assert capfd.readouterr() == ("", "")


def test_heads_do_not_change_an_encoders_profile(checkpoint: Path, in_torch: Profile, tmp_path: Path) -> None:
    model = MultiTaskModel(load_encoder(str(checkpoint)), {"mood": Task(labels=("a", "b"))})
    save_model(tmp_path / "model", model, load_tokenizer(str(checkpoint), 32))
    assert profile_model(str(tmp_path / "model"), (8,), rounds=1).parameters == in_torch.parameters


def test_a_bert_has_no_bottlenecks(tmp_path: Path) -> None:
    write_bert(tmp_path, "abc")
    parts = profile_model(str(tmp_path), (8,), rounds=1).parts
    assert {part.kind for part in parts} == {
        "word embeddings", "other embeddings", "attention", "feed-forward", "norms", "other"
    }  # fmt: skip
    assert max(part.block for part in parts if part.block is not None) == 2


def test_a_profile_of_a_graph_tells_what_its_constants_are_read_by(
    graphs: tuple[Bench, Path], in_torch: Profile, in_runtime: Profile
) -> None:
    fp32 = profile_graph(graphs[1] / "encoder-fp32.onnx", (8,), rounds=1)
    assert fp32.parameters == pytest.approx(in_torch.parameters, rel=0.03)  # the exporter shares what is equal
    of_fp32, of_int8 = (
        {(row.type, row.read_by): row.bytes for row in profile.stored} for profile in (fp32, in_runtime)
    )
    table = next(part.parameters for part in in_torch.parts if part.kind == "word embeddings")
    assert of_fp32["float", "Gather"] >= 4 * table
    assert of_int8["uint8", "Gather"] >= table
    assert not any(kind == "int8" for kind, _ in of_fp32)
    assert of_int8["int8", "MatMulInteger"] > 0
    assert fp32.bytes > 3 * in_runtime.bytes


def test_a_profile_of_a_graph_tells_nodes_as_written_and_as_executed(
    graphs: tuple[Bench, Path], in_runtime: Profile
) -> None:
    written = onnx.load(str(graphs[1] / "encoder-int8.onnx")).graph.node
    assert in_runtime.written is not None
    assert sum(in_runtime.written.values()) == len(written)
    assert in_runtime.nodes < len(written)
    assert any(operator.name == "DynamicQuantizeMatMul" for operator in in_runtime.operators)
    assert {part.block for part in in_runtime.parts} == {None, 0, 1}
    assert in_runtime.memory.peak > 1_000_000


def test_a_profile_of_a_graph_leaves_no_file(
    graphs: tuple[Bench, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(graphs[1].iterdir())
    profile_graph(graphs[1] / "encoder-int8.onnx", (8,), rounds=1)
    assert not [*tmp_path.iterdir()]
    assert set(graphs[1].iterdir()) == before


def test_what_is_said_of_the_bottleneck_follows_from_the_figures(
    in_torch: Profile, in_runtime: Profile, tmp_path: Path
) -> None:
    for profile in (in_torch, in_runtime):
        table = next(part.parameters for part in profile.parts if part.kind == "word embeddings")
        assert f"{table / profile.parameters:.0%}, is that of word embeddings" in profile.bottleneck[0]
        slowest = max(profile.operators, key=lambda operator: operator.milliseconds[8])
        share = slowest.milliseconds[8] / profile.milliseconds[8]
        assert f"At 8 tokens the slowest operator is {slowest.name} with {share:.0%}" in profile.bottleneck[1]
        outside = re.search(r"(\d+)% of the time is outside", profile.bottleneck[2])
        assert outside is not None
        assert ("bound by arithmetic" in profile.bottleneck[2]) == (int(outside[1]) < 50) or outside[1] == "50"
        assert f"each of {profile.nodes:,} nodes" in profile.bottleneck[2]
        assert "At 32 tokens" in profile.bottleneck[3]
    write_mobilebert(tmp_path, "abc", intermediate_size=20_000)
    other = profile_model(str(tmp_path), (32,))
    assert "is that of feed-forward" in other.bottleneck[0]
    assert "kind of layer feed-forward with" in other.bottleneck[1]
    in_feed_forward = sum(part.milliseconds[32] for part in other.parts if part.kind == "feed-forward")
    assert in_feed_forward > other.milliseconds[32] / 2  # a layer's time is not that of the layers within it


def test_time_that_is_no_layers_is_not_called_the_slowest_kind_of_layer() -> None:
    times = {"attention": 1.0, "feed-forward": 2.0, "between nodes": 5.0, "in unnamed nodes": 1.5}
    profile = Profile(
        name="a", runtime="ONNX Runtime", milliseconds={8: 10.0},
        parts=tuple(Part(None, kind, 1, 4, {8: spent}) for kind, spent in times.items()),
        operators=(Operator("MatMul", 3, {8: 4.0}),), memory=Memory(1, 8, "said"),
    )  # fmt: skip
    assert "slowest kind of layer feed-forward with 20%, more, 50%, goes by between nodes." in profile.bottleneck[1]
    assert "unnamed" not in profile.bottleneck[1]


def test_nodes_without_a_name_are_counted_and_timed_as_the_operators_they_are(
    graphs: tuple[Bench, Path], in_runtime: Profile, tmp_path: Path
) -> None:
    model = onnx.load(str(graphs[1] / "encoder-int8.onnx"))
    for node in model.graph.node:
        node.name = ""
    onnx.save(model, str(tmp_path / "bare.onnx"))
    bare = profile_graph(tmp_path / "bare.onnx", (8,), rounds=2)
    calls = {operator.name: operator.calls for operator in bare.operators}
    assert calls == {operator.name: operator.calls for operator in in_runtime.operators}
    in_operators = sum(operator.milliseconds[8] for operator in bare.operators)
    in_nodes = sum(part.milliseconds[8] for part in bare.parts if part.kind != "between nodes")
    assert 0 < in_operators == pytest.approx(in_nodes)
    assert "in unnamed nodes" in {part.kind for part in bare.parts}


def test_a_graph_of_any_precision_is_timed_on_tokens_of_its_whole_vocabulary(
    checkpoint: Path, graphs: tuple[Bench, Path], tmp_path: Path
) -> None:
    size = load_encoder(str(checkpoint)).config.vocab_size
    static, settings = tmp_path / "static.onnx", QuantizeSettings(method="static")
    quantize_encoder(graphs[1] / "encoder-fp32.onnx", static, settings, [[2, 9, 3]], size, 8)
    for graph in (static, *graphs[1].iterdir()):
        assert 100 < TimedGraph(graph).feed(32)["input_ids"].max() < size


def test_profiles_are_shown_as_tables_and_kept_as_json(in_runtime: Profile) -> None:
    kept = json.loads(json.dumps(in_runtime.as_json()))
    assert kept["milliseconds"].keys() == {"8", "32"}
    assert kept["parts"][0]["kind"] == "word embeddings"
    text = shown_by(*profile_tables(in_runtime))
    for part in (in_runtime.bottleneck[0], "feed-forward", "DynamicQuantizeMatMul", f"{in_runtime.parameters:,}"):
        assert part in text


def test_what_can_not_be_profiled_is_refused(checkpoint: Path, graphs: tuple[Bench, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"at most 32 tokens.* 64, 128"):
        profile_model(str(checkpoint), (64, 128))
    with pytest.raises(DataError, match="no text of 64, 128 tokens"):
        profile_graph(graphs[1] / "encoder-int8.onnx", (64, 128))
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(DataError, match=r"broken\.onnx is no graph"):
        profile_graph(tmp_path / "broken.onnx", (8,))


def test_a_bench_sets_both_graphs_against_torch(checkpoint: Path, graphs: tuple[Bench, Path]) -> None:
    bench, folder = graphs
    assert {path.name for path in folder.iterdir()} == {"encoder-fp32.onnx", "encoder-int8.onnx"}
    assert list(bench.timings) == [8, 32]
    assert all(list(row) == ["torch", "fp32", "int8"] and row["torch"].ratio == 1.0 for row in bench.timings.values())
    assert bench.bytes["int8"] < bench.bytes["fp32"] / 2
    assert bench.nodes["int8"] < bench.nodes["fp32"]
    assert bench.parameters == sum(value.numel() for value in load_encoder(str(checkpoint)).parameters())
    assert f"{bench.timings[32]['int8'].ratio:.2f} x" in shown_by(bench_table(bench))


def test_torch_computes_on_as_many_threads_after_a_bench_as_before(checkpoint: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        export_and_bench(str(checkpoint), (8,), rounds=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_full_size_is_the_published_one() -> None:
    with torch.device("meta"):
        encoder = AutoModel.from_config(full_size_config(), add_pooling_layer=False)
    assert len(encoder.encoder.layer) == 24
    assert 23e6 < sum(value.numel() for value in encoder.parameters()) < 26e6


def test_an_eager_call_runs_the_whole_encoder(checkpoint: Path) -> None:
    encoder = load_encoder(str(checkpoint)).eval()
    shapes = []
    encoder.encoder.layer[1].register_forward_hook(lambda _module, _inputs, output: shapes.append(output.shape))
    eager_call(encoder, 7)()
    assert [tuple(shape) for shape in shapes] == [(1, 7, 32)]
