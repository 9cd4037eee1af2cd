"""What decides a run's figures, as it is kept in the run's folder."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fleet.errors import NoRoom, OtherRun
from fleet.personas import Frozen, Population
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


def settle_config(folder: Path, config: RunConfig) -> bool:
    """Keep the config of a new run; whether the folder holds that run already.

    Raises:
        OtherRun: it holds another run; the message names what differs. NoRoom.
    """
    kept = read_config(folder)
    if kept is not None:
        if _decisive(kept) != _decisive(config):
            raise OtherRun(f"{folder} holds a run with {difference(kept, config)}: give the same, or another --out")
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OtherRun(f"{folder} holds other files: choose a new or an empty folder with --out")
        temporary = folder / (CONFIG_FILE + ".tmp")
        temporary.write_text(config.model_dump_json(by_alias=True, indent=1) + "\n", "utf-8")
        temporary.replace(folder / CONFIG_FILE)
    except OSError as error:
        raise NoRoom(f"{folder} can't be written: {error.strerror}") from error
    return False


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
