"""A small fleet on the bundle that ships: few texts of two topics, few users, short trainings."""

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleet.config import read_config
from fleet.local_workers import LocalWorkers
from fleet.prepare import Prepared, Request, prepare
from fleet.results import UserResult, read_results
from fleet.run import STATES, Workers, run_fleet
from fleet.texts import Text, shipped_corpus
from model_store.bundle import SHIPPED_BUNDLE

LABELS = ("负面", "中性", "正面")
USERS = 4
PERSONAS = """
personas:
  - {name: gloomy, weight: 2, feedback: {mean: 14, spread: 0.1}, bias: [{from: neutral, to: negative}]}
  - {name: turncoat, feedback: {mean: 14, spread: 0.1}, poison: {share: 1, from_round: 2}}
"""


@pytest.fixture(scope="session")
def sentences() -> tuple[Text, ...]:
    """Some of the shipped sentences, of two topics."""
    texts = shipped_corpus(LABELS).texts
    return tuple(text for text in texts if text.group in ("food", "work"))[::2]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, sentences: tuple[Text, ...]) -> Request:
    """What the small fleet is asked to be."""
    folder = tmp_path_factory.mktemp("asked")
    rows = [{"text": text.text, "label": text.label, "topic": text.group} for text in sentences]
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "personas.yaml").write_text(PERSONAS, "utf-8")
    return Request(
        SHIPPED_BUNDLE, users=USERS, updates=2, judged=20, texts=folder / "texts.jsonl", group="topic",
        personas=str(folder / "personas.yaml"), varied=("gate=on,off", "epochs=20"),
    )  # fmt: skip


Run = Callable[..., list[UserResult]]


def run_in(folder: Path, request: Request, workers: Workers) -> list[UserResult]:
    """Run a fleet to its end; its results."""
    for _ in run_fleet(prepared_in(folder, request), folder, workers, folder / STATES, False):
        pass
    return read_results(folder)


def prepared_in(folder: Path, request: Request) -> Prepared:
    """A run of `folder`, ready to begin."""
    return prepare(request, read_config(folder))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small: Request) -> Path:
    """The folder of the small fleet's run, by two workers."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    run_in(folder, small, LocalWorkers(2))
    return folder


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """As on a full disk: no file grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def figures(results: list[UserResult]) -> list[dict[str, object]]:
    """What must be the same in every run."""
    return [result.figures for result in results]
