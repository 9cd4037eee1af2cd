"""Tiny data, checkpoints and models that the toolchain's tests share."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.support.tiny_bundle import CHARACTERS, tiny_recipe, write_checkpoint, write_data
from tests.support.tiny_checkpoint import write_bert
from toolchain.checkpoint import load_encoder
from toolchain.data import TrainingData, training_data
from toolchain.finetune import FinetuneSettings, finetune
from toolchain.model import MultiTaskModel
from toolchain.recipe import Recipe
from toolchain.tasks import Task
from toolchain.tokenizer import load_tokenizer
from toolchain.training import Schedule

QUICK = FinetuneSettings(
    epochs=2, rows=16, max_length=24, label_smoothing=0, schedule=Schedule(peak=3e-3, warm_up=5, save_every=4)
)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny recipe's files."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder


@pytest.fixture(scope="session")
def mobilebert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileBERT with random weights."""
    folder = tmp_path_factory.mktemp("mobilebert")
    write_checkpoint(folder)
    return folder


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights, of other sizes than the MobileBERT."""
    folder = tmp_path_factory.mktemp("bert")
    write_bert(folder, CHARACTERS)
    return folder


@pytest.fixture(scope="session")
def examples(data: Path, mobilebert: Path) -> TrainingData:
    """The tiny recipe's labelled text."""
    recipe = tiny_recipe(mobilebert)
    return training_data(
        data, recipe.tasks, recipe.sources, list(recipe.measures.values()), recipe.held_out, recipe.seed
    )


@pytest.fixture(scope="session")
def tasks(mobilebert: Path) -> Mapping[str, Task]:
    """The tiny recipe's tasks."""
    return tiny_recipe(mobilebert).tasks


def load(checkpoint: Path, tasks: Mapping[str, Task]) -> tuple[MultiTaskModel, Tokenizer]:
    """A checkpoint under new heads."""
    return MultiTaskModel(load_encoder(str(checkpoint)), tasks), load_tokenizer(str(checkpoint), 24)


@pytest.fixture(scope="session")
def tuned(
    mobilebert: Path, tasks: Mapping[str, Task], examples: TrainingData, tmp_path_factory: pytest.TempPathFactory
) -> tuple[MultiTaskModel, Tokenizer]:
    """A fine-tuned MobileBERT; tests that change it take a copy."""
    model, tokenizer = load(mobilebert, tasks)
    work = tmp_path_factory.mktemp("tuned")
    return finetune(model, tokenizer, examples.train, QUICK, work, lambda *_: None), tokenizer


@pytest.fixture(scope="session")
def tiny(mobilebert: Path) -> Recipe:
    """The tiny recipe."""
    return tiny_recipe(mobilebert)
