"""Recipes: what to train on, what to measure, and the stages from a checkpoint to a bundle, as YAML."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import Field, ValidationError, model_validator

from toolchain.blend import BlendSettings
from toolchain.calibrate import CalibrateSettings
from toolchain.corpus import TextSource
from toolchain.distill import DistillSettings
from toolchain.errors import RecipeError
from toolchain.finetune import FinetuneSettings
from toolchain.pretrain import PretrainSettings
from toolchain.prune import PruneSettings
from toolchain.quantize import QuantizeSettings
from toolchain.replay import ReplaySettings
from toolchain.settings import Settings
from toolchain.sources import Measure, Source
from toolchain.sparsify import SparsifySettings
from toolchain.tasks import Name, Task
from toolchain.vocabulary import VocabularySettings

StageName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_START = "an earlier stage's name, a checkpoint's directory, or a hub id"
Start = Annotated[str, Field(min_length=1, description=_START)]


class UpdateDefaults(Settings):
    """What a device may train a head with, unless asked otherwise; see `model_store.manifest.ParameterBounds`.

    The weight was measured on thirty simulated users (tests/benchmarks/personal.py): at half of it they gain less, at
    twice some lose more than a point in general.
    """

    epochs: int = Field(default=60, ge=1)
    mini_batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=0.003, gt=0)
    user_weight: float = Field(default=0.1, gt=0, le=1)


class VocabularyStage(VocabularySettings):
    """Learns a vocabulary from plain text or, where `texts` names none, from the recipe's sources of JSON lines."""

    do: Literal["vocabulary"]
    name: StageName
    texts: tuple[TextSource, ...] = Field(default=(), description="path and times of each; default: the sources")


class Beginning(Settings):
    """What training begins with: a checkpoint, or random weights of a model with the tokenizer of another."""

    start: Start | None = Field(default=None, description=_START)
    model: dict[str, Any] | None = Field(
        default=None, description="fields of a configuration, model_type among them; its weights are random"
    )
    vocabulary: Start | None = Field(default=None, description="whose tokenizer `model` has: as `start`")

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if (self.start is None) == (self.model is None) or (self.model is None) != (self.vocabulary is None):
            raise ValueError("give either start, or model and vocabulary")
        return self


class PretrainStage(PretrainSettings, Beginning):
    """Pretrains from `start`, or from random weights of `model` with the tokenizer of `vocabulary`."""

    do: Literal["pretrain"]
    name: StageName


class FinetuneStage(FinetuneSettings, Beginning):
    """Fine-tunes `start`, or `model` from random weights with the tokenizer of `vocabulary`."""

    do: Literal["finetune"]
    name: StageName


class DistillStage(DistillSettings, Beginning):
    """Distils `teacher`, a stage with heads, into `start` or into `model`, as fine-tuning would train it."""

    do: Literal["distill"]
    name: StageName
    teacher: Start


class PruneStage(PruneSettings):
    """Prunes a stage with heads."""

    do: Literal["prune"]
    name: StageName
    start: Start


class SparsifyStage(SparsifySettings):
    """Prunes single weights of a stage with heads, for comparison."""

    do: Literal["sparsify"]
    name: StageName
    start: Start


class QatStage(DistillSettings):
    """Trains a stage with heads on with the rounding that int8 brings, taught by the stage itself as it was."""

    do: Literal["qat"]
    name: StageName
    start: Start


class BlendStage(BlendSettings):
    """Draws a stage with heads part of the way back to `origin`, the encoder that it was fine-tuned from."""

    do: Literal["blend"]
    name: StageName
    start: Start
    origin: Start = Field(description="the encoder that `start` was fine-tuned from: as `start`")


class CalibrateStage(CalibrateSettings):
    """Moves the biases of a stage's heads to the balance of mistakes that is wanted."""

    do: Literal["calibrate"]
    name: StageName
    start: Start


class QuantizeStage(QuantizeSettings):
    """Exports a stage with heads to ONNX, and quantises it."""

    do: Literal["quantize"]
    name: StageName
    start: Start
    most_lost: float = Field(default=0.005, ge=0, le=1, description="of any figure against fp32, at most")


class BundleStage(Settings):
    """Makes the signed bundle of a quantised stage."""

    do: Literal["bundle"]
    name: StageName
    start: Start
    phones: bool = Field(default=False, description="tell in the card how near its exports to phones are")


Stage = Annotated[
    VocabularyStage
    | PretrainStage
    | FinetuneStage
    | DistillStage
    | PruneStage
    | SparsifyStage
    | QatStage
    | BlendStage
    | CalibrateStage
    | QuantizeStage
    | BundleStage,
    Field(discriminator="do"),
]


class Recipe(Settings):
    """Everything that decides what comes out, besides the data and the checkpoints that it names.

    `architecture`, `learnt_before` (what its checkpoint had learnt, and from what) and `limits` (what it is
    bad at) are words for the bundle's card. `held_out` says how many examples of a task are kept out of training: they
    choose and judge between stages, and are the yardstick of forgetting on the device.
    """

    name: StageName
    version: str = Field(default="1.0.0", min_length=1, max_length=64)
    architecture: str = Field(default="", description="of the encoder; where empty, as its configuration says")
    learnt_before: str = ""
    limits: str = "Nobody has looked yet."
    seed: int = 0
    tasks: dict[Name, Task] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    measures: dict[str, Measure] = Field(default={})
    held_out: dict[Name, Annotated[int, Field(ge=1)]] = Field(default={})
    replay: dict[Name, ReplaySettings] = Field(default={})
    updates: dict[Name, UpdateDefaults] = Field(default={})
    stages: tuple[Stage, ...] = ()

    @property
    def shipped_tasks(self) -> dict[Name, Task]:
        """The tasks that a bundle has heads for."""
        return {name: task for name, task in self.tasks.items() if not task.segmented}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [stage.name for stage in self.stages]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two stages are named {twice.pop()}")
        for name, measured in self.measures.items():
            measured.check(name, self.tasks)
        for stage in self.stages:
            if isinstance(stage, CalibrateStage):
                stage.check(stage.name, self.shipped_tasks)
        for name in self.held_out:
            if name in self.tasks and self.tasks[name].kind != "sentence":
                raise ValueError(f"examples of {name} can't be held out: only those of sentence tasks")
        for name in (*self.held_out, *self.replay, *self.updates, *(m.task for m in self.measures.values())):
            if name not in self.shipped_tasks:
                raise ValueError(f"there is no task {name}; tasks are {', '.join(self.shipped_tasks)}")
        return self

    @model_validator(mode="after")
    def _no_source_of_words(self) -> Self:
        for source in self.sources:
            if source.task in self.tasks and self.tasks[source.task].segmented:
                raise ValueError(f"{source.path}: {source.task} is segmented, and no source can say its spans")
        return self


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. `extends: OTHER.yaml` takes over what this file does not say itself, from beside it.

    Raises:
        RecipeError: naming the file, and the place in it that is wrong.
    """
    return parse_recipe(_content(path), str(path))


def parse_recipe(content: Mapping[str, Any], where: str) -> Recipe:
    """A recipe out of its content.

    Raises:
        RecipeError: naming the place that is wrong.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the recipe"
        raise RecipeError(f"{where}: {place}: {first['msg']}") from None


def _content(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    if path.resolve() in seen:
        raise RecipeError(f"{path} extends itself")
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeError(f"{path} can't be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is no YAML in UTF-8: {error}") from None
    if not isinstance(content, dict):
        raise RecipeError(f"{path} holds no recipe: a mapping is needed")
    other = content.pop("extends", None)
    if other is None:
        return content
    return {**_content(path.parent / str(other), (*seen, path.resolve())), **content}


def stage_settings(do: str) -> list[tuple[str, str, str]]:
    """Name, default and meaning of each setting of a kind of stage.

    Raises:
        RecipeError: there is no such kind.
    """
    kinds = {get_args(kind.model_fields["do"].annotation)[0]: kind for kind in get_args(get_args(Stage)[0])}
    if do not in kinds:
        raise RecipeError(f"there is no stage {do}; stages are {', '.join(kinds)}")
    return list(_described(kinds[do], ""))


def _described(kind: type[Settings], prefix: str, set_to: Settings | None = None) -> Iterator[tuple[str, str, str]]:
    for name, field in kind.model_fields.items():
        if isinstance(field.default, Settings):
            yield from _described(type(field.default), f"{prefix}{name}.", field.default)
        elif name not in ("do", "name"):
            value = field.default if set_to is None else getattr(set_to, name)
            default = "(required)" if field.is_required() else json.dumps(value, default=str)
            yield f"{prefix}{name}", default, field.description or ""
