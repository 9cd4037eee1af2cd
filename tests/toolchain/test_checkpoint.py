"""Checkpoints: both architectures, vocabularies of both forms, pruned shapes, and what is refused."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tests.support.tiny_bundle import CHARACTERS, TinyBundle
from tests.support.tiny_checkpoint import write_bert
from tests.toolchain.conftest import load
from toolchain.checkpoint import extend_positions, load_encoder, load_masked_lm
from toolchain.checkpoint_files import checkpoint_hashes
from toolchain.errors import CheckpointError, ExportError
from toolchain.export import export_encoder
from toolchain.model import MultiTaskModel, load_model, pad, save_model
from toolchain.tasks import Task
from toolchain.tokenizer import framed, load_tokenizer
from toolchain.vocabulary import VocabularySettings, learn_vocabulary, prune_vocabulary


@pytest.mark.parametrize("name", ["./nowhere", "../models/nowhere", "models/small/nowhere", "~/nowhere"])
def test_a_path_that_is_not_there_is_looked_for_on_no_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.checkpoint_files.cached_file", None)
    with pytest.raises(CheckpointError, match="is no finished stage and no directory"):
        checkpoint_hashes(name)


@pytest.mark.parametrize("kind", ["bert", "mobilebert"])
def test_both_architectures_are_exported_and_answer_as_before(
    kind: str, request: pytest.FixtureRequest, tasks: Mapping[str, Task], tmp_path: Path
) -> None:
    model, _ = load(request.getfixturevalue(kind), tasks)
    assert export_encoder(model, tmp_path / "encoder.onnx") < 1e-3


def test_an_export_that_does_not_answer_as_the_model_is_refused(
    mobilebert: Path, tasks: Mapping[str, Task], tmp_path: Path
) -> None:
    model, _ = load(mobilebert, tasks)
    with torch.no_grad():
        model.encoder.embeddings.word_embeddings.weight.fill_(float("nan"))
    with pytest.raises(ExportError):
        export_encoder(model, tmp_path / "bad.onnx")


def test_a_checkpoint_with_vocab_txt_alone_reads_text_as_one_with_tokenizer_json(bert: Path, tmp_path: Path) -> None:
    write_bert(tmp_path, CHARACTERS)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)), "utf-8")
    text = "这家店的服务真不错，OK！"
    assert load_tokenizer(str(tmp_path), 24).encode(text).ids == load_tokenizer(str(bert), 24).encode(text).ids


def test_what_is_no_usable_checkpoint_is_refused_with_the_reason(mobilebert: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(CheckpointError, match="type gpt2; allowed are bert and mobilebert"):
        load_encoder(str(tmp_path))
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        load_encoder(str(tmp_path.parent))
    (tmp_path / "config.json").write_text((mobilebert / "config.json").read_text())
    with pytest.raises(CheckpointError, match="has no vocabulary"):
        load_tokenizer(str(tmp_path), 24)
    (tmp_path / "model.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match=r"weights of .* can't be loaded"):
        load_encoder(str(tmp_path))
    with pytest.raises(CheckpointError, match="no model with heads: fine-tune it first"):
        load_model(mobilebert)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(mobilebert: Path, tmp_path: Path) -> None:
    config = json.loads((mobilebert / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "vocab_size": 9}))
    (tmp_path / "tokenizer.json").write_text((mobilebert / "tokenizer.json").read_text("utf-8"), "utf-8")
    with pytest.raises(CheckpointError, match="more than its model"):
        load_tokenizer(str(tmp_path), 24)


def test_new_positions_begin_as_the_old_ones_and_short_texts_answer_as_before(mobilebert: Path) -> None:
    encoder, extended = load_masked_lm(str(mobilebert)).base_model, load_masked_lm(str(mobilebert)).base_model
    extend_positions(extended, 80)
    assert extended.config.max_position_embeddings == 80
    batch = pad([[2, 9, 8, 7, 3]])
    with torch.inference_mode():
        answers = [
            model.eval()(input_ids=batch[0], attention_mask=batch[1]).last_hidden_state for model in (encoder, extended)
        ]
        long = pad([[2, *range(5, 75), 3]])
        assert extended(input_ids=long[0], attention_mask=long[1]).last_hidden_state.shape[1] == 72
    assert torch.equal(*answers)


@pytest.mark.parametrize("kind", ["bert", "mobilebert"])
def test_a_text_has_the_same_features_alone_and_in_a_padded_batch(
    kind: str, request: pytest.FixtureRequest, tasks: Mapping[str, Task], tmp_path: Path
) -> None:
    model, tokenizer = load(request.getfixturevalue(kind), tasks)
    with torch.no_grad():
        model.encoder.embeddings.word_embeddings.weight[0] = 1.5
    save_model(tmp_path / "padding", model, tokenizer)
    again, _ = load_model(tmp_path / "padding")
    rows = [tokenizer.encode(text).ids for text in ("手机", "这家店的服务太好了")]
    with torch.inference_mode():
        batch = again(*pad(rows)).features
    for row, features in zip(rows, batch, strict=True):
        assert torch.allclose(answer(again, row)[0], features, atol=1e-5)


def test_a_tokenizer_without_a_frame_gets_one(mobilebert: Path) -> None:
    tokenizer = load_tokenizer(str(mobilebert), 24)
    tokenizer.post_processor = None
    assert tokenizer.encode("手机").tokens == ["手", "机"]
    assert framed(tokenizer).encode("手机").tokens == ["[CLS]", "手", "机", "[SEP]"]


def test_a_vocabulary_is_learnt_from_text() -> None:
    tokenizer = learn_vocabulary(['新买的"手机"真不错', "offer 还没有来"] * 3, VocabularySettings(size=60))
    encoding = tokenizer.encode("“手机”还没有买 offer")
    assert "[UNK]" not in encoding.tokens
    assert encoding.tokens[0] == "[CLS]"
    assert tokenizer.get_vocab_size() <= 60


def test_a_pruned_vocabulary_is_smaller_and_what_stays_answers_as_before(mobilebert: Path, tmp_path: Path) -> None:
    tasks = {"sentiment": Task(labels=("坏", "好"))}
    whole, tokenizer = load(mobilebert, tasks)
    text, gone = "新买的手机", "咖啡"
    before = answer(whole, tokenizer.encode(text).ids)
    smaller, dropped = prune_vocabulary(whole.encoder, tokenizer, [text], 1)
    assert dropped > 50
    assert smaller.get_vocab_size() == whole.encoder.config.vocab_size == tokenizer.get_vocab_size() - dropped
    assert whole.encoder.embeddings.word_embeddings.num_embeddings == smaller.get_vocab_size()
    assert torch.equal(answer(whole, smaller.encode(text).ids), before)
    assert smaller.encode(gone).tokens[1:-1] == ["[UNK]", "[UNK]"]
    assert smaller.encode("a 7").tokens[1:-1] == ["a", "7"]


def test_a_vocabulary_from_vocab_txt_is_pruned_with_its_frame(bert: Path, tmp_path: Path) -> None:
    write_bert(tmp_path, CHARACTERS)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    (tmp_path / "tokenizer.json").unlink()
    # As in BERT's own files, the special tokens lie behind others that go.
    order = sorted(vocabulary, key=lambda token: (token in ("[CLS]", "[SEP]"), vocabulary[token]))
    (tmp_path / "vocab.txt").write_text("\n".join(order), "utf-8")
    smaller, _ = prune_vocabulary(load_encoder(str(bert)), load_tokenizer(str(tmp_path), 24), ["新买的手机"], 1)
    assert smaller.encode("新买的手机").tokens == ["[CLS]", *"新买的手机", "[SEP]"]


def test_a_vocabulary_is_no_larger_than_was_asked_for() -> None:
    texts = ["".join(chr(0x4E00 + index) for index in range(start, start + 50)) for start in range(0, 500, 50)] * 3
    assert learn_vocabulary(texts, VocabularySettings(size=100)).get_vocab_size() <= 100


def test_weights_that_lack_some_are_refused(mobilebert: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text((mobilebert / name).read_text("utf-8"), "utf-8")
    weights = load_file(mobilebert / "model.safetensors")
    weights = {f"wrapped.{name}": value for name, value in weights.items()}
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    for load_it in (load_encoder, load_masked_lm):
        with pytest.raises(CheckpointError, match=r"lack .*embeddings\..*of another model than its config"):
            load_it(str(tmp_path))


def test_damaged_heads_are_refused_in_a_sentence(bundle: TinyBundle, tmp_path: Path) -> None:
    shutil.copytree(bundle.path.parent / "work" / "tuned" / "model", tmp_path / "model")
    (tmp_path / "model" / "heads.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match="is no model with heads"):
        load_model(tmp_path / "model")


def answer(model: MultiTaskModel, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        features: torch.Tensor = model.eval()(*pad([ids])).features
    return features


def test_weights_of_other_shapes_than_the_configuration_says_are_refused(mobilebert: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text((mobilebert / name).read_text("utf-8"), "utf-8")
    save_file({"embeddings.word_embeddings.weight": nn.Linear(3, 3).weight.detach()}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="weights of"):
        load_encoder(str(tmp_path))
