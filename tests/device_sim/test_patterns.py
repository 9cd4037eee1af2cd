"""What the pattern recognisers find, what they leave alone, and where they say it is."""

import re
from itertools import pairwise

import pytest

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns import PatternPolicy, Patterns, account_words, labelled, money_words
from tests.support.pattern_texts import HARMLESS, SENSITIVE, parse

PATTERNS = Patterns()


def found(text: str, patterns: Patterns = PATTERNS) -> list[tuple[str, str]]:
    return [(str(finding.type), text[finding.start : finding.end]) for finding in patterns.find(text)]


@pytest.mark.parametrize("marked", SENSITIVE)
def test_every_character_of_a_marked_value_is_found(marked: str) -> None:
    text, spans = parse(marked)
    hidden = {place for finding in PATTERNS.find(text) for place in range(finding.start, finding.end)}
    shown = [text[start:end] for start, end, _ in spans if not hidden.issuperset(range(start, end))]
    assert shown == []


@pytest.mark.parametrize("marked", SENSITIVE)
def test_nothing_beside_a_marked_value_is_touched(marked: str) -> None:
    text, spans = parse(marked)
    for finding in PATTERNS.find(text):
        assert any(start < finding.end and finding.start < end for start, end, _ in spans), finding


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_places_are_those_of_the_original_when_characters_vanish_or_grow() -> None:
    text = "㈱ﷺ①的电话是1\u200b3\u2060８00138000，ok"
    assert found(text) == [("PHONE", "1\u200b3\u2060８00138000")]


def test_one_value_is_found_once_under_its_strongest_type() -> None:
    assert found("邮箱13800138000@163.com") == [("EMAIL", "13800138000@163.com")]
    assert found("https://a.cn/?phone=13800138000") == [("LINK", "https://a.cn/?phone=13800138000")]


def test_policy_turns_amounts_and_dates_off() -> None:
    text = "2023年11月25日他还了3000元"
    assert found(text) == [("DATE", "2023年11月25日"), ("AMOUNT", "3000元")]
    assert found(text, Patterns(PatternPolicy(amounts=False))) == [("DATE", "2023年11月25日")]
    assert found(text, Patterns(PatternPolicy(dates=False))) == [("AMOUNT", "3000元")]
    assert found(text, Patterns(PatternPolicy(amounts=False, dates=False))) == []


def test_a_mistyped_identity_card_is_hidden_only_where_it_is_named() -> None:
    assert found("110101199003071234") == []
    assert found("身份证110101199003071234") == [("ID", "110101199003071234")]
    assert found("110101199003071234是我的身份证") == [("ID", "110101199003071234")]
    assert found("订单号110101199003071234") == []


@pytest.mark.parametrize("prefix", range(130, 200))
def test_every_mobile_prefix_is_known(prefix: int) -> None:
    assert found(f"找{prefix}12345678吧") == [("PHONE", f"{prefix}12345678")]


def test_a_phone_within_more_digits_is_none() -> None:
    for text in ("9913800138000", "1380013800012", "4413800138000990", "x1y13800138000", "0.13800138000"):
        assert found(text) == [], text


def test_findings_come_in_order_and_none_lies_in_another() -> None:
    for marked in SENSITIVE:
        findings = PATTERNS.find(parse(marked)[0])
        for one, other in pairwise(findings):
            assert one.start <= other.start
            assert one.end < other.end


def test_every_type_of_form_is_exercised() -> None:
    kinds = {kind for marked in SENSITIVE for _, _, kind in parse(marked)[1]}
    by_others = {"PERSON", "COMPANY", "PROJECT", "ADDRESS", "TERM", "TEXT"}
    assert kinds == {kind for kind in SensitiveType if kind not in by_others}


def test_the_guard_before_the_labels_lets_every_label_through() -> None:
    guards = [
        (account_words.BEGINS, rf"(?x){labelled.LABELS}"),
        (money_words.NAMES_BEGIN, rf"(?:{money_words.NAMES})"),
    ]
    unguarded = [re.compile(words) for _, words in guards]
    begins = [re.compile(begin) for begin, _ in guards]
    for marked in SENSITIVE:
        text = parse(marked)[0].lower()
        for begin, pattern in zip(begins, unguarded, strict=True):
            assert all(begin.match(text, found.start()) for found in pattern.finditer(text))


@pytest.mark.parametrize("cut", [" | ", ",", "、", "\t"])
def test_a_heading_names_the_cells_below_it(cut: str) -> None:
    rows = (("姓名", "工号", "座机"), ("何晴", "00812", "8765432"), ("郑凯", "00977", "8765433"))
    text = "\n".join(cut.join(row) for row in rows)
    assert [value for _, value in found(text)] == ["00812", "8765432", "00977", "8765433"]


def test_values_in_a_row_are_all_found() -> None:
    names = [f"test{index:02}" for index in range(12)]
    assert [value for _, value in found("账号" + "、".join(names))] == names
