"""Would Core ML update a neural network classifier? What learns, its loss, its optimizer, and what it is trained with.

The rules are those of Core ML's validator: UpdatableNeuralNetworkValidator.cpp, ParameterValidator.cpp, and
NeuralNetworkValidatorGraph.hpp on what gradients pass.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from coremltools.proto import Model_pb2

from toolchain.coreml.check_features import said, same, same_type

_MAY_LEARN = ("innerProduct", "convolution", "uniDirectionalLSTM")
_LOSSES = ("categoricalCrossEntropyLossLayer", "meanSquaredErrorLossLayer")
_PASSED = (
    "convolution", "innerProduct", "flatten", "pooling", "batchnorm", "reshape", "clampedReLU", "transpose",
    "reshapeStatic", "concat", "concatND",
)  # fmt: skip
_PASSED_ACTIVATIONS = ("ReLU", "sigmoid", "tanh")


def of_update(model: Model_pb2.Model) -> Iterator[str]:
    """What keeps an updatable classifier from being updated."""
    network = model.neuralNetworkClassifier
    updatable = [layer for layer in network.layers if layer.isUpdatable]
    if not updatable:
        yield "no layer is updatable: set isUpdatable of the layer that is to learn, and of its weights"
    for layer in updatable:
        yield from _of_layer(layer)
    if not network.HasField("updateParams"):
        yield "there are no updateParams: an updatable model needs a loss, an optimizer and epochs"
        return
    losses = network.updateParams.lossLayers
    names = [layer.name for layer in (*network.layers, *losses)]
    repeated = {name for name in names if names.count(name) > 1}
    for name in sorted(repeated):
        yield f"{names.count(name)} layers, losses counted, are named {name!r}: give each a name of its own"
    if len(losses) != 1:
        yield f"there are {len(losses)} loss layers: Core ML takes exactly one"
    else:
        faults = list(_of_loss(network, losses[0]))
        yield from faults if faults or repeated else _of_gradients(network, losses[0])
    yield from _of_optimizer(network.updateParams)


def of_training_inputs(model: Model_pb2.Model) -> Iterator[str]:
    """What a classifier's trainingInput lacks: one of the inputs, as it is described, and the label or loss target."""
    describe, label = model.description, model.description.predictedFeatureName
    if len(describe.trainingInput) < 2:
        yield f"trainingInput has {len(describe.trainingInput)} features: it needs an input and the label {label}"
        return
    others = [part for part in describe.trainingInput if not any(same(part, feature) for feature in describe.input)]
    if len(others) == len(describe.trainingInput):
        yield f"trainingInput has no input as it is described: {_unlike(describe)}"
    outputs = [feature for feature in describe.output if feature.name == label]
    for part in others:
        for feature in outputs:
            if part.name == label and not same_type(part, feature):
                yield f"{label} is {said(part)} in trainingInput, and {said(feature)} as an output: make them the same"
    if not any(part.name in (label, _target(model.neuralNetworkClassifier)) for part in others):
        yield f"trainingInput lacks the label: add {label}"


def _of_layer(layer: Any) -> Iterator[str]:
    kind = layer.WhichOneof("layer")
    if kind not in _MAY_LEARN:
        yield f"the layer {layer.name}, of the kind {kind}, can't be updatable: only {', '.join(_MAY_LEARN)} can"
    if kind not in ("innerProduct", "convolution"):
        return
    parameters = getattr(layer, kind)
    places = {"weights": parameters.weights} | ({"bias": parameters.bias} if parameters.hasBias else {})
    for name, place in places.items():
        if place.HasField("quantization"):
            yield f"the {name} of the layer {layer.name} are quantised, which can't learn: clear their quantization"
        if not place.isUpdatable:
            yield f"the {name} of the layer {layer.name} must be updatable too: set their isUpdatable"


def _of_loss(network: Any, loss: Any) -> Iterator[str]:
    kind = loss.WhichOneof("LossLayerType")
    if kind not in _LOSSES:
        yield f"the loss {loss.name} is of no kind: set {' or '.join(_LOSSES)}"
        return
    taken, target = getattr(loss, kind).input, getattr(loss, kind).target
    makers = {name: layer for layer in network.layers for name in layer.output}
    if taken not in makers:
        yield f"the loss takes {taken!r}, which no layer gives"
    elif kind == _LOSSES[0] and (made := makers[taken].WhichOneof("layer")) != "softmax":
        yield f"the loss takes the output of {makers[taken].name}, of the kind {made}: cross entropy takes a softmax's"
    if target in makers:
        yield f"the target of the loss, {target}, is given by the layer {makers[target].name}: rename it"


def _of_gradients(network: Any, loss: Any) -> Iterator[str]:
    """Core ML walks back from the loss breadth first: once it met a layer that gradients don't pass, nothing that it
    comes to later may be updatable, on another branch neither.
    """
    before, entropy = _before(network, loss), loss.WhichOneof("LossLayerType") == _LOSSES[0]
    barrier, seen, queue = "", set(), deque([loss.name])
    while queue:
        name = queue.popleft()
        for layer in before[name]:
            if layer.name in seen:
                continue
            seen.add(layer.name)
            queue.append(layer.name)
            if barrier and layer.isUpdatable:
                yield f"the layer {layer.name} can't learn: gradients don't pass {barrier}, between it and the loss"
                return
            exempt = entropy and name == loss.name and layer.WhichOneof("layer") == "softmax"
            if not exempt and not _passes(layer):
                barrier = layer.name


def _before(network: Any, loss: Any) -> dict[str, list[Any]]:
    makers: dict[str, Any] = {}
    before = {}
    for layer in network.layers:
        before[layer.name] = [makers[name] for name in layer.input if name in makers]
        makers |= dict.fromkeys(layer.output, layer)
    return before | {loss.name: [makers[getattr(loss, loss.WhichOneof("LossLayerType")).input]]}


def _passes(layer: Any) -> bool:
    kind = layer.WhichOneof("layer")
    return kind in _PASSED or (
        kind == "activation" and layer.activation.WhichOneof("NonlinearityType") in _PASSED_ACTIVATIONS
    )


def _of_optimizer(update: Any) -> Iterator[str]:
    kind = update.optimizer.WhichOneof("OptimizerType")
    if kind is None:
        yield "there is no optimizer: set sgdOptimizer or adamOptimizer"
    else:
        optimizer = getattr(update.optimizer, kind)
        for name in ("learningRate", *(("beta1", "beta2", "eps") if kind == "adamOptimizer" else ())):
            yield from _of_range(name, getattr(optimizer, name)) if optimizer.HasField(name) else _missing(name)
        named = optimizer.HasField("miniBatchSize")
        yield from _of_whole("miniBatchSize", optimizer.miniBatchSize) if named else _missing("miniBatchSize")
    yield from _of_whole("epochs", update.epochs) if update.HasField("epochs") else _missing("epochs")
    if update.HasField("seed"):
        yield from _of_range("seed", update.seed)


def _missing(name: str) -> Iterator[str]:
    yield f"{name} is missing: an updatable model has to say its default"


def _of_whole(name: str, parameter: Any) -> Iterator[str]:
    if parameter.defaultValue < 1:
        yield f"the default of {name} is {parameter.defaultValue}: the least is 1"
    elif parameter.HasField("range") and parameter.range.minValue < 1:
        yield f"{name} may be {parameter.range.minValue}: the least is 1"
    else:
        yield from _of_range(name, parameter)


def _of_range(name: str, parameter: Any) -> Iterator[str]:
    allowed, default = parameter.WhichOneof("AllowedValues"), parameter.defaultValue  # without any, all are
    if allowed == "range" and not parameter.range.minValue <= default <= parameter.range.maxValue:
        yield f"the default of {name}, {default}, lies outside {parameter.range.minValue} to {parameter.range.maxValue}"
    elif allowed == "set" and default not in parameter.set.values:
        yield f"the default of {name}, {default}, is none of {', '.join(map(str, parameter.set.values))}"


def _target(network: Any) -> str:
    losses = [getattr(loss, loss.WhichOneof("LossLayerType") or _LOSSES[0]) for loss in network.updateParams.lossLayers]
    return losses[0].target if losses else ""


def _unlike(describe: Any) -> str:
    for part in describe.trainingInput:
        for feature in describe.input:
            if part.name == feature.name:
                return f"{part.name} is {said(part)} in it, and {said(feature)} as an input"
    return f"add {', '.join(feature.name for feature in describe.input)}"
