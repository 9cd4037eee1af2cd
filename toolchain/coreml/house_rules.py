"""This project's own rules for Core ML models: what they refuse Core ML's validator passes, and can't be used here."""

from collections.abc import Iterator, Sequence
from typing import Any

from coremltools.proto import Model_pb2

from toolchain.coreml.check_features import said, same
from toolchain.coreml.check_network import precision

_FIRST_PROGRAMS = 6  # the version


def of_programs(model: Model_pb2.Model) -> Iterator[str]:
    """Of an mlprogram."""
    if "main" not in model.mlProgram.functions:
        yield "the mlprogram has no function main: there is nothing to run in it"
    if model.specificationVersion < _FIRST_PROGRAMS:
        yield f"the mlprogram is of version {model.specificationVersion}: they begin with {_FIRST_PROGRAMS}"


def of_classifiers(model: Model_pb2.Model) -> Iterator[str]:
    """Of a neural network classifier."""
    network = model.neuralNetworkClassifier
    labels = list(network.stringClassLabels.vector or network.int64ClassLabels.vector)
    repeated = sorted({str(label) for label in labels if labels.count(label) > 1})
    if repeated:
        yield f"the label {', '.join(repeated)} is there twice: what is learnt of one would be told of the other"
    for layer in _before_softmax(network):
        kind = layer.WhichOneof("layer")
        outputs = getattr(layer, kind).outputChannels if kind in ("innerProduct", "convolution") else len(labels)
        if labels and outputs != len(labels):
            yield f"the layer {layer.name} has {outputs} outputs for {len(labels)} class labels: give each its own"
    if model.isUpdatable:
        yield from _of_weights(network)
        yield from _of_parameters(network.updateParams)


def _of_weights(network: Any) -> Iterator[str]:
    for layer in network.layers:
        kind = layer.WhichOneof("layer")
        if layer.isUpdatable and kind in ("innerProduct", "convolution"):
            parameters = getattr(layer, kind)
            places = [parameters.weights, *([parameters.bias] if parameters.hasBias else [])]
            forms = {precision(place) or "missing" for place in places}
            if forms & {"FP16", "missing"}:
                found = " and ".join(sorted(forms))
                yield f"the weights of the layer {layer.name} are {found}: those that learn are FP32 in this project"


def _of_parameters(update: Any) -> Iterator[str]:
    optimizer = getattr(update.optimizer, update.optimizer.WhichOneof("OptimizerType") or "sgdOptimizer")
    for name, parameter in (("epochs", update.epochs), ("miniBatchSize", optimizer.miniBatchSize)):
        if parameter.set.values and min(parameter.set.values) < 1:
            yield f"{name} may be {min(parameter.set.values)}: leave less than 1 out of its set"
    rate = optimizer.learningRate
    if min(rate.defaultValue, rate.range.minValue) < 0:
        yield f"learningRate may be {min(rate.defaultValue, rate.range.minValue)}: below 0 a model unlearns"


def of_pipelines(
    model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]
) -> Iterator[str]:  # fmt: skip
    """Of a pipeline and its models with their names."""
    newest = max(part.specificationVersion for part in models)
    if model.specificationVersion < newest:
        name = next(name for name, part in zip(names, models, strict=True) if part.specificationVersion == newest)
        yield f"the pipeline is of version {model.specificationVersion}, and {name} in it of {newest}: raise it to that"
    if not model.isUpdatable:
        return
    describe = model.description
    given = {feature.name: feature for feature in describe.trainingInput}
    label = [feature for feature in describe.output if feature.name == describe.predictedFeatureName]
    if not label:
        yield "predictedFeatureName of the pipeline names no output: it says which is the label"
    wanted: list[Model_pb2.FeatureDescription] = [*describe.input, *label]
    for feature in wanted:
        if feature.name not in given:
            yield f"trainingInput lacks {feature.name}: a pipeline learns here from its inputs and the label"
        elif not same(given[feature.name], feature):
            yield f"{feature.name} is {said(given[feature.name])} in trainingInput, and {said(feature)} elsewhere"


def _before_softmax(network: Any) -> Iterator[Any]:
    """The layers whose outputs become the probabilities of the labels."""
    losses = [loss.categoricalCrossEntropyLossLayer.input for loss in network.updateParams.lossLayers]
    last = network.layers[-1].output[:1] if network.layers else []
    probabilities = {*losses, *([network.labelProbabilityLayerName] if network.labelProbabilityLayerName else last)}
    for softmax in network.layers:
        if softmax.WhichOneof("layer") == "softmax" and probabilities & set(softmax.output):
            yield from (layer for layer in network.layers if set(layer.output) & set(softmax.input))
