"""Where the time and memory of a checkpoint's encoder go in PyTorch, by layer and by operator."""

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from time import perf_counter
from typing import Any

from torch import nn
from torch.profiler import ProfilerActivity, profile
from transformers import PreTrainedModel

from toolchain.checkpoint import load_encoder
from toolchain.latency import LENGTHS, eager_call, fitting, one_torch_thread, timings
from toolchain.profiling import Memory, Place, Profile, operators_of, part_of, parts_of, undisturbed, within


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
        forwards = timings({length: eager_call(encoder, length) for length in lengths}, 2 * rounds)
        totals = {length: timing.low for length, timing in forwards.items()}
        for length in lengths:
            layers = _layer_shares(encoder, length, rounds)
            by_part[length] = {place: share * totals[length] for place, share in layers.items()}
            counts, times, activations = _operator_times(encoder, length, rounds)
            operators[length] = within(times, totals[length])
    sizes = [(part_of(name), value.numel(), value.nbytes) for name, value in encoder.named_parameters()]
    weights = sum(size for _, _, size in sizes)
    how = "weights, and the most that torch.profiler saw allocated in a forward"
    return Profile(
        name=checkpoint,
        runtime="torch",
        milliseconds=totals,
        parts=parts_of(sizes, by_part),
        operators=operators_of(operators, counts),
        memory=Memory(weights + activations, lengths[-1], how),
    )


def _layer_shares(encoder: PreTrainedModel, length: int, rounds: int) -> dict[Place, float]:
    """Shares of a forward's time by part. Hooks take each module's time less that of the modules within it."""
    spent: dict[str, list[float]] = defaultdict(list)
    running: list[list[float]] = []  # of each open module: when it began, and the time of the modules within

    def begin(*_: object) -> None:
        running.append([perf_counter(), 0.0])

    def end_of(name: str) -> Any:
        def end(*_: object) -> None:
            begun, inner = running.pop()
            whole = perf_counter() - begun
            spent[name].append(whole - inner)
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
        shares[part_of(name)] += undisturbed(times) * len(times) / (rounds + 1)
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
        times[name] += undisturbed(taken)
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
