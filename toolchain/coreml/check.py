"""Would Core ML take a model, and could this project use it? What is wrong with one, a sentence each.

Apple's validator runs on a Mac, and when a model is compiled. Its rules are told here of what this project writes:
classifiers, updatable or not, custom models, mlprograms and pipelines of them. Of other kinds only inputs, outputs,
version and isUpdatable are looked at. Source: coremltools' `mlmodel/src/Validation` and Model.cpp. The house rules
are stricter: Core ML would take what they refuse, and this project could not use it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coremltools.proto import Model_pb2
from google.protobuf.message import DecodeError

from toolchain.coreml import house_rules
from toolchain.coreml.check_features import described, said, same_type
from toolchain.coreml.check_network import of_labels, of_network, of_outputs
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


def judged(model: Model_pb2.Model) -> bool:
    """Is it of a kind whose inside is looked at too, or of inputs, outputs and version alone?"""
    return model.WhichOneof("Type") in ("neuralNetworkClassifier", "customModel", "mlProgram", *_PIPELINES)


def problems(model: Model_pb2.Model) -> list[str]:
    """What is wrong with a model, and with those in it, a sentence each; empty when nothing is."""
    kind = model.WhichOneof("Type")
    if kind is None:
        return ["the model is of no type: its file is empty, or cut short"]
    found = [*_of_any(model, kind), *described(model, kind)]
    if kind == "neuralNetworkClassifier":
        found += [*_of_classifier(model), *house_rules.of_classifiers(model)]
    elif kind == "customModel":
        found += _of_custom(model.customModel)
    elif kind == "mlProgram":
        found += house_rules.of_programs(model)
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
    yield from house_rules.of_pipelines(model, names, models)


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
