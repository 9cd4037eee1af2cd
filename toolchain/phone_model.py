"""What is exported to a phone: a base, its tokenizer and its heads, out of a bundle or of a checkpoint."""

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from model_store.bundle import MANIFEST, SHIPPED_BUNDLE, Bundle
from model_store.head import HeadParameters
from model_store.manifest import ENCODER, TOKENIZER, TaskManifest
from model_store.signing import load_trusted_keys
from toolchain.bench import full_size_config, quantise_untuned
from toolchain.checkpoint import load_encoder, new_encoder
from toolchain.errors import CheckpointError, ExportError
from toolchain.export import compare_with_model, export_encoder
from toolchain.fuse import fuse
from toolchain.model import MultiTaskModel
from toolchain.quality import bundled_head
from toolchain.tokenizer import framed, load_tokenizer

FULL_SIZE = "full-size-mobilebert"
_TOLERANCE = 1e-3  # of the fused graph, in shares of the greatest value


@dataclass(frozen=True)
class PhoneHead:
    """A head, and what the manifest says of its task."""

    parameters: HeadParameters
    task: TaskManifest


@dataclass(frozen=True)
class PhoneModel:
    """`graph` is the encoder's, `tokenizer` cuts at `longest` tokens, `heads` are by task. Of a checkpoint there are no
    heads, and there is no `bundle`.
    """

    version: str
    graph: Path
    tokenizer: Tokenizer
    longest: int
    heads: dict[str, PhoneHead]
    bundle: Bundle | None = None

    @property
    def sentence_heads(self) -> dict[str, HeadParameters]:
        """Parameters by task, of the tasks that label a text."""
        return {name: head.parameters for name, head in self.heads.items() if head.task.kind == "sentence"}


def open_phone_model(source: str, trusted_key: Path | None, scratch: Path, *, int8: bool) -> PhoneModel:
    """The bundle in the folder `source`; else the checkpoint of that folder or hub id, its graph made in `scratch`, in
    `int8` or fp32. The name FULL_SIZE stands for a MobileBERT of full size with random weights.

    Raises:
        BundleError: the bundle does not open. CheckpointError: it is no checkpoint either. ExportError: a graph answers
            otherwise than the model.
    """
    if (Path(source) / MANIFEST).is_file():
        return of_bundle(Bundle.open(Path(source), load_trusted_keys([trusted_key] if trusted_key else [])))
    if Path(source).is_file():
        raise CheckpointError(f"{source} is a file: name a bundle's folder, a checkpoint's folder, or a hub id")
    if source == FULL_SIZE:
        torch.manual_seed(0)
        encoder = new_encoder(full_size_config())
        # Any tokenizer will do where weights are random: the one that ships is at hand.
        tokenizer = of_bundle(Bundle.open(SHIPPED_BUNDLE)).tokenizer
    else:
        encoder = load_encoder(source)
        tokenizer = framed(load_tokenizer(source, int(encoder.config.max_position_embeddings)))
    longest = int(encoder.config.max_position_embeddings)
    tokenizer.enable_truncation(longest)
    return PhoneModel(Path(source).name, _graph(encoder, scratch, int8=int8), tokenizer, longest, {})


def of_bundle(bundle: Bundle) -> PhoneModel:
    """What a bundle holds."""
    tokenizer = Tokenizer.from_buffer(bundle.read(TOKENIZER))
    tokenizer.enable_truncation(bundle.manifest.max_length)
    heads = {name: PhoneHead(bundled_head(bundle, name), task) for name, task in bundle.manifest.tasks.items()}
    return PhoneModel(bundle.version, bundle.path(ENCODER), tokenizer, bundle.manifest.max_length, heads, bundle)


def _graph(encoder: PreTrainedModel, scratch: Path, *, int8: bool) -> Path:
    model, path = MultiTaskModel(encoder, {}).eval(), scratch / ENCODER
    export_encoder(model, path)
    if int8:
        quantise_untuned(path, scratch / "int8.onnx", encoder.config)
        return scratch / "int8.onnx"
    graph = onnx.load(str(path))
    fuse(graph)
    onnx.save(graph, str(path))
    difference = compare_with_model(model, path)
    if not difference <= _TOLERANCE:  # also true for NaN
        raise ExportError(f"the fused graph differs from the model by {difference}, more than {_TOLERANCE}")
    return path
