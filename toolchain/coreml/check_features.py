"""What goes into a Core ML model and comes out of it: is it described well, and are two descriptions of one type?

The rules are those of Core ML's validator: InterfaceValidators.cpp and Validators.hpp on descriptions, Comparison.cpp
on types. Strings, numbers, dictionaries and arrays are looked at, and of images, sequences and states the type alone.
"""

from collections.abc import Iterator
from typing import Any

from coremltools.proto import FeatureTypes_pb2, Model_pb2

_FLEXIBLE, _DEFAULT_VALUES, _NO_INPUT, _FUNCTIONS = 3, 5, 9, 9  # the versions that these begin with
_NETWORKS = ("neuralNetwork", "neuralNetworkRegressor", "neuralNetworkClassifier")
_MAY_LACK_INPUTS = (*_NETWORKS, "mlProgram", "pipeline", "pipelineClassifier", "pipelineRegressor")
_MAY_HAVE_DEFAULTS = (*_NETWORKS, "mlProgram", "serializedModel")
_FIRST_VERSIONS = {"DOUBLE": 0, "FLOAT32": 0, "INT32": 0, "FLOAT16": 7, "INT8": 10}
_DEFAULTS = {"doubleDefaultValue": ("DOUBLE",), "floatDefaultValue": ("FLOAT32", "FLOAT16"),
             "intDefaultValue": ("INT32",)}  # fmt: skip


def described(model: Model_pb2.Model, kind: str) -> Iterator[str]:
    """What is wrong with the inputs and outputs of a model of any kind."""
    describe, version = model.description, model.specificationVersion
    if describe.functions or describe.defaultFunctionName:
        yield from _of_functions(describe, version, kind)
    else:
        yield from _of_interface(describe, version, kind)
    yield from _of_optional(describe, version, kind)


def same_type(one: Model_pb2.FeatureDescription, other: Model_pb2.FeatureDescription) -> bool:
    """Whether one may stand for the other: arrays of one kind and shape, or of one rank where a shape is flexible."""
    kind = one.type.WhichOneof("Type")
    if kind is None or kind != other.type.WhichOneof("Type"):
        return bool(kind == other.type.WhichOneof("Type"))
    mine, theirs = getattr(one.type, kind), getattr(other.type, kind)
    match kind:
        case "multiArrayType":
            return _same_array(mine, theirs)
        case "stateType":
            return _same_array(mine.arrayType, theirs.arrayType)
        case "dictionaryType":
            return bool(mine.WhichOneof("KeyType") == theirs.WhichOneof("KeyType"))
        case "sequenceType":
            return bool(mine.WhichOneof("Type") == theirs.WhichOneof("Type"))
        case "imageType":
            return all(getattr(mine, name) == getattr(theirs, name) for name in ("width", "height", "colorSpace"))
    return True


def same(one: Model_pb2.FeatureDescription, other: Model_pb2.FeatureDescription) -> bool:
    """Whether they are of one name too."""
    return bool(one.name == other.name) and same_type(one, other)


def said(feature: Model_pb2.FeatureDescription) -> str:
    """A feature's type in a few words: `FLOAT32 [312]`, `INT32 [1, 1..24]`, `dictionary by string`."""
    kind = feature.type.WhichOneof("Type") or "of no type"
    name = str(kind.removesuffix("Type"))
    if kind == "dictionaryType":
        key = feature.type.dictionaryType.WhichOneof("KeyType") or "no type of key"
        return f"{name} by {key.removesuffix('KeyType')}"
    if kind != "multiArrayType":
        return name
    array = feature.type.multiArrayType
    return f"{_number(array)} {_shape(array)}"


def rank(array: FeatureTypes_pb2.ArrayFeatureType) -> int:
    """The number of dimensions, which what is flexible tells before the default shape does."""
    match array.WhichOneof("ShapeFlexibility"):
        case "enumeratedShapes":
            shapes = array.enumeratedShapes.shapes
            return len(shapes[0].shape) if shapes else 0
        case "shapeRange":
            return len(array.shapeRange.sizeRanges)
    return len(array.shape)


def _of_functions(describe: Any, version: int, kind: str) -> Iterator[str]:
    if kind != "mlProgram":
        yield f"a model of the kind {kind} can't have functions: only an mlProgram can"
    elif version < _FUNCTIONS:
        yield f"functions begin with version {_FUNCTIONS}, and this model is of {version}"
    names = ("input", "output", "state", "trainingInput", "predictedFeatureName", "predictedProbabilitiesName")
    for name in names:
        if getattr(describe, name):
            yield f"a model with functions describes its features in them: clear its own {name}"
    for function in describe.functions:
        yield from _of_interface(function, version, kind)
    if describe.defaultFunctionName not in [function.name for function in describe.functions]:
        yield f"the default function, {describe.defaultFunctionName!r}, is none of the model's functions"


def _of_interface(describe: Any, version: int, kind: str) -> Iterator[str]:
    if not describe.input:
        if kind not in _MAY_LACK_INPUTS:
            yield "there is no input: describe one at least"
        elif version < _NO_INPUT:
            yield f"there is no input: describe one, or raise the version {version} to {_NO_INPUT}, which needs none"
    if not describe.output:
        yield "there is no output: describe one at least"
    for feature in describe.input:
        yield from _of_feature(feature, version, is_input=True)
    for feature in describe.output:
        yield from _of_feature(feature, version, is_input=False)


def _of_feature(feature: Any, version: int, *, is_input: bool) -> Iterator[str]:
    place = "input" if is_input else "output"
    kind = feature.type.WhichOneof("Type")
    if not feature.name:
        yield f"an {place} has no name: name it"
    if kind is None:
        yield f"the {place} {feature.name} is of no type: set one"
    elif kind == "dictionaryType" and feature.type.dictionaryType.WhichOneof("KeyType") is None:
        yield f"the dictionary {feature.name} has no type of key: set string or int64"
    elif kind == "multiArrayType":
        array = feature.type.multiArrayType
        if version >= _FLEXIBLE:
            yield from _of_flexibility(feature.name, array)
        flexible = version >= _FLEXIBLE and array.WhichOneof("ShapeFlexibility")
        if is_input and not array.shape and not flexible:
            yield f"the input {feature.name} has no shape: give it one, or the shapes that it may have"
        yield from _of_array(feature.name, array, version)


def _of_flexibility(name: str, array: Any) -> Iterator[str]:
    default, kind = list(array.shape), array.WhichOneof("ShapeFlexibility")
    if kind == "enumeratedShapes":
        shapes = [list(shape.shape) for shape in array.enumeratedShapes.shapes]
        if not all(shapes) or not shapes:
            yield f"{name} enumerates no shape, or one without dimensions: list the shapes that it may have"
        elif default and default not in shapes:
            yield f"the default shape of {name}, {default}, is none of {', '.join(map(str, shapes))}"
    elif kind == "shapeRange":
        ranges = [(size.lowerBound, size.upperBound) for size in array.shapeRange.sizeRanges]
        if any(0 < upper < lower for lower, upper in ranges):
            yield f"a size of {name} ends before it begins, in {_shape(array)}: swap its bounds"
        elif default and len(default) != len(ranges):
            yield f"the default shape of {name} has {len(default)} dimensions, and its range {len(ranges)}"
        elif any(size < lower or 0 <= upper < size for size, (lower, upper) in zip(default, ranges, strict=False)):
            yield f"the default shape of {name}, {default}, lies outside {_shape(array)}"


def _of_array(name: str, array: Any, version: int) -> Iterator[str]:
    if any(size < 0 for size in array.shape):
        yield f"the shape of {name}, {list(array.shape)}, has a negative size"
    number = _number(array)
    first = _FIRST_VERSIONS.get(number)
    if first is None:
        yield f"the array {name} says no kind of number: set FLOAT32, DOUBLE or INT32"
    elif version < first:
        yield f"the array {name} is {number}, which begins with version {first}, and this model is of {version}"
    default = array.WhichOneof("defaultOptionalValue")
    if default and first is not None and number not in _DEFAULTS[default]:
        yield f"the array {name} is {number}, and its {default} is of another kind"


def _of_optional(describe: Any, version: int, kind: str) -> Iterator[str]:
    for feature in describe.output:
        if feature.type.isOptional:
            yield f"the output {feature.name} is optional: an output can't be"
    optional = [feature for feature in describe.input if feature.type.isOptional]
    if kind == "customModel":
        for feature in optional:
            yield f"the input {feature.name} is optional: that of a custom model can't be"
    elif kind in (*_NETWORKS, "mlProgram") and optional and len(optional) == len(describe.input):
        yield "every input is optional: one at least must not be"
    for feature in optional:
        if feature.type.multiArrayType.WhichOneof("defaultOptionalValue"):
            if kind not in _MAY_HAVE_DEFAULTS:
                yield f"the input {feature.name} has a default value: only a network's or an mlProgram's can"
            elif version < _DEFAULT_VALUES:
                yield f"the default value of {feature.name} needs version {_DEFAULT_VALUES}, and this is {version}"


def _same_array(mine: Any, theirs: Any) -> bool:
    if mine.dataType != theirs.dataType or rank(mine) != rank(theirs):
        return False
    flexible = mine.WhichOneof("ShapeFlexibility") or theirs.WhichOneof("ShapeFlexibility")
    return bool(flexible) or list(mine.shape) == list(theirs.shape)


def _number(array: Any) -> str:
    kinds = FeatureTypes_pb2.ArrayFeatureType.ArrayDataType
    return str(kinds.Name(array.dataType)) if array.dataType in kinds.values() else str(array.dataType)


def _shape(array: Any) -> str:
    match array.WhichOneof("ShapeFlexibility"):
        case "enumeratedShapes":
            return " or ".join(str(list(shape.shape)) for shape in array.enumeratedShapes.shapes)
        case "shapeRange":
            sizes = [(size.lowerBound, size.upperBound) for size in array.shapeRange.sizeRanges]
            texts = (str(low) if low == high else f"{low}..{high if high >= 0 else ''}" for low, high in sizes)
            return f"[{', '.join(texts)}]"
    return str(list(array.shape))
