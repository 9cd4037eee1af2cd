"""Quantisation-aware training: what is trained is what ONNX Runtime computes of the int8 graph."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.tiny_checkpoint import write_bert, write_mobilebert
from tests.support.tiny_encoder import LONGEST, batch_features, graph_features, lively_model, token_rows
from toolchain.checkpoint import resize
from toolchain.examples import Example
from toolchain.export import export_encoder
from toolchain.finetune import FinetuneSettings, finetune
from toolchain.model import MultiTaskModel, load_model, pad, save_model
from toolchain.qat import prepare, strip
from toolchain.quantize import QuantizeSettings, quantize_encoder
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer
from toolchain.training import Schedule

KINDS: Mapping[str, tuple[Callable[..., None], dict[str, object]]] = {
    "bert": (write_bert, {}),
    "mobilebert": (write_mobilebert, {}),
    "mobilebert with deeper blocks and its own norm": (
        write_mobilebert, {"normalization_type": "no_norm", "num_feedforward_networks": 3},
    ),
    "mobilebert without trigrams": (write_mobilebert, {"trigram_input": False}),
    "mobilebert without trigrams or their layer": (write_mobilebert, {"trigram_input": False, "embedding_size": 32}),
}  # fmt: skip


def int8_features(model: MultiTaskModel, folder: Path, rows: list[list[int]]) -> np.ndarray:
    export_encoder(model, folder / "fp32.onnx")
    size = model.encoder.config.vocab_size
    quantize_encoder(folder / "fp32.onnx", folder / "int8.onnx", QuantizeSettings(), rows, size, LONGEST)
    return graph_features(folder / "int8.onnx", rows)


def assert_near(model: MultiTaskModel, plain: np.ndarray, int8: np.ndarray, rows: list[list[int]]) -> None:
    """The prepared model is nearer to the int8 graph than the plain one, by far."""
    lost = np.linalg.norm(plain - int8, axis=1)
    left = np.linalg.norm(batch_features(model, rows) - int8, axis=1)
    assert lost.min() > 1e-3
    assert np.median(left / lost) < 0.001  # Most texts: nothing was rounded to the other side.
    assert np.linalg.norm(left) < 0.1 * np.linalg.norm(lost)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prepared_model_gives_in_a_padded_batch_what_the_int8_graph_gives_of_each_text_alone(
    kind: str, tmp_path: Path
) -> None:
    write, changes = KINDS[kind]
    model = lively_model(tmp_path / "checkpoint", write, **changes)
    rows = token_rows(model)
    int8 = int8_features(model, tmp_path, rows)
    plain = np.concatenate([batch_features(model, [row]) for row in rows])
    prepare(model)
    assert_near(model, plain, int8, rows)


def test_a_pruned_model_is_prepared_too(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_bert)
    resize(model.encoder, {"encoder.layer.1.intermediate.dense": [7, 24], "encoder.layer.1.output.dense": [24, 7]})
    rows = token_rows(model)
    int8 = int8_features(model, tmp_path, rows)
    plain = np.concatenate([batch_features(model, [row]) for row in rows])
    prepare(model)
    assert_near(model, plain, int8, rows)


def test_a_channel_and_a_table_of_zeros_stay_zeros(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_bert)
    with torch.no_grad():
        model.encoder.encoder.layer[0].intermediate.dense.weight[3] = 0
        model.encoder.embeddings.token_type_embeddings.weight.zero_()
    rows = token_rows(model)
    int8 = int8_features(model, tmp_path, rows)
    prepare(model)
    assert np.abs(batch_features(model, rows) - int8).max() < 0.05


def test_stripping_gives_the_plain_model_back(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_mobilebert)
    rows, names, kinds = token_rows(model), list(model.state_dict()), [type(part) for part in model.modules()]
    before, parameters = batch_features(model, rows), list(map(id, model.parameters()))
    strip(model)
    prepare(model)
    prepare(model)
    assert list(model.state_dict()) == names
    assert list(map(id, model.parameters())) == parameters  # An optimizer that was made before still trains them.
    assert not np.allclose(batch_features(model, rows), before, atol=1e-3)
    strip(model)
    assert [type(part) for part in model.modules()] == kinds
    assert not model.encoder._forward_pre_hooks
    np.testing.assert_array_equal(batch_features(model, rows), before)


def test_a_copy_of_a_prepared_model_looks_at_its_own_batch_and_is_stripped_by_itself(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_bert)
    rows = token_rows(model)
    prepare(model)
    expected = batch_features(model, rows)
    twin = copy.deepcopy(model)
    batch_features(model, rows[:2])
    np.testing.assert_array_equal(batch_features(twin, rows), expected)
    strip(twin)
    np.testing.assert_array_equal(batch_features(model, rows), expected)


def test_gradients_go_straight_through_to_every_float_weight(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_bert)
    rows = token_rows(model)
    target = torch.linspace(-1, 1, model.encoder.config.hidden_size)

    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        ((model(*pad(rows)).features - target) ** 2).mean().backward()
        return {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}

    plain = gradients()
    prepare(model)
    rounded = gradients()
    assert rounded.keys() == plain.keys()
    for name, gradient in plain.items():
        if ".key.bias" not in name:  # Softmax takes no notice of it: its gradient is 0 but for rounding.
            assert nn.functional.cosine_similarity(rounded[name].flatten(), gradient.flatten(), dim=0) > 0.9, name


def test_mixed_precision_computes_nearly_the_same(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_mobilebert)
    rows = token_rows(model)
    prepare(model)
    exact = batch_features(model, rows)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = batch_features(model, rows)
    assert np.linalg.norm(rounded - exact) < 0.03 * np.linalg.norm(exact)


def test_what_is_trained_prepared_is_what_devices_run(tmp_path: Path) -> None:
    model = lively_model(tmp_path / "checkpoint", write_mobilebert)
    model = MultiTaskModel(model.encoder, {"digits": Task(labels=("none", "some"))})
    tokenizer = load_tokenizer(str(tmp_path / "checkpoint"), LONGEST)
    examples = [
        Example("".join(letters), "made up", {"digits": int(any(letter.isdigit() for letter in letters))})
        for letters in np.random.default_rng(0).choice(list("abcde12"), (64, 6))
    ]
    before = {name: value.clone() for name, value in model.named_parameters()}
    losses: list[float] = []
    schedule = Schedule(peak=3e-3, warm_up=2, averaging=0.9)
    settings = FinetuneSettings(epochs=3, rows=16, max_length=LONGEST, schedule=schedule)

    def report(_done: int, _total: int, note: str) -> None:
        losses.append(float(note.removeprefix("loss ")))

    prepare(model)
    model = finetune(model, tokenizer, examples, settings, tmp_path / "work", report)
    assert losses[-1] < losses[0]
    trained = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {name for name in before if name.endswith("weight")} <= trained
    rows = [tokenizer.encode(example.text).ids for example in examples[:20]]
    prepared = batch_features(model, rows)
    strip(model)
    plain = np.concatenate([batch_features(model, [row]) for row in rows])
    save_model(tmp_path / "model", model, tokenizer)
    int8 = int8_features(load_model(tmp_path / "model")[0], tmp_path, rows)
    assert np.linalg.norm(prepared - int8) < 0.2 * np.linalg.norm(plain - int8)
