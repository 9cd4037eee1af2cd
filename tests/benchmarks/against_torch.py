"""The int8 encoder against the same model in PyTorch, eager, fp32; one thread each."""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from transformers import MobileBertConfig, MobileBertModel

from device_sim.onnx_runtime import EncoderSession
from model_store.bundle import SHIPPED_BUNDLE, Bundle
from model_store.manifest import ENCODER
from tests.benchmarks.budget import Effort, Row


def against_torch(effort: Effort) -> Iterator[Row]:
    """A row for each length. The weights are random: they do not change the time."""
    bundle = Bundle.open(SHIPPED_BUNDLE)
    config = MobileBertConfig(**bundle.manifest.provenance["encoder"])  # type: ignore[arg-type]  # as it was written
    torch.set_num_threads(1)
    model = MobileBertModel(config, add_pooling_layer=False).eval()
    session = EncoderSession(bundle.read(ENCODER))
    generator = np.random.default_rng(0)
    for length in (16, 32, 64):
        ids = generator.integers(5, config.vocab_size, length).tolist()
        tensor = torch.tensor([ids])

        def eager(tensor: torch.Tensor = tensor) -> None:
            with torch.inference_mode():
                model(input_ids=tensor, attention_mask=torch.ones_like(tensor))

        def int8(ids: list[int] = ids) -> None:
            session.features(ids)

        slow, fast = _medians(eager, int8, max(20, effort.requests // 30))
        yield Row(f"int8 encoder against torch eager fp32, S={length}", slow / fast, "x", ">= 3", slow >= 3 * fast,
                  f"{slow:.2f} and {fast:.2f} ms, one thread each")  # fmt: skip


def _medians(one: Callable[[], None], other: Callable[[], None], times: int) -> tuple[float, float]:
    """Median milliseconds of two actions taken in turn."""
    taken: dict[Callable[[], None], list[float]] = {one: [], other: []}
    for _ in range(times):
        for action in (one, other):
            started = time.perf_counter()
            action()
            taken[action].append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[one]), statistics.median(taken[other])
