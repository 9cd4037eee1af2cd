"""Where an encoder's parameters, bytes, time and memory go: by layer and by operator, in PyTorch and as an ONNX graph.

The sentences of `Profile.bottleneck` are read off the figures of the same profile, and hold for this machine.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeVar

import onnx
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper
from rich.table import Table
from torch import nn
from torch.profiler import ProfilerActivity, profile
from transformers import PreTrainedModel

from toolchain.checkpoint import load_encoder
from toolchain.errors import DataError
from toolchain.latency import (
    LENGTHS,
    Bench,
    Timed,
    TimedGraph,
    Timing,
    eager_call,
    fitting,
    one_torch_thread,
    timings,
)

_PRODUCTS = frozenset({
    "aten::addmm", "aten::mm", "aten::bmm", "aten::baddbmm", "mkldnn::_linear_pointwise",
    "MatMul", "Gemm", "FusedMatMul", "FusedGemm", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul",
    "QLinearMatMul", "QGemm", "MatMulNBits", "Attention", "QAttention", "MultiHeadAttention",
})  # fmt: skip
_BETWEEN = "between nodes"
_BLOCK = re.compile(r"\blayer\.(\d+)(?:[./](.*))?$")

Milliseconds = dict[int, float]  # by length in tokens
Key = TypeVar("Key")
Place = tuple[int | None, str]  # a block, if in one, and a kind of layer


@dataclass(frozen=True)
class Part:
    """One kind of layer (embeddings, attention, feed-forward, bottleneck, norms), of one block where it is in one."""

    block: int | None
    kind: str
    parameters: int
    bytes: int
    milliseconds: Milliseconds


@dataclass(frozen=True)
class Operator:
    """All calls of one operator in a forward."""

    name: str
    calls: int
    milliseconds: Milliseconds


@dataclass(frozen=True)
class Stored:
    """Bytes of a graph's constants of one type that one kind of operator reads first."""

    type: str
    read_by: str
    bytes: int


@dataclass(frozen=True)
class Memory:
    """The most bytes held at once with a text of `length` tokens, and how that was found out."""

    peak: int
    length: int
    how: str


@dataclass(frozen=True)
class Profile:
    """One text at a time on one thread. `milliseconds` is what a whole forward takes without a profiler: the first
    quartile, in processor time (see `toolchain.latency`), as other programs only ever make it longer.

    `nodes` is what one forward executes: operator calls of PyTorch, or nodes of the graph as ONNX Runtime rewrote it;
    `written` counts those of the file by operator. Operators' times are their own, without what lies between them; so
    are those of a graph's parts, and the rest is `between nodes`. Of PyTorch, parts share the whole forward.
    """

    name: str
    runtime: str
    parameters: int
    bytes: int
    nodes: int
    milliseconds: Milliseconds
    parts: tuple[Part, ...]
    operators: tuple[Operator, ...]
    memory: Memory
    bottleneck: tuple[str, ...]
    stored: tuple[Stored, ...] = ()
    written: Mapping[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The profile as JSON has it."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content


def profile_model(checkpoint: str, lengths: Sequence[int] = LENGTHS, rounds: int = 10) -> Profile:
    """Profile a checkpoint's encoder, with or without heads, in PyTorch: eager, fp32. Lengths that it has no positions
    for are left out. Memory is that of its tensors, as torch.profiler saw them allocated.

    Raises:
        CheckpointError: see `load_encoder`; it can take none of the lengths.
    """
    encoder = load_encoder(checkpoint).eval()
    lengths = fitting(encoder.config, lengths)
    by_part: dict[int, dict[Place, float]] = {}
    operators: dict[int, dict[str, float]] = {}
    with one_torch_thread():
        totals = _totals({length: eager_call(encoder, length) for length in lengths}, rounds)
        for length in lengths:
            layers = _layer_shares(encoder, length, rounds)
            by_part[length] = {place: share * totals[length] for place, share in layers.items()}
            counts, times, activations = _operator_times(encoder, length, rounds)
            operators[length] = _within(times, totals[length])
    sizes = [(part_of(name), value.numel(), value.nbytes) for name, value in encoder.named_parameters()]
    parts, size = _parts(sizes, by_part), sum(row[2] for row in sizes)
    return _profile(
        checkpoint, "torch", parts, _operators(operators, counts), totals,
        Memory(size + activations, lengths[-1], "weights, and the most that torch.profiler saw allocated in a forward"),
    )  # fmt: skip


def profile_graph(path: Path, lengths: Sequence[int] = LENGTHS, rounds: int = 10) -> Profile:
    """Profile an encoder's ONNX graph in ONNX Runtime. Lengths that it has no positions for are left out. Memory is the
    growth of a fresh process that loads and runs it.

    Raises:
        DataError: it is no graph that can be run, or can take none of the lengths.
    """
    plain = TimedGraph(path)
    lengths = plain.fitting(lengths)
    totals = _totals({length: plain.call(length) for length in lengths}, rounds)
    with TemporaryDirectory() as folder:
        profiled = TimedGraph(path, Path(folder))
        order = [length for length in lengths for _ in range(rounds + 1)]
        for length in order:
            profiled.call(length)()
        events = json.loads(Path(profiled.session.end_profiling()).read_text("utf-8"))
        executed = onnx.load(str(Path(folder) / "optimised.onnx")).graph
    by_node = _node_times(events, order, totals)
    places = {node.name: _place(node) for node in executed.node}
    kinds = {node.name: str(node.op_type) for node in executed.node}
    by_part: dict[int, dict[Place, float]] = {}
    operators: dict[int, dict[str, float]] = {}
    for length in lengths:
        by_part[length], operators[length] = defaultdict(float), defaultdict(float)
        for name, spent in by_node[length].items():
            by_part[length][places.get(name, (None, "other"))] += spent
            operators[length][kinds.get(name, "unknown")] += spent
        by_part[length][None, _BETWEEN] = max(0.0, totals[length] - sum(by_node[length].values()))
    written = onnx.load(str(path)).graph
    constants = list(_constants(written))
    return _profile(
        str(path), "ONNX Runtime", _parts([row[:3] for row in constants], by_part),
        _operators(operators, Counter(kinds.values())), totals, _resident(plain, lengths[-1]),
        stored=_stored(constants), written=dict(Counter(node.op_type for node in written.node).most_common()),
    )  # fmt: skip


def part_of(name: str) -> Place:
    """The block, if any, and the kind of layer that a parameter, a module, or a node of an exported graph is of."""
    place = _BLOCK.search(name.replace("/", "."))
    if place is None:
        if "word_embeddings" in name:
            return None, "word embeddings"
        return None, "other embeddings" if "embeddings" in name else "other"
    rest = place[2] or ""
    if "LayerNorm" in rest:
        kind = "norms"
    elif "bottleneck" in rest:
        kind = "bottleneck"
    elif rest.startswith("attention"):
        kind = "attention"
    else:
        kind = "feed-forward" if rest else "other"
    return int(place[1]), kind


def _totals(calls: Mapping[int, Timed], rounds: int) -> Milliseconds:
    found = timings({str(length): call for length, call in calls.items()}, 2 * rounds)
    return {length: found[str(length)].low for length in calls}


def _layer_shares(encoder: PreTrainedModel, length: int, rounds: int) -> dict[Place, float]:
    """Shares of a forward's time by part. Hooks take each module's time less that of the modules within it."""
    spent: dict[str, list[float]] = defaultdict(list)
    running: list[list[float]] = []  # of each open module: when it began, and the time of the modules within

    def begin(*_: object) -> None:
        running.append([perf_counter(), 0.0])

    def end_of(name: str) -> Any:
        def end(*_: object) -> None:
            begun, within = running.pop()
            whole = perf_counter() - begun
            spent[name].append(whole - within)
            if running:
                running[-1][1] += whole

        return end

    hooks = [
        hook for name, module in encoder.named_modules() if not isinstance(module, nn.ModuleList)
        for hook in (module.register_forward_pre_hook(begin), module.register_forward_hook(end_of(name)))
    ]  # fmt: skip
    call = eager_call(encoder, length)
    for _ in range(rounds + 1):
        call()
    for hook in hooks:
        hook.remove()
    shares: dict[Place, float] = defaultdict(float)
    for name, times in spent.items():
        shares[part_of(name)] += _undisturbed(times) * len(times) / (rounds + 1)
    whole = sum(shares.values())
    return {part: share / whole for part, share in shares.items()}


def _operator_times(encoder: PreTrainedModel, length: int, rounds: int) -> tuple[dict[str, int], dict[str, float], int]:
    """Calls of each operator in a forward, milliseconds in them, and the most bytes held besides the weights."""
    call = eager_call(encoder, length)
    call()
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)  # by the operator and which of its calls it is
    most = 0
    for _ in range(rounds):
        with _native_silence(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            call()
        events = sorted(seen.events(), key=lambda event: event.time_range.start)
        most = max(most, *accumulate(event.self_cpu_memory_usage for event in events))
        calls: Counter[str] = Counter()
        for event in events:
            spent[event.name, calls[event.name]].append(event.self_cpu_time_total / 1000)
            calls[event.name] += 1
    del calls["[memory]"]  # what is given back between operators
    times: dict[str, float] = defaultdict(float)
    for (name, _), taken in spent.items():
        times[name] += _undisturbed(taken)
    return dict(calls), {name: times[name] for name in calls}, most


@contextmanager
def _native_silence() -> Iterator[None]:
    """torch's profiler writes two lines past Python to standard error, which nothing turns off."""
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _node_times(
    events: Sequence[Mapping[str, Any]], order: Sequence[int], totals: Milliseconds
) -> dict[int, dict[str, float]]:
    """Milliseconds of each executed node by length. `order` are the calls' lengths; the first of each is a warm-up.

    Writing a call down takes time that is counted as the node's: it is taken for as long as the quickest node's call.
    """
    ends = sorted(event["ts"] + event["dur"] for event in events if event["name"] == "model_run")
    kernels = [event for event in events if event["cat"] == "Node" and event["name"].endswith("_kernel_time")]
    taken: dict[int, dict[str, list[float]]] = {length: defaultdict(list) for length in order}
    number = 0
    for event in sorted(kernels, key=lambda event: event["ts"]):
        while event["ts"] > ends[number]:
            number += 1
        if number and order[number] == order[number - 1]:
            taken[order[number]][event["name"].removesuffix("_kernel_time")].append(event["dur"] / 1000)
    found = {}
    for length, nodes in taken.items():
        times = {name: _undisturbed(calls) for name, calls in nodes.items()}
        found[length] = _within({name: spent - min(times.values()) for name, spent in times.items()}, totals[length])
    return found


def _within(times: Mapping[str, float], total: float) -> dict[str, float]:
    """Times that together are no longer than `total`: a profiler makes short calls longer."""
    share = min(1.0, total / max(1e-9, sum(times.values())))
    return {name: spent * share for name, spent in times.items()}


def _undisturbed(times: Sequence[float]) -> float:
    """The mean of the quicker half: other programs only ever make a call longer."""
    return mean(sorted(times)[: (len(times) + 1) // 2])


def _place(node: NodeProto) -> Place:
    """Where a node belongs: by its own name, or by what it reads and gives where a rewrite has named it anew."""
    places = [part_of(name) for name in (node.name, *node.output, *node.input)]
    in_block = [place for place in places if place[0] is not None]
    return in_block[0] if in_block else places[0]


def _constants(graph: GraphProto) -> Iterator[tuple[Place, int, int, str, str]]:
    """Of each initializer: its part, values, bytes, type, and the operator that reads it first."""
    readers: dict[str, NodeProto] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, node)
    for tensor in graph.initializer:
        value, reader = numpy_helper.to_array(tensor), readers.get(tensor.name)
        named = part_of(tensor.name)
        place = named if named[1] != "other" or reader is None else _place(reader)
        kind = TensorProto.DataType.Name(tensor.data_type).lower()
        yield place, int(value.size), int(value.nbytes), kind, str(reader.op_type) if reader is not None else "nothing"


def _stored(constants: Iterable[tuple[Place, int, int, str, str]]) -> tuple[Stored, ...]:
    sizes: Counter[tuple[str, str]] = Counter()
    for _, _, size, kind, reader in constants:
        sizes[kind, reader] += size
    return tuple(Stored(*key, size) for key, size in sizes.most_common())


def _parts(
    sizes: Iterable[tuple[Place, int, int]],
    milliseconds: Mapping[int, Mapping[Place, float]],
) -> tuple[Part, ...]:
    """Parts in the order of the forward: what is before blocks, blocks, what is around them."""
    values: Counter[Place] = Counter()
    weights: Counter[Place] = Counter()
    for place, count, size in sizes:
        values[place] += count
        weights[place] += size
    first = ("word embeddings", "other embeddings")

    def order(place: Place) -> tuple[int, int, str]:
        block, kind = place
        return (0, first.index(kind), "") if kind in first else (2, 0, kind) if block is None else (1, block, kind)

    places = sorted({*values, *(place for row in milliseconds.values() for place in row)}, key=order)
    return tuple(Part(*place, values[place], weights[place], _by_length(milliseconds, place)) for place in places)


def _operators(milliseconds: Mapping[int, Mapping[str, float]], calls: Mapping[str, int]) -> tuple[Operator, ...]:
    """Operators, from the one that takes longest at the first length."""
    names = sorted(calls, key=lambda name: -next(iter(milliseconds.values())).get(name, 0.0))
    return tuple(Operator(name, calls[name], _by_length(milliseconds, name)) for name in names)


def _by_length(milliseconds: Mapping[int, Mapping[Key, float]], key: Key) -> Milliseconds:
    return {length: row.get(key, 0.0) for length, row in milliseconds.items()}


def _resident(graph: TimedGraph, length: int) -> Memory:
    """What a fresh process grows by while it loads a graph and runs it."""
    ids = ",".join(map(str, graph.feed(length)["input_ids"][0]))
    command = [sys.executable, "-c", _FRESH_PROCESS, str(graph.path), ids]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # this interpreter, our code
    if done.returncode:
        raise DataError(f"{graph.path} can't be run in a process of its own: {done.stderr.strip()[-500:]}")
    return Memory(int(done.stdout), length, "what a fresh process grew by at most, loading the graph and running it")


# The most memory that a process had is in /proc, where there is one: `getrusage` of a child begins with its parent's.
_FRESH_PROCESS = """
import re, resource, sys
from pathlib import Path
sys.modules["torch"] = None  # the training build of ONNX Runtime would import it
import numpy, onnxruntime

def most():
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

before = most()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
ids = numpy.array([[int(number) for number in sys.argv[2].split(",")]])
for _ in range(3):
    session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})
print(most() - before)
"""


def _profile(
    name: str, runtime: str, parts: tuple[Part, ...], operators: tuple[Operator, ...], milliseconds: Milliseconds,
    memory: Memory, **more: Any,
) -> Profile:  # fmt: skip
    nodes = sum(operator.calls for operator in operators)
    return Profile(
        name=name, runtime=runtime, parameters=sum(part.parameters for part in parts),
        bytes=sum(part.bytes for part in parts), nodes=nodes, milliseconds=milliseconds, parts=parts,
        operators=operators, memory=memory, bottleneck=tuple(_findings(parts, operators, milliseconds, nodes)), **more,
    )  # fmt: skip


def _findings(
    parts: Sequence[Part], operators: Sequence[Operator], milliseconds: Milliseconds, nodes: int
) -> Iterator[str]:
    """Where the bottleneck is: of size, then of time at the shortest and at the longest length."""
    sizes: Counter[str] = Counter()
    for part in parts:
        sizes[part.kind] += part.parameters
    kind, most = sizes.most_common(1)[0]
    yield f"The largest share of the parameters, {most / sizes.total():.0%}, is that of {kind}."
    for length in sorted({min(milliseconds), max(milliseconds)}):
        whole = milliseconds[length]
        spent: dict[str, float] = defaultdict(float)
        for part in parts:
            spent[part.kind] += part.milliseconds[length]
        kind = max(spent, key=lambda kind: spent[kind])
        slowest = max(operators, key=lambda operator: operator.milliseconds[length])
        yield (
            f"At {length} tokens the slowest operator is {slowest.name} with"
            f" {slowest.milliseconds[length] / whole:.0%} of the time, the slowest kind of layer {kind} with"
            f" {spent[kind] / whole:.0%}."
        )
        products = sum(operator.milliseconds[length] for operator in operators if operator.name in _PRODUCTS)
        outside = whole - products
        bound = "node dispatch and small operators" if outside > products else "arithmetic"
        yield (
            f"At {length} tokens {outside / whole:.0%} of the time is outside of matrix products,"
            f" {outside * 1000 / nodes:.1f} us for each of {nodes:,} nodes: it is bound by {bound}."
        )


def profile_tables(profile: Profile, operators: int = 12) -> list[Table]:
    """A profile as tables for a terminal; of operators the slowest."""
    lengths = list(profile.milliseconds)
    heads = [f"ms at {length}" for length in lengths]

    def times(milliseconds: Milliseconds) -> list[str]:
        return [f"{milliseconds[length]:.3f}" for length in lengths]

    whole = _table(f"{profile.name} in {profile.runtime}", "figure", "value")
    for name, value in (
        ("parameters", f"{profile.parameters:,}"), ("their bytes", f"{profile.bytes:,}"),
        ("nodes executed", f"{profile.nodes:,}"),
        (f"memory at peak, {profile.memory.length} tokens", f"{profile.memory.peak:,} bytes: {profile.memory.how}"),
        *((f"a forward of {length} tokens", f"{value:.3f} ms") for length, value in profile.milliseconds.items()),
        *(("bottleneck", finding) for finding in profile.bottleneck),
    ):  # fmt: skip
        whole.add_row(name, value)
    by_part = _table("By layer", "block", "part", "parameters", "bytes", *heads)
    for part in profile.parts:
        block = "" if part.block is None else str(part.block)
        by_part.add_row(block, part.kind, f"{part.parameters:,}", f"{part.bytes:,}", *times(part.milliseconds))
    by_operator = _table("By operator", "operator", "calls", *heads)
    for operator in profile.operators[:operators]:
        by_operator.add_row(operator.name, f"{operator.calls:,}", *times(operator.milliseconds))
    tables = [whole, by_part, by_operator]
    if profile.stored:
        stored = _table("Constants", "type", "read by", "bytes")
        for row in profile.stored:
            stored.add_row(row.type, row.read_by, f"{row.bytes:,}")
        tables.append(stored)
    return tables


def bench_table(bench: Bench) -> Table:
    """A bench as a table for a terminal: times, and how many times as fast as PyTorch."""
    table = _table(
        f"{bench.name}: one thread, PyTorch eager fp32 against ONNX Runtime", "tokens", "torch", "ORT fp32", "ORT int8",
        "fp32 faster", "int8 faster",
    )  # fmt: skip

    def time(timing: Timing) -> str:
        return f"{timing.median:.2f} ms ({timing.low:.2f}-{timing.high:.2f})"

    for length, row in bench.timings.items():
        ratios = (f"{row[form].ratio:.2f} x" for form in ("fp32", "int8"))
        table.add_row(str(length), *(time(row[form]) for form in ("torch", "fp32", "int8")), *ratios)
    sizes = (f"{bench.bytes[form]:,} bytes, {bench.nodes[form]:,} nodes" for form in ("fp32", "int8"))
    table.add_row("size", f"{bench.parameters:,} parameters", *sizes)
    return table


def _table(title: str, *heads: str) -> Table:
    """Figures to the right, words to the left."""
    words = ("figure", "value", "part", "operator", "type", "read by")
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, justify="left" if head in words else "right", overflow="fold")
    return table
