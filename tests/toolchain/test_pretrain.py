"""Pretraining: text into sequences, masks, both objectives, and resuming."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from toolchain.checkpoint import load_encoder, save_checkpoint
from toolchain.corpus import TextSource, read_texts, sequences
from toolchain.data import same_text_key
from toolchain.errors import DataError, RecipeError, WorkError
from toolchain.model import pad
from toolchain.pretrain import Masker, PretrainSettings, pretrain
from toolchain.tokenizer import load_tokenizer
from toolchain.training import Schedule

_CONFIG = {
    "model_type": "bert", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
}  # fmt: skip


@pytest.fixture
def tokenizer(mobilebert: Path) -> Tokenizer:
    return load_tokenizer(str(mobilebert), 32)


def settings(objective: str, steps: int = 60) -> PretrainSettings:
    return PretrainSettings.model_validate(
        {
            "sources": [{"path": "sentiment/train.jsonl.xz", "times": 1.5}],
            "objective": objective,
            "steps": steps,
            "rows": 16,
            "lengths": [16, 24],
            "positions": 32,
            "masked": 0.3,
            "schedule": {"peak": 0.01, "warm_up": 5, "save_every": 20},
        }
    )


@pytest.mark.parametrize("objective", ["replaced-token-detection", "masked-lm"])
def test_the_loss_falls_and_a_killed_run_ends_as_one_that_was_not(
    objective: str, data: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    losses: list[float] = []

    def listen(done: int, total: int, note: str) -> None:
        losses.append(float(note.removeprefix("loss ")))

    whole = pretrain(None, _CONFIG, tokenizer, data, set(), settings(objective), tmp_path / "whole", listen)
    assert sum(losses[-3:]) < 0.85 * sum(losses[:3])

    class Killed(Exception):
        pass

    def die(done: int, total: int, note: str) -> None:
        if done == 30:
            raise Killed

    with pytest.raises(Killed):
        pretrain(None, _CONFIG, tokenizer, data, set(), settings(objective), tmp_path / "cut", die)
    cut = pretrain(None, _CONFIG, tokenizer, data, set(), settings(objective), tmp_path / "cut", lambda *_: None)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, cut.state_dict()[name]), name
    with pytest.raises(WorkError, match="another recipe"):
        pretrain(None, _CONFIG, tokenizer, data, set(), settings(objective, 70), tmp_path / "cut", lambda *_: None)


def test_a_checkpoint_is_pretrained_on_and_gets_more_positions(
    mobilebert: Path, data: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    few = settings("replaced-token-detection", 3).model_copy(update={"positions": 48})
    encoder = pretrain(str(mobilebert), None, tokenizer, data, set(), few, tmp_path, lambda *_: None)
    assert encoder.config.model_type == "mobilebert"
    assert encoder.embeddings.position_embeddings.num_embeddings == 48


@pytest.mark.parametrize("objective", ["replaced-token-detection", "masked-lm"])
def test_a_checkpoint_can_become_deeper_by_copies_of_its_blocks(
    objective: str, mobilebert: Path, data: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    deep = settings(objective, 1).model_copy(update={"blocks": 5, "schedule": Schedule(peak=1e-9)})
    encoder = pretrain(str(mobilebert), None, tokenizer, data, set(), deep, tmp_path / "work", lambda *_: None)
    shallow = load_encoder(str(mobilebert))
    depth = len(shallow.encoder.layer)
    assert depth < 5
    assert (len(encoder.encoder.layer), encoder.config.num_hidden_layers) == (5, 5)
    for place, block in enumerate(encoder.encoder.layer):
        origin = shallow.encoder.layer[place * depth // 5].state_dict()
        for name, value in block.state_dict().items():
            torch.testing.assert_close(value, origin[name], atol=1e-6, rtol=0)
    save_checkpoint(tmp_path / "deep", encoder, tokenizer)
    assert len(load_encoder(str(tmp_path / "deep")).encoder.layer) == 5
    with pytest.raises(RecipeError, match="num_hidden_layers"):
        pretrain(None, _CONFIG, tokenizer, data, set(), deep, tmp_path / "new", lambda *_: None)


def test_masks_hide_the_share_that_was_asked_for_and_never_a_special_token(tokenizer: Tokenizer) -> None:
    rows = [tokenizer.encode("这家店的服务太好了让人开心").ids, tokenizer.encode("手机").ids] * 100
    input_ids, attention_mask = pad(rows)
    shown, places = Masker(tokenizer, 0.3, tokenizer.get_vocab_size())(input_ids, attention_mask, 7)
    special = torch.isin(input_ids, torch.tensor([tokenizer.token_to_id(t) for t in ("[PAD]", "[CLS]", "[SEP]")]))
    assert not (places & special).any()
    assert torch.equal(shown[~places], input_ids[~places])
    assert float(places.sum() / (~special).sum()) == pytest.approx(0.3, abs=0.05)
    mask = tokenizer.token_to_id("[MASK]")
    assert float(shown[places].eq(mask or 0).float().mean()) == pytest.approx(0.8, abs=0.1)


def test_text_becomes_framed_sequences_without_what_is_measured(tokenizer: Tokenizer, tmp_path: Path) -> None:
    talk = {"id": 1, "turns": [["client", "新买的手机太差了"], ["counselor", "很失望"]]}
    (tmp_path / "talks.jsonl").write_text(json.dumps(talk) + "\n", "utf-8")
    (tmp_path / "lines.txt").write_text("这本书真不错\n\n老师的课\n", "utf-8")
    sources = [TextSource(path="talks.jsonl"), TextSource(path="lines.txt", times=2)]
    found = sequences(tmp_path, sources, {same_text_key("老师的课。")}, tokenizer, [8], 0, tmp_path / "c.npz")
    texts = ["".join(map(str, map(tokenizer.id_to_token, found.row(i)[1:-1]))) for i in range(len(found.lengths))]
    assert sorted(texts) == sorted(["新买的手机太", "差了很失望", *["这本书真不错"] * 2])
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    assert all(found.row(i)[0] == first and found.row(i)[-1] == last for i in range(len(texts)))
    assert max(found.lengths) <= 8


def test_of_a_long_passage_nothing_is_lost(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(
        "这本书真不错" * 20 + "\n", "utf-8"
    )  # 120 characters; the tokenizer cuts at 32.
    found = sequences(tmp_path, [TextSource(path="article.txt")], set(), tokenizer, [26], 0, tmp_path / "c.npz")
    assert sum(length - 2 for length in found.lengths) == 120


def test_a_line_of_text_may_begin_with_a_hashtag(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("#周末#去爬山\n\n好\n", "utf-8")
    assert list(read_texts(tmp_path, TextSource(path="posts.txt"))) == [["#周末#去爬山"], ["好"]]


def test_a_damaged_cache_is_named(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("这本书真不错\n", "utf-8")
    for content in (b"", b"PK\x03\x04 half"):
        (tmp_path / "c.npz").write_bytes(content)
        with pytest.raises(WorkError, match=r"c\.npz is damaged: remove it"):
            sequences(tmp_path, [TextSource(path="lines.txt")], set(), tokenizer, [8], 0, tmp_path / "c.npz")


def test_text_that_is_missing_malformed_or_empty_is_named(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"title": "好"}\n', "utf-8")
    (tmp_path / "empty.txt").write_text("\n\n", "utf-8")
    (tmp_path / "half.jsonl").write_text('{"text": "好"}\n{"text": \n', "utf-8")
    for name, message in (
        ("none.txt", "none.txt is missing"),
        ("bad.jsonl", "bad.jsonl, line 1: neither text nor turns"),
        ("empty.txt", "holds no text"),
        ("half.jsonl", "half.jsonl, line 2: not JSON"),
    ):
        with pytest.raises(DataError, match=message):
            sequences(tmp_path, [TextSource(path=name)], set(), tokenizer, [8], 0, tmp_path / "c.npz")


def test_a_tokenizer_without_a_mask_can_not_be_pretrained_with() -> None:
    from tokenizers import models

    bare = Tokenizer(models.WordPiece({"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}, unk_token="[UNK]"))
    with pytest.raises(RecipeError, match=r"lacks \[MASK\]"):
        Masker(bare, 0.3, 4)


def test_the_schedule_can_be_held_for_a_longer_run_to_go_on_from() -> None:
    short, long = Schedule(peak=1.0, warm_up=1, decay=0.3), Schedule(peak=1.0, warm_up=1, decay=0.3)
    assert [short.rate(step, 100) for step in range(60)] == [long.rate(step, 1_000) for step in range(60)]
