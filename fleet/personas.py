"""Personas: what kinds of users a fleet has, as data."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from fleet.errors import InvalidPersonas
from fleet.texts import in_labels_of

SHIPPED = Path(__file__).parent / "personas"


def _no_switch(value: object) -> object:
    """YAML reads yes, no, on and off as true and false, which pydantic would take for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not yes or no")  # noqa: TRY004  # pydantic tells no other
    return value


Number = Annotated[float, BeforeValidator(_no_switch)]
Count = Annotated[int, BeforeValidator(_no_switch)]
Share = Annotated[Number, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}$")]


class Frozen(BaseModel):
    """Values that don't change; unknown names and values of another kind are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Bias(Frozen):
    """Texts of these topics (or of the user's first topic), or with one of these words, that are labelled `from`, mean
    `to` to this user. Without topics and words: all texts; without `from`: any label. `chance` is the share of texts.
    """

    topics: tuple[str, ...] = ()
    first_topic: bool = False
    words: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    from_: str | None = Field(default=None, alias="from")
    to: str
    chance: Share = 1.0


class Rate(Frozen):
    """Samples a round: each user has a rate of their own, log-normal around `mean`, by `spread` (sigma)."""

    mean: Number = Field(default=20, ge=1, le=500)
    spread: Number = Field(default=0.5, ge=0, le=2)


class Poison(Frozen):
    """From a round on, this share of the labels is turned round."""

    share: Share
    from_round: Count = Field(default=1, ge=1)


class Persona(Frozen):
    """One kind of user. `weight` is its part of the population, `noise` the share of labels that are slips of the
    finger, `corrects` and `confirms` the chance that a user reacts to a wrong and to a right answer.
    """

    name: Name
    about: str = ""
    weight: Number = Field(default=1, gt=0)
    topics: dict[str, Annotated[Number, Field(gt=0)]] = {}
    vocabulary: dict[Annotated[str, Field(min_length=1)], str] = {}
    bias: tuple[Bias, ...] = ()
    noise: Share = 0.0
    feedback: Rate = Rate()
    corrects: Share = 0.9
    confirms: Share = 0.15
    poison: Poison | None = None


class Population(Frozen):
    """All personas of a fleet. Without topics a persona's users each have `topics_each` of those there are."""

    topics_each: Count = Field(default=3, ge=1)
    personas: tuple[Persona, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [persona.name for persona in self.personas]
        if len(set(names)) != len(names):
            raise ValueError("the names of personas must differ")
        return self


def read_population(name: str) -> Population:
    """The shipped population of that name, or that of a YAML file.

    Raises:
        InvalidPersonas: naming the field.
    """
    shipped = SHIPPED / f"{name}.yaml"
    path = shipped if name in ("default", "any", "own") else Path(name)
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise InvalidPersonas(f"{path} can't be read: {error.strerror}; shipped are: {names}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise InvalidPersonas(f"{path} is not YAML in UTF-8") from error
    except RecursionError:
        raise InvalidPersonas(f"{path} is nested too deeply") from None
    try:
        return Population.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidPersonas(f"{path}: {where}: {first['msg']}") from None


def population_for(population: Population, labels: tuple[str, ...], topics: tuple[str, ...]) -> Population:
    """The population, its labels by the names that the bundle has for them.

    Raises:
        InvalidPersonas: a persona names a label or a topic that there is not.
    """
    translated = []
    for persona in population.personas:
        named = {*persona.topics, *(topic for rule in persona.bias for topic in rule.topics)}
        unknown = sorted(named - set(topics))
        if unknown:
            raise InvalidPersonas(
                f"persona {persona.name}: there is no topic {unknown[0]!r}; topics of the texts are: {_listed(topics)}"
            )
        bias = tuple(
            rule.model_copy(
                update={"from_": rule.from_ and in_labels_of(rule.from_, labels), "to": in_labels_of(rule.to, labels)}
            )
            for rule in persona.bias
        )
        used = {label for rule in bias for label in (rule.from_, rule.to) if label is not None}
        wrong = sorted(used - set(labels))
        if wrong:
            raise InvalidPersonas(
                f"persona {persona.name}: there is no label {wrong[0]!r}; labels are: {', '.join(labels)}"
            )
        translated.append(persona.model_copy(update={"bias": bias}))
    return population.model_copy(update={"personas": tuple(translated)})


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown
