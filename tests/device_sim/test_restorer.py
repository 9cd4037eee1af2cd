"""Placeholders in answers come back as values, in any spelling that is certain, and never as a wrong value."""

import random
from itertools import pairwise

import pytest

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.placeholders import LONGEST
from device_sim.privacy.redactor import Redactor
from device_sim.privacy.restorer import StreamRestorer, restore
from device_sim.privacy.vault import Vault
from tests.support.mangling import AROUND, CERTAIN, CERTAIN_APART, UNCERTAIN, ManglingPeer
from tests.support.word_list import WordList

PERSON, PHONE, TEXT = SensitiveType.PERSON, SensitiveType.PHONE, SensitiveType.TEXT
WORDS = (
    *("今天", "下午", "和", "的", "会议", "预算", "请", "回电", "邮件", "**重要**", "（见附件）", "，", "。", "？"),
    *("the", "budget", "of", "Q3", "and", "`code`", "[1]", "C:\\temp", "\n", "-", ",", "a_b", "100%", "&amp;", "$x"),
)
FRAGMENTS = (
    *(
        "[",
        "]",
        "\\",
        "_",
        "\\_",
        "1",
        "-",
        " ",
        "电话",
        "【",
        "】",
        "{",
        "}",
        "<",
        ">",
        "&#91;",
        "&#93;",
        "&",
        "\n",
        "x",
    ),
    *("PERSON", "person", "PHONE", "ID", "ＰＥＲＳＯＮ", "＿", "Ａ", "A", "B", "AB", "[PERSON_A]", "PERSON_B"),
)  # parts of placeholders: what a stream finds hardest
LITERALS = (
    *("[PERSON_A]", "person_a", "PERSON_A", "【ＰＨＯＮＥ＿Ａ】", "[PHONE]", "\\[TEXT\\_A\\]", "{PERSON_B}"),
    *("[PERSON_A_1]", "PERSON_", "[PERSON", "[", "]"),
)  # what a user may type


def conversation(*persons: str, phone: str | None = None) -> Vault:
    vault = Vault()
    for person in persons:
        vault.placeholder_for(person, PERSON)
    if phone:
        vault.placeholder_for(phone, PHONE)
    return vault


def in_pieces(text: str, vault: Vault, cuts: list[int]) -> tuple[str, tuple[str, ...]]:
    stream = StreamRestorer(vault)
    pieces = [stream.feed(text[a:b]) for a, b in pairwise([0, *cuts, len(text)])]
    end = stream.finish()
    return "".join(pieces) + end.text, end.unresolved


@pytest.mark.parametrize("spelling", [*CERTAIN, *CERTAIN_APART])
def test_spelling_that_surely_means_a_placeholder_is_restored(spelling: str) -> None:
    vault = conversation("王建国", "张伟")
    spelt = {**CERTAIN, **CERTAIN_APART}[spelling]("PERSON", "B")
    opened = "[" if spelling == "never closed" else ""
    assert restore(f"请{spelt}回电", vault) == restore(f"请{opened}张伟回电", vault)


@pytest.mark.parametrize("around", AROUND)
def test_what_is_around_a_placeholder_stays(around: str) -> None:
    restored = restore(around.replace("{}", "[PERSON_A]"), conversation("王建国", "张伟"))
    assert restored.text == around.replace("{}", "王建国")
    assert not restored.unresolved


@pytest.mark.parametrize("spelling", UNCERTAIN)
def test_altered_suffix_is_never_taken_for_another_value(spelling: str) -> None:
    spelt = UNCERTAIN[spelling]("PERSON", "A")
    restored = restore(f"请{spelt}回电", conversation("王建国", "张伟"))
    assert restored.text == f"请{spelt}回电"
    assert restored.unresolved == (spelt,)


def test_a_longer_placeholder_is_not_the_shorter_one() -> None:
    vault = conversation(*(f"人{number}号" for number in range(28)))
    assert restore("[PERSON_A] [PERSON_AA] [PERSON_AB] PERSON_AB", vault).text == "人0号 人26号 人27号 人27号"
    assert restore("[PERSON_AC]", vault).unresolved == ("[PERSON_AC]",)


def test_lost_letters_are_restored_only_where_one_value_is_possible() -> None:
    vault = conversation("王建国", phone="13800138000")
    assert restore("[PERSON]的电话是[PHONE]", vault).text == "王建国的电话是13800138000"
    vault.placeholder_for("张伟", PERSON)
    restored = restore("[PERSON]的电话是【PHONE_】", vault)
    assert restored.text == "[PERSON]的电话是13800138000"
    assert restored.unresolved == ("[PERSON]",)


def test_restored_values_are_not_looked_at_again() -> None:
    vault = Vault()
    vault.placeholder_for("[PERSON_B]", PERSON)
    vault.placeholder_for("[PERSON_A] PERSON_C", PERSON)
    vault.placeholder_for("张伟", PERSON)
    assert restore("[PERSON_A]/[PERSON_B]/[PERSON_C]", vault).text == "[PERSON_B]/[PERSON_A] PERSON_C/张伟"


@pytest.mark.parametrize(
    "value", [r"\1\g<0>", "$&$1", "**重点**", "<b>x</b>&amp;", "[a-z]+(", "\\", "a\nb", "{0}", "%s"]
)
def test_values_with_signs_of_other_languages_come_back_byte_for_byte(value: str) -> None:
    vault = conversation(value)
    assert restore("[PERSON_A]、[person_a]、PERSON_A", vault).text == f"{value}、{value}、{value}"


def test_a_placeholder_is_no_character_class() -> None:
    text = "P E R S O N _ A, person, list[0], [a], [x](y), personal_a, a[PERSO], OPERSON_A, PERSON_Albert"
    assert restore(text, conversation("王建国")) == restore(text, Vault())
    assert restore(text, conversation("王建国")).text == text


def test_a_conversation_knows_nothing_of_another() -> None:
    conversation("王建国")
    assert restore("[PERSON_A]", Vault()).unresolved == ("[PERSON_A]",)


def test_escapes_in_front_of_a_kept_placeholder_are_the_texts_own() -> None:
    assert restore("C:\\[PERSON_A]\\[PERSON_A]\\", conversation("王建国")).text == "C:\\王建国\\王建国\\"


def test_shows_no_value() -> None:
    vault = conversation("王建国", phone="13800138000")
    assert "王" not in repr(vault) + repr(restore("[PERSON_A]", vault))


def test_streaming_does_not_wait_for_the_answers_end() -> None:
    stream = StreamRestorer(conversation("王建国"))
    assert stream.feed("好的，[今天") == "好的，[今天"
    assert stream.feed("我和[PER") == "我和"
    assert stream.feed("SON_A]见") == "王建国见"
    assert stream.feed("[PERSON_A]") == "王建国"
    assert stream.feed("a[0] = {}; Pass") == "a[0] = {}; Pass"
    assert stream.finish().text == ""


@pytest.mark.parametrize(
    "endless",
    ["[PERSON_A" + "甲" * 99, "[" * 99, "\\" * 99, "[ PERSON" + " " * 99, "&#91;PERSON_" * 20, "PERSON_A_" * 30],
)
def test_streaming_holds_back_little_of_what_never_ends(endless: str) -> None:
    stream = StreamRestorer(conversation("王建国"))
    shown = ""
    for number, character in enumerate(endless, 1):
        shown += stream.feed(character)
        plain = len(shown) + shown.count("王建国") * (len("PERSON_A") - len("王建国"))
        assert number - plain <= LONGEST
    assert shown + stream.finish().text == restore(endless, conversation("王建国")).text


def test_streaming_keeps_no_text_for_a_code_fence_that_never_closes() -> None:
    text = "```python\nusers[0] = '[PERSON_A]'  # [TODO"
    vault = conversation("王建国")
    assert in_pieces(text, vault, list(range(1, len(text))))[0] == "```python\nusers[0] = '王建国'  # [TODO"


def test_streams_cut_anywhere_give_what_the_whole_gives() -> None:
    rng = random.Random(6)
    vault = conversation("王建国", "张伟", phone="13800138000")
    for _ in range(4000):
        text = "".join(rng.choices(FRAGMENTS, k=rng.randrange(1, 14)))
        whole = restore(text, vault)
        every = list(range(1, len(text)))
        some = sorted(rng.sample(every, rng.randrange(len(every) + 1)))
        for cuts in (every, some):
            assert in_pieces(text, vault, cuts) == (whole.text, whole.unresolved), (text, cuts)


ODD_VALUES = [
    r"\1",
    "**粗**体",
    "<b>",
    "[x](y)",
    "$&",
    "C:\\王",
    "甲 乙",
    "O'Neil",
    "ALICE",
    "Alice",
    "alice",
    "王",
    "王总",
    "王总监",
]


def message(rng: random.Random) -> tuple[str, WordList]:
    kinds = [kind for kind in SensitiveType if kind is not TEXT]
    values = {
        f"{rng.choice('赵钱孙李周吴')}{chr(rng.randrange(0x4E00, 0x9000))}{rng.randrange(99)}": rng.choice(kinds)
        for _ in range(2)
    }
    values |= {value: rng.choice(kinds) for value in rng.sample(ODD_VALUES, 2)}
    values[str(rng.randrange(13 * 10**9, 14 * 10**9))] = PHONE
    parts = [rng.choice([*[*values] * 3, *WORDS, *WORDS, *LITERALS]) for _ in range(rng.randrange(4, 16))]
    return rng.choice(["", " ", "，"]).join(parts), WordList(values)


def test_ten_thousand_answers_restore_to_what_was_meant() -> None:
    """Redacted, mangled by a peer, restored: byte for byte where that is certain, else left and named."""
    rng = random.Random(20)
    peer = ManglingPeer(rng)
    spoilt = 0
    for number in range(10_000):
        text, words = message(rng)
        vault = Vault()
        redacted = Redactor([words]).redact(text, vault)
        assert restore(redacted.text, vault).text == text
        answer = peer.answer(redacted.text, vault.values)
        restored = restore(answer.text, vault)
        assert restored.text == answer.expected, (text, redacted.text, answer.text)
        assert set(restored.unresolved) == answer.unresolved
        spoilt += len(answer.unresolved)
        if number % 10 == 0:
            cuts = sorted(rng.sample(range(len(answer.text) + 1), min(20, len(answer.text))))
            assert in_pieces(answer.text, vault, cuts) == (restored.text, restored.unresolved)
    assert spoilt > 3000
