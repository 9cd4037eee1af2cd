"""The learned part of the crisis guard: a tiny training run, its file, and its corpus."""

from pathlib import Path

import numpy as np
import pytest

from model_store.grams import GramModel, InvalidGramFile, pieces
from toolchain.crisis import HARD, read_corpus, train
from toolchain.errors import DataError

SIGNS = ["我想一个人走进江里不回来", "江水在叫我，我不想回来了", "留下信，走进江里", "今晚去江里，不回来了"]
OTHER = ["江边散步吹风真舒服", "今晚和朋友去吃火锅", "给妈妈写了一封信报平安", "从江边回来煮了面"]
CORPUS = {
    name: [(f"{text}{name}", sign) for sign in (True, False) for text in (SIGNS if sign else OTHER)] for name in "ab"
}
PUBLIC = ["今天天气不错", "新手机真好用", "周末去看电影", "又要加班了"] * 5


def test_a_tiny_model_tells_signs_of_a_writer_left_out() -> None:
    trained = train(CORPUS, PUBLIC, {})
    assert [(judged.name, judged.recall, judged.alarms) for judged in trained.judged] == [("a", 1, 0), ("b", 1, 0)]
    assert trained.public_alarms == 0
    assert trained.model.score("走进江里不回来了") >= trained.model.threshold > trained.model.score("去吃火锅了")


def test_the_same_texts_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        train(CORPUS, PUBLIC, {}).model.write(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    read, made = GramModel.read(tmp_path / "one.npz"), train(CORPUS, PUBLIC, {}).model
    assert read.weights == pytest.approx(made.weights, rel=1e-3)
    assert (read.bias, read.threshold) == pytest.approx((made.bias, made.threshold), abs=1e-6)


def test_folded_characters_and_widths_make_no_difference() -> None:
    model = GramModel({"杀a": 1.0}, bias=0.0, threshold=0.1)
    assert model.score("殺Ａ", {ord("殺"): "杀"}) == model.score("杀a") > 0


def test_a_long_text_is_scored_in_stretches_that_leave_nothing_out() -> None:
    text = "一二三四五。" * 60 + "七" * 400 + "。八九"
    parts = list(pieces(text))
    assert max(map(len, parts)) <= 130
    assert {character for part in parts for character in part} == set(text)
    model = GramModel({"八九": 50.0}, bias=-1.0, threshold=0.0)
    assert model.score(text) > 0 > model.score(text[:-2])


def test_a_model_with_other_than_a_weight_for_each_run_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", grams=np.frombuffer(b"a\nb", np.uint8), weights=np.ones(1), line=np.zeros(2))
    with pytest.raises(InvalidGramFile, match="a weight for each of 2 runs"):
        GramModel.read(tmp_path / "bad.npz")


def test_the_corpus_has_both_kinds_in_every_file_and_no_text_twice() -> None:
    corpus = read_corpus()
    assert set(HARD) < set(corpus)
    assert all({sign for _, sign in texts} == {True, False} for texts in corpus.values())
    every = [text for texts in corpus.values() for text, _ in texts]
    assert len(every) == len(set(every))


def test_a_line_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("# note\ncrisis\t难\nglad\t好\n", "utf-8")
    with pytest.raises(DataError, match=r"a\.tsv, line 3: not one of crisis, sad"):
        read_corpus(tmp_path)
