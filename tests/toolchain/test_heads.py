"""The training artifacts of a head."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from torch import nn

from toolchain.heads import write_artifacts


def test_the_training_graph_computes_the_loss_that_it_says(tmp_path: Path) -> None:
    head = nn.Linear(8, 3)
    write_artifacts(head, tmp_path)
    generator = np.random.default_rng(0)
    features = generator.normal(size=(5, 8)).astype(np.float32)
    targets = generator.dirichlet(np.ones(3), 5).astype(np.float32)
    weights = generator.random(5).astype(np.float32)
    graph = onnx.load(str(tmp_path / "eval_model.onnx"))
    names = [value.name for value in graph.graph.input]
    assert names[:3] == ["features", "targets", "weights"]
    feed = {"features": features, "targets": targets, "weights": weights}
    parameters = {"head.weight": head.weight.detach().numpy(), "head.bias": head.bias.detach().numpy()}
    feed |= {name: parameters[name] for name in names[3:]}
    loss = onnxruntime.InferenceSession(graph.SerializeToString()).run([graph.graph.output[0].name], feed)[0]
    logits = features @ parameters["head.weight"].T + parameters["head.bias"]
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert float(loss) == pytest.approx(float(-(weights * (targets * log_softmax).sum(1)).sum()), abs=1e-5)


def test_the_optimizer_is_adam_with_the_eps_of_core_ml(tmp_path: Path) -> None:
    write_artifacts(nn.Linear(4, 3), tmp_path)
    graph = onnx.load(str(tmp_path / "optimizer_model.onnx"))
    functions = [node for function in graph.functions for node in function.node]
    found = {
        attribute.name: attribute.f
        for node in [*graph.graph.node, *functions]
        if node.op_type == "AdamWOptimizer"
        for attribute in node.attribute
    }
    assert found["epsilon"] == pytest.approx(1e-8)
    assert found["weight_decay"] == 0
