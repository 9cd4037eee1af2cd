"""An encoder in the three forms that it takes, timed beside each other: PyTorch, its ONNX graph, and that in int8."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from transformers import MobileBertConfig, PreTrainedConfig

from toolchain.checkpoint import load_encoder, new_encoder
from toolchain.export import export_encoder
from toolchain.latency import LENGTHS, TimedGraph, Timing, eager_call, fitting, one_torch_thread, timings
from toolchain.model import MultiTaskModel
from toolchain.quantize import QuantizeSettings, quantize_encoder
from toolchain.structure import parameter_count

CHINESE_VOCABULARY = 21_128  # tokens of bert-base-chinese's


@dataclass(frozen=True)
class Bench:
    """One encoder as eager PyTorch in fp32 ("torch"), and as the ONNX graphs "fp32" and "int8". `timings` are by length
    and form; their ratios are PyTorch's time over the form's.
    """

    name: str
    parameters: int
    bytes: dict[str, int]
    nodes: dict[str, int]
    timings: dict[int, dict[str, Timing]]

    def as_json(self) -> dict[str, Any]:
        """Its figures as JSON has them."""
        return asdict(self)


def export_and_bench(
    checkpoint: str | None, lengths: Sequence[int] = LENGTHS, rounds: int = 30, folder: Path | None = None
) -> Bench:
    """Export a checkpoint, quantise it, and time both graphs beside it, one thread each. None stands for a MobileBERT
    of full size with random weights. The graphs are left in `folder`, where one is given.

    Raises:
        CheckpointError: see `load_encoder` and `fitting`. ExportError: a graph answers wrongly.
    """
    if checkpoint is None:
        torch.manual_seed(0)
        encoder = new_encoder(full_size_config())
    else:
        encoder = load_encoder(checkpoint)
    lengths = fitting(encoder.config, lengths)
    with TemporaryDirectory() as temporary, one_torch_thread():
        model = MultiTaskModel(encoder, {}).eval()
        graphs = {form: (folder or Path(temporary)) / f"encoder-{form}.onnx" for form in ("fp32", "int8")}
        export_encoder(model, graphs["fp32"])
        quantise_untuned(graphs["fp32"], graphs["int8"], encoder.config)
        timed = {form: TimedGraph(path) for form, path in graphs.items()}
        found = {}
        for length in lengths:
            calls = {"torch": eager_call(encoder, length)}
            found[length] = timings(calls | {form: graph.call(length) for form, graph in timed.items()}, rounds)
        return Bench(
            name=checkpoint or f"MobileBERT, {encoder.config.num_hidden_layers} blocks, random weights",
            parameters=parameter_count(encoder),
            bytes={form: path.stat().st_size for form, path in graphs.items()},
            nodes={form: len(onnx.load(str(path)).graph.node) for form, path in graphs.items()},
            timings=found,
        )


def full_size_config() -> MobileBertConfig:
    """The published MobileBERT (24 blocks, hidden 512, bottleneck 128) with a Chinese vocabulary."""
    return MobileBertConfig(vocab_size=CHINESE_VOCABULARY, attn_implementation="eager")


def quantise_untuned(source: Path, target: Path, config: PreTrainedConfig) -> None:
    """The graph `source` in int8: weights, and activations by their range at run time. Checked on random tokens."""
    vocabulary, longest = int(config.vocab_size), min(128, int(config.max_position_embeddings))
    generator = np.random.default_rng(0)
    rows = [generator.integers(0, vocabulary, length).tolist() for length in (longest // 4, longest)]
    quantize_encoder(source, target, QuantizeSettings(method="dynamic"), rows, vocabulary, longest)
