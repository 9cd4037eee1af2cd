"""Profiles and benches as tables for a terminal."""

from rich.table import Table

from toolchain.bench import Bench
from toolchain.latency import Timing
from toolchain.profiling import Milliseconds, Profile

_OPERATORS = 12  # the slowest are shown


def profile_tables(profile: Profile) -> list[Table]:
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
    for operator in profile.operators[:_OPERATORS]:
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
