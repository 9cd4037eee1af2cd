"""Text in, label out, and updatable: tokenizer, base and head of one task as a Core ML pipeline.

Core ML has no tokenizer, so the first model is a custom one: its class, which the app has to have, takes the text and
gives token ids. Only the last model of a pipeline may be updatable, and what a pipeline is trained with is its own
input and the label. Source: Apple's Model.proto, and the rules of Core ML's validator for updatable pipelines.
"""

from pathlib import Path

import coremltools as ct
from coremltools.proto import FeatureTypes_pb2, Model_pb2

from toolchain.coreml.head import LABEL, PROBABILITIES
from toolchain.coreml.program import INPUTS
from toolchain.errors import ExportError

TEXT = "text"
TOKENIZER_CLASS = "AttuneTokenizer"
PARTS = ("tokenizer", "base", "head")
_WEIGHTS = Path("Data") / "com.apple.CoreML" / "weights"


def write_pipeline(base: Path, head: Model_pb2.Model, longest: int, path: Path) -> None:
    """Write the pipeline of the package `base` and a head's classifier as an .mlpackage of its own, for texts of up to
    `longest` tokens. It is updatable if the head is.

    Raises:
        ExportError: base and head are of other widths.
    """
    program = ct.utils.load_spec(str(base))
    width, taken = (model.description for model in (program, head))
    widths = [list(part.type.multiArrayType.shape) for part in (width.output[0], taken.input[0])]
    if widths[0] != widths[1]:
        raise ExportError(f"the base gives features of the shape {widths[0]}, and the head takes {widths[1]}")

    version = max(program.specificationVersion, head.specificationVersion)
    model = Model_pb2.Model(specificationVersion=version, isUpdatable=head.isUpdatable)
    describe = model.description
    describe.metadata.shortDescription = taken.metadata.shortDescription
    _text(describe.input.add())
    describe.output.extend(taken.output)
    describe.predictedFeatureName, describe.predictedProbabilitiesName = LABEL, PROBABILITIES
    if head.isUpdatable:
        _text(describe.trainingInput.add())
        describe.trainingInput.extend(part for part in taken.trainingInput if part.name == LABEL)
    models = (_tokenizer(version, longest), program, head)
    model.pipelineClassifier.pipeline.models.extend(models)
    model.pipelineClassifier.pipeline.names.extend(PARTS)
    ct.utils.save_spec(model, str(path), weights_dir=str(base / _WEIGHTS))


def _tokenizer(version: int, longest: int) -> Model_pb2.Model:
    model = Model_pb2.Model(specificationVersion=version)
    _text(model.description.input.add())
    for name in INPUTS:
        ids = model.description.output.add(name=name).type.multiArrayType
        ids.dataType = FeatureTypes_pb2.ArrayFeatureType.INT32
        ids.shape.extend((1, 1))
        for least, most in ((1, 1), (1, longest)):
            ids.shapeRange.sizeRanges.add(lowerBound=least, upperBound=most)
    model.customModel.className = TOKENIZER_CLASS
    model.customModel.description = "WordPiece. The class comes with the app, and the vocabulary in its tokenizer.json."
    model.customModel.parameters["max_length"].intValue = longest
    return model


def _text(feature: FeatureTypes_pb2.FeatureType) -> None:
    feature.name = TEXT
    feature.type.stringType.SetInParent()
