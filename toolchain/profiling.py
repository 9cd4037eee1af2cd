"""A profile: where an encoder's parameters, bytes, time and memory go, by layer and by operator.

`profile_model` takes it in PyTorch, `profile_graph` of an ONNX graph. The sentences of `Profile.bottleneck` are read
off the figures of the same profile, and hold for the machine that it was taken on.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any, TypeVar

_PRODUCTS = frozenset({
    "aten::addmm", "aten::mm", "aten::bmm", "aten::baddbmm", "mkldnn::_linear_pointwise",
    "MatMul", "Gemm", "FusedMatMul", "FusedGemm", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul",
    "QLinearMatMul", "QGemm", "MatMulNBits", "Attention", "QAttention", "MultiHeadAttention",
})  # fmt: skip
# Where a graph's time goes that is no layer's: what no node takes, and nodes that don't say which layer they are of.
BETWEEN, UNNAMED = "between nodes", "in unnamed nodes"
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

    Operators' times are their own, without what lies between them; so are those of a graph's parts, and the rest is
    `between nodes`; what nodes without a name take is `in unnamed nodes`. Of PyTorch, parts share the whole forward.
    `stored` and `written` are a graph's: its constants, and the nodes of the file by operator.
    """

    name: str
    runtime: str
    milliseconds: Milliseconds
    parts: tuple[Part, ...]
    operators: tuple[Operator, ...]
    memory: Memory
    stored: tuple[Stored, ...] = ()
    written: Mapping[str, int] | None = None

    @property
    def parameters(self) -> int:
        """All parameters; of a graph, the values of its constants."""
        return sum(part.parameters for part in self.parts)

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(part.bytes for part in self.parts)

    @property
    def nodes(self) -> int:
        """How many a forward executes: operator calls of PyTorch, or nodes of the graph as ONNX Runtime rewrote it."""
        return sum(operator.calls for operator in self.operators)

    @property
    def bottleneck(self) -> tuple[str, ...]:
        """Sentences on what bounds size, and time at the shortest and at the longest length."""
        return tuple(_findings(self))

    def as_json(self) -> dict[str, Any]:
        """The profile, to be written as JSON."""
        derived = {name: getattr(self, name) for name in ("parameters", "bytes", "nodes", "bottleneck")}
        return {**asdict(self), **derived}


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


def within(times: Mapping[Key, float], total: float) -> dict[Key, float]:
    """Times that together are no longer than `total`: a profiler makes short calls longer."""
    share = min(1.0, total / max(1e-9, sum(times.values())))
    return {name: spent * share for name, spent in times.items()}


def undisturbed(times: Sequence[float]) -> float:
    """The mean of the quicker half: other programs only ever make a call longer."""
    return mean(sorted(times)[: (len(times) + 1) // 2])


def parts_of(
    sizes: Iterable[tuple[Place, int, int]], milliseconds: Mapping[int, Mapping[Place, float]]
) -> tuple[Part, ...]:
    """Parts in the order of the forward: what is before blocks, blocks, what is around them. `sizes` are parameters and
    bytes, any number a place; `milliseconds` are by length.
    """
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


def operators_of(milliseconds: Mapping[int, Mapping[str, float]], calls: Mapping[str, int]) -> tuple[Operator, ...]:
    """Operators, from the one that takes longest at the first length."""
    names = sorted(calls, key=lambda name: -next(iter(milliseconds.values())).get(name, 0.0))
    return tuple(Operator(name, calls[name], _by_length(milliseconds, name)) for name in names)


def _by_length(milliseconds: Mapping[int, Mapping[Key, float]], key: Key) -> Milliseconds:
    return {length: row.get(key, 0.0) for length, row in milliseconds.items()}


def _findings(profile: Profile) -> Iterator[str]:
    """Where the bottleneck is: of size, then of time at the shortest and at the longest length."""
    sizes: Counter[str] = Counter()
    for part in profile.parts:
        sizes[part.kind] += part.parameters
    kind, most = sizes.most_common(1)[0]
    yield f"The largest share of the parameters, {most / sizes.total():.0%}, is that of {kind}."
    for length in sorted({min(profile.milliseconds), max(profile.milliseconds)}):
        whole = profile.milliseconds[length]
        spent: dict[str, float] = defaultdict(float)
        for part in profile.parts:
            spent[part.kind] += part.milliseconds[length]
        elsewhere = {place: spent.pop(place, 0.0) for place in (BETWEEN, UNNAMED)}
        kind = max(spent, key=lambda kind: spent[kind])
        more = [f", more, {taken / whole:.0%}, goes by {at}" for at, taken in elsewhere.items() if taken > spent[kind]]
        slowest = max(profile.operators, key=lambda operator: operator.milliseconds[length])
        yield (
            f"At {length} tokens the slowest operator is {slowest.name} with"
            f" {slowest.milliseconds[length] / whole:.0%} of the time, the slowest kind of layer {kind} with"
            f" {spent[kind] / whole:.0%}{''.join(more)}."
        )
        products = sum(found.milliseconds[length] for found in profile.operators if found.name in _PRODUCTS)
        outside = whole - products
        bound = "node dispatch and small operators" if outside > products else "arithmetic"
        yield (
            f"At {length} tokens {outside / whole:.0%} of the time is outside of matrix products,"
            f" {outside * 1000 / profile.nodes:.1f} us for each of {profile.nodes:,} nodes: it is bound by {bound}."
        )
