"""The heads that answer now: one a task, swapped in one step and held by whoever is answering."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from device_sim.errors import TaskNotUpdatable, UnknownTask
from device_sim.onnx_runtime import checkpoint_parameters
from model_store.bundle import Bundle
from model_store.errors import HeadInvalid, VersionError, VersionNotServable
from model_store.head import Float32, HeadParameters
from model_store.manifest import CHECKPOINT, TaskManifest, UpdateTerms, head_file
from model_store.versions import BASE_VERSION, Version, VersionTable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Head:
    """A loaded version: everything one answer needs, unchanging. `labels` of a token task are tags."""

    task: str
    version: int
    labels: tuple[str, ...]
    parameters: HeadParameters

    def choose(self, features: Float32) -> str:
        """The most probable label for features [D]."""
        return self.labels[int(self.parameters.probabilities(features[None])[0].argmax())]


@dataclass(frozen=True)
class Degraded:
    """The active version can't be loaded; an ancestor answers in its place."""

    task: str
    active: int
    serving: int
    reason: str

    def __str__(self) -> str:
        return f"{self.task}: version {self.active} can't be loaded ({self.reason}); version {self.serving} answers"


class ServingHeads:
    """Which head answers for each task. Reading is lock-free: a dictionary entry is replaced, never changed."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._base = {task: self._bundled_head(task, spec) for task, spec in bundle.manifest.tasks.items()}
        self._serving = dict(self._base)
        self._degraded: dict[str, Degraded] = {}

    @property
    def tasks(self) -> Mapping[str, TaskManifest]:
        """The bundle's tasks."""
        return self._bundle.manifest.tasks

    @property
    def base_id(self) -> str:
        """The base whose features the heads work on."""
        return self._bundle.manifest.base_id

    def spec(self, task: str) -> TaskManifest:
        """The manifest of `task`.

        Raises:
            UnknownTask: naming those there are.
        """
        if task not in self.tasks:
            names = sorted(self.tasks)
            raise UnknownTask(f"there is no such task; tasks are: {', '.join(names)}", field="task", allowed=names)
        return self.tasks[task]

    def terms(self, task: str) -> UpdateTerms:
        """What updates of `task` may do.

        Raises:
            UnknownTask. TaskNotUpdatable: naming those that are updatable.
        """
        terms = self.spec(task).terms
        if terms is None:
            updatable = sorted(name for name, spec in self.tasks.items() if spec.updatable)
            raise TaskNotUpdatable(f"the bundle's head for {task} is not updatable", field="task", allowed=updatable)
        return terms

    def misfit(self, version: Version) -> str | None:
        """Why `version` could not answer with this bundle, whatever its state; None if it could. Raises UnknownTask."""
        spec = self.spec(version.task)
        if not spec.updatable:
            return f"the bundle's head for {version.task} is not updatable: only version 0 answers"
        if not version.fits(self.base_id, spec.labels):
            return "the bundle has another base or other labels"
        return None

    def serving(self, task: str) -> Head:
        """The head that answers for `task` now. Raises UnknownTask."""
        self.spec(task)
        return self._serving[task]

    def base(self, task: str) -> Head:
        """Version 0, the bundle's own head. Raises UnknownTask."""
        self.spec(task)
        return self._base[task]

    def load(self, versions: VersionTable, task: str, number: int) -> Head:
        """The head of version `number`.

        Raises:
            VersionError: it does not exist, may not serve, or its parameters are damaged.
        """
        spec = self.spec(task)
        if number == BASE_VERSION:
            return self._base[task]
        version = versions.find(task, number)
        misfit = self.misfit(version)
        if misfit is not None:
            raise VersionNotServable(f"version {number} of {task} can't be served: {misfit}")
        parameters = versions.parameters(version)
        parameters.check(len(spec.labels), self._bundle.manifest.feature_width)
        return Head(task, number, spec.labels, parameters)

    def refresh(self, versions: VersionTable, task: str) -> None:
        """Serve what the active pointer names or, if that can't be loaded, its nearest good ancestor."""
        active = versions.active(task)
        try:
            head = self.load(versions, task, active)
            self._degraded.pop(task, None)
        except VersionError as error:
            head = self._nearest_ancestor(versions, task, active)
            degraded = Degraded(task, active, head.version, str(error))
            if self._degraded.get(task) != degraded:
                _log.error("degraded: %s", degraded, extra=vars(degraded))
            self._degraded[task] = degraded
        self._serving[task] = head

    def withdraw(self) -> None:
        """Serve the bundle's own heads: there is no state any more that could name others."""
        self._serving = dict(self._base)
        self._degraded = {}

    def degraded(self, task: str | None = None) -> list[Degraded]:
        """Tasks (or the one task) that an ancestor serves."""
        return [entry for name, entry in tuple(self._degraded.items()) if task in (None, name)]

    def _nearest_ancestor(self, versions: VersionTable, task: str, number: int) -> Head:
        for ancestor in versions.ancestors(task, number, self.base_id, self.spec(task).labels):
            try:
                return self.load(versions, task, ancestor.number)
            except VersionError:
                continue
        return self._base[task]

    def _bundled_head(self, task: str, spec: TaskManifest) -> Head:
        try:
            parameters = checkpoint_parameters(self._bundle.path(head_file(task, CHECKPOINT)))
        except (RuntimeError, KeyError, ValueError) as error:
            raise HeadInvalid(f"the bundle's head for {task} can't be read") from error
        parameters.check(len(spec.labels), self._bundle.manifest.feature_width)
        return Head(task, BASE_VERSION, spec.labels, parameters)
