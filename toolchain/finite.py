"""What every node of an encoder graph computes on real texts: the greatest values, and whether all of them are finite.

MobileBERT's activations are huge (google-research #384: NaN in reduced precision), and one infinity inside a graph
spoils every answer after it. Whoever rewrites a graph looks here before and after.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from toolchain.errors import ExportError
from toolchain.export import INPUTS

FP16_GREATEST = 65_504.0

# How many values one session keeps at a time: a full MobileBERT's would take gigabytes together.
_WATCHED_AT_A_TIME = 800

Run = Callable[[Sequence[str], list[int]], list[NDArray[np.generic]]]


@dataclass(frozen=True)
class Extreme:
    """The greatest absolute value of a tensor over some texts, not finite where any of its values is not. `node` and
    `kind` (the operator, or Constant) say where it comes from.
    """

    tensor: str
    node: str
    kind: str
    greatest: float

    @property
    def finite(self) -> bool:
        """Are all its values?"""
        return math.isfinite(self.greatest)


@dataclass(frozen=True)
class FiniteFigures:
    """What a graph computed: how many tensors were looked at, the greatest finite absolute value of all that nodes gave
    with the node it comes from, that value's share of what fp16 can hold, and the constants and nodes that hold or gave
    NaN or infinity, the cause first.
    """

    tensors: int
    greatest: float
    node: str
    share_of_fp16: float
    not_finite: tuple[str, ...]

    @property
    def finite(self) -> bool:
        """Were all values?"""
        return not self.not_finite


def check_finite(graph: Path | ModelProto, rows: Sequence[list[int]]) -> FiniteFigures:
    """Look at every floating-point tensor of a graph of any precision while it encodes `rows`, token ids of one text
    each, unpadded as on a device. Constants are looked at whole, also what no row reads.

    Raises:
        ExportError: the graph can't be run on them.
    """
    found = extremes(onnx.load(str(graph)) if isinstance(graph, Path) else graph, rows)
    computed = [extreme for extreme in found if extreme.finite and extreme.kind != "Constant"]
    most = max(computed, key=lambda extreme: extreme.greatest, default=Extreme("", "none", "", 0.0))
    return FiniteFigures(
        tensors=len(found),
        greatest=most.greatest,
        node=most.node,
        share_of_fp16=most.greatest / FP16_GREATEST,
        not_finite=tuple(extreme.node for extreme in found if not extreme.finite),
    )


def extremes(model: ModelProto, rows: Sequence[list[int]]) -> list[Extreme]:
    """Of every floating-point constant, then of every node's floating-point outputs in the graph's order, but for the
    sums of an integer product before they are scaled.

    Raises:
        ExportError: see `check_finite`.
    """
    found = [Extreme(name, name, "Constant", _greatest(value)) for name, value in constants(model) if _is_float(value)]
    sums = {node.output[0] for node in model.graph.node if node.op_type == "MatMulInteger"}
    for nodes, run in _watched(model):
        tensors = [(name, node) for node in nodes if not sums & {*node.input} for name in node.output if name]
        names = [name for name, _ in tensors]
        greatest: dict[str, float] = {}
        for row in rows:
            for name, value in zip(names, run(names, row), strict=True):
                # A value that is not finite stays: nothing is greater than infinity, and NaN's sum is NaN.
                if _is_float(value):
                    before, here = greatest.get(name, 0.0), _greatest(value)
                    greatest[name] = max(before, here) if math.isfinite(before + here) else before + here
        found += [
            Extreme(name, node.name or name, node.op_type, greatest[name]) for name, node in tensors if name in greatest
        ]
    return found


def first_difference(model: ModelProto, other: ModelProto, row: list[int], share: float) -> str:
    """The first node of `other` that strays from the same tensor of `model` by more than `share` of that tensor's
    greatest value; "none" where no tensor of a common name does.

    Raises:
        ExportError: see `check_finite`.
    """
    known = {name for node in model.graph.node for name in node.output}
    for nodes, run in _watched(other):
        tensors = [(name, node) for node in nodes for name in node.output if name in known]
        names = [name for name, _ in tensors]
        expected = _session(model, names)(names, row)
        for (name, node), right, value in zip(tensors, expected, run(names, row), strict=True):
            if not _is_float(right) or right.shape != value.shape or not right.size:
                continue
            apart = _greatest(value.astype(np.float64) - right.astype(np.float64))
            if not apart <= share * max(1.0, _greatest(right)):  # also true for NaN
                return str(node.name or name)
    return "none"


def constants(model: ModelProto) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """A graph's constants by name: initializers, and outputs of Constant nodes."""
    for tensor in model.graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            yield node.output[0], numpy_helper.to_array(helper.get_attribute_value(node.attribute[0]))


def feed(row: list[int]) -> dict[str, NDArray[np.int64]]:
    """The inputs of a graph for one text, unpadded: [1, S]."""
    input_ids = np.array([row], dtype=np.int64)
    return dict(zip(INPUTS, (input_ids, np.ones_like(input_ids)), strict=True))


def runner(model: ModelProto, *, as_written: bool = False) -> Run:
    """A function that runs a graph on one text and gives the values of the named outputs; `as_written` without
    ONNX Runtime's own rewriting.

    Raises:
        ExportError: the graph can't be loaded; by the function, that it can't be run.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if as_written:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    except Exception as error:  # the library's exceptions share no other base
        raise ExportError(f"the graph can't be loaded: {error}") from error

    def run(names: Sequence[str], row: list[int]) -> list[NDArray[np.generic]]:
        try:
            values: list[NDArray[np.generic]] = session.run(list(names), feed(row))
        except Exception as error:  # as above
            raise ExportError(f"the graph can't be run on a text of {len(row)} tokens: {error}") from error
        return values

    return run


def _watched(model: ModelProto) -> Iterator[tuple[list[NodeProto], Run]]:
    """The nodes in groups, each with a run of the graph that can give their outputs."""
    nodes = [node for node in model.graph.node if node.op_type != "Constant"]
    for start in range(0, len(nodes), _WATCHED_AT_A_TIME):
        group = nodes[start : start + _WATCHED_AT_A_TIME]
        yield group, _session(model, [name for node in group for name in node.output if name])


def _session(model: ModelProto, names: Sequence[str]) -> Run:
    watched = ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)  # Their types are inferred.
    return runner(watched, as_written=True)


def _is_float(value: NDArray[np.generic]) -> bool:
    return value.dtype.kind == "f"


def _greatest(value: NDArray[np.generic]) -> float:
    return float(np.abs(value.astype(np.float64)).max()) if value.size else 0.0
