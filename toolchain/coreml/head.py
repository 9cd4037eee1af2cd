"""A head as an updatable Core ML classifier, and back.

The specification is written here field by field: the library's builder declares features as DOUBLE, which a base of
FLOAT32 can't be joined with. Source: Apple's Model.proto and NeuralNetwork.proto; the layers and losses that may be
updatable are those of the "Updatable model" rules of Core ML's validator.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from coremltools.proto import FeatureTypes_pb2, Model_pb2, NeuralNetwork_pb2, Parameters_pb2

from model_store.head import Float32, HeadParameters
from model_store.manifest import IntegerBound, NumberBound, ParameterBounds
from toolchain.coreml.check import read_model
from toolchain.errors import ExportError

FEATURES, LABEL, PROBABILITIES = "features", "label", "probabilities"
_LAYER, _LOGITS, _TARGET = "head", "logits", "probabilities_true"
_IDENTITY = "attune."  # in front of names in the metadata
_VERSION = 4  # the first that can be updated
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # those of the device's Adam


@dataclass(frozen=True)
class HeadIdentity:
    """What a classifier is a head of: carried in its metadata, so that it finds its way back to a device."""

    task: str
    base_id: str
    bundle: str


def head_model(
    parameters: HeadParameters, labels: Sequence[str], bounds: ParameterBounds | None, identity: HeadIdentity
) -> Model_pb2.Model:
    """The classifier of a head: FLOAT32 `features` [D] to `label` and `probabilities`. With `bounds` it can be updated:
    categorical cross entropy, Adam as on the device, and what an update may ask for as in the bundle's manifest.
    """
    classes, width = parameters.weight.shape
    model = Model_pb2.Model(specificationVersion=_VERSION, isUpdatable=bounds is not None)
    describe = model.description
    describe.metadata.shortDescription = f"Attune {identity.bundle}: the head of {identity.task}"
    describe.metadata.userDefined.update({f"{_IDENTITY}{name}": value for name, value in asdict(identity).items()})
    describe.predictedFeatureName, describe.predictedProbabilitiesName = LABEL, PROBABILITIES
    _array(describe.input.add(), width)
    probabilities, label = describe.output.add(name=PROBABILITIES), describe.output.add(name=LABEL)
    probabilities.type.dictionaryType.stringKeyType.SetInParent()
    label.type.stringType.SetInParent()

    network = model.neuralNetworkClassifier
    network.stringClassLabels.vector.extend(labels)
    network.labelProbabilityLayerName = PROBABILITIES
    dense = network.layers.add(name=_LAYER, input=[FEATURES], output=[_LOGITS])
    dense.innerProduct.inputChannels, dense.innerProduct.outputChannels = width, classes
    dense.innerProduct.hasBias = True
    # The older softmax, over channels: the loss takes no other.
    network.layers.add(name="softmax", input=[_LOGITS], output=[PROBABILITIES]).softmax.SetInParent()
    if bounds is not None:
        _make_updatable(model, bounds, width)
    write_parameters(model, parameters)
    return model


def write_parameters(model: Model_pb2.Model, parameters: HeadParameters) -> None:
    """Put a head's parameters, one that a device has trained for example, into its classifier, to the bit.

    Raises:
        ExportError: the classifier is of another shape.
    """
    layer = _dense(model)
    classes, width = layer.outputChannels, layer.inputChannels
    if parameters.weight.shape != (classes, width) or parameters.bias.shape != (classes,):
        found = "x".join(map(str, parameters.weight.shape))
        raise ExportError(f"the classifier takes a head of {classes}x{width}, labels by features, not {found}")
    for place, values in ((layer.weights, parameters.weight), (layer.bias, parameters.bias)):
        del place.floatValue[:]
        place.floatValue.extend(values.astype(np.float32).ravel().tolist())


def read_parameters(model: Model_pb2.Model) -> HeadParameters:
    """A classifier's parameters, those of a model that Core ML has updated for example, to the bit.

    Raises:
        ExportError: it is no classifier of a head, or its weights are not FP32.
    """
    layer = _dense(model)
    classes, width = layer.outputChannels, layer.inputChannels
    weight, bias = (np.array(place.floatValue, np.float32) for place in (layer.weights, layer.bias))
    if weight.size != classes * width or bias.size != classes:
        raise ExportError(f"the weights of the classifier are not {classes} x {width} values in FP32")
    return HeadParameters(weight.reshape(classes, width), bias)


def read_head(path: Path) -> Model_pb2.Model:
    """The classifier of an .mlmodel file, or the one that ends the pipeline of an .mlpackage.

    Raises:
        ExportError: it can't be read, or is none.
    """
    return classifier(read_model(path))


def classifier(model: Model_pb2.Model) -> Model_pb2.Model:
    """The model itself, or the last of a pipeline, so that what is written to it is written to the pipeline.

    Raises:
        ExportError: it is no classifier of a head.
    """
    models = model.pipelineClassifier.pipeline.models if model.HasField("pipelineClassifier") else (model,)
    if not models:
        raise ExportError("the pipeline holds no model")
    _dense(models[-1])
    return models[-1]


def labels_of(model: Model_pb2.Model) -> tuple[str, ...]:
    """A classifier's labels, in the order of its outputs."""
    return tuple(model.neuralNetworkClassifier.stringClassLabels.vector)


def identity_of(model: Model_pb2.Model) -> HeadIdentity:
    """What a classifier is a head of.

    Raises:
        ExportError: its metadata doesn't say.
    """
    said = model.description.metadata.userDefined
    names = [field.name for field in fields(HeadIdentity)]
    if not all(f"{_IDENTITY}{name}" in said for name in names):
        raise ExportError("the model's metadata doesn't say what task and base it is of: it was not exported here")
    return HeadIdentity(*(said[f"{_IDENTITY}{name}"] for name in names))


def probabilities(model: Model_pb2.Model, features: Float32) -> dict[str, float]:
    """What the classifier answers on features [D], worked out in NumPy from what the specification says."""
    head = read_parameters(model)
    logits = (head.weight @ features + head.bias).astype(np.float64)
    powers = np.exp(logits - logits.max())
    return dict(zip(labels_of(model), (powers / powers.sum()).tolist(), strict=True))


def _dense(model: Model_pb2.Model) -> NeuralNetwork_pb2.InnerProductLayerParams:
    for layer in model.neuralNetworkClassifier.layers:
        if layer.name == _LAYER and layer.HasField("innerProduct"):
            return layer.innerProduct
    raise ExportError(f"the model has no inner product layer named {_LAYER}: it is not a head of this project")


def _array(feature: FeatureTypes_pb2.FeatureType, width: int) -> None:
    feature.name = FEATURES
    feature.type.multiArrayType.shape.append(width)
    feature.type.multiArrayType.dataType = FeatureTypes_pb2.ArrayFeatureType.FLOAT32


def _make_updatable(model: Model_pb2.Model, bounds: ParameterBounds, width: int) -> None:
    _array(model.description.trainingInput.add(), width)
    model.description.trainingInput.add(name=LABEL).type.stringType.SetInParent()
    layers, update = model.neuralNetworkClassifier.layers, model.neuralNetworkClassifier.updateParams
    layers[0].isUpdatable = True
    for place in (layers[0].innerProduct.weights, layers[0].innerProduct.bias):
        place.isUpdatable = True
    loss = update.lossLayers.add(name="loss").categoricalCrossEntropyLossLayer
    loss.input, loss.target = PROBABILITIES, _TARGET
    adam = update.optimizer.adamOptimizer
    _number(adam.learningRate, bounds.learning_rate)
    _integer(adam.miniBatchSize, bounds.mini_batch_size)
    for parameter, value in zip((adam.beta1, adam.beta2, adam.eps), (*_BETAS, _EPSILON), strict=True):
        _number(parameter, NumberBound(default=value, minimum=value, maximum=value))
    _integer(update.epochs, bounds.epochs)
    _integer(update.seed, bounds.seed)
    update.shuffle.defaultValue = bounds.shuffle.default


def _number(parameter: Parameters_pb2.DoubleParameter, bound: NumberBound) -> None:
    parameter.defaultValue = bound.default
    parameter.range.minValue, parameter.range.maxValue = bound.minimum, bound.maximum


def _integer(parameter: Parameters_pb2.Int64Parameter, bound: IntegerBound) -> None:
    parameter.defaultValue = bound.default
    parameter.range.minValue, parameter.range.maxValue = bound.minimum, bound.maximum
