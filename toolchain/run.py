"""Running a recipe: its stages in order, each once, each leaving its files and figures in the working directory."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tokenizers import Tokenizer

from model_store.bundle import MANIFEST
from model_store.signing import public_pem
from toolchain.assemble import check_out, is_bundle
from toolchain.checkpoint import load_encoder, longest_input, new_config, new_encoder
from toolchain.checkpoint_files import checkpoint_hashes
from toolchain.corpus import TextSource, source_hashes
from toolchain.data import TrainingData, file_hash, training_data
from toolchain.errors import RecipeError
from toolchain.evaluate import measure, model_answerer
from toolchain.examples import Example
from toolchain.export import FP32_ENCODER, export_encoder
from toolchain.finite import check_finite
from toolchain.model import LONGEST, MultiTaskModel, load_model, save_model
from toolchain.recipe import (
    BundleStage,
    CalibrateStage,
    DistillStage,
    FinetuneStage,
    PretrainStage,
    PruneStage,
    Recipe,
    VocabularyStage,
)
from toolchain.sources import Measure
from toolchain.stages import Outcome, Stages
from toolchain.steps import CHECKED_ROWS, DO, TRAINING
from toolchain.structure import parameter_count
from toolchain.tokenizer import load_tokenizer
from toolchain.training import is_main_process, wait_for_all
from toolchain.words import dictionary

Progress = Callable[[str, int, int, str], None]

_LINKS = ("start", "origin", "teacher", "vocabulary")  # What names another stage in a stage's settings.
_OF_THE_BUNDLE = ("name", "version", "architecture", "learnt_before", "limits", "replay", "updates")


@dataclass(frozen=True)
class Destination:
    """Where a bundle goes, and the key that signs it."""

    out: Path
    key: Ed25519PrivateKey


class Run:
    """One recipe on its way. `begun_in` is the folder that the recipe's relative checkpoints lie in."""

    def __init__(
        self, recipe: Recipe, data: Path, work: Path, progress: Progress, *, begun_in: Path = Path(),
        destination: Destination | None = None,
    ) -> None:  # fmt: skip
        self.recipe = recipe
        self.data = data
        self.stages = Stages(work, recipe.name)
        self.destination = destination
        self._progress = progress
        self._begun_in = begun_in
        self._stage = ""

    def go(self) -> dict[str, Outcome]:
        """Do what is not done yet; the figures of all stages.

        Raises:
            ToolchainError: see `toolchain.errors`; finished stages, and the unfinished one's progress, stay.
        """
        self._check()
        figures = {}
        for stage in self.recipe.stages:
            self._stage = stage.name
            links = {name: getattr(stage, name, None) for name in ("start", "teacher")}
            do = DO[type(stage)]
            if isinstance(stage, BundleStage) and not self._is_in_place(stage.name):
                self.stages.forget({stage.name})  # It was put elsewhere, or taken away.
            if stage.do in TRAINING or is_main_process():
                self.stages.once(stage.name, stage.do, links, self._inputs(stage), partial(do, self, stage))
            wait_for_all()
            self.stages.reload()
            figures[stage.name] = dict(self.stages.finished[stage.name].figures)
            self._progress(stage.name, 1, 1, "done")
        return figures

    def redo(self, names: Sequence[str]) -> None:
        """Forget these finished stages and all that begin with them; what they had saved of their training goes too.

        Raises:
            RecipeError: there is no such stage.
        """
        unknown = set(names) - {stage.name for stage in self.recipe.stages}
        if unknown:
            raise RecipeError(f"there is no stage {unknown.pop()}: {', '.join(s.name for s in self.recipe.stages)}")
        again = set(names)
        for stage in self.recipe.stages:
            if again & {getattr(stage, link, None) for link in _LINKS}:
                again.add(stage.name)
        self.stages.forget(again)
        for name in again:
            shutil.rmtree(self.folder(name), ignore_errors=True)

    def report(self, done: int, total: int, note: str) -> None:
        """How far the stage in hand is."""
        self._progress(self._stage, done, total, note)

    def folder(self, stage: str) -> Path:
        """Where a stage's files lie."""
        return self.stages.work / stage

    @cached_property
    def examples(self) -> TrainingData:
        """The recipe's labelled text."""
        recipe = self.recipe
        return training_data(self.data, recipe.tasks, recipe.sources, self._measures, recipe.held_out, recipe.seed)

    @property
    def held_out(self) -> list[Example]:
        """What no stage trains on, of all tasks. Raises RecipeError where there is none."""
        found = {id(example): example for kept in self.examples.held_out.values() for example in kept}
        if not found:
            raise RecipeError("the recipe holds out no examples (held_out), and this stage is judged by them")
        return list(found.values())

    def place(self, start: str) -> str:
        """The directory (or hub id) of a stage's model or of a checkpoint."""
        if start in self.stages.finished:
            return str(self.folder(start) / "model")
        beside = self._begun_in / start
        return str(beside) if beside.is_dir() else start

    def model(self, start: str, max_length: int = LONGEST) -> tuple[MultiTaskModel, Tokenizer]:
        """The model of an earlier stage, or of another run, with heads for the recipe's tasks; those of segmented tasks
        where it has them.

        Raises:
            CheckpointError: it has no heads. RecipeError: they are for other tasks or labels.
        """
        model, tokenizer = load_model(Path(self.place(start)), max_length)
        tasks = self.recipe.tasks
        fitting = {
            name for name, task in tasks.items() if name in model.tasks and model.tasks[name].outputs == task.outputs
        }
        for name in [name for name in self.recipe.shipped_tasks if name not in fitting]:
            raise RecipeError(f"{start} was not trained on the task {name} with these labels: fine-tune it first")
        return model.with_tasks({name: task for name, task in tasks.items() if name in fitting}), tokenizer

    def shipped(self, start: str, max_length: int = LONGEST) -> tuple[MultiTaskModel, Tokenizer]:
        """The same with the heads that a bundle has."""
        model, tokenizer = self.model(start, max_length)
        return model.with_tasks(self.recipe.shipped_tasks), tokenizer

    def beginning(self, stage: FinetuneStage | DistillStage) -> tuple[MultiTaskModel, Tokenizer]:
        """What a stage trains: an earlier model, a checkpoint, or a model with random weights. Heads that fit the
        recipe's tasks are kept.
        """
        torch.manual_seed(stage.seed)
        if stage.start is not None:
            place = self.place(stage.start)
            if (Path(place) / "tasks.json").is_file():
                model, tokenizer = load_model(Path(place), stage.max_length)
                return model.with_tasks(self.recipe.tasks), tokenizer
            encoder = load_encoder(place)
            tokenizer = load_tokenizer(place, longest_input(encoder.config, stage.max_length))
            return MultiTaskModel(encoder, self.recipe.tasks), tokenizer
        tokenizer = load_tokenizer(self.place(stage.vocabulary or ""), stage.max_length)
        fields = {"max_position_embeddings": stage.max_length, **(stage.model or {})}
        fields["vocab_size"] = tokenizer.get_vocab_size()
        encoder = new_encoder(new_config(fields, f"{stage.name}'s model"))
        return MultiTaskModel(encoder, self.recipe.tasks), tokenizer

    def plain_text(self, stage: VocabularyStage) -> tuple[TextSource, ...]:
        """What a vocabulary is learnt from."""
        labelled = [source.path for source in self.recipe.sources if not source.columns]
        return stage.texts or tuple(TextSource(path=path) for path in labelled)

    def finish(self, name: str, model: MultiTaskModel, tokenizer: Tokenizer) -> Outcome:
        """Save a stage's model, measure it, and look for values that int8 and fp16 could not hold."""
        if is_main_process():
            save_model(self.folder(name) / "model", model, tokenizer)
        answerer = model_answerer(model, tokenizer)
        measures = measure(answerer, self.data, model.tasks, self.recipe.measures)
        with TemporaryDirectory() as scratch:
            graph = Path(scratch) / FP32_ENCODER
            export_encoder(model, graph)
            finite = check_finite(graph, self.rows(tokenizer))
        parameters = parameter_count(model.encoder)
        return {"parameters": parameters, "measures": measures, "finite": asdict(finite)}

    def rows(self, tokenizer: Tokenizer, count: int = CHECKED_ROWS) -> list[list[int]]:
        """Token ids of `count` real sentences, or of as many as there are."""
        different = {id(example): example for example in self.examples.train}.values()
        return [tokenizer.encode(example.text).ids for example in islice(different, count)]

    def _check(self) -> None:
        """What can be known to be wrong before anything is done."""
        if not self.recipe.stages:
            raise RecipeError(f"the recipe {self.recipe.name} has no stages: others extend it")
        kinds = {name: entry.do for name, entry in self.stages.finished.items()}
        all_names = {stage.name for stage in self.recipe.stages}
        before: set[str] = set()
        for stage in self.recipe.stages:
            for link in _LINKS:
                other = getattr(stage, link, None)
                if other in all_names and other not in before:
                    raise RecipeError(f"the stage {stage.name} begins with {other}, which comes after it")
            if isinstance(stage, PruneStage | CalibrateStage) and not self.recipe.held_out:
                raise RecipeError(
                    f"the stage {stage.name} is judged by examples held out, and there are none (held_out)"
                )
            begun_with = kinds.get(getattr(stage, "start", None) or "")
            if isinstance(stage, BundleStage):
                self._check_bundle(stage, begun_with)
            if begun_with == "calibrate" and stage.do in (*TRAINING, "blend"):
                raise RecipeError(f"the stage {stage.name} would undo what calibrating has done: calibrate after it")
            before.add(stage.name)
            kinds[stage.name] = stage.do

    def _check_bundle(self, stage: BundleStage, start: str | None) -> None:
        if self.destination is None:
            raise RecipeError(f"the stage {stage.name} needs a place for the bundle: --out")
        if start != "quantize":
            raise RecipeError(f"the stage {stage.name} must begin with a quantize stage; {stage.start} is none")
        for name, task in self.recipe.tasks.items():
            if task.updatable and name not in self.recipe.held_out:
                raise RecipeError(f"{name} is updatable, and there are no examples held out to measure forgetting with")
        check_out(self.destination.out, self.stages.work, self.data)

    def _inputs(self, stage: Any) -> dict[str, Any]:
        """All that a stage's outcome depends on: settings, what it begins with, data."""
        settings = stage.model_dump(mode="json", exclude={"name": True, "schedule": {"save_every"}})
        inputs: dict[str, Any] = {"settings": settings}
        for link in _LINKS:
            other = getattr(stage, link, None)
            if isinstance(other, str):
                inputs[link] = self._identity(other)
        if isinstance(stage, VocabularyStage):
            inputs["data"] = source_hashes(self.data, self.plain_text(stage))
        elif isinstance(stage, PretrainStage):
            inputs["data"] = source_hashes(self.data, stage.sources)
            inputs["kept out"] = {m.source.path: file_hash(m.source.file(self.data)) for m in self._measures}
        else:
            inputs["data"] = self._data_identity
        if isinstance(stage, BundleStage) and self.destination is not None:
            inputs["bundle"] = self.recipe.model_dump(mode="json", include=set(_OF_THE_BUNDLE))
            inputs["key"] = sha256(public_pem(self.destination.key.public_key())).hexdigest()
        return inputs

    def _is_in_place(self, stage: str) -> bool:
        """Is what lies at the destination the bundle that this stage made?"""
        entry = self.stages.finished.get(stage)
        if entry is None or self.destination is None or not is_bundle(self.destination.out):
            return False
        return file_hash(self.destination.out / MANIFEST) == entry.figures.get("manifest")

    @property
    def _measures(self) -> list[Measure]:
        return list(self.recipe.measures.values())

    def _identity(self, start: str) -> object:
        if start in self.stages.finished:
            return _digest(self.stages.finished[start].inputs)
        return checkpoint_hashes(self.place(start))

    @cached_property
    def _data_identity(self) -> dict[str, Any]:
        recipe = self.recipe
        sources = [*recipe.sources, *(m.source for m in self._measures)]
        files = {source.path: file_hash(source.file(self.data)) for source in sources}
        files |= {source.texts: file_hash(self.data / source.texts) for source in sources if source.texts}
        if any(task.segmented for task in recipe.tasks.values()):
            name, file = dictionary()
            files[name] = file_hash(file)
        said = recipe.model_dump(mode="json", include={"tasks", "sources", "measures", "held_out", "seed"})
        return {"recipe": _digest(said), "files": files}


def _digest(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
