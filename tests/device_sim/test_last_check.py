"""The last check finds every stored secret in the final bytes, in whatever writing, and says no value."""

import base64
import json
import random
from urllib.parse import quote

import pytest

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.last_check import LastCheck, Leak, Secret, StoredSecrets
from device_sim.privacy.redactor import Draft, Redactor
from device_sim.privacy.vault import Vault
from tests.support.word_list import WordList

PERSON, PHONE = SensitiveType.PERSON, SensitiveType.PHONE
SYSTEM = "你是助手，今天帮王小明。\n保留 [PERSON_A] 这样的记号。"
NAME, NUMBER, MAIL = "欧阳建国", "13800138000", "li.lei@corp.example"
SECRETS = StoredSecrets(
    [
        Secret(NAME, PERSON, "contact"),
        Secret("Max", PERSON, "contact"),
        Secret("王小明", PERSON, "contact"),
        Secret("+86 138-0013-8000", PHONE, "contact"),
        Secret(MAIL, SensitiveType.EMAIL, "contact"),
        Secret("甲", PERSON, "contact"),
    ]
)
CHECK = LastCheck([], SECRETS, constants=[SYSTEM, "model-max"])


def body(content: str, *, ascii_only: bool = False, **more: object) -> bytes:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}]
    request = {"model": "model-max", "messages": messages, "max_tokens": 800, "stream": True, **more}
    return json.dumps(request, ensure_ascii=ascii_only).encode()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DISGUISES = {
    "as it is": NAME,
    "spaces": "欧 阳 建\u3000国",
    "zero width": "欧\u200b阳\u2060建国",
    "escapes": json.dumps(NAME),
    "escapes twice": json.dumps(json.dumps(NAME)),
    "bytes": str(NAME.encode()),
    "entities": "".join(f"&#{ord(character)};" for character in NAME),
    "percent": quote(NAME),
    "percent twice": quote(quote(NAME)),
    "base64": encoded(NAME),
    "base64 within": "x" + encoded("ab" + NAME + "!"),
    "base64 for addresses": base64.urlsafe_b64encode(f"??{NAME}".encode()).decode(),
    "base64 twice": encoded(encoded(NAME)),
    "hexadecimal": NAME.encode().hex(),
    "hexadecimal, shifted": "a" + NAME.encode().hex().upper(),
    "number": NUMBER,
    "number with the country": f"+86{NUMBER}",
    "number, wide": "１３８００１３８０００",
    "number, parted": "138 0013 8000",
    "number, hyphens": "(138)0013-8000",
    "number, circled": "①③⑧⓪⓪①③⑧⓪⓪⓪",
    "mail": MAIL.upper(),
    "name in capitals": "ask MAX.",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_secret_is_found_in_any_writing(disguise: str, ascii_only: bool) -> None:
    leaks = CHECK.scan(body(f"给 {DISGUISES[disguise]} 打电话", ascii_only=ascii_only))
    assert leaks
    assert all(leak.where.startswith("body.messages[1].content") for leak in leaks)
    assert NAME not in repr(leaks)
    assert "8000" not in repr(leaks)


def test_says_type_place_and_source() -> None:
    assert CHECK.scan(body(f"给{NAME}")) == (Leak(PERSON, "body.messages[1].content, characters 1 to 5", "contact"),)


@pytest.mark.parametrize(
    "harmless",
    [
        *(
            "给 [PERSON_A] 打 [PHONE_B]",
            "Maximum of a climax",
            "913800138000",
            "138001380001",
            "欧阳\n建国",
            "甲乙",
            "建国",
        ),
        *("[EMAIL_A]" * 50, "d2hhdCBpcyB0aGlz", "deadbeefdeadbeef", "100% & \\n \\u &amp;", ""),
    ],
)
def test_harmless_request_passes(harmless: str) -> None:
    assert CHECK.scan(body(harmless)) == ()


def test_protocol_words_and_constants_are_no_leak_but_the_same_words_elsewhere_are() -> None:
    assert CHECK.scan(body("你好")) == ()
    assert CHECK.scan(body("王小明"))
    assert CHECK.scan(body(SYSTEM + "王小明"))
    assert CHECK.scan(body("你好", user="model-max")) == ()
    assert CHECK.scan(body("你好", user="Max"))


def test_keys_numbers_and_doubled_keys_are_looked_at_and_no_unknown_key_is_named() -> None:
    for leaking in (
        body("你好").replace(b'"stream"', json.dumps(NAME).encode()),
        body("你好", metadata={"x": [int(NUMBER)]}),
        body("你好").replace(b'"stream": true', f'"stream": "{NAME}", "stream": true'.encode()),
    ):
        leaks = CHECK.scan(leaking)
        assert leaks
        assert NAME not in repr(leaks)


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff{}", b"[" * 100_000, NAME.encode()])
def test_what_can_not_be_read_does_not_pass(broken: bytes) -> None:
    assert CHECK.scan(broken) == (Leak(SensitiveType.TEXT, "body", "unreadable"),)


def test_recognisers_look_at_texts_but_not_at_placeholders() -> None:
    check = LastCheck(
        [WordList({"[PERSON_A]": PERSON, "明天": SensitiveType.DATE})], SECRETS, constants=[SYSTEM, "model-max"]
    )
    assert check.scan(body("[PERSON_A]来")) == ()
    assert check.scan(body("明天来")) == (
        Leak(SensitiveType.DATE, "body.messages[1].content, characters 0 to 2", "word list"),
    )


def test_values_of_the_conversation_are_sought_too() -> None:
    vault = Vault()
    vault.placeholder_for("蓝海计划", SensitiveType.PROJECT)
    vault.placeholder_for("[PERSON_A]", SensitiveType.TEXT)
    assert CHECK.scan(body("蓝海 计划如何"), vault)
    assert CHECK.scan(body("蓝海 计划如何")) == ()
    assert CHECK.scan(body("[PERSON_A]"), vault) == ()


def test_every_one_of_thousands_of_secrets_is_found_and_redaction_leaves_none() -> None:
    rng = random.Random(3)
    surnames, syllables = "王李张刘陈杨赵黄周吴", [chr(code) for code in range(0x4E00, 0x5E00)]
    secrets = []
    for number in range(2000):
        name = rng.choice(surnames) + "".join(rng.sample(syllables, 2))
        secrets += [Secret(name, PERSON, "contact"), Secret(f"1{rng.randrange(3 * 10**9, 10**10)}", PHONE, "contact")]
        secrets.append(Secret(f"u{number}@corp{number % 7}.example", SensitiveType.EMAIL, "contact"))
    stored = StoredSecrets(secrets)
    check = LastCheck([], stored, constants=[SYSTEM, "model-max"])
    redactor = Redactor([stored], own_words=[SYSTEM])
    for secret in rng.sample(secrets, 300):
        text = f"请问 {secret.value} 何时到？"
        assert [leak.type for leak in check.scan(body(text))] == [secret.type]
        vault = Vault()
        outbound = redactor.outbound([Draft("user", [text])], vault)
        assert check.scan(body(outbound.messages[0].content), vault) == ()
