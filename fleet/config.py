"""What decides a run's figures, as it is kept in the run's folder."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fleet.errors import NoRoom, OtherRun
from fleet.files import TEMPORARY, replace
from fleet.personas import Frozen, Population
from fleet.results import RESULTS_FILE
from fleet.variants import Variant

CONFIG_FILE = "run.json"
_KNOWN_AS = {
    "source": "texts", "corpus": "texts", "bundle": "bundle", "population": "personas", "variants": "varied values",
}  # fmt: skip


class TextSource(Frozen):
    """Where the texts come from; `each` tells whether a group of them is a topic or a user."""

    path: Path | None = None
    group: str | None = None
    each: Literal["topic", "user"] = "topic"
    most: int = 5_000


class RunConfig(Frozen):
    """Two runs of one config have the same figures, whatever ran them."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    seed: int
    users: int = Field(ge=1)
    updates: int = Field(ge=1, le=1_000)
    judged: int = Field(ge=5, le=5_000)
    task: str
    source: TextSource
    corpus: str
    bundle: str
    population: Population
    variants: tuple[Variant, ...] = Field(min_length=1)


def read_config(folder: Path) -> RunConfig | None:
    """The config of the run in `folder`; None where there is none.

    Raises:
        OtherRun: it can't be read.
    """
    path = folder / CONFIG_FILE
    try:
        return RunConfig.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError):
        raise OtherRun(f"{path} can't be read as a run of this version: choose another folder with --out") from None


def settle_config(folder: Path, config: RunConfig) -> None:
    """Keep the config of a new run. Raises OtherRun, as `check_folder`. NoRoom."""
    if not check_folder(folder, config):
        replace(folder / CONFIG_FILE, (config.model_dump_json(by_alias=True, indent=1) + "\n").encode())


def check_folder(folder: Path, config: RunConfig) -> bool:
    """Make the folder of a run; whether it holds that run already.

    Raises:
        OtherRun: it holds another run, or other files; the message names what differs. NoRoom.
    """
    kept = read_config(folder)
    if kept is not None:
        if _decisive(kept) != _decisive(config):
            raise OtherRun(f"{folder} holds a run with {difference(kept, config)}: give the same, or another --out")
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = any(not _left_by_a_start(path) for path in folder.iterdir())
    except OSError as error:
        raise NoRoom(f"{folder} can't be written: {error.strerror}") from error
    if others:
        raise OtherRun(f"{folder} holds other files: choose a new or an empty folder with --out")
    return False


def _left_by_a_start(path: Path) -> bool:
    """Is it from a start that did not get so far as to keep its config?"""
    return path.name == CONFIG_FILE + TEMPORARY or (path.name == RESULTS_FILE and path.stat().st_size == 0)


def difference(kept: RunConfig, asked: RunConfig) -> str:
    """What two runs differ in first, for people."""
    kept, asked = _decisive(kept), _decisive(asked)
    names = [name for name in RunConfig.model_fields if getattr(kept, name) != getattr(asked, name)]
    for name in names:
        one, other = getattr(kept, name), getattr(asked, name)
        if isinstance(one, int | str) and name not in _KNOWN_AS:
            return f"{name} {one}, not {other}"
    return f"other {', '.join(dict.fromkeys(_KNOWN_AS.get(name, name) for name in names))}"


def _decisive(config: RunConfig) -> RunConfig:
    """Where the texts lie decides nothing; which they are does."""
    return config.model_copy(update={"source": config.source.model_copy(update={"path": None})})
