"""Reading scenario files: YAML as JSON knows it, and every mistake with its file, line and path."""

import re
from collections.abc import Hashable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lab.errors import ScenarioInvalid, UnknownScenario
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


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])


def read(path: Path) -> Scenario:
    """The scenario in a file.

    Raises:
        ScenarioInvalid: a line a mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ScenarioInvalid(f"{path}: is not text in UTF-8") from None
    except OSError as error:
        raise ScenarioInvalid(f"{path}: {error.strerror}") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ScenarioInvalid(f"{where}: is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ScenarioInvalid(f"{path}: is no YAML: {error}") from None
    finally:
        loader.dispose()
    if node is None or not isinstance(content, dict):
        raise ScenarioInvalid(f"{path}: must be a mapping that begins with name, about and steps")
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        lines = (_sentence(path, node, item["loc"], item) for item in error.errors(include_url=False))
        raise ScenarioInvalid("\n".join(dict.fromkeys(lines))) from None


def find(names: Sequence[str]) -> list[Path]:
    """The files that `names` mean: files, folders of them, or names of shipped scenarios; all shipped without any.

    Raises:
        UnknownScenario
    """
    if not names:
        return shipped()
    found: list[Path] = []
    by_name = {path.stem: path for path in shipped()}
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES)
            if not inside:
                raise UnknownScenario(f"{name}: the folder holds no .yaml file")
            found += inside
        elif path.is_file():
            found.append(path)
        elif name in by_name:
            found.append(by_name[name])
        else:
            raise UnknownScenario(
                f"{name}: neither a file, a folder nor a shipped scenario; shipped are: {', '.join(by_name)}"
            )
    return list(dict.fromkeys(found))


def shipped() -> list[Path]:
    """The scenarios that ship, by name."""
    folder = Path(str(resources.files("lab"))) / "scenarios"
    return sorted(folder.glob("*.yaml"))


def read_all(paths: Iterable[Path]) -> list[Scenario]:
    """The scenarios of several files, each with a name of its own.

    Raises:
        ScenarioInvalid: with the mistakes of all of them.
    """
    scenarios: dict[str, tuple[Path, Scenario]] = {}
    mistakes = []
    for path in paths:
        try:
            scenario = read(path)
        except ScenarioInvalid as error:
            mistakes.append(str(error))
            continue
        if scenario.name in scenarios:
            mistakes.append(f"{path}: the name {scenario.name} is that of {scenarios[scenario.name][0]} already")
        scenarios[scenario.name] = (path, scenario)
    if mistakes:
        raise ScenarioInvalid("\n".join(mistakes))
    return [scenario for _, scenario in scenarios.values()]


def _sentence(path: Path, node: yaml.Node, where: Sequence[int | str], item: Any) -> str:
    line, shown = _place(node, where)
    what = item["msg"].removeprefix("Value error, ")
    match item["type"]:
        case "extra_forbidden":
            what = f"is not known here; known are: {', '.join(_known(where))}"
        case "missing":
            what = "is missing"
        case "too_short":
            what = "must not be empty"
        case "string_type" if isinstance(item["input"], int | float):
            what = f'must be text: write it in quotes, as "{item["input"]}"'
        case "value_error" | "no_action":
            pass
        case _:
            what = what.removeprefix("Input ")
            what = what[:1].lower() + what[1:]
    return f"{path}:{line}: {shown or 'the scenario'}: {what}"


def _place(node: yaml.Node, where: Sequence[int | str]) -> tuple[int, str]:
    """The line of a place, and its path as people write it. Parts that the file does not hold are left out: the tags
    of pydantic's unions, and the lists and mappings that a short way of writing stands for.
    """
    line, shown = node.start_mark.line + 1, ""
    for part in where:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            shown += f"[{part}]"
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, node = key.start_mark.line + 1, value
                    shown += f".{part}" if shown else str(part)
                    break
            else:
                if part == where[-1] and isinstance(part, str) and part != "[key]":
                    shown += f".{part}" if shown else part
                continue
            continue
        else:
            continue
        line = node.start_mark.line + 1
    return line, shown


def _known(where: Sequence[int | str]) -> list[str]:
    """The keys that may stand where one is not known."""
    schema = Scenario.model_json_schema()
    definitions = schema["$defs"]
    here = [schema]
    for part in where[:-1]:
        here = [inner for one in here for inner in _inside(one, part, definitions)] or here
    keys = {key for one in here for key in one.get("properties", ())}
    return sorted(keys)


def _inside(schema: Any, part: int | str, definitions: Any) -> list[Any]:
    found: list[Any] = []
    pending = [schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)]
    while pending:
        one = pending.pop()
        if not isinstance(one, dict):
            continue
        if "$ref" in one:
            pending.append(definitions[one["$ref"].rsplit("/", 1)[1]])
        elif "anyOf" in one or "oneOf" in one:
            pending += one.get("anyOf") or one["oneOf"]
        else:
            found.append(one)
    return found
