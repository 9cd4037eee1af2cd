"""Lower precision: the fp32 graph to the one that devices run, in int8 or fp16, checked on real texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from pydantic import Field

from toolchain.errors import ExportError, RecipeError, WorkError
from toolchain.export import OUTPUTS, padded_batches
from toolchain.finite import Run, check_finite, first_difference, runner
from toolchain.fuse import fuse
from toolchain.half import Fallback, rounded, to_half
from toolchain.int8 import Calibration, simplify, to_dynamic_int8, to_static_int8
from toolchain.settings import Settings

Array = NDArray[np.float32]


class QuantizeSettings(Settings):
    """How an encoder is quantised."""

    method: Literal["dynamic", "static", "fp16"] = Field(
        default="dynamic",
        description="dynamic: int8, the range of activations is measured in every text, the most accurate int8; "
        "static: int8, activations have the ranges that real texts showed (see calibration); "
        "fp16: half precision, but for nodes with values near its end (see fp16_most)",
    )
    calibration: Calibration = Field(
        default="minmax",
        description="of static, where ranges end. minmax: at the least and the greatest value; "
        "percentile: at 99.999% of the values; entropy: where the least information is lost",
    )
    texts: int = Field(
        default=128, ge=1, description="real texts to look at, for ranges and to compare with fp32, at most"
    )
    fp16_most: float = Field(
        default=0.5, gt=0, le=1, description="of fp16: nodes with a value above this share of its range stay in fp32"
    )
    max_length: int | None = Field(
        default=None, ge=8, description="tokens that texts to measure are cut at; null: as many as the model takes"
    )
    tolerance: float = Field(
        default=0.02,
        gt=0,
        description="of fp16: the most that a feature may differ from fp32, as a share of the greatest feature, "
        "or of 1 where that is less",
    )


@dataclass(frozen=True)
class QuantizeFigures:
    """What was made: the `method` as executed (`mixed` is fp16 with `fallbacks` in fp32), nodes, bytes, the greatest
    difference of a feature from the fp32 graph's over all texts, encoded one at a time, the greatest feature of fp32
    beside it, and the greatest value inside the new graph as a share of what fp16 holds.

    The difference of fp16 is that of a graph in which each value is rounded, which a run on a CPU need not do: see
    `toolchain.half`.
    """

    method: Literal["dynamic", "static", "fp16", "mixed"]
    nodes: int
    bytes: int
    greatest_difference: float
    greatest_feature: float
    share_of_fp16: float
    fallbacks: tuple[Fallback, ...] = ()
    notes: tuple[str, ...] = ()


def quantize_encoder(
    source: Path, target: Path, settings: QuantizeSettings, rows: Sequence[list[int]], vocabulary: int, longest: int
) -> QuantizeFigures:
    """Write the quantised form of the fp32 graph at `source` to `target`.

    `rows` are token ids of real texts, of which the first `settings.texts` are used. The graph is simplified before,
    and fused after where its answers to token ids below `vocabulary`, up to `longest` of them, stay the same to the
    bit: short texts are bound by the number of nodes.

    Raises:
        RecipeError: no rows. WorkError: `target` can't be written.
        ExportError: a weight or a value is not finite, before or after; fp16 differs more than it may; the graph can't
            be quantised. Each names the node.
    """
    if not rows:
        raise RecipeError("quantising needs at least one text to check the result on")
    rows = rows[: settings.texts]
    original = onnx.load(str(source))
    _require_finite(original, rows, source.name)
    model, fallbacks = _lowered(source, settings, rows)
    share = _require_finite(model, rows, target.name)
    model, notes = _fused(model, vocabulary, longest, target.name)
    expected = _features(runner(original), rows)
    features = _features(runner(rounded(model), as_written=True) if settings.method == "fp16" else runner(model), rows)
    apart = np.abs(features - expected).max(axis=1)
    greatest = float(np.abs(expected).max())
    if settings.method == "fp16" and not apart.max() <= settings.tolerance * max(1.0, greatest):
        node = first_difference(original, rounded(model), rows[int(apart.argmax())], settings.tolerance)
        raise ExportError(f"{target.name} is {apart.max():.4g} away from fp32 in its features, first in {node}")
    try:
        onnx.save(model, str(target))
    except OSError as error:
        raise WorkError(f"{target} can't be written: {error.strerror}") from error
    return QuantizeFigures(
        method="mixed" if fallbacks else settings.method,
        nodes=len(model.graph.node),
        bytes=target.stat().st_size,
        greatest_difference=float(apart.max()),
        greatest_feature=greatest,
        share_of_fp16=share,
        fallbacks=fallbacks,
        notes=(*notes, *_notes(settings, len(rows), len(fallbacks))),
    )


def _notes(settings: QuantizeSettings, rows: int, fallbacks: int) -> Iterator[str]:
    if settings.method == "static":
        yield f"activation ranges ({settings.calibration}) come from {rows} texts of {settings.texts} asked"
    if settings.method == "fp16":
        yield (
            "ONNX Runtime has few fp16 kernels for CPUs and casts around the others: there it is far slower than fp32, "
            "and most values stay in fp32, which accuracy was measured with"
        )
    if fallbacks:
        yield f"{fallbacks} nodes stay in fp32: their values come above {settings.fp16_most:g} of fp16's range"


def _lowered(
    source: Path, settings: QuantizeSettings, rows: Sequence[list[int]]
) -> tuple[onnx.ModelProto, tuple[Fallback, ...]]:
    with TemporaryDirectory() as folder:
        simplified = Path(folder) / "simplified.onnx"
        try:
            simplify(source, simplified)
            if settings.method == "fp16":
                return to_half(onnx.load(str(simplified)), rows, settings.fp16_most)
            if settings.method == "static":
                return to_static_int8(simplified, rows, settings.calibration), ()
            return to_dynamic_int8(simplified), ()
        except ExportError:
            raise
        except Exception as error:  # the library asserts, and raises whatever its lookups do
            raise ExportError(f"{source.name} can't be quantised ({settings.method}): {error}") from error


def _require_finite(model: onnx.ModelProto, rows: Sequence[list[int]], name: str) -> float:
    """The share of fp16's range that its values take."""
    figures = check_finite(model, rows)
    if not figures.finite:
        raise ExportError(f"{name} has values that are not finite, first in {figures.not_finite[0]}")
    return figures.share_of_fp16


def _fused(model: onnx.ModelProto, vocabulary: int, longest: int, name: str) -> tuple[onnx.ModelProto, list[str]]:
    fused = onnx.ModelProto()
    fused.CopyFrom(model)
    fuse(fused)
    answers = _answers(model, vocabulary, longest)
    if not all(np.isfinite(answer).all() for answer in answers):
        raise ExportError(f"{name} gives values that are not finite for random token ids")
    if not _same(answers, fused, vocabulary, longest):
        return model, ["not fused: the answers would not be the same to the bit"]
    return fused, []


def _features(run: Run, rows: Sequence[list[int]]) -> NDArray[np.float64]:
    return np.concatenate([run(OUTPUTS[:1], row)[0].astype(np.float64) for row in rows])


def _answers(model: onnx.ModelProto, vocabulary: int, longest: int) -> list[Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [answer for batch in padded_batches(vocabulary, longest) for answer in session.run(OUTPUTS, batch)]


def _same(answers: list[Array], model: onnx.ModelProto, vocabulary: int, longest: int) -> bool:
    try:
        others = _answers(model, vocabulary, longest)
    except Exception:  # noqa: BLE001  # the library's exceptions share no other base; a graph that can't run is not the same
        return False
    return all(np.array_equal(one, other) for one, other in zip(answers, others, strict=True))
