"""Would Core ML take a model, and could this project use it? What is wrong with one, a sentence each.

Apple's validator runs on a Mac, and when a model is compiled. Its rules are told here of what this project writes:
classifiers, updatable or not, custom models, mlprograms and pipelines of them. Of other kinds only inputs, outputs,
version and isUpdatable are looked at. Source: coremltools' `mlmodel/src/Validation` and Model.cpp. The house rules, at
the end of this module, are stricter: Core ML would take what they refuse, and this project could not use it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coremltools.proto import Model_pb2
from google.protobuf.message import DecodeError

from toolchain.coreml.check_features import described, said, same, same_type
from toolchain.coreml.check_network import of_labels, of_network, of_outputs, precision
from toolchain.coreml.check_update import of_training_inputs, of_update
from toolchain.errors import ExportError

_LEAST_UPDATABLE, _NEWEST = 4, 10  # versions: the first with updatable models, and the newest known
_PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")
_MAY_BE_UPDATABLE = (
    "neuralNetwork", "neuralNetworkRegressor", "neuralNetworkClassifier", "kNearestNeighborsClassifier", *_PIPELINES
)  # fmt: skip


def read_model(path: Path) -> Model_pb2.Model:
    """The specification of an .mlmodel file or an .mlpackage folder.

    Raises:
        ExportError: it can't be read, or is none.
    """
    file = path / "Data" / "com.apple.CoreML" / "model.mlmodel" if path.is_dir() else path
    model = Model_pb2.Model()
    try:
        model.ParseFromString(file.read_bytes())
    except OSError as error:
        raise ExportError(f"{file} can't be read: {error.strerror}") from None
    except DecodeError:
        raise ExportError(f"{file} is no Core ML model") from None
    return model


def problems(model: Model_pb2.Model) -> list[str]:
    """What is wrong with a model, and with those in it, a sentence each; empty when nothing is."""
    kind = model.WhichOneof("Type")
    if kind is None:
        return ["the model is of no type: its file is empty, or cut short"]
    found = [*_of_any(model, kind), *described(model, kind)]
    if kind == "neuralNetworkClassifier":
        found += [*_of_classifier(model), *_house_rules_of_classifiers(model)]
    elif kind == "customModel":
        found += _of_custom(model.customModel)
    elif kind in _PIPELINES:
        found += _of_pipeline(model, _inner(model, kind))
    return found


def _of_any(model: Model_pb2.Model, kind: str) -> Iterator[str]:
    version = model.specificationVersion
    if version < 1:
        yield "the specification version is missing"
    elif version > _NEWEST:
        yield f"the specification version is {version}, and the newest known is {_NEWEST}"
    elif model.isUpdatable and version < _LEAST_UPDATABLE:
        yield f"the specification version is {version}: updatable models begin with {_LEAST_UPDATABLE}"
    if model.isUpdatable and kind not in _MAY_BE_UPDATABLE:
        yield f"a model of the kind {kind} can't be updatable: freeze it, and put an updatable classifier behind it"


def _of_classifier(model: Model_pb2.Model) -> Iterator[str]:
    faults = list(of_labels(model))
    yield from faults
    yield from of_network(model)
    if model.isUpdatable:
        yield from of_update(model)
    if not faults:
        yield from of_outputs(model)
        if model.isUpdatable:
            yield from of_training_inputs(model)


def _of_custom(custom: Any) -> Iterator[str]:
    if not custom.className:
        yield "the custom model has no className: name the class that the app brings"
    for key, value in sorted(custom.parameters.items()):
        if not key:
            yield "a parameter of the custom model has no name"
        if value.WhichOneof("value") is None:
            yield f"the parameter {key!r} of the custom model has no value"


def _of_pipeline(model: Model_pb2.Model, pipeline: Any) -> Iterator[str]:
    models, names = pipeline.models, list(pipeline.names)
    if not models:
        yield "the pipeline holds no model"
        return
    if names and (len(names) != len(models) or len(set(names)) != len(names)):
        yield f"{len(models)} models need as many names, all different, or none; there are {', '.join(names)}"
        names = []
    names = names or [str(number) for number in range(len(models))]
    yield from _who_learns(model, names, models)
    for name, part in zip(names, models, strict=True):
        for problem in problems(part):
            yield f"{name}: {problem}"
    yield from _connections(model, names, models)
    yield from _house_rules_of_pipelines(model, names, models)


def _who_learns(model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]) -> Iterator[str]:
    updatable = [name for name, part in zip(names, models, strict=True) if part.isUpdatable]
    for name in updatable:
        if not model.isUpdatable:
            yield f"{name} is updatable, and the pipeline is not: set its isUpdatable"
        elif name != names[-1]:
            yield f"{name} is updatable: only the last model of a pipeline may be"
    if model.isUpdatable and names[-1] not in updatable:
        yield f"the pipeline is updatable, and its last model, {names[-1]}, is not"


def _connections(model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]) -> Iterator[str]:
    there = {feature.name: ("the pipeline's input", feature) for feature in model.description.input}
    for name, part in zip(names, models, strict=True):
        for feature in part.description.input:
            source, found = there.get(feature.name, ("", None))
            if found is None:
                yield f"{name} takes {feature.name}, which nothing before it gives"
            elif not same_type(found, feature):
                mine, theirs = said(found), said(feature)
                yield f"{source} gives {feature.name} as {mine}, {name} takes {theirs}: make both the same"
        there |= {feature.name: (name, feature) for feature in part.description.output}
    for feature in model.description.output:
        source, found = there.get(feature.name, ("", None))
        if found is None:
            yield f"the pipeline promises {feature.name}, which no model in it gives"
        elif not same_type(found, feature):
            mine, theirs = said(found), said(feature)
            yield f"{source} gives {feature.name} as {mine}, the pipeline promises {theirs}: make both the same"


def _inner(model: Model_pb2.Model, kind: str) -> Any:
    return model.pipeline if kind == "pipeline" else getattr(model, kind).pipeline


# House rules: Core ML's validator passes what they refuse.


def _house_rules_of_classifiers(model: Model_pb2.Model) -> Iterator[str]:
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
        yield from _house_rules_of_weights(network)
        yield from _house_rules_of_parameters(network.updateParams)


def _house_rules_of_weights(network: Any) -> Iterator[str]:
    for layer in network.layers:
        kind = layer.WhichOneof("layer")
        if layer.isUpdatable and kind in ("innerProduct", "convolution"):
            parameters = getattr(layer, kind)
            places = [parameters.weights, *([parameters.bias] if parameters.hasBias else [])]
            forms = {precision(place) or "missing" for place in places}
            if forms & {"FP16", "missing"}:
                found = " and ".join(sorted(forms))
                yield f"the weights of the layer {layer.name} are {found}: those that learn are FP32 in this project"


def _house_rules_of_parameters(update: Any) -> Iterator[str]:
    optimizer = getattr(update.optimizer, update.optimizer.WhichOneof("OptimizerType") or "sgdOptimizer")
    for name, parameter in (("epochs", update.epochs), ("miniBatchSize", optimizer.miniBatchSize)):
        if parameter.set.values and min(parameter.set.values) < 1:
            yield f"{name} may be {min(parameter.set.values)}: leave less than 1 out of its set"
    rate = optimizer.learningRate
    if min(rate.defaultValue, rate.range.minValue) < 0:
        yield f"learningRate may be {min(rate.defaultValue, rate.range.minValue)}: below 0 a model unlearns"


def _house_rules_of_pipelines(
    model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]
) -> Iterator[str]:  # fmt: skip
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
