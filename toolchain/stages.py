"""Stages that are each done once: what a working directory has finished, and what each stage measured."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolchain.errors import WorkError


class Stages:
    """The finished stages of a working directory, and what each measured. `inputs` is all that they depend on.

    Raises:
        WorkError: the directory was begun with other inputs, or can't be used.
    """

    def __init__(self, work: Path, inputs: Mapping[str, Any]) -> None:
        self._path = work / "stages.json"
        self._inputs = json.loads(json.dumps(inputs))
        self.figures: dict[str, Any] = {}
        if self._path.exists():
            try:
                content = json.loads(self._path.read_text("utf-8"))
                begun_with, self.figures = content["inputs"], content["figures"]
            except (OSError, ValueError, KeyError, TypeError):
                raise WorkError(f"{self._path} is damaged: choose another directory") from None
            if begun_with != self._inputs:
                raise WorkError(f"{work} was begun with another checkpoint, recipe or data: choose another directory")
        else:
            self._save()

    def once(self, name: str, stage: Callable[[], dict[str, Any]]) -> None:
        """Run a stage unless it has been finished before."""
        if name not in self.figures:
            self.figures[name] = stage()
            self._save()

    def _save(self) -> None:
        temporary = self._path.with_suffix(".tmp")
        content = {"inputs": self._inputs, "figures": self.figures}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")
            temporary.replace(self._path)
        except OSError as error:
            raise WorkError(f"{self._path} can't be written: {error.strerror}") from error
