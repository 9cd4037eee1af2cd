"""Would Core ML take a model for updatable? The rules of its validator, for the models that this project writes.

Apple's validator runs on a Mac, and when a model is compiled. Its rules are told here of classifiers and of pipelines
that end in one: layers, loss, optimizer, ranges, training inputs, kinds, shapes, names and versions. Each problem says
what to do. Source: the validators in coremltools' `mlmodel/src/Validation`, and Model.proto.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coremltools.proto import FeatureTypes_pb2, Model_pb2
from google.protobuf.message import DecodeError

from toolchain.errors import ExportError

_LEAST_VERSION = 4  # the first with updatable models
_UPDATABLE_LAYERS = ("innerProduct", "convolution")
_PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")


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
    """What is wrong with an updatable classifier or pipeline, a sentence each; empty when nothing is."""
    kind = model.WhichOneof("Type")
    if kind in _PIPELINES:
        return list(_of_pipeline(model, getattr(model, kind)))
    if kind == "neuralNetworkClassifier":
        return list(_of_classifier(model)) if model.isUpdatable else []
    if kind == "mlProgram" and model.isUpdatable:
        return ["an mlprogram can't be updatable: keep the base frozen, and put an updatable classifier behind it"]
    if kind is None:
        return ["the model is of no type: its file is empty, or cut short"]
    return []


def _of_classifier(model: Model_pb2.Model) -> Iterator[str]:
    network = model.neuralNetworkClassifier
    yield from _version(model)
    yield from _training_inputs(model)
    updatable = [layer for layer in network.layers if layer.isUpdatable]
    if not updatable:
        yield "no layer is updatable: set isUpdatable of the layer that is to learn, and of its weights"
    for layer in updatable:
        yield from _of_layer(layer)
    if not network.HasField("updateParams"):
        yield "there are no updateParams: an updatable model needs a loss, an optimizer and epochs"
        return
    yield from _of_loss(network)
    yield from _of_optimizer(network.updateParams)
    labels = network.stringClassLabels.vector or network.int64ClassLabels.vector
    if len(set(labels)) != len(labels) or not labels:
        yield "the class labels must be there, and differ from each other"
    last = updatable[-1] if updatable else None
    if (
        last is not None
        and last.WhichOneof("layer") == "innerProduct"
        and last.innerProduct.outputChannels != len(labels)
    ):
        yield f"the layer {last.name} has {last.innerProduct.outputChannels} outputs for {len(labels)} class labels"


def _of_layer(layer: Any) -> Iterator[str]:
    kind = layer.WhichOneof("layer")
    if kind not in _UPDATABLE_LAYERS:
        allowed = " and ".join(_UPDATABLE_LAYERS)
        yield f"the layer {layer.name} is of the kind {kind}, which can't be updatable: only {allowed} can"
        return
    parameters = getattr(layer, kind)
    for name, weights in (("weights", parameters.weights), ("bias", parameters.bias)):
        if name == "bias" and not parameters.hasBias:
            continue
        if not weights.isUpdatable:
            yield f"the {name} of the layer {layer.name} must be updatable too: set their isUpdatable"
        if not weights.floatValue or weights.float16Value or weights.rawValue:
            yield f"the {name} of the layer {layer.name} must be FP32: neither fp16 nor quantised weights can learn"
    if kind == "innerProduct":
        wanted = parameters.inputChannels * parameters.outputChannels
        if parameters.weights.floatValue and len(parameters.weights.floatValue) != wanted:
            yield f"the layer {layer.name} has {len(parameters.weights.floatValue)} weights, not {wanted}"


def _of_loss(network: Any) -> Iterator[str]:
    losses = network.updateParams.lossLayers
    if len(losses) != 1:
        yield f"there are {len(losses)} loss layers: Core ML takes exactly one"
        return
    loss = losses[0]
    kind = loss.WhichOneof("LossLayerType")
    if kind != "categoricalCrossEntropyLossLayer":
        yield f"the loss is {kind or 'of no kind'}: a classifier learns by categoricalCrossEntropyLossLayer"
        return
    entropy = loss.categoricalCrossEntropyLossLayer
    makers = [layer for layer in network.layers if entropy.input in layer.output]
    if not makers:
        yield f"the loss takes {entropy.input!r}, which no layer gives"
    elif (kind := makers[0].WhichOneof("layer")) != "softmax":
        yield f"the loss takes the output of {makers[0].name}, of the kind {kind}: it must be that of a softmax layer"
    if not entropy.target or any(entropy.target in layer.output for layer in network.layers):
        yield "the loss needs a target, under a name that no layer gives"


def _of_optimizer(update: Any) -> Iterator[str]:
    kind = update.optimizer.WhichOneof("OptimizerType")
    if kind is None:
        yield "there is no optimizer: sgdOptimizer or adamOptimizer"
        return
    optimizer = getattr(update.optimizer, kind)
    names = (
        "learningRate",
        "miniBatchSize",
        *(("beta1", "beta2", "eps") if kind == "adamOptimizer" else ("momentum",)),
    )
    for name in names:
        if optimizer.HasField(name) or name in ("learningRate", "miniBatchSize"):
            yield from _of_parameter(name, getattr(optimizer, name), given=optimizer.HasField(name))
    yield from _of_parameter("epochs", update.epochs, given=update.HasField("epochs"))


def _of_parameter(name: str, parameter: Any, *, given: bool) -> Iterator[str]:
    if not given:
        yield f"{name} is missing: an updatable model must say its default and what is allowed"
        return
    allowed, default = parameter.WhichOneof("AllowedValues"), parameter.defaultValue
    if allowed is None:
        yield f"{name} has neither a range nor a set of allowed values"
    elif allowed == "range" and not parameter.range.minValue <= default <= parameter.range.maxValue:
        yield f"the default of {name}, {default}, lies outside {parameter.range.minValue} to {parameter.range.maxValue}"
    elif allowed == "set" and default not in parameter.set.values:
        yield f"the default of {name}, {default}, is none of {', '.join(map(str, parameter.set.values))}"
    whole = name in ("epochs", "miniBatchSize")
    least = parameter.range.minValue if allowed == "range" else min(parameter.set.values, default=1) if whole else 0
    if whole and least < 1:
        yield f"{name} may be {least}: the least is 1"
    elif not whole and (least < 0 or default < 0):
        yield f"{name} may be negative"


def _training_inputs(model: Model_pb2.Model) -> Iterator[str]:
    describe = model.description
    given = {feature.name: feature for feature in describe.trainingInput}
    if not describe.predictedFeatureName:
        yield "predictedFeatureName is missing: it names the label"
    wanted: list[Any] = [*describe.input, *(f for f in describe.output if f.name == describe.predictedFeatureName)]
    for feature in wanted:
        if feature.name not in given:
            yield f"trainingInput lacks {feature.name}: a classifier is trained with its inputs and the label"
        elif not _same(given[feature.name], feature):
            yield f"{feature.name} is {_said(given[feature.name])} in trainingInput, and {_said(feature)} elsewhere"
    for name in given.keys() - {feature.name for feature in wanted}:
        yield f"trainingInput has {name}, which is neither an input nor the label"


def _of_pipeline(model: Model_pb2.Model, pipeline: Any) -> Iterator[str]:
    inner = pipeline.pipeline if hasattr(pipeline, "pipeline") else pipeline
    models: Sequence[Any] = inner.models
    names = list(inner.names) or [str(number) for number in range(len(models))]
    if not models:
        yield "the pipeline holds no model"
        return
    if len(names) != len(models) or len(set(names)) != len(names):
        yield f"{len(models)} models need as many names, all different; there are {', '.join(names)}"
        names = [str(number) for number in range(len(models))]
    newest = max(part.specificationVersion for part in models)
    if model.specificationVersion < newest:
        version = model.specificationVersion
        yield f"the pipeline is of version {version}, and a model in it of {newest}: raise it to that"
    yield from _who_learns(model, names, models)
    for name, part in zip(names, models, strict=True):
        for problem in problems(part):
            yield f"{name}: {problem}"
    yield from _connections(model, names, models)


def _who_learns(model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]) -> Iterator[str]:
    for name, part in zip(names[:-1], models[:-1], strict=True):
        if part.isUpdatable:
            yield f"{name} is updatable: only the last model of a pipeline may be"
    if model.isUpdatable:
        yield from _version(model)
        yield from _training_inputs(model)
        if not models[-1].isUpdatable:
            yield f"the pipeline is updatable, and its last model, {names[-1]}, is not"
    elif models[-1].isUpdatable:
        yield f"{names[-1]} is updatable, and the pipeline is not: set its isUpdatable"


def _connections(model: Model_pb2.Model, names: Sequence[str], models: Sequence[Any]) -> Iterator[str]:
    there = {feature.name: ("the pipeline's input", feature) for feature in model.description.input}
    for name, part in zip(names, models, strict=True):
        for feature in part.description.input:
            source, found = there.get(feature.name, ("", None))
            if found is None:
                yield f"{name} takes {feature.name}, which nothing before it gives"
            elif not _same(found, feature):
                mine, theirs = _said(found), _said(feature)
                yield f"{source} gives {feature.name} as {mine}, {name} takes {theirs}: make both the same"
        there |= {feature.name: (name, feature) for feature in part.description.output}
    for feature in model.description.output:
        if feature.name not in there:
            yield f"the pipeline promises {feature.name}, which no model in it gives"


def _version(model: Model_pb2.Model) -> Iterator[str]:
    if model.specificationVersion < _LEAST_VERSION:
        yield f"the specification version is {model.specificationVersion}: updatable models begin with {_LEAST_VERSION}"


def _same(one: FeatureTypes_pb2.FeatureType, other: FeatureTypes_pb2.FeatureType) -> bool:
    kind = one.type.WhichOneof("Type")
    if kind != other.type.WhichOneof("Type"):
        return False
    if kind != "multiArrayType":
        return True
    mine, theirs = one.type.multiArrayType, other.type.multiArrayType
    if mine.dataType != theirs.dataType:
        return False
    flexible = mine.WhichOneof("ShapeFlexibility") or theirs.WhichOneof("ShapeFlexibility")
    return len(mine.shape) == len(theirs.shape) if flexible else list(mine.shape) == list(theirs.shape)


def _said(feature: FeatureTypes_pb2.FeatureType) -> str:
    kind = feature.type.WhichOneof("Type") or "of no type"
    if kind != "multiArrayType":
        return str(kind.removesuffix("Type"))
    array = feature.type.multiArrayType
    return f"{FeatureTypes_pb2.ArrayFeatureType.ArrayDataType.Name(array.dataType)} {list(array.shape)}"
