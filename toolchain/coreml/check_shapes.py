"""Do the shapes of a neural network's layers fit together? Ranks where arrays are taken as they are, else sizes.

The rules are those of Core ML's validator: NeuralNetworkValidator.cpp and NeuralNetworkLayerValidator.cpp on ranks,
NeuralNetworkShapes.cpp on sizes. Layers that this project doesn't write are taken to give any size.
"""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from toolchain.coreml.check_features import said

_RANKS = {"innerProduct": (1, 5), "convolution": (4, inf), "softmax": (3, inf)}
_KEEP_SIZES = (
    "activation", "batchnorm", "mvn", "l2normalize", "softmax", "lrn", "unary", "scale", "bias", "max", "min",
)  # fmt: skip

_Sizes = Sequence[tuple[float, float]]  # of channels, height and width: least and most
_ANY, _ONE = (0, inf), (1, 1)


def of_ranks(describe: Any, network: Any) -> Iterator[str]:
    """Where a layer's ranks disagree with another's or with the model's inputs and outputs."""
    ranks = _known_ranks(describe, network)
    for layer in network.layers:
        for names, tensors in ((layer.input, layer.inputTensor), (layer.output, layer.outputTensor)):
            if tensors and len(tensors) != len(names):
                yield f"the layer {layer.name} describes {len(tensors)} tensors, and names {len(names)}"
                return
            for name, tensor in zip(names, tensors, strict=False):
                if tensor.dimValue and tensor.rank != len(tensor.dimValue):
                    yield f"the layer {layer.name} says rank {tensor.rank} of {name}, and {len(tensor.dimValue)} sizes"
                if ranks.setdefault(name, tensor.rank) != tensor.rank:
                    yield f"the layer {layer.name} says rank {tensor.rank} of {name}, which has rank {ranks[name]}"
        yield from _of_layer(layer, ranks)


def of_sizes(describe: Any, network: Any) -> Iterator[str]:
    """Where a layer takes or gives another size than what it is joined with has."""
    sizes: dict[str, _Sizes] = {feature.name: _sizes(feature.type) for feature in describe.input}
    for layer in network.layers:
        taken = sizes[layer.input[0]] if layer.input else [_ANY] * 3
        wanted = _wanted(layer)
        if not _fit(wanted, taken):
            theirs = f"{layer.input[0]} has {_text(taken)}"
            yield f"the layer {layer.name} takes size {wanted[0]}, and {theirs}: make them equal"
        sizes |= dict.fromkeys(layer.output, _given(layer, taken))
    for feature in describe.output:
        shape = feature.type.multiArrayType.shape
        found = sizes.get(feature.name)
        predicted = feature.name in (describe.predictedFeatureName, describe.predictedProbabilitiesName)
        if found and not predicted and len(shape) in (1, 3) and not _fit([*shape, 1, 1][:3], found):
            yield f"the output {feature.name} is {said(feature)}, and its layer gives {_text(found)}: make them equal"


def _known_ranks(describe: Any, network: Any) -> dict[str, int]:
    ranks = {}
    for feature in describe.input:
        image = 4 if network.imageInputShapeMapping else 5
        array = len(feature.type.multiArrayType.shape) if network.arrayInputShapeMapping else 5
        ranks[feature.name] = image if feature.type.HasField("imageType") else array
    shapes = {feature.name: feature.type.multiArrayType.shape for feature in describe.output}
    return ranks | {name: len(shape) for name, shape in shapes.items() if shape}


def _of_layer(layer: Any, ranks: dict[str, int]) -> Iterator[str]:
    kind = layer.WhichOneof("layer")
    if kind not in _RANKS:
        return
    least, most = _RANKS[kind]
    found = [ranks[name] for name in (layer.input[0], layer.output[0]) if name in ranks]
    if len(set(found)) > 1:
        yield f"the layer {layer.name} takes rank {found[0]} and gives {found[1]}: {kind} keeps the rank"
    elif found and not least <= found[0] <= most:
        yield f"the layer {layer.name} takes rank {found[0]}: {kind} takes {least} to {most if most < inf else 'any'}"


def _wanted(layer: Any) -> list[int]:
    match layer.WhichOneof("layer"):
        case "innerProduct":
            return [layer.innerProduct.inputChannels, 1, 1]
        case "convolution":
            groups = 1 if layer.convolution.isDeconvolution else max(layer.convolution.nGroups, 1)
            return [layer.convolution.kernelChannels * groups]
    return []


def _given(layer: Any, taken: _Sizes) -> _Sizes:
    kind = layer.WhichOneof("layer")
    if kind in ("innerProduct", "convolution"):
        outputs = getattr(layer, kind).outputChannels
        return [(outputs, outputs), *([_ONE] * 2 if kind == "innerProduct" else [_ANY] * 2)]
    return taken if kind in _KEEP_SIZES else [_ANY] * 3


def _sizes(kind: Any) -> _Sizes:
    """Of an input of the network; any, where it is no array."""
    array = kind.multiArrayType
    match array.WhichOneof("ShapeFlexibility"):
        case "enumeratedShapes":
            shapes = [list(shape.shape) for shape in array.enumeratedShapes.shapes]
            deepest = range(max(map(len, shapes), default=0))
            found = [[shape[axis] for shape in shapes if axis < len(shape)] for axis in deepest]
            sizes: list[tuple[float, float]] = [(min(values), max(values)) for values in found]
        case "shapeRange":
            bounds = [(size.lowerBound, size.upperBound) for size in array.shapeRange.sizeRanges]
            sizes = [(lower, upper if upper >= 0 else inf) for lower, upper in bounds]
        case _:
            sizes = [(size, size) for size in array.shape]
            sizes += [_ONE] * 2 if len(sizes) == 1 else []
    return [*sizes, _ANY, _ANY, _ANY][:3]


def _fit(wanted: Sequence[int], found: _Sizes) -> bool:
    return all(least <= size <= most for size, (least, most) in zip(wanted, found, strict=False))


def _text(sizes: _Sizes) -> str:
    known = [size for size in sizes if size != _ANY]
    return "x".join(str(least) if least == most else f"{least}..{most if most < inf else ''}" for least, most in known)
