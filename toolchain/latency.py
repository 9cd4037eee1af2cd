"""How long encoders take, measured fairly on a machine that does other things too.

Whatever is compared is called in turn, round after round, so that a disturbance meets all of it alike; ratios are taken
within a round. One text at a time, on one thread, as a device runs it. The clock is that thread's processor time: what
the call takes on an idle machine, whoever else wants the processor meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import TypeVar

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from transformers import PreTrainedConfig, PreTrainedModel

from toolchain.errors import CheckpointError, DataError

LENGTHS = (16, 32, 64, 128)  # tokens
_FEWEST_TOKENS = 5  # every vocabulary has its special tokens

Timed = Callable[[], object]
Answers = list[NDArray[np.generic]]
Name = TypeVar("Name")  # of what is timed: a form, a length


@dataclass(frozen=True)
class Timing:
    """Milliseconds a call: the median, and the first and third quartile. `ratio` is how many times as long the first of
    those timed together took: the median of the rounds' own ratios.
    """

    median: float
    low: float
    high: float
    ratio: float


def timings(callables: Mapping[Name, Timed], rounds: int, warm_up: int = 3) -> dict[Name, Timing]:
    """Call all in turn for `rounds` rounds, after `warm_up` rounds that don't count. Each round begins with another of
    them: what runs after a large model finds the caches empty. All must work on the calling thread.
    """
    names = list(callables)
    taken = np.zeros((warm_up + rounds, len(names)))
    for number, row in enumerate(taken):
        for offset in range(len(names)):
            index = (number + offset) % len(names)
            call = callables[names[index]]
            begun = thread_time()
            call()
            row[index] = (thread_time() - begun) * 1000
    taken = taken[warm_up:]
    low, median, high = np.percentile(taken, (25, 50, 75), axis=0)
    ratios = np.median(taken[:, :1] / taken, axis=0)
    return {
        name: Timing(float(median[index]), float(low[index]), float(high[index]), float(ratios[index]))
        for index, name in enumerate(names)
    }


class TimedGraph:
    """An encoder's ONNX graph on one thread. With `profile`, a folder, ONNX Runtime profiles every call into a file
    there, and writes the graph that it runs beside it as optimised.onnx.

    Raises:
        DataError: it is no graph that can be run.
    """

    def __init__(self, path: Path, profile: Path | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.x64quantprecision", "1")  # as device_sim.onnx_runtime has it
        # What fails is raised; that a saved graph fits this machine alone is meant to be.
        options.log_severity_level = 4
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = str(profile / "profile")
            options.optimized_model_filepath = str(profile / "optimised.onnx")
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            self._vocabulary = _vocabulary(onnx.load(str(path)))
        except Exception as error:  # the libraries' exceptions share no other base
            raise DataError(f"{path} is no graph that can be run: {error}") from error
        self.path = path

    def feed(self, length: int) -> dict[str, NDArray[np.int64]]:
        """Inputs of one text of `length` tokens, random ones."""
        ids = np.random.default_rng(length).integers(0, self._vocabulary, (1, length), dtype=np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    def call(self, length: int) -> Timed:
        """What to time at a length."""
        feed = self.feed(length)
        return lambda: self.session.run(None, feed)

    def answers(self, length: int) -> Answers | None:
        """The outputs at a length; None where the graph has no positions for it."""
        try:
            found: Answers = self.session.run(None, self.feed(length))
        except Exception:  # noqa: BLE001  # the library's exceptions share no other base
            return None
        return found

    def fitting(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """Those of the lengths that the graph can take.

        Raises:
            DataError: none.
        """
        found = tuple(length for length in lengths if self.answers(length) is not None)
        if not found:
            asked = ", ".join(map(str, lengths))
            raise DataError(f"{self.path} takes no text of {asked} tokens: ask for a shorter one")
        return found


def eager_call(encoder: PreTrainedModel, length: int) -> Timed:
    """What to time of an encoder in PyTorch, eager; in fp32 if it is."""
    generator = torch.Generator().manual_seed(length)
    input_ids = torch.randint(0, encoder.config.vocab_size, (1, length), generator=generator)
    attention_mask = torch.ones_like(input_ids)

    def call() -> None:
        with torch.inference_mode():
            encoder(input_ids=input_ids, attention_mask=attention_mask)

    return call


def fitting(config: PreTrainedConfig, lengths: Sequence[int]) -> tuple[int, ...]:
    """Those of the lengths that an encoder has positions for.

    Raises:
        CheckpointError: none.
    """
    positions = int(config.max_position_embeddings)
    found = tuple(length for length in lengths if 1 <= length <= positions)
    if not found:
        asked = ", ".join(map(str, lengths))
        raise CheckpointError(f"the model takes at most {positions} tokens: it can't be timed at {asked}")
    return found


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """PyTorch computes on one thread meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _vocabulary(model: onnx.ModelProto) -> int:
    """How many tokens a graph knows: the rows of the table that `input_ids` choose from, dequantised first or not."""
    tables = {tensor.name: tensor.dims[0] for tensor in model.graph.initializer if len(tensor.dims) == 2}  # [V, D]
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in tables:
            tables[node.output[0]] = tables[node.input[0]]
    for node in model.graph.node:
        if "input_ids" in node.input:
            for name in node.input:
                if name in tables:
                    return int(tables[name])
    return _FEWEST_TOKENS
