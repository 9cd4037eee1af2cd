"""The rules for updatable Core ML models: what is valid passes, and each way to break it is told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coremltools.proto import FeatureTypes_pb2, Model_pb2

from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.signing import load_trusted_keys
from tests.support.tiny_bundle import TinyBundle
from tests.toolchain.test_cli import toolchain
from toolchain.coreml.check import problems, read_model
from toolchain.coreml.export import export_coreml
from toolchain.coreml.head import head_model
from toolchain.errors import ExportError

DOUBLE = FeatureTypes_pb2.ArrayFeatureType.DOUBLE
Break = Callable[[Any], object]


@pytest.fixture(scope="module")
def exported(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle for Core ML."""
    out = tmp_path_factory.mktemp("coreml") / "out"
    export_coreml(Bundle.open(bundle.path, load_trusted_keys([bundle.public_key])), out, "fp32", lambda _: None)
    return out


def network(model: Any) -> Any:
    return model.neuralNetworkClassifier


def dense(model: Any) -> Any:
    return network(model).layers[0]


def adam(model: Any) -> Any:
    return network(model).updateParams.optimizer.adamOptimizer


def parts(model: Any) -> Any:
    return model.pipelineClassifier.pipeline.models


def softmax_nd(model: Any) -> None:
    network(model).layers[1].ClearField("softmax")
    network(model).layers[1].softmaxND.axis = -1


def half(model: Any) -> None:
    dense(model).innerProduct.weights.float16Value = b"00"
    del dense(model).innerProduct.weights.floatValue[:]


def squared(model: Any) -> None:
    network(model).updateParams.lossLayers[0].meanSquaredErrorLossLayer.input = "probabilities"


def batches(model: Any) -> None:
    adam(model).miniBatchSize.set.values.extend([63, 64])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda model: setattr(model, "specificationVersion", 3), "version is 3: updatable models begin with 4"),
        (lambda model: setattr(dense(model), "isUpdatable", False), "no layer is updatable"),
        (lambda model: setattr(network(model).layers[1], "isUpdatable", True), "of the kind softmax, which can't be"),
        (lambda model: setattr(dense(model).innerProduct.weights, "isUpdatable", False), "weights of the layer head"),
        (lambda model: setattr(dense(model).innerProduct.bias, "isUpdatable", False), "bias of the layer head must"),
        (half, "weights of the layer head must be FP32"),
        (lambda model: dense(model).innerProduct.weights.floatValue.append(1), "weights, not"),
        (lambda model: network(model).ClearField("updateParams"), "there are no updateParams"),
        (lambda model: network(model).updateParams.lossLayers.add(), "there are 2 loss layers"),
        (lambda model: network(model).updateParams.ClearField("lossLayers"), "there are 0 loss layers"),
        (squared, "the loss is meanSquaredErrorLossLayer"),
        (softmax_nd, "of the kind softmaxND: it must be that of a softmax layer"),
        (lambda model: network(model).layers[1].output.pop(), "which no layer gives"),
        (lambda model: network(model).updateParams.ClearField("optimizer"), "there is no optimizer"),
        (lambda model: adam(model).ClearField("learningRate"), "learningRate is missing"),
        (lambda model: adam(model).ClearField("miniBatchSize"), "miniBatchSize is missing"),
        (lambda model: network(model).updateParams.ClearField("epochs"), "epochs is missing"),
        (lambda model: setattr(adam(model).learningRate, "defaultValue", 7), "learningRate, 7.0, lies outside"),
        (batches, r"default of miniBatchSize, \d+, is none of 63, 64"),
        (lambda model: adam(model).learningRate.ClearField("range"), "learningRate has neither a range nor a set"),
        (lambda model: setattr(network(model).updateParams.epochs.range, "minValue", 0), "epochs may be 0"),
        (lambda model: model.description.trainingInput.pop(), "trainingInput lacks label"),
        (lambda model: model.description.trainingInput.pop(0), "trainingInput lacks features"),
        (lambda model: setattr(model.description.trainingInput[0].type.multiArrayType, "dataType", DOUBLE),
         "features is DOUBLE .* in trainingInput, and FLOAT32"),
        (lambda model: setattr(model.description, "predictedFeatureName", ""), "predictedFeatureName is missing"),
        (lambda model: network(model).stringClassLabels.vector.pop(), "outputs for 2 class labels"),
        (lambda model: network(model).stringClassLabels.vector.append("负面"), "class labels must"),
    ],
)  # fmt: skip
def test_a_broken_head_is_told_from_a_valid_one(exported: Path, broken: Break, said: str) -> None:
    model = read_model(exported / "Head-sentiment.mlmodel")
    assert problems(model) == []
    broken(model)
    assert any_match(said, problems(model)), problems(model)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda model: setattr(model, "specificationVersion", 5), "is of version 5, and a model in it of 7"),
        (lambda model: setattr(model, "isUpdatable", False), "head is updatable, and the pipeline is not"),
        (lambda model: setattr(parts(model)[1], "isUpdatable", True), "base is updatable: only the last model"),
        (lambda model: setattr(parts(model)[2], "isUpdatable", False), "its last model, head, is not"),
        (lambda model: model.pipelineClassifier.pipeline.names.pop(), "3 models need as many names"),
        (lambda model: parts(model).pop(0), "takes input_ids, which nothing before it gives"),
        (lambda model: setattr(parts(model)[1].description.output[0].type.multiArrayType, "dataType", DOUBLE),
         "base gives features as DOUBLE"),
        (lambda model: parts(model)[1].description.output[0].type.multiArrayType.shape.insert(0, 1), "make both"),
        (lambda model: model.description.trainingInput.pop(0), "trainingInput lacks text"),
        (lambda model: model.description.output.add(name="mood"), "promises mood, which no model in it gives"),
        (lambda model: adam(parts(model)[2]).ClearField("learningRate"), "head: learningRate is missing"),
        (lambda model: model.pipelineClassifier.pipeline.ClearField("models"), "holds no model"),
    ],
)  # fmt: skip
def test_a_broken_pipeline_is_told_from_a_valid_one(exported: Path, broken: Break, said: str) -> None:
    model = read_model(exported / "Attune-sentiment.mlpackage")
    assert problems(model) == []
    broken(model)
    assert any_match(said, problems(model)), problems(model)


def any_match(said: str, found: list[str]) -> bool:
    return any(re.search(said, problem) for problem in found)


def test_an_updatable_mlprogram_is_no_model_of_core_ml(exported: Path) -> None:
    model = read_model(exported / "Base.mlpackage")
    assert problems(model) == []
    model.isUpdatable = True
    assert "an mlprogram can't be updatable" in problems(model)[0]
    assert problems(Model_pb2.Model()) == ["the model is of no type: its file is empty, or cut short"]


def test_a_head_that_does_not_learn_needs_none_of_it() -> None:
    head = HeadParameters(np.zeros((2, 4), np.float32), np.zeros(2, np.float32))
    assert problems(head_model(head, ["a", "b"], None, "a test")) == []


def test_the_command_says_valid_or_why_not(exported: Path, tmp_path: Path) -> None:
    fine = toolchain("check", exported / "Attune-sentiment.mlpackage")
    assert (fine.returncode, fine.stdout.strip().endswith(": valid")) == (0, True), fine.stderr
    model = read_model(exported / "Head-sentiment.mlmodel")
    model.neuralNetworkClassifier.updateParams.ClearField("epochs")
    (tmp_path / "odd.mlmodel").write_bytes(model.SerializeToString())
    odd = toolchain("check", tmp_path / "odd.mlmodel")
    assert odd.returncode == 1
    assert odd.stderr.strip() == "epochs is missing: an updatable model must say its default and what is allowed"
    with pytest.raises(ExportError, match="can't be read"):
        read_model(tmp_path / "none.mlpackage")
