"""Labelled text as tensors: repeated examples, and tokens of which only some things are known."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from toolchain.dataset import Dataset
from toolchain.examples import Annotation, Example, Span
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer

_TASKS = {
    "mood": Task(labels=("负面", "正面")),
    "entities": Task(kind="token", labels=("TOPIC", "PERSON")),
}
_O, _B_TOPIC, _I_TOPIC, _B_PERSON, _I_PERSON = range(5)


@pytest.fixture
def tokenizer(mobilebert: Path) -> Tokenizer:
    """Characters apart."""
    return load_tokenizer(str(mobilebert), 24)


def test_a_repeated_example_is_the_same_each_time(tokenizer: Tokenizer) -> None:
    one, other = Example("这本书", "x", {"mood": 1}), Example("他的车真不错", "x", {"mood": 0})
    dataset = Dataset([one, one, other, one], _TASKS, tokenizer)
    assert (len(dataset), dataset.lengths) == (4, [5, 5, 8, 5])
    batch = dataset.batch([2, 3, 0])
    assert batch.labels["mood"].tolist() == [0, 1, 1]
    assert batch.input_ids[1].tolist() == batch.input_ids[2].tolist() != batch.input_ids[0].tolist()
    assert batch.input_ids[1].tolist() == [*tokenizer.encode("这本书").ids, 0, 0, 0]


def test_each_token_may_have_what_its_annotation_leaves_open(tokenizer: Tokenizer) -> None:
    topic = Annotation((Span(2, 4, "TOPIC"),), frozenset({"TOPIC"}))
    both = Annotation((Span(3, 4, "TOPIC"), Span(0, 1, "PERSON")), frozenset({"TOPIC", "PERSON"}))
    examples = [
        Example("我的手机好", "topics only", spans={"entities": topic}),
        Example("他不说好", "all types", spans={"entities": both}),
        Example("好", "no annotation"),
    ]
    allowed = Dataset(examples, _TASKS, tokenizer).batch([0, 1, 2]).allowed["entities"]

    def tags(row: int) -> list[list[int]]:
        return [torch.nonzero(token)[:, 0].tolist() for token in allowed[row]]

    open_ = [_O, _B_PERSON, _I_PERSON]
    assert tags(0) == [[], open_, open_, [_B_TOPIC], [_I_TOPIC], open_, []]
    assert tags(1) == [[], [_B_PERSON], [_O], [_O], [_B_TOPIC], [], []]
    assert tags(2) == [[]] * 7, "nothing is known of a text without an annotation, nor of padding"
