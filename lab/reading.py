"""Reading scenario files: YAML as JSON knows it, and every mistake with its file, line and path."""

import re
from collections.abc import Hashable, Iterable, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lab.errors import ScenarioInvalid, UnknownScenario
from lab.foresight import Draft, foresee
from lab.mistakes import of_shape, told
from lab.scenario import Scenario

_SUFFIXES = (".yaml", ".yml")


class _Loader(yaml.SafeLoader):
    """Values as in YAML 1.2: `10:30` and `no` are strings, and a key may be given once only."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping without a key given twice."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key} is given twice", problem_mark=key_node.start_mark
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """A value; what the library can't make of it, also by another exception than its own, is told with its line."""
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            problem = f"{str(node.value)[:40]} can't be read as {node.tag.rpartition(':')[2]}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

    def construct_int(self, node: yaml.ScalarNode) -> int:
        """Decimal, also with a zero at its beginning."""
        return int(str(self.construct_scalar(node)))


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_int)


def read(path: Path) -> Scenario:
    """The scenario in a file.

    Raises:
        ScenarioInvalid: a line a mistake.
    """
    node, content = _parsed(path)
    scenario, mistakes = None, []
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        mistakes = of_shape(error)
    mistakes += foresee(Draft.of(content))
    if scenario is None or mistakes:
        raise ScenarioInvalid(told(path, node, mistakes))
    return scenario


def _parsed(path: Path) -> tuple[yaml.Node, dict[Any, Any]]:
    """What a file holds, with its places and without. Raises ScenarioInvalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ScenarioInvalid(f"{path}: is not text in UTF-8") from None
    except OSError as error:
        raise ScenarioInvalid(f"{path}: {error.strerror}") from None
    try:
        node, content = _loaded(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        said = f"holds the character U+{error.character:04X}, which is none of a text: is it saved as UTF-8?"
        raise ScenarioInvalid(f"{path}:{line}: {said}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ScenarioInvalid(f"{where}: is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ScenarioInvalid(f"{path}: is no YAML: {error}") from None
    except RecursionError:
        raise ScenarioInvalid(f"{path}: lists and mappings lie too deep in each other") from None
    if node is None or not isinstance(content, dict):
        raise ScenarioInvalid(f"{path}: must be a mapping that begins with name, about and steps")
    return node, content


def _loaded(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node else None
    finally:
        loader.dispose()


def find(names: Sequence[str]) -> list[Path]:
    """The files that `names` mean: files, folders of them, or names of shipped scenarios; all shipped without any. A
    file or folder goes before a shipped scenario of the same name.

    Raises:
        UnknownScenario
    """
    if not names:
        return shipped()
    found: list[Path] = []
    for name in names:
        try:
            found += _meant(name)
        except OSError as error:
            raise UnknownScenario(f"{name}: {error.strerror}") from None
    return list(dict.fromkeys(found))


def _meant(name: str) -> list[Path]:
    """The files of one name. Raises UnknownScenario, OSError."""
    path = Path(name)
    by_name = {one.stem: one for one in shipped()}
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if _is_scenario(one))
        if not inside:
            hides = "; it goes before the shipped scenario of its name" if name in by_name else ""
            raise UnknownScenario(f"{name}: the folder holds no .yaml file{hides}")
        return inside
    if path.is_file() or path.is_symlink():  # What a dangling link lacks is told where it is read.
        return [path]
    if name in by_name:
        return [by_name[name]]
    close = get_close_matches(name, by_name, 1)
    meant = f"; is {close[0]} meant?" if close else " (attune lab list names those)"
    raise UnknownScenario(f"{name}: neither a file, a folder nor a shipped scenario{meant}")


def _is_scenario(path: Path) -> bool:
    """Is it one that a folder is asked for? Hidden files and folders in it are not."""
    return (
        path.suffix.lower() in _SUFFIXES
        and not path.name.startswith(".")
        and (path.is_file() or path.is_symlink())
        and not path.is_dir()
    )


def shipped() -> list[Path]:
    """The scenarios that ship, by name."""
    folder = Path(str(resources.files("lab"))) / "scenarios"
    return sorted(folder.glob("*.yaml"))


def read_each(paths: Iterable[Path]) -> tuple[list[Scenario], list[str]]:
    """The scenarios of several files, each with a name of its own, and the mistakes in the other files, a line each."""
    scenarios: dict[str, tuple[Path, Scenario]] = {}
    mistakes: list[str] = []
    for path in paths:
        try:
            scenario = read(path)
        except ScenarioInvalid as error:
            mistakes += str(error).splitlines()
            continue
        if scenario.name in scenarios:
            mistakes.append(f"{path}: the name {scenario.name} is that of {scenarios[scenario.name][0]} already")
            continue
        scenarios[scenario.name] = (path, scenario)
    return [scenario for _, scenario in scenarios.values()], mistakes


def read_all(paths: Iterable[Path]) -> list[Scenario]:
    """The scenarios of several files.

    Raises:
        ScenarioInvalid: with the mistakes of all of them.
    """
    scenarios, mistakes = read_each(paths)
    if mistakes:
        raise ScenarioInvalid("\n".join(mistakes))
    return scenarios
