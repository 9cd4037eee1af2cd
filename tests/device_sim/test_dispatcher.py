"""Where a request is answered, by what the head says, what is the user's in it, and its wording."""

import pytest

from device_sim.hybrid.dispatcher import Evidence, RouteLabel, dispatch


def shares(private: float, general: float, mixed: float) -> dict[str, float]:
    """What a route head says."""
    return {"private": private, "general": general, "mixed": mixed}


@pytest.mark.parametrize(
    ("text", "head", "own", "expected"),
    [
        ("怎么准备一场演讲", shares(0.01, 0.97, 0.02), (), RouteLabel.GENERAL),
        ("根据上周的纪要写一份方案", shares(0.02, 0.02, 0.96), (), RouteLabel.MIXED),
        ("张伟在哪儿", shares(0.97, 0.02, 0.01), ("PERSON",), RouteLabel.PRIVATE),
        # Unsure means private.
        ("来点什么", shares(0.4, 0.5, 0.1), (), RouteLabel.PRIVATE),
        ("来点什么", shares(0.25, 0.5, 0.25), (), RouteLabel.PRIVATE),
        # Surely not private, and general or mixed: placeholders are safe in either.
        ("帮我写个请假条", shares(0.1, 0.45, 0.45), (), RouteLabel.MIXED),
        # What is the user's keeps a look-up here, and puts placeholders into what is to be made.
        ("张伟最近怎么样", shares(0.01, 0.98, 0.01), ("PERSON",), RouteLabel.PRIVATE),
        ("给张伟写一句生日祝福", shares(0.01, 0.98, 0.01), ("PERSON",), RouteLabel.MIXED),
        # The wording asks for the phone's data, whatever the head believes.
        ("我下周四有什么安排", shares(0.02, 0.95, 0.03), (), RouteLabel.PRIVATE),
        ("帮我记一下，周五交房租", shares(0.02, 0.18, 0.8), (), RouteLabel.PRIVATE),
        ("看我这个月的日历，时间都花在哪了，该怎么改", shares(0.0, 0.01, 0.99), (), RouteLabel.MIXED),
    ],
)
def test_the_decision(text: str, head: dict[str, float], own: tuple[str, ...], expected: RouteLabel) -> None:
    assert dispatch(text, head, Evidence(own)).label is expected


def test_the_reasons_name_kinds_and_quote_no_text() -> None:
    route = dispatch("给张伟写一句生日祝福", shares(0.01, 0.98, 0.01), Evidence(("PERSON", "PHONE"), stored=2))
    said = " ".join(route.reasons)
    assert "PERSON, PHONE" in said
    assert "general (0.98)" in said
    assert "张伟" not in said
    assert route.probabilities == shares(0.01, 0.98, 0.01)


def test_what_notes_hold_keeps_a_question_here_that_looks_general() -> None:
    head = shares(0.05, 0.9, 0.05)
    assert dispatch("山雀和蓝鲸哪个便宜", head, Evidence()).label is RouteLabel.GENERAL
    assert dispatch("山雀和蓝鲸哪个便宜", head, Evidence(stored=1)).label is RouteLabel.PRIVATE
    assert dispatch("给山雀写一句广告语", head, Evidence(stored=1)).label is RouteLabel.MIXED
