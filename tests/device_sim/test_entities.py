"""Finding entities: from one pass of the encoder to characters of the text as it was sent."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from device_sim.errors import InvalidInput, InvalidText, TooManyTexts
from tests.support.phone import phone
from tests.support.tiny_bundle import TinyBundle

# Emoji of one and of several code points, full-width forms, accents, spaces and controls between known characters.
AWKWARD = [
    "😀我的老师的课几点👨‍👩‍👧‍👦",
    "Ａ１我的楼下的咖啡几点，Ｂ",
    "é e\u0301 我的这本书几点",
    "  我的\u200b他的车\t几点\n",
    "𠮷我的新来的同事几点“引号”…",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_a_token_is_the_characters_that_its_offsets_say(bundle: TinyBundle, tmp_path: Path, text: str) -> None:
    with phone(bundle, tmp_path) as runtime:
        encoded = runtime.encoder.encode_all(text)
        real = [(start, end) for start, end in encoded.offsets if end > start]
        assert len(encoded.offsets) == len(real) + 2
        assert real == sorted(real)
        assert all(end <= start for (_, end), (start, _) in pairwise(real))
        read = [text[start:end] for start, end in real]
        for character in "我的几点":
            assert character in read
        assert not any(part.isspace() for part in read)


def test_one_pass_gives_the_features_that_a_sentence_task_works_on(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        for text in AWKWARD:
            encoded = runtime.encoder.encode_all(text)
            assert np.array_equal(encoded.features, runtime.encoder.encode(text))
            assert encoded.token_features.shape == (len(encoded.offsets), runtime.encoder.width)
            assert np.allclose(encoded.token_features.mean(axis=0), encoded.features, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("我的老师的课几点", "老师的课"),
        ("😀😀我的老师的课几点", "老师的课"),
        ("把楼下的咖啡写成邮件👨‍👩‍👧‍👦", "楼下的咖啡"),
        ("𠮷，我的老师的课几点", "老师的课"),
    ],
)
def test_an_entity_is_found_where_it_stands_in_the_text(
    bundle: TinyBundle, tmp_path: Path, text: str, topic: str
) -> None:
    with phone(bundle, tmp_path) as runtime:
        (extraction,) = runtime.predictor.extract([text], "entities").result()
        (entity,) = extraction.entities
        assert (entity.type, entity.text) == ("TOPIC", topic)
        assert (entity.start, entity.end) == (text.index(topic), text.index(topic) + len(topic))
        assert 0.5 < entity.probability <= 1
        assert (extraction.task, extraction.version, extraction.bundle) == ("entities", 0, "0.1.0")


def test_of_a_long_text_only_what_was_read_holds_entities(bundle: TinyBundle, tmp_path: Path) -> None:
    sentence = "我的老师的课几点，"
    text = sentence * 200
    with phone(bundle, tmp_path) as runtime:
        longest = runtime.bundle.manifest.max_length
        encoded = runtime.encoder.encode_all(text)
        assert len(encoded.offsets) == longest
        read = max(end for _, end in encoded.offsets)
        assert read == longest - 2
        entities = runtime.predictor.extract([text], "entities").result()[0].entities
        assert len(entities) >= read // len(sentence) // 2
        assert all(entity.end <= read and text[entity.start : entity.end] == entity.text for entity in entities)


def test_each_text_of_a_call_is_answered_as_if_alone(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        together = runtime.predictor.extract(AWKWARD, "entities").result()
        alone = [runtime.predictor.extract([text], "entities").result()[0] for text in AWKWARD]
        assert [found.entities for found in together] == [found.entities for found in alone]
        assert len({found.id for found in (*together, *alone)}) == 2 * len(AWKWARD)


def test_what_can_not_be_read_or_asked_is_refused(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        for text in ("", " \n", "\0", "\ud800"):
            with pytest.raises(InvalidText):
                runtime.predictor.extract([text], "entities")
        with pytest.raises(InvalidText):
            runtime.predictor.extract(["\u200b"], "entities").result()
        with pytest.raises(TooManyTexts):
            runtime.predictor.extract([], "entities")
        with pytest.raises(InvalidInput, match="sentiment is no token task"):
            runtime.predictor.extract(["好"], "sentiment")
        with pytest.raises(InvalidInput, match="entities is no sentence task"):
            runtime.predictor.submit(["好"], "entities")
