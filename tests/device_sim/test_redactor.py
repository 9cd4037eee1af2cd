"""Nothing sensitive stays in a redacted text, the text comes back as it was, and only a redactor lets text out."""

import copy
import pickle
import random
import sys
import threading

import pytest

from device_sim.errors import VaultFull
from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.placeholders import placeholder
from device_sim.privacy.redactor import Draft, Message, Outbound, Redacted, RedactedSpan, Redactor
from device_sim.privacy.restorer import restore
from device_sim.privacy.spans import PRIORITY, Span, merge
from device_sim.privacy.vault import Vault
from tests.support.mangling import CERTAIN, CERTAIN_APART, UNCERTAIN
from tests.support.word_list import WordList

PERSON, PHONE, COMPANY, ADDRESS = (
    SensitiveType.PERSON,
    SensitiveType.PHONE,
    SensitiveType.COMPANY,
    SensitiveType.ADDRESS,
)
WORDS = WordList(
    {
        "王建国": PERSON,
        "王总": PERSON,
        "Alice": PERSON,
        "13800138000": PHONE,
        "王建国科技公司": COMPANY,
        "望京街": ADDRESS,
    },
    {"王建国": "contact 1", "王总": "contact 1", "Alice": "contact 2"},
)
REDACTOR = Redactor([WORDS])


class Digits:
    """Finds runs of digits: a recogniser that may find more once something else is gone."""

    def find(self, text: str) -> list[Finding]:
        """A run of eleven that no letter touches."""
        found = []
        for start in range(len(text) - 10):
            run = text[start : start + 11]
            before, after = text[start - 1 : start], text[start + 11 : start + 12]
            if run.isdecimal() and not before.isalnum() and not after.isalnum():
                found.append(Finding(start, start + 11, PHONE, "digits"))
        return found


def redact(text: str, vault: Vault | None = None) -> str:
    return REDACTOR.redact(text, Vault() if vault is None else vault).text


def test_placeholders_count_from_a_to_zz() -> None:
    assert [placeholder(PERSON, n) for n in (0, 25, 26, 701)] == [
        "[PERSON_A]",
        "[PERSON_Z]",
        "[PERSON_AA]",
        "[PERSON_ZZ]",
    ]


def test_entities_are_code_points_of_the_original() -> None:
    text = "😀王总的电话13800138000"
    redacted = REDACTOR.redact(text, Vault())
    assert redacted.text == "😀[PERSON_A]的电话[PHONE_A]"
    assert [(e.start, e.end, e.type, e.text, e.placeholder) for e in redacted.entities] == [
        (1, 3, PERSON, "王总", "[PERSON_A]"),
        (6, 17, PHONE, "13800138000", "[PHONE_A]"),
    ]
    assert all(text[e.start : e.end] == e.text for e in redacted.entities)


def test_same_value_has_the_same_placeholder_in_all_of_a_conversation() -> None:
    vault = Vault()
    assert redact("王总，Alice，王总", vault) == "[PERSON_A]，[PERSON_B]，[PERSON_A]"
    assert redact("Alice和王建国", vault) == "[PERSON_B]和[PERSON_C]"
    assert vault.subjects == (("[PERSON_A]", "[PERSON_C]"),)


def test_two_conversations_share_nothing() -> None:
    first, second = Vault(), Vault()
    assert redact("王总", first) == redact("Alice", second) == "[PERSON_A]"
    assert restore("[PERSON_A]", second).text == "Alice"


def test_values_that_differ_in_case_alone_have_their_own_placeholders() -> None:
    text = "Alice, ALICE and alice"
    vault = Vault()
    assert redact(text, vault) == "[PERSON_A], [PERSON_B] and [PERSON_C]"
    assert restore(redact(text, vault), vault).text == text
    assert vault.subjects == (("[PERSON_A]", "[PERSON_B]", "[PERSON_C]"),)


@pytest.mark.parametrize(
    "again",
    ["小赵", "小 赵", "小\u200b赵", "ＺＨＡＯ", "zhao", "1390000 1111", "１３９００００１１１１", "139-0000-1111"],
)
def test_known_value_is_replaced_where_the_recogniser_misses_it(again: str) -> None:
    vault = Vault()
    Redactor([WordList({"小赵": PERSON, "Zhao": PERSON, "13900001111": PHONE})]).redact("小赵 Zhao 13900001111", vault)
    redacted = Redactor([]).redact(f"请问{again}在吗", vault)
    assert redacted.text.startswith("请问[P")
    assert redacted.text.endswith("]在吗")
    assert restore(redacted.text, vault).text == f"请问{again}在吗"


@pytest.mark.parametrize("other", ["913900001111", "139000011112", "Zhaoyang", "3 5 kg", "Tom's"])
def test_known_value_is_not_found_in_a_longer_number_or_word(other: str) -> None:
    vault = Vault()
    for value, kind in (("13900001111", PHONE), ("Zhao", PERSON), ("35", SensitiveType.AMOUNT), ("toms", PERSON)):
        vault.placeholder_for(value, kind)
    assert Redactor([]).redact(other, vault).text == other


def test_value_found_late_is_replaced_earlier_too() -> None:
    class Second:
        def find(self, text: str) -> list[Finding]:
            start = text.rfind("小赵")
            return [Finding(start, start + 2, PERSON, "second")] if start > 3 else []

    assert Redactor([Second()]).redact("小赵说：问小赵", Vault()).text == "[PERSON_A]说：问[PERSON_A]"


def test_value_keeps_its_placeholder_whatever_a_recogniser_calls_it_later() -> None:
    vault = Vault()
    Redactor([WordList({"蓝海": SensitiveType.TERM})]).redact("蓝海", vault)
    assert Redactor([WordList({"蓝海": COMPANY})]).redact("蓝海", vault).text == "[TERM_A]"


def test_nothing_peeks_out_where_findings_overlap() -> None:
    class Overlapping:
        def find(self, text: str) -> list[Finding]:
            return [
                Finding(2, 5, PERSON, "a", "s"),
                Finding(2, 3, PERSON, "a"),
                Finding(4, 8, ADDRESS, "b"),
                Finding(7, 9, COMPANY, "c"),
            ]

    redacted = Redactor([Overlapping()], once=[]).redact("0123456789", Vault())
    assert redacted.entities[0] == RedactedSpan(2, 9, ADDRESS, "2345678", "[ADDRESS_A]")


def test_a_short_finding_within_a_long_one_hides_no_third() -> None:
    findings = [
        Finding(0, 9, PERSON, "a"),
        Finding(1, 2, PERSON, "b"),
        Finding(5, 12, COMPANY, "c"),
        Finding(12, 13, PHONE, "d"),
    ]
    assert merge(findings) == (Span(0, 12, COMPANY), Span(12, 13, PHONE))


def test_longer_value_is_one_placeholder() -> None:
    vault = Vault()
    assert redact("王建国科技公司的王建国", vault) == "[COMPANY_A]的[PERSON_A]"
    assert vault.subjects == ()


def test_every_type_has_its_priority() -> None:
    assert sorted(PRIORITY) == sorted(SensitiveType)


@pytest.mark.parametrize("spelling", [*CERTAIN, *CERTAIN_APART, *UNCERTAIN])
def test_what_looks_like_a_placeholder_in_the_users_text_comes_back_as_it_was(spelling: str) -> None:
    literal = {**CERTAIN, **CERTAIN_APART, **UNCERTAIN}[spelling]("PERSON", "A")
    vault = Vault()
    redacted = redact(f"王总 {literal} 王总", vault)
    assert literal.strip("[") not in redacted.replace("[PERSON_A]", "")
    assert "[TEXT_A]" in redacted
    assert restore(redacted, vault).text == f"王总 {literal} 王总"
    assert restore("[TEXT_A]", vault).text in literal


@pytest.mark.parametrize(
    "text",
    [
        *(
            "13800138000PERSON_A",
            "PERSON_13800138000",
            "[PERSON_王总]",
            "[王总]",
            "{王总}",
            "\\[王总\\]",
            "[[PERSON_A]]",
        ),
        *("[PERSON", "王总_A]", "[PERSON_王总", "&#91;王总&#93;", "PERSON_A王总PERSON_A", "[PERSON] 王总 [PHONE]"),
        *("PERSON_\\王总\\_A", "", "王总"),
    ],
)
def test_restoring_what_was_redacted_gives_the_text_back(text: str) -> None:
    vault = Vault()
    redacted = redact(text, vault)
    assert restore(redacted, vault).text == text
    assert "王总" not in redacted


def test_any_text_of_parts_of_placeholders_comes_back() -> None:
    rng = random.Random(4)
    parts = (
        *("[", "]", "\\", "_", "1", "-", " ", "【", "{", "}", "&#91;", "\n", "PERSON", "person", "A", "B", "Ａ"),
        *("王总", "王建国", "13800138000", "Alice", "[PERSON_A]", "[PERSON]"),
    )
    vault = Vault()
    for number in range(3000):
        if number % 100 == 0:
            vault = Vault()
        text = "".join(rng.choices(parts, k=rng.randrange(1, 12)))
        redacted = redact(text, vault)
        assert restore(redacted, vault).text == text, (text, redacted)
        assert not restore(redacted, vault).unresolved
        assert not WORDS.find(redacted)


def test_finding_that_shows_only_after_redaction_is_replaced() -> None:
    """A letter touches the number until the name before it is a placeholder."""
    text = "Zoe13800138000,"
    assert not Digits().find(text)
    vault = Vault()
    redacted = Redactor([Digits(), WordList({"Zoe": PERSON})]).redact(text, vault)
    assert redacted.text == "[PERSON_A][PHONE_A],"
    assert restore(redacted.text, vault).text == text


def test_recogniser_that_is_never_content_ends_and_shows_nothing() -> None:
    class Greedy:
        def find(self, text: str) -> list[Finding]:
            plain = [i for i, c in enumerate(text) if c.islower()]
            return [Finding(plain[0], plain[0] + 1, SensitiveType.TERM, "greedy")] if plain else []

    vault = Vault()
    text = "abcdefghijklmnopqrstuvw"
    redacted = Redactor([Greedy()]).redact(text, vault).text
    assert redacted == "[TEXT_A]"
    assert restore(redacted, vault).text == text


def test_findings_out_of_the_text_are_passed_over() -> None:
    class Faulty:
        def find(self, text: str) -> list[Finding]:
            return [Finding(-1, 2, PERSON, "x"), Finding(1, 1, PERSON, "x"), Finding(2, 99, PERSON, "x")]

    assert Redactor([Faulty(), WORDS]).redact("找王总", Vault()).text == "找[PERSON_A]"


def test_full_vault_is_an_error_that_names_it() -> None:
    with pytest.raises(VaultFull, match="2 sensitive values"):
        redact("王总、王建国、Alice", Vault(most_values=2))


def test_concurrent_texts_of_a_conversation_agree() -> None:
    vault, names = Vault(), [f"人物{n}号" for n in range(60)]
    seen: list[dict[str, str]] = []

    def run(seed: int) -> None:
        order = random.Random(seed).sample(names, len(names))
        seen.append({name: vault.placeholder_for(name, PERSON) for name in order})

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert all(one == seen[0] for one in seen)
    assert len(set(seen[0].values())) == len(names)


def test_outbound_is_made_by_a_redactor_alone() -> None:
    with pytest.raises(TypeError):
        Outbound([Message("user", "王总")])
    with pytest.raises(TypeError):
        Redacted("王总", (), Vault())
    with pytest.raises(TypeError):
        type("Mine", (Outbound,), {})
    with pytest.raises(TypeError):
        _ = Outbound.__new__(Outbound).messages


def test_outbound_can_not_be_changed_copied_or_shown() -> None:
    outbound = REDACTOR.outbound([Draft("user", ["问王总"])], Vault())
    assert repr(outbound) == "<Outbound of 1 messages, 11 characters>"
    with pytest.raises(AttributeError):
        outbound._messages = (Message("user", "王总"),)
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(outbound)
    assert "问" not in repr(outbound.messages) + repr(REDACTOR.redact("问王总", Vault()))


def test_outbound_joins_own_words_redacted_texts_and_others() -> None:
    rules = "保留 [PERSON_A] 这样的记号，王总也一样。"
    redactor = Redactor([WORDS], own_words=[rules, "已知：\n"])
    vault = Vault()
    note = redactor.redact("Alice 打来电话", vault)
    drafts = [Draft("system", [rules]), Draft("user", ["已知：\n", note, "\n王总是谁"]), Draft("system", ["王总说"])]
    contents = [message.content for message in redactor.outbound(drafts, vault).messages]
    assert contents == [rules, "已知：\n[PERSON_A] 打来电话\n[PERSON_B]是谁", "[PERSON_B]说"]


def test_parts_of_another_conversation_or_that_join_to_a_placeholder_are_refused() -> None:
    foreign = REDACTOR.redact("王总", Vault())
    with pytest.raises(ValueError, match="another conversation"):
        REDACTOR.outbound([Draft("user", [foreign])], Vault())
    with pytest.raises(ValueError, match="join"):
        REDACTOR.outbound([Draft("user", ["[PERSON", "_A]"])], Vault())
