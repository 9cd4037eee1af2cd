"""What Core ML would take passes, and each way to break a model is told, alone and by name."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coremltools.proto import FeatureTypes_pb2, Model_pb2

from model_store.bundle import Bundle
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle
from tests.toolchain.test_cli import toolchain
from toolchain.coreml.check import problems, read_model
from toolchain.coreml.check_features import same_type
from toolchain.coreml.export import export_coreml
from toolchain.errors import ExportError
from toolchain.phone_model import of_bundle

Array = FeatureTypes_pb2.ArrayFeatureType
Change = Callable[[Any], object]
Case = tuple[str, Change, str | tuple[str, ...]]
FLOAT16, INT8, NO_INPUTS = 7, 10, 9  # the versions that these begin with
EXACT_ARRAYS = RANK4_IMAGES = 1


@pytest.fixture(scope="module")
def exported(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle for Core ML."""
    out = tmp_path_factory.mktemp("coreml") / "out"
    opened = Bundle.open(bundle.path, load_trusted_keys([bundle.public_key]))
    export_coreml(of_bundle(opened), out, "fp32", lambda _: None)
    return out


@pytest.fixture
def head(exported: Path) -> Model_pb2.Model:
    return read_model(exported / "Head-sentiment.mlmodel")


@pytest.fixture
def base(exported: Path) -> Model_pb2.Model:
    return read_model(exported / "Base.mlpackage")


@pytest.fixture
def pipeline(exported: Path) -> Model_pb2.Model:
    return read_model(exported / "Attune-sentiment.mlpackage")


def assert_told(model: Model_pb2.Model, change: Change, said: str | tuple[str, ...]) -> None:
    """A valid model, changed, has these problems and no other."""
    assert problems(model) == []
    change(model)
    found, wanted = problems(model), (said,) if isinstance(said, str) else said
    assert len(found) == len(wanted), found
    for pattern in wanted:
        assert any(re.search(pattern, problem) for problem in found), found


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("change", "said"), [pytest.param(*case[1:], id=case[0]) for case in cases])


# Ways to a part of a model.


def network(model: Any) -> Any:
    return model.neuralNetworkClassifier


def dense(model: Any) -> Any:
    return network(model).layers[0]


def inner(model: Any) -> Any:
    return dense(model).innerProduct


def update(model: Any) -> Any:
    return network(model).updateParams


def adam(model: Any) -> Any:
    return update(model).optimizer.adamOptimizer


def entropy(model: Any) -> Any:
    return update(model).lossLayers[0].categoricalCrossEntropyLossLayer


def trained_with(model: Any) -> Any:
    return model.description.trainingInput


def models(model: Any) -> Any:
    return model.pipelineClassifier.pipeline.models


def custom(model: Any) -> Any:
    return models(model)[0].customModel


def array(feature: Any) -> Any:
    return feature.type.multiArrayType


# Ways to change one.


def put(message: Any, **fields: object) -> Any:
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def another(features: Any, shape: tuple[int, ...] = (4,), number: int = Array.FLOAT32, name: str = "more") -> Any:
    """A further feature, an array; its array."""
    added = array(features.add(name=name))
    added.shape.extend(shape)
    added.dataType = number
    return added


def enumerated(added: Any, *shapes: tuple[int, ...]) -> Any:
    added.enumeratedShapes.SetInParent()
    for shape in shapes:
        added.enumeratedShapes.shapes.add(shape=shape)
    return added


def ranged(added: Any, *bounds: tuple[int, int]) -> Any:
    for lower, upper in bounds:
        added.shapeRange.sizeRanges.add(lowerBound=lower, upperBound=upper)
    return added


def optional(model: Any, **fields: object) -> Any:
    added = put(another(model.description.input), **fields)
    model.description.input[-1].type.isOptional = True
    return added


def resized(model: Any, *shape: int) -> Any:
    for feature in (model.description.input[0], trained_with(model)[0]):
        array(feature).shape[:] = shape
    return model


def retyped(model: Any, number: int) -> Any:
    for feature in (model.description.input[0], trained_with(model)[0]):
        array(feature).dataType = number
    return model


def half(place: Any) -> None:
    place.float16Value = bytes(2 * len(place.floatValue))
    del place.floatValue[:]


def all_half(model: Any) -> None:
    half(inner(model).weights)
    half(inner(model).bias)


def softmax_nd(model: Any) -> Any:
    network(model).layers[1].softmaxND.axis = -1
    return network(model)


def between(model: Any, kind: str) -> Any:
    """A layer between the head's first and its softmax."""
    softmax = network(model).layers.add()
    softmax.CopyFrom(network(model).layers[1])
    softmax.input[0] = "between"
    layer = network(model).layers[1]
    layer.Clear()
    put(layer, name="between").input.append("logits")
    layer.output.append("between")
    getattr(layer, kind).SetInParent()
    return layer


def further(model: Any, outputs: int, taken: str = "features", inputs: int = 0) -> Any:
    """A further inner product, of zeros, that doesn't learn."""
    layer = network(model).layers.add(name="further", input=[taken], output=["further"])
    wide = inputs or inner(model).inputChannels
    put(layer.innerProduct, inputChannels=wide, outputChannels=outputs).weights.floatValue.extend(
        [0.0] * wide * outputs
    )
    return layer


def fed(model: Any) -> Any:
    """The head as a convolution whose weights are the model's input."""
    found = convolution(model)
    ranks(model)
    another(model.description.input, (1, 4, 1, 1))
    del model.description.input[0]
    dense(model).input[:] = ["more", "more"]
    return found


def aside(model: Any, kind: str) -> Any:
    """A further layer, of `kind`; its parameters."""
    layer = network(model).layers.add(name="aside", input=["logits"], output=["aside"])
    found = getattr(layer, kind)
    found.SetInParent()
    return found


def convolution(model: Any, **fields: object) -> Any:
    """The head as a convolution of a 1x1 image; its parameters."""
    wide, outputs = inner(model).inputChannels, inner(model).outputChannels
    was = type(inner(model))()
    was.CopyFrom(inner(model))
    resized(model, wide, 1, 1)
    found = dense(model).convolution
    put(found, kernelChannels=wide, outputChannels=outputs, hasBias=True)
    found.kernelSize.extend([1, 1])
    found.valid.SetInParent()
    found.weights.CopyFrom(was.weights)
    found.bias.CopyFrom(was.bias)
    return put(found, **fields)


def grouped(model: Any) -> None:
    """A convolution in two groups, each of half the channels."""
    found = convolution(model, nGroups=2)
    found.kernelChannels //= 2
    del found.weights.floatValue[found.outputChannels * found.kernelChannels :]


def numbered(model: Any) -> None:
    """Labels that are numbers, here, as an output and in training."""
    network(model).int64ClassLabels.vector.extend(range(inner(model).outputChannels))
    for feature in (model.description.output[1], trained_with(model)[1]):
        feature.type.int64Type.SetInParent()


def squared(model: Any, taken: str) -> None:
    put(update(model).lossLayers[0].meanSquaredErrorLossLayer, input=taken, target="probabilities_true")


def descent(model: Any) -> Any:
    was = type(adam(model))()
    was.CopyFrom(adam(model))
    found = update(model).optimizer.sgdOptimizer
    found.learningRate.CopyFrom(was.learningRate)
    found.miniBatchSize.CopyFrom(was.miniBatchSize)
    return found


def from_set(parameter: Any, default: int, *values: int) -> None:
    put(parameter, defaultValue=default).set.values.extend(values)


def from_range(parameter: Any, default: float, least: float, most: float) -> None:
    put(put(parameter, defaultValue=default).range, minValue=least, maxValue=most)


def unbounded(parameter: Any, default: float) -> None:
    put(parameter, defaultValue=default).ClearField("range")


def ranks(model: Any, *, layer: int = 0, taken: tuple[int, ...] = (), given: tuple[int, ...] = ()) -> Any:
    put(network(model), arrayInputShapeMapping=EXACT_ARRAYS)
    for place, values in ((network(model).layers[layer].inputTensor, taken),
                          (network(model).layers[layer].outputTensor, given)):  # fmt: skip
        for value in values:
            place.add(rank=value)
    return network(model).layers[layer]


def functions(model: Any) -> Any:
    """The base with its features in a function, as a model of several has them; its description."""
    put(model, specificationVersion=NO_INPUTS)
    describe = model.description
    function = describe.functions.add(name="main")
    function.input.extend(describe.input)
    function.output.extend(describe.output)
    describe.ClearField("input")
    describe.ClearField("output")
    return put(describe, defaultFunctionName="main")


TRAPS_OF_A_HEAD: list[Case] = [
    ("DOUBLE features in trainingInput", lambda head: put(array(trained_with(head)[0]), dataType=Array.DOUBLE),
     r"no input as it is described: features is DOUBLE \[\d+\] in it, and FLOAT32 \[\d+\] as an input"),
    ("softmaxND feeds the loss", lambda head: put(softmax_nd(head), arrayInputShapeMapping=EXACT_ARRAYS),
     "the output of softmax, of the kind softmaxND: cross entropy takes a softmax's"),
    ("default batch not in its set", lambda head: from_set(adam(head).miniBatchSize, 16, 1, 8),
     "the default of miniBatchSize, 16, is none of 1, 8"),
    ("FP16 head", all_half, "the weights of the layer head are FP16: those that learn are FP32 in this project"),
]  # fmt: skip

TRAPS_OF_A_PIPELINE: list[Case] = [
    ("DOUBLE features between base and head",
     lambda model: put(array(models(model)[1].description.output[0]), dataType=Array.DOUBLE),
     r"base gives features as DOUBLE \[\d+\], head takes FLOAT32 \[\d+\]: make both the same"),
    ("rank mismatch between base and head",
     lambda model: array(models(model)[1].description.output[0]).shape.insert(0, 1),
     r"base gives features as FLOAT32 \[1, \d+\], head takes FLOAT32 \[\d+\]: make both the same"),
    ("specificationVersion 1 on the pipeline", lambda model: put(model, specificationVersion=1),
     ("^the specification version is 1: updatable models begin with 4", "is of version 1, and tokenizer in it of 7")),
    ("an updatable mlprogram", lambda model: put(models(model)[1], isUpdatable=True),
     ("^base: a model of the kind mlProgram can't be updatable", "^base is updatable: only the last model")),
]  # fmt: skip

# What a classifier must be, updatable or not.
CLASSIFIER: list[Case] = [
    ("no version", lambda head: put(head, specificationVersion=0), "the specification version is missing"),
    ("a version of the future", lambda head: put(head, specificationVersion=11), "version is 11, and the newest .* 10"),
    # Features.
    ("an input without a name", lambda head: another(head.description.input, name=""), "an input has no name"),
    ("an input of no type", lambda head: head.description.input.add(name="odd"), "the input odd is of no type"),
    ("an input without a shape", lambda head: another(head.description.input, ()), "the input more has no shape"),
    ("a negative size", lambda head: another(head.description.input, (-1,)), r"shape of more, \[-1\], has a negative"),
    ("no kind of number", lambda head: another(head.description.input, number=0), "more says no kind of number"),
    ("FLOAT16 before its version", lambda head: another(head.description.input, number=Array.FLOAT16),
     "more is FLOAT16, which begins with version 7, and this model is of 4"),
    ("INT8 before its version", lambda head: another(head.description.input, number=Array.INT8),
     "more is INT8, which begins with version 10"),
    ("a dictionary without keys",
     lambda head: head.description.output[0].type.dictionaryType.ClearField("stringKeyType"),
     "the dictionary probabilities has no type of key"),
    ("no shape enumerated", lambda head: enumerated(another(head.description.input)), "more enumerates no shape"),
    ("an enumerated shape without dimensions", lambda head: enumerated(another(head.description.input), (4,), ()),
     "more enumerates no shape, or one without dimensions"),
    ("a default shape that is not enumerated", lambda head: enumerated(another(head.description.input), (5,), (6,)),
     r"default shape of more, \[4\], is none of \[5\], \[6\]"),
    ("a range that ends before it begins", lambda head: ranged(another(head.description.input), (5, 2)),
     r"a size of more ends before it begins, in \[5..2\]"),
    ("a range of another rank", lambda head: ranged(another(head.description.input), *[(1, 9)] * 3),
     "default shape of more has 1 dimensions, and its range 3"),
    ("a default shape beyond a range of 0", lambda head: ranged(another(head.description.input), (0, 0)), "lies out"),
    ("a default shape outside its range", lambda head: ranged(another(head.description.input), (5, 9)),
     r"default shape of more, \[4\], lies outside \[5..9\]"),
    ("an optional output", lambda head: put(head.description.output[0].type, isOptional=True),
     "the output probabilities is optional"),
    ("no input that must be given", lambda head: put(head.description.input[0].type, isOptional=True),
     "every input is optional"),
    ("a default value of another kind",
     lambda head: put(another(head.description.input), intDefaultValue=1), "is FLOAT32, and its intDefaultValue"),
    ("a default value before its version", lambda head: optional(head, floatDefaultValue=1),
     "default value of more needs version 5, and this is 4"),
    # Labels and outputs.
    ("no labels", lambda head: network(head).ClearField("stringClassLabels"), "there are no class labels"),
    ("no predictedFeatureName", lambda head: put(head.description, predictedFeatureName=""),
     "predictedFeatureName is '': it must name the output that tells the label"),
    ("predictedFeatureName names no output", lambda head: put(head.description, predictedFeatureName="mood"),
     "predictedFeatureName is 'mood'"),
    ("text labels told as numbers", lambda head: head.description.output[1].type.int64Type.SetInParent(),
     "the output label is int64, and the labels are string"),
    ("numbers as labels told as text", lambda head: network(head).int64ClassLabels.vector.extend([0, 1, 2]),
     "the output label is string, and the labels are int64"),
    ("predictedProbabilitiesName names no output",
     lambda head: put(head.description, predictedProbabilitiesName="odds"), "predictedProbabilitiesName is 'odds'"),
    ("probabilities as text", lambda head: head.description.output[0].type.stringType.SetInParent(),
     "probabilities is string: probabilities come as a dictionary or an array"),
    ("labelProbabilityLayerName names no output of a layer",
     lambda head: put(network(head), labelProbabilityLayerName="odds"), "labelProbabilityLayerName is 'odds'"),
    ("labelProbabilityLayerName names an input",
     lambda head: put(network(head), labelProbabilityLayerName="features"), "labelProbabilityLayerName is 'features'"),
    ("an output that no layer gives", lambda head: another(head.description.output),
     "the output more is neither given by a layer nor predicted"),
    # Inputs of the network.
    ("text as an input", lambda head: head.description.input.add(name="text").type.stringType.SetInParent(),
     "the input text is string: a network takes images and arrays"),
    ("an input of rank 2", lambda head: another(head.description.input, (2, 2)), "it may have 1 or 3 dimensions"),
    ("an input of rank 2 by its range", lambda head: ranged(another(head.description.input, ()), (1, 2), (1, 2)),
     "it may have 1 or 3 dimensions"),
    ("exact arrays without a default shape",
     lambda head: (ranks(head), enumerated(another(head.description.input, ()), (4,))), "more needs a default shape"),
    ("images of rank 4 and arrays of rank 5",
     lambda head: put(network(head), imageInputShapeMapping=RANK4_IMAGES), "needs arrayInputShapeMapping EXACT"),
    # Layers.
    ("a layer of no kind", lambda head: network(head).layers.add(name="odd"), "the layer odd is of no kind"),
    ("an inner product of two inputs", lambda head: dense(head).input.append("features"),
     "the layer head takes 2 inputs and gives 1: innerProduct takes 1 and gives 1"),
    ("a softmax of two outputs", lambda head: network(head).layers[1].output.append("more"),
     "the layer softmax takes 1 inputs and gives 2"),
    ("an input from nowhere", lambda head: dense(head).input.__setitem__(0, "odd"),
     "the layer head takes odd, which nothing before it gives"),
    ("an input from a later layer",
     lambda head: network(head).layers.add(name="odd", input=["x"], output=["x"]).activation.ReLU.SetInParent(),
     "the layer odd takes x, which nothing before it gives"),
    ("one output of two layers", lambda head: network(head).layers.add(
        name="twice", input=["logits"], output=["logits"]).activation.ReLU.SetInParent(),
     "the layer twice gives logits, which the output of head is already"),
    ("an output over the input", lambda head: network(head).layers.add(
        name="over", input=["logits"], output=["features"]).activation.ReLU.SetInParent(),
     "the layer over gives features, which the model's input is already"),
    ("too many weights", lambda head: inner(head).weights.floatValue.append(1), "values of weights, not"),
    ("too many values of the bias", lambda head: inner(head).bias.floatValue.append(1), "values of bias, not"),
    ("weights in two precisions", lambda head: put(inner(head).weights, float16Value=b"00"),
     "the weights of the layer head are given in more than one precision"),
    ("a bias in two precisions", lambda head: put(inner(head).bias, float16Value=b"00"),
     "the bias of the layer head are given in more than one precision"),
    ("features of another width", lambda head: resized(head, 5), r"head takes size \d+, and features has 5x1x1"),
    ("features that are an image", lambda head: resized(head, inner(head).inputChannels, 2, 1), "features has .*x2x1"),
    ("an output of another width", lambda head: another(head.description.output, (9,), name="logits"),
     r"the output logits is FLOAT32 \[9\], and its layer gives \dx1x1"),
    ("a convolution without padding", lambda head: convolution(head).ClearField("valid"), "head has no padding"),
    ("a convolution of too few weights", lambda head: convolution(head).weights.floatValue.pop(), "of weights, not"),
    ("a convolution of a wider kernel", lambda head: convolution(head).ClearField("kernelSize"), "of weights, not"),
    ("a convolution of too few channels", lambda head: (convolution(head), resized(head, 5, 1, 1)), "has 5x1x1"),
    # Ranks, where arrays are taken as they are.
    ("a rank unlike the model's", lambda head: ranks(head, taken=(2,)), "says rank 2 of features, which has rank 1"),
    ("a rank unlike the layer before", lambda head: (
        between(head, "activation").activation.ReLU.SetInParent(),
        ranks(head, layer=1, given=(3,)), ranks(head, layer=2, taken=(4,))),
     "softmax says rank 4 of between, which has rank 3"),
    ("ranks for other names", lambda head: ranks(head, taken=(1, 1)), "head describes 2 tensors, and names 1"),
    ("a rank unlike its sizes", lambda head: ranks(head, taken=(1,)).inputTensor[0].dimValue.extend([1, 2]),
     "says rank 1 of features, and 2 sizes"),
    ("an inner product that changes the rank", lambda head: ranks(head, taken=(1,), given=(3,)), "keeps the rank"),
    ("a softmax of rank 1", lambda head: ranks(head, layer=1, taken=(1,)), "takes rank 1: softmax takes 3 to any"),
    # House rules.
    ("a label twice", lambda head: network(head).stringClassLabels.vector.__setitem__(
        0, network(head).stringClassLabels.vector[1]), "is there twice"),
    ("more labels than outputs", lambda head: network(head).stringClassLabels.vector.append("more"),
     r"the layer head has \d outputs for \d class labels"),
]  # fmt: skip

# What a classifier must be that is not updatable: in an updatable one, more would be wrong.
FROZEN: list[Case] = [
    ("no layer", lambda head: (network(head).ClearField("layers"), put(network(head), labelProbabilityLayerName="")),
     "the network has no layer"),
    ("softmaxND of arrays of rank 5", softmax_nd, "softmax, of the kind softmaxND, needs arrayInputShapeMapping EXACT"),
    ("weights and bias of two precisions", lambda head: half(inner(head).weights), "head are FP16, and its bias FP32"),
    ("a convolution without weights", lambda head: convolution(head).ClearField("weights"), "head has no weights"),
    ("a dilated convolution whose weights come in", lambda head: fed(head).dilationFactor.extend([2, 2]),
     "takes its weights as an input: so it can't be dilated"),
    ("a deconvolution whose weights come in", lambda head: put(fed(head), isDeconvolution=True), "or a deconvolution"),
    ("int8 dynamic quantisation, of rank 5", lambda head: put(inner(head), int8DynamicQuantize=True), "needs .* EXACT"),
    ("a new way to upsample, of rank 5",
     lambda head: put(aside(head, "upsample"), linearUpsampleMode=1), "needs .* EXACT"),
    ("an upsampling by fractions, of rank 5",
     lambda head: aside(head, "upsample").fractionalScalingFactor.extend([1.5, 1.5]), "needs .* EXACT"),
    ("a new way to reorganise, of rank 5", lambda head: put(aside(head, "reorganizeData"), mode=2), "needs .* EXACT"),
    ("no shape enumerated, in the first version that could",
     lambda head: put(enumerated(another(head.description.input)) and head, specificationVersion=3), "enumerates no"),
    ("a layer of another width than the softmax before it",
     lambda head: further(head, 1, "probabilities", 9), r"further takes size 9, and probabilities has \dx1x1"),
]  # fmt: skip

# What an updatable classifier must be beyond that.
UPDATABLE: list[Case] = [
    ("a version before updates", lambda head: put(head, specificationVersion=3), "version is 3: updatable .* with 4"),
    ("nothing that learns", lambda head: put(dense(head), isUpdatable=False), "no layer is updatable"),
    ("a softmax that learns", lambda head: put(network(head).layers[1], isUpdatable=True),
     "softmax, of the kind softmax, can't be updatable"),
    ("weights that don't learn", lambda head: put(inner(head).weights, isUpdatable=False), "the weights .* updatable"),
    ("a bias that doesn't learn", lambda head: put(inner(head).bias, isUpdatable=False), "the bias .* updatable"),
    ("quantised weights, beside FP32", lambda head: inner(head).weights.quantization.SetInParent(),
     "the weights of the layer head are quantised"),
    ("a quantised bias, beside FP32", lambda head: inner(head).bias.quantization.SetInParent(),
     "the bias of the layer head are quantised"),
    ("no updateParams", lambda head: network(head).ClearField("updateParams"), "there are no updateParams"),
    ("two layers of one name", lambda head: put(network(head).layers[1], name="head"), "2 layers, .* named 'head'"),
    ("a loss named like a layer", lambda head: put(update(head).lossLayers[0], name="head"), "2 layers, .* 'head'"),
    # Loss and gradients.
    ("two losses", lambda head: update(head).lossLayers.add(name="two"), "there are 2 loss layers"),
    ("no loss", lambda head: update(head).ClearField("lossLayers"), "there are 0 loss layers"),
    ("a loss of no kind",
     lambda head: update(head).lossLayers[0].ClearField("categoricalCrossEntropyLossLayer"), "loss is of no kind"),
    ("a loss of nothing", lambda head: put(entropy(head), input="odd"), "the loss takes 'odd', which no layer gives"),
    ("a loss without softmax", lambda head: put(entropy(head), input="logits"),
     "the output of head, of the kind innerProduct"),
    ("a target that a layer gives", lambda head: put(entropy(head), target="logits"), "logits, is given by the layer"),
    ("a squared error of nothing", lambda head: squared(head, "odd"), "the loss takes 'odd', which no layer gives"),
    ("a squared error behind a softmax", lambda head: squared(head, "probabilities"), "gradients don't pass softmax"),
    ("a layer that gradients don't pass", lambda head: between(head, "mvn"),
     "the layer head can't learn: gradients don't pass between"),
    ("an activation that gradients don't pass", lambda head: between(head, "activation").activation.ELU.SetInParent(),
     "gradients don't pass between"),
    # Optimizer and its parameters.
    ("no optimizer", lambda head: update(head).ClearField("optimizer"), "there is no optimizer"),
    *[(f"Adam without {name}", lambda head, name=name: adam(head).ClearField(name), f"{name} is missing")
      for name in ("learningRate", "miniBatchSize", "beta1", "beta2", "eps")],
    *[(f"descent without {name}", lambda head, name=name: descent(head).ClearField(name), f"{name} is missing")
      for name in ("learningRate", "miniBatchSize")],
    *[(f"{name} outside its range", lambda head, name=name: from_range(getattr(adam(head), name), 7, 0, 1),
       f"the default of {name}, 7.0, lies outside 0.0 to 1.0") for name in ("learningRate", "beta1", "beta2", "eps")],
    ("no epochs", lambda head: update(head).ClearField("epochs"), "epochs is missing"),
    ("epochs outside their range", lambda head: from_range(update(head).epochs, 7, 1, 5), "epochs, 7, lies outside"),
    ("epochs from 0", lambda head: from_range(update(head).epochs, 5, 0, 9), "epochs may be 0: the least is 1"),
    ("no epoch, unbounded", lambda head: unbounded(update(head).epochs, 0), "the default of epochs is 0"),
    ("an empty batch, unbounded", lambda head: unbounded(adam(head).miniBatchSize, 0), "default of miniBatchSize is 0"),
    ("a seed outside its range", lambda head: from_range(update(head).seed, 7, -5, 5), "seed, 7, lies outside -5 to 5"),
    ("a seed not in its set", lambda head: from_set(update(head).seed, 7, 1, 2), "seed, 7, is none of 1, 2"),
    # What it is trained with.
    ("nothing but the input", lambda head: trained_with(head).pop(), "trainingInput has 1 features"),
    ("nothing but the label", lambda head: trained_with(head).pop(0), "trainingInput has 1 features"),
    ("no input", lambda head: another(trained_with(head)) and trained_with(head).pop(0), "no input .*: add features"),
    ("no label", lambda head: trained_with(head)[1].CopyFrom(trained_with(head)[0]), "lacks the label: add label"),
    ("a label under another name", lambda head: put(trained_with(head)[1], name="mood"), "lacks the label: add label"),
    ("a label of another type", lambda head: trained_with(head)[1].type.int64Type.SetInParent(),
     "label is int64 in trainingInput, and string as an output"),
    # House rules.
    ("weights that are missing", lambda head: inner(head).ClearField("weights"),
     ("must be updatable too", "weights of the layer head are FP32 and missing")),
    ("an empty batch in the set", lambda head: from_set(adam(head).miniBatchSize, 16, 16, 0), "miniBatchSize may be 0"),
    ("no epoch in the set", lambda head: from_set(update(head).epochs, 5, 5, 0), "epochs may be 0"),
    ("a negative learning rate", lambda head: unbounded(adam(head).learningRate, -1), "learningRate may be -1.0"),
    ("a learning rate down to below 0", lambda head: from_range(adam(head).learningRate, 0.1, -1, 1), "may be -1.0"),
]  # fmt: skip

PIPELINE: list[Case] = [
    ("no models", lambda model: model.pipelineClassifier.pipeline.ClearField("models"), "holds no model"),
    ("a name too few", lambda model: model.pipelineClassifier.pipeline.names.pop(), "3 models need as many names"),
    ("one name twice", lambda model: model.pipelineClassifier.pipeline.names.__setitem__(0, "base"), "all different"),
    ("not updatable", lambda model: put(model, isUpdatable=False), "head is updatable, and the pipeline is not"),
    ("a last model that is not updatable", lambda model: put(models(model)[2], isUpdatable=False), "head, is not"),
    ("another model that is updatable", lambda model: (models(model)[1].kNearestNeighborsClassifier.SetInParent(),
                                                       put(models(model)[1], isUpdatable=True)),
     "base is updatable: only the last model of a pipeline may be"),
    ("an input from nowhere", lambda model: put(models(model)[1].description.input[0], name="ids"),
     "base takes ids, which nothing before it gives"),
    ("an output from nowhere", lambda model: another(model.description.output), "promises more, which no model in it"),
    ("an output of another type",
     lambda model: model.description.output[0].type.dictionaryType.int64KeyType.SetInParent(),
     "head gives probabilities as dictionary by string, the pipeline promises dictionary by int64"),
    ("a fault of a model in it", lambda model: adam(models(model)[2]).ClearField("eps"), "^head: eps is missing"),
    ("a model of no type", lambda model: models(model)[1].ClearField("mlProgram"), "^base: the model is of no type"),
    ("a model of no version", lambda model: put(models(model)[0], specificationVersion=0),
     "^tokenizer: the specification version is missing"),
    ("a custom model without its class", lambda model: put(custom(model), className=""), "tokenizer: .* no className"),
    ("a custom parameter without a name", lambda model: put(custom(model).parameters[""], intValue=1), "has no name"),
    ("a custom parameter without a value", lambda model: custom(model).parameters["odd"], "'odd' .* no value"),
    ("a custom model that is updatable", lambda model: put(models(model)[0], isUpdatable=True),
     ("^tokenizer: a model of the kind customModel can't be updatable", "^tokenizer is updatable: only the last")),
    ("a custom model with an optional input",
     lambda model: put(models(model)[0].description.input[0].type, isOptional=True), "^tokenizer: the input text is"),
    ("a custom model without an input", lambda model: models(model)[0].description.ClearField("input"),
     "^tokenizer: there is no input: describe one at least"),
    # House rules.
    ("older than a model in it", lambda model: put(model, specificationVersion=5), "and tokenizer in it of 7: raise"),
    ("trained without its input", lambda model: trained_with(model).pop(0), "trainingInput lacks text"),
    ("trained without the label", lambda model: trained_with(model).pop(1), "trainingInput lacks label"),
    ("trained with another label", lambda model: trained_with(model)[1].type.int64Type.SetInParent(),
     "label is int64 in trainingInput, and string elsewhere"),
    ("no label", lambda model: put(model.description, predictedFeatureName=""), "predictedFeatureName of the pipeline"),
]  # fmt: skip

PROGRAM: list[Case] = [
    ("updatable", lambda base: put(base, isUpdatable=True), "a model of the kind mlProgram can't be updatable"),
    ("no output", lambda base: base.description.ClearField("output"), "there is no output"),
    ("an output without a name", lambda base: another(base.description.output, name=""), "an output has no name"),
    ("an output of no type", lambda base: base.description.output.add(name="odd"), "the output odd is of no type"),
    ("no input before its version", lambda base: base.description.ClearField("input"), "raise the version 7 to 9"),
    ("functions before their version", lambda base: (functions(base), put(base, specificationVersion=8)),
     "functions begin with version 9, and this model is of 8"),
    ("functions, and features of its own", lambda base: another(functions(base).output), "clear its own output"),
    ("functions without the default one", lambda base: put(functions(base), defaultFunctionName="odd"), "'odd', is no"),
    ("functions in another kind", lambda base: (functions(base), base.identity.SetInParent()), "identity can't have"),
    ("no function main", lambda base: base.mlProgram.functions.__delitem__("main"), "has no function main"),
    ("a version without mlprograms", lambda base: put(base, specificationVersion=5), "they begin with 6"),
    ("a fault of a function", lambda base: functions(base).functions[0].ClearField("output"), "there is no output"),
    ("a default value in another kind",
     lambda base: (optional(base, floatDefaultValue=1), base.identity.SetInParent()), "more has a default value: only"),
]  # fmt: skip


@each(TRAPS_OF_A_HEAD)
def test_a_known_trap_is_seen_in_a_head(head: Model_pb2.Model, change: Change, said: str) -> None:
    assert_told(head, change, said)


@each(TRAPS_OF_A_PIPELINE)
def test_a_known_trap_is_seen_in_a_pipeline(pipeline: Model_pb2.Model, change: Change, said: str) -> None:
    assert_told(pipeline, change, said)


@pytest.mark.parametrize("updatable", [True, False], ids=["updatable", "frozen"])
@each(CLASSIFIER)
def test_a_broken_classifier_is_told(head: Model_pb2.Model, change: Change, said: str, updatable: bool) -> None:
    head.isUpdatable = updatable
    assert_told(head, change, said)


@each(FROZEN)
def test_a_broken_frozen_classifier_is_told(head: Model_pb2.Model, change: Change, said: str) -> None:
    head.isUpdatable = False
    assert_told(head, change, said)


@each(UPDATABLE)
def test_what_keeps_a_classifier_from_learning_is_told(head: Model_pb2.Model, change: Change, said: str) -> None:
    assert_told(head, change, said)


@each(PIPELINE)
def test_a_broken_pipeline_is_told(pipeline: Model_pb2.Model, change: Change, said: str) -> None:
    assert_told(pipeline, change, said)


@each(PROGRAM)
def test_a_broken_mlprogram_is_told(base: Model_pb2.Model, change: Change, said: str) -> None:
    assert_told(base, change, said)


ACCEPTED_OF_A_HEAD: list[tuple[str, Change]] = [
    ("a frozen head", lambda head: put(head, isUpdatable=False)),
    ("an unbounded learning rate", lambda head: unbounded(adam(head).learningRate, 0.1)),
    ("unbounded epochs", lambda head: unbounded(update(head).epochs, 3)),
    ("a set of batches", lambda head: from_set(adam(head).miniBatchSize, 16, 1, 8, 16)),
    ("a negative seed", lambda head: from_range(update(head).seed, -3, -5, 5)),
    ("no seed", lambda head: update(head).ClearField("seed")),
    ("descent without momentum", descent),
    ("descent of any momentum", lambda head: from_range(descent(head).momentum, 7, 0, 1)),
    ("a squared error", lambda head: squared(head, "logits")),
    ("a loss without a target", lambda head: put(entropy(head), target="")),
    ("a layer that gradients pass", lambda head: between(head, "activation").activation.ReLU.SetInParent()),
    ("a convolution", convolution),
    ("a convolution in groups", grouped),
    ("numbers as labels", numbered),
    ("exact arrays of rank 1", lambda head: ranks(head, taken=(1,))),
    ("exact arrays of rank 2", lambda head: ranks(resized(head, 1, inner(head).inputChannels), taken=(2,))),
    ("a copy over a blob", lambda head: network(head).layers.add(
        name="copy", input=["logits"], output=["features"]).copy.SetInParent()
        or put(network(head), arrayInputShapeMapping=EXACT_ARRAYS)),
    ("more to train with", lambda head: another(trained_with(head))),
    ("the loss's target to train with", lambda head: put(trained_with(head)[1], name="probabilities_true")),
    ("one of two inputs to train with", lambda head: another(head.description.input)),
    ("an optional input", lambda head: (optional(head, floatDefaultValue=1), put(head, specificationVersion=5))),
    ("a flexible input to train with", lambda head: (array(trained_with(head)[0]).shape.__setitem__(0, 1),
                                                     ranged(array(trained_with(head)[0]), (1, -1)))),
    ("a size of 0", lambda head: another(head.description.input, (0,))),
    ("a range of one size", lambda head: ranged(another(head.description.input), (4, 4))),
    ("one epoch", lambda head: unbounded(update(head).epochs, 1)),
    ("a softmax beside that of the labels", lambda head: network(head).layers.add(
        name="beside", input=[further(head, 5).output[0]], output=["odds"]).softmax.SetInParent()),
    ("a flexible input", lambda head: ranged(array(head.description.input[0]), (1, -1))),
    ("probabilities as an array", lambda head: put(array(head.description.output[0]), dataType=Array.FLOAT32)),
    ("no name of probabilities", lambda head: (put(head.description, predictedProbabilitiesName=""),
                                               head.description.output.__delitem__(0))),
    ("the logits as an output", lambda head: another(head.description.output, (2,), name="logits").ClearField("shape")),
    ("FLOAT16 features", lambda head: put(retyped(head, Array.FLOAT16), specificationVersion=FLOAT16)),
    ("INT8 features", lambda head: put(retyped(head, Array.INT8), specificationVersion=INT8)),
]  # fmt: skip


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in ACCEPTED_OF_A_HEAD])
def test_what_core_ml_takes_in_a_head_is_accepted(head: Model_pb2.Model, change: Change) -> None:
    before = head.SerializeToString()
    change(head)
    assert problems(head) == []
    assert head.SerializeToString() != before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(all_half, id="FP16"),
        pytest.param(lambda head: put(softmax_nd(head), arrayInputShapeMapping=EXACT_ARRAYS), id="softmaxND"),
        pytest.param(fed, id="a convolution whose weights come in"),
        pytest.param(lambda head: fed(head).dilationFactor.extend([1, 1]), id="and that is not dilated"),
        pytest.param(lambda head: aside(head, "upsample"), id="an upsampling of iOS 12"),
        pytest.param(lambda head: put(aside(head, "reorganizeData"), blockSize=2), id="a reorganisation of iOS 12"),
        pytest.param(
            lambda head: (
                put(ranged(array(head.description.input[0]), (1, -1)) and head, specificationVersion=3)
                and array(head.description.input[0]).ClearField("shape")
            ),
            id="a flexible shape alone, in its first version",
        ),
        pytest.param(lambda head: network(head).ClearField("updateParams"), id="no updateParams"),
        pytest.param(lambda head: head.description.ClearField("trainingInput"), id="no trainingInput"),
    ],
)
def test_a_frozen_head_needs_nothing_of_an_update(head: Model_pb2.Model, change: Change) -> None:
    head.isUpdatable = False
    change(head)
    assert problems(head) == []


def retyped_between(model: Any) -> None:
    put(array(models(model)[1].description.output[0]), dataType=Array.FLOAT16)
    retyped(put(models(model)[2], specificationVersion=FLOAT16), Array.FLOAT16)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda model: model.pipelineClassifier.pipeline.ClearField("names"), id="no names"),
        pytest.param(lambda model: another(trained_with(model)), id="more to train with"),
        pytest.param(retyped_between, id="FLOAT16 between base and head"),
        pytest.param(
            lambda model: put(array(models(model)[0].description.output[0]).shapeRange.sizeRanges[1], upperBound=-1),
            id="ids of any length",
        ),
        pytest.param(
            lambda model: enumerated(array(models(model)[0].description.output[0]), (1, 1), (1, 9)),
            id="ids of some lengths",
        ),
        pytest.param(lambda model: model.description.output.pop(0), id="no probabilities"),
    ],
)  # fmt: skip
def test_what_core_ml_takes_in_a_pipeline_is_accepted(pipeline: Model_pb2.Model, change: Change) -> None:
    change(pipeline)
    assert problems(pipeline) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda base: (put(base, specificationVersion=NO_INPUTS), base.description.ClearField("input")),
            id="no input",
        ),
        pytest.param(functions, id="functions"),
    ],
)
def test_what_core_ml_takes_in_an_mlprogram_is_accepted(base: Model_pb2.Model, change: Change) -> None:
    change(base)
    assert problems(base) == []


def test_a_flexible_shape_is_compared_by_rank(pipeline: Model_pb2.Model) -> None:
    ids = array(models(pipeline)[0].description.output[0])
    del ids.shape[:]
    assert problems(pipeline) == [], "the rank is that of its range"
    enumerated(ids, (1,), (1, 1))
    (found,) = problems(pipeline)
    assert "tokenizer gives input_ids as INT32 [1] or [1, 1], base takes INT32 [1, 1.." in found, (
        "the first shape's rank"
    )


def test_types_are_compared_by_what_core_ml_looks_at() -> None:
    image, wider, words, numbers, state, longer = (Model_pb2.FeatureDescription() for _ in range(6))
    put(image.type.imageType, width=4, height=4)
    put(wider.type.imageType, width=5, height=4)
    words.type.sequenceType.stringType.SetInParent()
    numbers.type.sequenceType.int64Type.SetInParent()
    state.type.stateType.arrayType.shape.append(4)
    longer.type.stateType.arrayType.shape.append(5)
    kinds = (image, wider, words, numbers, state, longer)
    assert [[same_type(one, other) for other in kinds] for one in kinds] == np.eye(6, dtype=bool).tolist()


def test_an_empty_file_is_no_model() -> None:
    assert problems(Model_pb2.Model()) == ["the model is of no type: its file is empty, or cut short"]


def test_the_command_says_valid_or_why_not(exported: Path, tmp_path: Path) -> None:
    fine = toolchain("check", exported / "Attune-sentiment.mlpackage")
    assert (fine.returncode, fine.stdout.strip().endswith(": valid")) == (0, True), fine.stderr
    model = read_model(exported / "Head-sentiment.mlmodel")
    model.neuralNetworkClassifier.updateParams.ClearField("epochs")
    (tmp_path / "odd.mlmodel").write_bytes(model.SerializeToString())
    odd = toolchain("check", tmp_path / "odd.mlmodel")
    assert odd.returncode == 1
    assert odd.stderr.strip() == "epochs is missing: an updatable model has to say its default"
    with pytest.raises(ExportError, match="can't be read"):
        read_model(tmp_path / "none.mlpackage")
