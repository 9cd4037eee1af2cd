"""The ledger of a working directory: which stages are finished, what went into each, and what it measured."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from toolchain.errors import WorkError
from toolchain.settings import Settings
from toolchain.training import is_main_process

LEDGER = "stages.json"
Outcome = dict[str, Any]  # A stage's figures, as JSON has them.


class Entry(Settings):
    """A finished stage. `inputs` is all that its outcome depends on; `seconds` counts the last run of it."""

    do: str
    start: str | None = None
    teacher: str | None = None
    inputs: JsonValue
    seconds: float
    figures: dict[str, JsonValue]


class Ledger(Settings):
    """What `stages.json` holds: finished stages, and the inputs of those that were begun and not finished."""

    recipe: str
    stages: dict[str, Entry] = Field(default={})
    begun: dict[str, JsonValue] = Field(default={})


class Stages:
    """The finished stages of a working directory; each is done once.

    Raises:
        WorkError: the directory was begun with another recipe, or can't be used.
    """

    def __init__(self, work: Path, recipe: str) -> None:
        self.work = work
        self._path = work / LEDGER
        ledger = read_ledger(work) if self._path.exists() else Ledger(recipe=recipe)
        if ledger.recipe != recipe:
            raise WorkError(f"{work} was begun with the recipe {ledger.recipe}: choose another directory")
        self._recipe = recipe
        self.finished = dict(ledger.stages)
        self._begun = dict(ledger.begun)
        self._save()

    def once(
        self, name: str, do: str, links: Mapping[str, str | None], inputs: Mapping[str, Any],
        stage: Callable[[], Outcome],
    ) -> Outcome:  # fmt: skip
        """Run a stage unless it has been finished before, and return its figures.

        Raises:
            WorkError: it was begun or finished with other inputs; nothing was changed.
        """
        plain = json.loads(json.dumps(inputs))
        entry = self.finished.get(name)
        before = entry.inputs if entry else self._begun.get(name, plain)
        if before != plain:
            raise WorkError(
                f"{self.work}: the stage {name} was {'finished' if entry else 'begun'} with other settings, data or "
                f"checkpoint ({_difference(before, plain)}): choose another directory, or do it again with "
                f"--redo {name}"
            )
        if entry is None:
            self._begun[name] = plain
            self._save()
            started = time.monotonic()
            figures = json.loads(json.dumps(stage()))
            seconds = round(time.monotonic() - started, 1)
            self.finished[name] = Entry(do=do, **links, inputs=plain, seconds=seconds, figures=figures)
            del self._begun[name]
            self._save()
        return dict(self.finished[name].figures)

    def forget(self, names: set[str]) -> None:
        """Take stages back, to do them again."""
        self.finished = {name: entry for name, entry in self.finished.items() if name not in names}
        self._begun = {name: inputs for name, inputs in self._begun.items() if name not in names}
        self._save()

    def reload(self) -> None:
        """Take up what the main process has noted."""
        ledger = read_ledger(self.work)
        self.finished, self._begun = dict(ledger.stages), dict(ledger.begun)

    def _save(self) -> None:
        if not is_main_process():
            return
        temporary = self._path.with_suffix(".tmp")
        content = Ledger(recipe=self._recipe, stages=self.finished, begun=self._begun).model_dump_json(indent=1)
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            temporary.write_text(content, "utf-8")
            temporary.replace(self._path)
        except OSError as error:
            raise WorkError(f"{self._path} can't be written: {error.strerror}") from error


def read_ledger(work: Path) -> Ledger:
    """The ledger of a working directory.

    Raises:
        WorkError: there is none, or it is damaged.
    """
    path = work / LEDGER
    try:
        return TypeAdapter(Ledger).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise WorkError(f"{work} is no working directory: it has no {LEDGER}") from None
    except (OSError, ValidationError) as error:
        raise WorkError(f"{path} is damaged: choose another directory ({type(error).__name__})") from None


def _difference(one: Any, other: Any, place: str = "") -> str:
    """Where two JSON values differ first."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                return _difference(one.get(key), other.get(key), f"{place}.{key}" if place else key)
    return place or "inputs"
