"""Who the users are: each drawn from the population by seed and number alone, and what each means by a text."""

import math
import random
from dataclasses import dataclass

from fleet.config import RunConfig
from fleet.errors import InvalidTexts
from fleet.personas import Bias, Persona
from fleet.texts import Corpus, Text

# Texts that a user may come across, of those who have very many.
_MOST_TAUGHT = 400
FEWEST_TAUGHT = 10
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Said:
    """A text in the user's words, with the label that they mean by it. `number` is its place in the corpus."""

    number: int
    text: str
    label: str


@dataclass(frozen=True)
class Member:
    """One simulated user: `taught` is what they come across, in this order and then over again; `judged` is what
    judges the heads, and shares no phrase with it. `rate` is samples a round.
    """

    number: int
    persona: Persona
    topics: tuple[str, ...]
    rate: float
    taught: tuple[Said, ...]
    judged: tuple[Said, ...]


def chance(config: RunConfig, *what: object) -> random.Random:
    """Random numbers that depend on the run's seed and on nothing but `what`."""
    return random.Random("/".join(map(str, (config.seed, *what))))  # noqa: S311  # simulated people, no secrets


class Membership:
    """Makes the members of a run, each by its number."""

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        self._config = config
        self._groups: dict[str, list[tuple[int, Text]]] = {}
        for number, text in enumerate(corpus.texts):
            self._groups.setdefault(text.group, []).append((number, text))
        if config.source.each == "user":
            needed = config.judged + FEWEST_TAUGHT
            self._groups = {name: texts for name, texts in self._groups.items() if len(texts) >= needed}

    @property
    def groups(self) -> tuple[str, ...]:
        """Topics, or users with enough texts."""
        return tuple(sorted(self._groups))

    def member(self, number: int) -> Member:
        """The user of that number, from 0.

        Raises:
            InvalidTexts: too few of their texts are there.
        """
        config = self._config
        drawn = chance(config, number, "who")
        persona = self._persona(number)
        rate = drawn.lognormvariate(math.log(persona.feedback.mean), persona.feedback.spread)
        topics = self._topics(number, persona, drawn)
        pool = self._pool(topics, drawn)
        taught, judged = self._split(pool)
        if len(judged) < 5 or len(taught) < FEWEST_TAUGHT:
            raise InvalidTexts(
                f"a user of persona {persona.name} has {len(pool)} texts; {FEWEST_TAUGHT} to teach and 5 to judge are "
                "needed at least: give more texts or fewer, larger groups"
            )
        said = [[self._said(number, persona, topics, entry) for entry in entries] for entries in (taught, judged)]
        return Member(number, persona, tuple(topics), rate, tuple(said[0]), tuple(said[1]))

    def _persona(self, number: int) -> Persona:
        """Each persona has its part among the first users of any number: steps of the golden ratio spread evenly."""
        personas = self._config.population.personas
        start = chance(self._config, "personas").random()
        place = (start + number * _GOLDEN) % 1 * sum(persona.weight for persona in personas)
        for persona in personas:
            place -= persona.weight
            if place < 0:
                return persona
        return personas[-1]

    def _topics(self, number: int, persona: Persona, drawn: random.Random) -> dict[str, float]:
        if self._config.source.each == "user":
            return {self.groups[number % len(self.groups)]: 1.0}
        if persona.topics:
            return dict(persona.topics)
        each = min(self._config.population.topics_each, len(self.groups))
        return dict.fromkeys(drawn.sample(self.groups, each), 1.0)

    def _pool(self, topics: dict[str, float], drawn: random.Random) -> list[tuple[int, Text]]:
        """The texts of the topics in the order that they come in: the heavier a topic, the earlier its texts.

        Weighted sampling without replacement (Efraimidis and Spirakis, Weighted random sampling, 2006).
        """
        keyed = [
            (math.log(1 - drawn.random()) / weight, entry)
            for topic, weight in sorted(topics.items())
            for entry in self._groups[topic]
        ]
        keyed.sort(key=lambda pair: pair[0], reverse=True)
        return [entry for _, entry in keyed]

    def _split(self, pool: list[tuple[int, Text]]) -> tuple[list[tuple[int, Text]], list[tuple[int, Text]]]:
        """A third of the phrases judges, by the first of its texts in the order of the pool, so that the topics come
        alike in both parts.
        """
        families = list(dict.fromkeys(text.family for _, text in pool))
        judging = set(families[2::3])
        judged = [entry for entry in pool if entry[1].family in judging]
        taught = [entry for entry in pool if entry[1].family not in judging]
        return taught[:_MOST_TAUGHT], judged[: self._config.judged]

    def _said(self, number: int, persona: Persona, topics: dict[str, float], entry: tuple[int, Text]) -> Said:
        place, text = entry
        label = text.label
        for index, rule in enumerate(persona.bias):
            if _applies(rule, text, topics) and (rule.from_ in (None, label)):
                if chance(self._config, number, "means", index, place).random() < rule.chance:
                    label = rule.to
                break
        return Said(place, in_words_of(persona, text.text), label)


def in_words_of(persona: Persona, text: str) -> str:
    """A text as a persona would put it."""
    for common, own in persona.vocabulary.items():
        text = text.replace(common, own)
    return text


def all_texts(config: RunConfig, corpus: Corpus) -> list[str]:
    """Every text that some user of the run may write, once."""
    spoken = {in_words_of(persona, text.text): None for persona in config.population.personas for text in corpus.texts}
    return list(spoken)


def _applies(rule: Bias, text: Text, topics: dict[str, float]) -> bool:
    if rule.first_topic and text.group != next(iter(topics)):
        return False
    if rule.topics and text.group not in rule.topics:
        return False
    return not rule.words or any(word in text.text for word in rule.words)
