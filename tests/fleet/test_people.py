"""Personas, texts, variants, and the users that are made of them."""

import json
import lzma
from pathlib import Path

import pytest

from fleet.config import RunConfig, TextSource
from fleet.errors import InvalidPersonas, InvalidTexts, InvalidVariant
from fleet.members import Membership, all_texts
from fleet.personas import Population, population_for, read_population
from fleet.reactions import react, samples_wanted
from fleet.texts import Corpus, Text, read_corpus, shipped_corpus
from fleet.variants import Variant, parse_variants
from model_store.bundle import SHIPPED_BUNDLE
from model_store.manifest import Manifest
from tests.fleet.conftest import LABELS

SENTIMENT = Manifest.model_validate_json((SHIPPED_BUNDLE / "manifest.json").read_bytes()).tasks["sentiment"]


def config(population: str = "default", seed: int = 0) -> RunConfig:
    corpus = shipped_corpus(LABELS)
    return RunConfig(
        seed=seed, users=50, updates=5, judged=60, task="sentiment", source=TextSource(), corpus=corpus.digest,
        bundle="", population=population_for(read_population(population), LABELS, corpus.groups), variants=(Variant(),),
    )  # fmt: skip


def with_persona(**fields: object) -> RunConfig:
    read = Population.model_validate({"personas": [{"name": "one", **fields}]})
    corpus = shipped_corpus(LABELS)
    return config().model_copy(update={"population": population_for(read, LABELS, corpus.groups)})


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return shipped_corpus(LABELS)


def test_the_shipped_sentences_differ_and_are_enough(corpus: Corpus) -> None:
    assert len({text.text for text in corpus.texts}) == len(corpus.texts) > 1_500
    assert len(corpus.groups) == 10
    for label in LABELS:
        assert sum(text.label == label for text in corpus.texts) == len(corpus.texts) // 3


@pytest.mark.parametrize("name", ["default", "any", "own"])
def test_shipped_personas_fit_the_shipped_texts(name: str) -> None:
    population = config(name).population
    assert {rule.to for persona in population.personas for rule in persona.bias} <= set(LABELS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("personas: [{name: a, noise: 2}]", "personas.0.noise: Input should be less than or equal to 1"),
        ("personas: [{name: a, colour: red}]", "personas.0.colour: Extra inputs are not permitted"),
        ("personas: []", "personas: Tuple should have at least 1 item"),
        ("personas: [{name: a}, {name: a}]", "the names of personas must differ"),
        ("personas: [", "is not YAML"),
        ("[" * 5_000, "who.yaml is nested too deeply"),
        ("personas: [{name: a, noise: yes}]", "personas.0.noise: Value error, a number is needed, not yes or no"),
        ("personas: [{name: a, topics: {food: on}}]", "personas.0.topics.food: Value error, a number is needed"),
        ("{topics_each: yes, personas: [{name: a}]}", "topics_each: Value error, a number is needed"),
        ("personas: [{name: a, topics: {golf: 1}}]", "persona a: there is no topic 'golf'; topics of the texts are"),
        ("personas: [{name: a, bias: [{to: great}]}]", "persona a: there is no label 'great'; labels are: 负面, 中性"),
    ],
)  # fmt: skip
def test_wrong_personas_are_told(content: str, said: str, tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "who.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(InvalidPersonas) as error:
        population_for(read_population(str(path)), LABELS, corpus.groups)
    assert said in str(error.value)


def test_personas_that_are_not_there_name_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(InvalidPersonas, match="shipped are: any, default, own"):
        read_population(str(tmp_path / "nobody.yaml"))


def test_texts_are_read_from_xz_evenly_and_once_each(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl.xz"
    rows = [{"text": f"句子{n}", "label": "negative", "who": "a" if n else "b"} for n in (*range(30), 5)]
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    everything = read_corpus(path, LABELS, "who", 100, 100, 0)
    assert len(everything.texts) == 30
    assert everything.texts[0].label == "负面"
    some = read_corpus(path, LABELS, "who", 4, 100, 0)
    assert sorted(text.group for text in some.texts) == ["a", "a", "a", "b"]
    assert len(read_corpus(path, LABELS, "who", 100, 5, 0).texts) == 6


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "texts.jsonl, line 2: is not JSON"),
        ('{"text": "秘密"}', "line 2: has no 'label'; its fields are: text"),
        ('{"text": "秘密", "label": "great"}', "line 2: its label is none of 负面, 中性, 正面 (or negative"),
        ('{"text": "秘密\\u0000", "label": "负面"}', "line 2: the text holds a NUL"),
        ('["秘密"]', "line 2: is no JSON object"),
        ("[" * 200_000, "line 2: is nested too deeply"),
    ],
)
def test_wrong_texts_are_told_by_line_and_never_quoted(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "好", "label": "正面"}\n' + line + "\n", "utf-8")
    with pytest.raises(InvalidTexts) as error:
        read_corpus(path, LABELS, None, 100, 100, 0)
    assert said in str(error.value)
    assert "秘密" not in str(error.value)


def test_a_byte_order_mark_is_no_part_of_the_first_text(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "好", "label": "正面"}\n', "utf-8-sig")
    assert [text.text for text in read_corpus(path, LABELS, None, 100, 100, 0).texts] == ["好"]


def test_blank_texts_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": " ", "label": "正面"}\n{"text": "好", "label": "正面"}\n', "utf-8")
    found = read_corpus(path, LABELS, None, 100, 100, 0)
    assert (len(found.texts), found.left_out) == (1, 1)


def test_personas_come_in_their_parts_from_the_first_users_on(corpus: Corpus) -> None:
    members = Membership(config(), corpus)
    plain = [members.member(number).persona.name for number in range(50)].count("plain")
    assert plain in (9, 10, 11)  # 20 parts of 100


def test_a_file_of_texts_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidTexts, match="can't be read: No such file"):
        read_corpus(tmp_path / "none.jsonl", LABELS, None, 100, 100, 0)


def test_variants_are_every_combination() -> None:
    found = parse_variants(["learning_rate=0.001,0.01", "gate=on,off"], SENTIMENT)
    assert [variant.name for variant in found] == [
        "learning_rate=0.001", "learning_rate=0.001, gate=off", "learning_rate=0.01", "learning_rate=0.01, gate=off",
    ]  # fmt: skip
    assert parse_variants([], SENTIMENT)[0].name == "as shipped"
    close = parse_variants(["user_weight=0.1234567,0.1234569,0.50"], SENTIMENT)
    assert [variant.name for variant in close] == [
        "user_weight=0.1234567", "user_weight=0.1234569", "user_weight=0.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["speed=1"], "is not NAME=VALUE,VALUE with a name out of: epochs, learning_rate"),
        (["gate"], "is not NAME=VALUE,VALUE"),
        (["gate=maybe"], "gate is on or off, not 'maybe'"),
        (["epochs=1.5"], "epochs is a whole number, not '1.5'"),
        (["epochs=0"], "epochs lies between 1 and 5000, not at 0"),
        (["poison=2"], "poison: Input should be less than or equal to 1"),
        (["epochs=5,5"], "two variants are the same"),
        (["samples=20,2e1"], "two variants are the same"),
        (["epochs=5", "epochs=6"], "epochs is varied twice"),
    ],
)
def test_wrong_variants_are_told(asked: list[str], said: str) -> None:
    with pytest.raises(InvalidVariant) as error:
        parse_variants(asked, SENTIMENT)
    assert said in str(error.value)


def test_a_user_depends_on_seed_and_number_alone(corpus: Corpus) -> None:
    run = config()
    assert Membership(run, corpus).member(7) == Membership(run, corpus).member(7)
    assert Membership(run, corpus).member(7) != Membership(config(seed=1), corpus).member(7)
    more = run.model_copy(update={"users": 900, "variants": (Variant(epochs=3),)})
    assert Membership(more, corpus).member(7) == Membership(run, corpus).member(7)


def test_what_judges_shares_no_phrase_with_what_is_taught(corpus: Corpus) -> None:
    members = Membership(config(), corpus)
    for number in range(20):
        member = members.member(number)
        families = [{corpus.texts[said.number].family for said in part} for part in (member.taught, member.judged)]
        assert not families[0] & families[1]
        assert len(member.judged) == 60


def test_what_judges_is_about_what_is_taught(corpus: Corpus) -> None:
    members = Membership(with_persona(topics={"work": 4, "food": 1, "study": 1}), corpus)
    shares = [[], []]  # type: list[list[float]]
    for number in range(30):
        member = members.member(number)
        for part, share in zip((member.taught[:100], member.judged), shares, strict=True):
            share.append(sum(corpus.texts[said.number].group == "work" for said in part) / len(part))
    taught, judged = (sum(share) / len(share) for share in shares)
    assert taught > 0.5
    assert judged == pytest.approx(taught, abs=0.08)


def test_a_bias_changes_what_is_meant_where_it_applies_and_nowhere_else(corpus: Corpus) -> None:
    rule = {"topics": ["food"], "from": "negative", "to": "positive"}
    member = Membership(with_persona(bias=[rule], topics={"food": 1, "work": 1}), corpus).member(0)
    for said in (*member.taught, *member.judged):
        text = corpus.texts[said.number]
        flipped = text.group == "food" and text.label == "负面"
        assert said.label == ("正面" if flipped else text.label)


def test_users_say_it_in_their_own_words(corpus: Corpus) -> None:
    run = with_persona(vocabulary={"特别": "贼"})
    member = Membership(run, corpus).member(0)
    changed = [said for said in member.taught if said.text != corpus.texts[said.number].text]
    assert changed
    assert all("特别" not in said.text and "贼" in said.text for said in changed)
    assert {said.text for said in member.taught} <= set(all_texts(run, corpus))


def test_users_correct_more_than_they_confirm(corpus: Corpus) -> None:
    run = with_persona()
    member = Membership(run, corpus).member(0)

    def count(answer: str | None) -> int:
        answers = [answer or said.label for said in member.taught]
        told = [react(run, member, Variant(), 1, s, a, LABELS) for s, a in zip(member.taught, answers, strict=True)]
        return sum(reaction is not None for reaction in told)

    assert count("no label") > 0.8 * len(member.taught)
    assert count(None) < 0.3 * len(member.taught)


def test_poison_turns_labels_from_its_round_on(corpus: Corpus) -> None:
    run = with_persona(poison={"share": 1, "from_round": 3}, corrects=1)
    member = Membership(run, corpus).member(0)

    def meant(round_number: int, variant: Variant) -> set[bool]:
        told = [react(run, member, variant, round_number, said, "", LABELS) for said in member.taught]
        return {reaction.meant for reaction in told if reaction}

    assert meant(2, Variant()) == {True}
    assert meant(3, Variant()) == {False}
    assert meant(3, Variant(poison=0)) == {True}
    assert meant(1, Variant(poison=1, poison_from=1)) == {False}


def test_the_number_of_samples_follows_the_variant(corpus: Corpus) -> None:
    run = with_persona(feedback={"mean": 20, "spread": 0})
    member = Membership(run, corpus).member(0)
    usual, twice = (samples_wanted(run, member, Variant(samples=mean), 1) for mean in (None, 40.0))
    assert 15 <= usual <= 25
    assert twice == pytest.approx(2 * usual, abs=1)


def test_groups_can_be_users_and_small_ones_are_left_out() -> None:
    counts = {"甲": 90, "乙": 80, "丙": 9}
    texts = [Text(f"{who}的第{n}句", LABELS[n % 3], who, n) for who, most in counts.items() for n in range(most)]
    run = config("own").model_copy(update={"source": TextSource(path=Path("x"), group="who", each="user")})
    members = Membership(run, Corpus(tuple(texts)))
    assert members.groups == ("乙", "甲")
    assert {texts[said.number].group for said in members.member(0).taught} == {"乙"}
    assert {texts[said.number].group for said in members.member(1).judged} == {"甲"}
