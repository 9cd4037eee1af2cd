"""Would Core ML run a neural network classifier? Its labels, inputs, layers, weights and outputs.

The rules are those of Core ML's validator: Validators.hpp on classifiers, NeuralNetworkValidator.cpp, and, of the
layers in `_COUNTS`, NeuralNetworkLayerValidator.cpp. Of other layers only the names that they take and give are looked
at, and of quantised weights not whether their numbers suffice.
"""

from collections.abc import Iterator
from typing import Any

from coremltools.proto import Model_pb2

from toolchain.coreml.check_features import rank, said
from toolchain.coreml.check_shapes import of_ranks, of_sizes

_COUNTS = {"innerProduct": 1, "convolution": 2, "softmax": 1, "softmaxND": 1}  # inputs at most; one output each
# Layers of iOS 12, which take every array as one of rank 5.
_OLD_LAYERS = (
    "convolution", "innerProduct", "batchnorm", "activation", "pooling", "padding", "concat", "lrn", "softmax",
    "split", "add", "multiply", "unary", "upsample", "bias", "l2normalize", "reshape", "flatten", "permute",
    "reduce", "loadConstant", "scale", "simpleRecurrent", "gru", "uniDirectionalLSTM", "biDirectionalLSTM", "crop",
    "average", "max", "min", "dot", "mvn", "embedding", "sequenceRepeat", "reorganizeData", "slice", "custom",
    "resizeBilinear", "cropResize",
)  # fmt: skip
_FORMS = {"floatValue": "FP32", "float16Value": "FP16", "rawValue": "quantised", "int8RawValue": "quantised"}


def of_labels(model: Model_pb2.Model) -> Iterator[str]:
    """What is wrong with the labels of a classifier, and with the outputs that tell them and their probabilities."""
    network, describe = model.neuralNetworkClassifier, model.description
    kind = network.WhichOneof("ClassLabels")
    if kind is None or not getattr(network, kind).vector:
        yield "there are no class labels: give stringClassLabels or int64ClassLabels"
    outputs = {feature.name: feature for feature in reversed(describe.output)}
    wanted = "int64Type" if kind == "int64ClassLabels" else "stringType"
    label, odds = describe.predictedFeatureName, describe.predictedProbabilitiesName
    if label not in outputs:
        yield f"predictedFeatureName is {label!r}: it must name the output that tells the label"
    elif outputs[label].type.WhichOneof("Type") != wanted:
        yield f"the output {label} is {said(outputs[label])}, and the labels are {wanted.removesuffix('Type')}"
    if odds and odds not in outputs:
        yield f"predictedProbabilitiesName is {odds!r}, which no output is called"
    elif odds and outputs[odds].type.WhichOneof("Type") not in ("dictionaryType", "multiArrayType"):
        yield f"the output {odds} is {said(outputs[odds])}: probabilities come as a dictionary or an array"


def of_network(model: Model_pb2.Model) -> Iterator[str]:
    """What is wrong with the inputs and layers of a classifier."""
    network, describe = model.neuralNetworkClassifier, model.description
    exact = bool(network.arrayInputShapeMapping or network.imageInputShapeMapping or _newer(network))
    yield from _of_mapping(describe, network)
    for feature in describe.input:
        yield from _of_input(feature, exact=exact)
    if not network.layers:
        yield "the network has no layer"
    faults = [fault for layer in network.layers for fault in _of_layer(layer)]
    faults += _of_order(describe, network)
    yield from faults
    if not faults:
        yield from of_ranks(describe, network) if exact else of_sizes(describe, network)


def of_outputs(model: Model_pb2.Model) -> Iterator[str]:
    """Which outputs of a classifier nothing gives."""
    network, describe = model.neuralNetworkClassifier, model.description
    given = {name for layer in network.layers for name in layer.output}
    if network.labelProbabilityLayerName and network.labelProbabilityLayerName not in given:
        yield f"labelProbabilityLayerName is {network.labelProbabilityLayerName!r}, which no layer gives"
    for feature in describe.output:
        if feature.name not in {*given, describe.predictedFeatureName, describe.predictedProbabilitiesName}:
            yield f"the output {feature.name} is neither given by a layer nor predicted: drop it, or name a layer's"


def precision(weights: Any) -> str:
    """`FP32`, `FP16` or `quantised`; `mixed` where there is more than one, and empty where there is none."""
    forms = [form for name, form in _FORMS.items() if getattr(weights, name)]
    if len(forms) > 1:
        return "mixed"
    return "" if not forms or (forms == ["quantised"] and not weights.HasField("quantization")) else forms[0]


def _newer(network: Any) -> list[Any]:
    return [layer for layer in network.layers if layer.WhichOneof("layer") and not _is_old(layer)]


def _is_old(layer: Any) -> bool:
    kind = layer.WhichOneof("layer")
    if kind == "convolution":
        return len(layer.input) == 1
    special = (
        layer.innerProduct.int8DynamicQuantize
        or (kind == "upsample" and (layer.upsample.linearUpsampleMode or layer.upsample.fractionalScalingFactor))
        or (kind == "reorganizeData" and layer.reorganizeData.mode == layer.reorganizeData.PIXEL_SHUFFLE)
    )
    return kind in _OLD_LAYERS and not special


def _of_mapping(describe: Any, network: Any) -> Iterator[str]:
    if network.arrayInputShapeMapping or not any(part.type.HasField("multiArrayType") for part in describe.input):
        return
    newer = _newer(network)
    if newer:
        name, kind = newer[0].name, newer[0].WhichOneof("layer")
        yield f"the layer {name}, of the kind {kind}, needs arrayInputShapeMapping EXACT_ARRAY_MAPPING"
    elif network.imageInputShapeMapping:
        yield "imageInputShapeMapping RANK4_IMAGE_MAPPING needs arrayInputShapeMapping EXACT_ARRAY_MAPPING"


def _of_input(feature: Any, *, exact: bool) -> Iterator[str]:
    kind = feature.type.WhichOneof("Type")
    if kind not in ("multiArrayType", "imageType", "stateType", None):
        yield f"the input {feature.name} is {said(feature)}: a network takes images and arrays"
    if kind != "multiArrayType":
        return
    array = feature.type.multiArrayType
    if not array.shape and not rank(array):
        return  # told where features are described
    if exact and not array.shape:
        yield f"the input {feature.name} needs a default shape"
    elif not exact and len(array.shape) not in (1, 3) and rank(array) not in (1, 3):
        yield f"the input {feature.name} is {said(feature)}: it may have 1 or 3 dimensions, or set EXACT_ARRAY_MAPPING"


def _of_layer(layer: Any) -> Iterator[str]:
    kind, name = layer.WhichOneof("layer"), layer.name
    if kind is None:
        yield f"the layer {name} is of no kind"
    if kind in _COUNTS:
        taken, given, most = len(layer.input), len(layer.output), _COUNTS[kind]
        if not 1 <= taken <= most or given != 1:
            yield f"the layer {name} takes {taken} inputs and gives {given}: {kind} takes {most} and gives 1"
    if kind == "innerProduct":
        inner = layer.innerProduct
        yield from _of_weights(layer, inner.inputChannels * inner.outputChannels, needed=False)
    elif kind == "convolution":
        yield from _of_convolution(layer)


def _of_convolution(layer: Any) -> Iterator[str]:
    parameters, name = layer.convolution, layer.name
    if parameters.WhichOneof("ConvolutionPaddingType") is None:
        yield f"the convolution {name} has no padding: set valid or same"
    if len(layer.input) == 2:  # its weights come in
        if parameters.isDeconvolution or max(parameters.dilationFactor, default=1) > 1:
            yield f"the convolution {name} takes its weights as an input: so it can't be dilated or a deconvolution"
        return
    height, width = [*parameters.kernelSize, 3, 3][:2]
    outputs = parameters.outputChannels // (max(parameters.nGroups, 1) if parameters.isDeconvolution else 1)
    yield from _of_weights(layer, parameters.kernelChannels * outputs * height * width, needed=True)


def _of_weights(layer: Any, wanted: int, *, needed: bool) -> Iterator[str]:
    parameters = getattr(layer, layer.WhichOneof("layer"))
    places = [("weights", parameters.weights, wanted)]
    if parameters.hasBias:
        places.append(("bias", parameters.bias, parameters.outputChannels))
    forms = [precision(place) for _, place, _ in places]
    if set(forms) == {"FP32", "FP16"}:
        yield f"the weights of the layer {layer.name} are {forms[0]}, and its bias {forms[1]}: make both the same"
    for (what, place, count), form in zip(places, forms, strict=True):
        found = len(place.floatValue) if form == "FP32" else len(place.float16Value) // 2
        if form == "mixed":
            yield f"the {what} of the layer {layer.name} are given in more than one precision: keep one"
        elif form in ("FP32", "FP16") and found != count:
            yield f"the layer {layer.name} has {found} values of {what}, not {count}"
        elif not form and needed:
            yield f"the layer {layer.name} has no {what}"


def _of_order(describe: Any, network: Any) -> Iterator[str]:
    there = {feature.name: "the model's input" for feature in describe.input}
    for layer in network.layers:
        for name in layer.input:
            if name not in there:
                yield f"the layer {layer.name} takes {name}, which nothing before it gives"
        for name in layer.output:
            if name in there and layer.WhichOneof("layer") != "copy":
                yield f"the layer {layer.name} gives {name}, which {there[name]} is already: rename one"
            there[name] = f"the output of {layer.name}"
