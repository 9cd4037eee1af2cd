"""Where a run of the lab writes to: tried before anything is played, and written to afterwards."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.html import write_html
from lab.junit import write_junit
from lab.results import Report

_WRITERS: dict[str, Callable[[Report, Path], None]] = {"--report": write_html, "--junit": write_junit}
_KEPT = "--keep-state"


class NoPlace(Exception):
    """A place can't be written to; the message is a sentence that names the option."""


class Places:
    """What the options `--report`, `--junit` and `--keep-state` name; an option that was not given is not in it."""

    def __init__(self, named: Mapping[str, str]) -> None:
        for option, text in named.items():
            if not text:
                raise NoPlace(f"{option}: no file is named: write a path after it")
        self._paths = {option: Path(text) for option, text in named.items()}

    @property
    def kept(self) -> Path | None:
        """The folder that keeps the devices' directories."""
        return self._paths.get(_KEPT)

    def attempt(self, scenarios: Sequence[Path]) -> None:
        """See that every place can be written to; folders that miss are made. Raises NoPlace."""
        self._must_differ(scenarios)
        for option, path in self._paths.items():
            try:
                _attempt_folder(path) if option == _KEPT else _attempt_file(path)
            except OSError as error:
                raise NoPlace(f"{option}: {path}: {_said(error)}") from None

    def _must_differ(self, scenarios: Sequence[Path]) -> None:
        own = {path.resolve() for path in scenarios}
        before: dict[Path, str] = {}
        for option, path in self._paths.items():
            place = path.resolve()
            if place in own:
                raise NoPlace(f"{option}: {path}: is a scenario that is to be played")
            if place.exists() and not place.is_file() and not place.is_dir():
                continue  # /dev/null and the like take whatever comes
            for other, taken in before.items():
                if place == other or place in other.parents or other in place.parents:
                    raise NoPlace(f"{option}: {path}: is what {taken} writes to already")
            before[place] = option

    def write(self, report: Report) -> tuple[list[Path], list[str]]:
        """Write the reports; one that can't be written leaves the others. Gives what was written, the devices'
        directories among it, and a sentence for each report that was not.
        """
        written, lost = [], []
        for option, path in self._paths.items():
            try:
                if option in _WRITERS:
                    _WRITERS[option](report, path)
            except OSError as error:
                lost.append(f"{option}: {path}: was not written: {_said(error)}")
            else:
                written.append(path)
        return written, lost


def _attempt_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    inside = path / ".attune-lab"
    inside.mkdir(exist_ok=True)
    inside.rmdir()


def _attempt_file(path: Path) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        return  # a pipe would wait for its reader
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists() and not path.is_symlink()
    with path.open("ab"):
        pass
    if is_new:
        path.unlink()


def _said(error: OSError) -> str:
    return {
        "IsADirectoryError": "is a folder",
        "NotADirectoryError": "a part of the path is a file",
        "FileExistsError": "a part of the path is a file",
    }.get(type(error).__name__, error.strerror or type(error).__name__)
