"""Spans of characters out of the probabilities of tags."""

import numpy as np
import pytest

from model_store.head import Float64
from model_store.spans import TextSpan, decode_spans, tags_of, types_of

TAGS = tags_of(["TOPIC", "TIME"])


def said(*tags: str, sure: float = 0.9) -> Float64:
    """Probabilities [S, C] in which each token's own tag has `sure`, and the others share the rest."""
    rest = (1 - sure) / (len(TAGS) - 1)
    return np.array([[sure if tag == own else rest for tag in TAGS] for own in tags])


def characters(count: int) -> list[tuple[int, int]]:
    return [(start, start + 1) for start in range(count)]


def test_tags_are_in_the_order_of_a_heads_outputs() -> None:
    assert TAGS == ("O", "B-TOPIC", "I-TOPIC", "B-TIME", "I-TIME")
    assert types_of(TAGS) == ("TOPIC", "TIME")


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (("O", "O"), []),
        (("B-TOPIC", "I-TOPIC", "O", "B-TIME"), [(0, 2, "TOPIC"), (3, 4, "TIME")]),
        (("B-TOPIC", "B-TOPIC", "I-TOPIC"), [(0, 1, "TOPIC"), (1, 3, "TOPIC")]),
        (("O", "B-TIME", "I-TIME"), [(1, 3, "TIME")]),
    ],
)
def test_what_is_tagged_is_found(tags: tuple[str, ...], found: list[tuple[int, int, str]]) -> None:
    spans = decode_spans(said(*tags), TAGS, characters(len(tags)))
    assert [(span.start, span.end, span.type) for span in spans] == found
    assert all(span.probability == pytest.approx(0.9) for span in spans)


def test_a_span_never_goes_on_as_another_type_nor_begins_inside() -> None:
    probabilities = said("I-TOPIC", "I-TIME", "I-TIME", sure=0.5)
    probabilities[0, TAGS.index("B-TIME")] = 0.4
    (span,) = decode_spans(probabilities, TAGS, characters(3))
    assert (span.start, span.end, span.type) == (0, 3, "TIME")
    assert span.probability == pytest.approx((0.4 + 0.5 + 0.5) / 3)


def test_tokens_of_no_characters_are_in_no_span() -> None:
    offsets = [(0, 0), (1, 3), (3, 4), (0, 0)]
    spans = decode_spans(said("B-TOPIC", "I-TOPIC", "I-TOPIC", "I-TOPIC"), TAGS, offsets)
    assert [(span.start, span.end) for span in spans] == [(1, 4)]
    assert decode_spans(said("B-TOPIC", "I-TOPIC"), TAGS, [(0, 0), (0, 0)]) == ()


def test_a_span_takes_the_characters_between_its_tokens_along() -> None:
    assert decode_spans(said("B-TOPIC", "I-TOPIC", sure=1.0), TAGS, [(0, 3), (5, 9)]) == (TextSpan(0, 9, "TOPIC", 1.0),)
