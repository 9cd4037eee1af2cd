"""Where the time, bytes and memory of an encoder's ONNX graph go in ONNX Runtime, by layer and by operator."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper

from toolchain.errors import DataError
from toolchain.latency import LENGTHS, TimedGraph, timings
from toolchain.profiling import (
    BETWEEN,
    UNNAMED,
    Memory,
    Milliseconds,
    Place,
    Profile,
    Stored,
    operators_of,
    part_of,
    parts_of,
    undisturbed,
    within,
)

# An executed node: its name (made of its operator and its number where it has none), operator, and number.
Node = tuple[str, str, str]

_PROGRAM = Path(__file__).with_name("graph_memory.py")


def profile_graph(path: Path, lengths: Sequence[int] = LENGTHS, rounds: int = 10) -> Profile:
    """Profile an encoder's ONNX graph in ONNX Runtime. Lengths that it has no positions for are left out. Memory is the
    growth of a fresh process that loads and runs it.

    Raises:
        DataError: it is no graph that can be run, or can take none of the lengths.
    """
    plain = TimedGraph(path)
    lengths = plain.fitting(lengths)
    forwards = timings({length: plain.call(length) for length in lengths}, 2 * rounds)
    totals = {length: timing.low for length, timing in forwards.items()}
    with TemporaryDirectory() as folder:
        profiled = TimedGraph(path, Path(folder))
        order = [length for length in lengths for _ in range(rounds + 1)]
        for length in order:
            profiled.call(length)()
        events = json.loads(Path(profiled.session.end_profiling()).read_text("utf-8"))
        executed = onnx.load(str(Path(folder) / "optimised.onnx")).graph
    by_node = _node_times(events, order, totals)
    places = {node.name: _place(node) for node in executed.node if node.name}
    by_part: dict[int, dict[Place, float]] = {}
    operators: dict[int, dict[str, float]] = {}
    for length in lengths:
        by_part[length], operators[length] = defaultdict(float), defaultdict(float)
        for (name, operator, _), spent in by_node[length].items():
            by_part[length][places.get(name, (None, UNNAMED))] += spent
            operators[length][operator] += spent
        by_part[length][None, BETWEEN] = max(0.0, totals[length] - sum(by_node[length].values()))
    written = onnx.load(str(path)).graph
    constants = list(_constants(written))
    return Profile(
        name=str(path),
        runtime="ONNX Runtime",
        milliseconds=totals,
        parts=parts_of([row[:3] for row in constants], by_part),
        operators=operators_of(operators, Counter(str(node.op_type) for node in executed.node)),
        memory=_resident(plain, lengths[-1]),
        stored=_stored(constants),
        written=dict(Counter(node.op_type for node in written.node).most_common()),
    )


def _node_times(
    events: Sequence[Mapping[str, Any]], order: Sequence[int], totals: Milliseconds
) -> dict[int, dict[Node, float]]:
    """Milliseconds of each executed node by length. `order` are the calls' lengths; the first of each is a warm-up.

    Writing a call down takes time that is counted as the node's: it is taken for as long as the quickest node's call.
    """
    ends = sorted(event["ts"] + event["dur"] for event in events if event["name"] == "model_run")
    kernels = [event for event in events if event["cat"] == "Node" and event["name"].endswith("_kernel_time")]
    taken: dict[int, dict[Node, list[float]]] = {length: defaultdict(list) for length in order}
    number = 0
    for event in sorted(kernels, key=lambda event: event["ts"]):
        while event["ts"] > ends[number]:
            number += 1
        if number and order[number] == order[number - 1]:
            name, said = event["name"].removesuffix("_kernel_time"), event["args"]
            taken[order[number]][name, said["op_name"], said["node_index"]].append(event["dur"] / 1000)
    found = {}
    for length, nodes in taken.items():
        times = {node: undisturbed(calls) for node, calls in nodes.items()}
        found[length] = within({node: spent - min(times.values()) for node, spent in times.items()}, totals[length])
    return found


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


def _resident(graph: TimedGraph, length: int) -> Memory:
    """What a fresh process grows by while it loads a graph and runs it."""
    ids = ",".join(map(str, graph.feed(length)["input_ids"][0]))
    command = [sys.executable, "-P", str(_PROGRAM), str(graph.path), ids]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # this interpreter, our code
    if done.returncode:
        raise DataError(f"{graph.path} can't be run in a process of its own: {done.stderr.strip()[-500:]}")
    return Memory(int(done.stdout), length, "what a fresh process grew by at most, loading the graph and running it")
