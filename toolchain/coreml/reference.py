"""What a Mac or a phone should find: token ids, features and probabilities of some sentences, to compare with there."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

from toolchain.coreml.unrounded import without_rounded_activations
from toolchain.evaluate import EncoderGraph
from toolchain.phone_model import PhoneModel

REFERENCE = "reference.json"
_SENTENCES = 20


@contextmanager
def unrounded_encoder(model: PhoneModel) -> Iterator[EncoderGraph]:
    """The model's encoder in ONNX Runtime, its activations in floating point, as Core ML has them."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "unrounded.onnx"
        onnx.save(without_rounded_activations(onnx.load(str(model.graph))), str(path))
        yield EncoderGraph(path, model.tokenizer)


def write_reference(model: PhoneModel, sentences: Sequence[str], path: Path) -> None:
    """Write the first sentences with what the models should say of them; probabilities are in the order of labels."""
    rows = []
    with unrounded_encoder(model) as encoder:
        for sentence in sentences[:_SENTENCES]:
            features = encoder.features(sentence)[0]
            probabilities = {
                name: [round(float(share), 7) for share in head.probabilities(features[None])[0]]
                for name, head in model.sentence_heads.items()
            }
            ids = model.tokenizer.encode(sentence).ids
            values = [round(float(value), 6) for value in features]
            rows.append({"text": sentence, "input_ids": ids, "features": values, "probabilities": probabilities})
    labels = {name: list(model.heads[name].task.labels) for name in model.sentence_heads}
    content = {"format": 1, "version": model.version, "labels": labels, "sentences": rows}
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")
