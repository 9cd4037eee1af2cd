"""The command line's reference, and that of the settings and of the problem types, read off the code.

`python -m docs.scripts.command_line` writes them.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import typer

from docs.scripts import pages

_BY = "docs/scripts/command_line.py"
_APP = pages.DOCS.parent / "app"
_TREES = ("device_sim.errors", "model_store.errors")
_HELP = ("-h", "--help")

_COMMAND_LINE = """\
Commands talk to the running service or, when none runs, open the state directory themselves. Exit codes: 0 done, 1
refused or failed (a rejected update too), 2 wrong usage, 130 interrupted. `attune` stands for `.venv/bin/attune`;
`attune serve` starts the service, with the [settings](settings.md). The toolchain's commands are in
[its guide](../toolchain.md) and in `attune-toolchain --help`."""

_SETTINGS = """\
Environment variables, or lines of a `.env` file in the directory in which `attune` is started. An empty one is the same
as none. A wrong one stops the start with a sentence that names it, and never shows its value."""

_PROBLEMS = """\
Every refusal is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)),
`Content-Type: application/problem+json`. Programs look at `type`, which is stable; `detail` is a sentence for people;
`errors` names fields, and `allowed` what would have been accepted. None of them quotes the user's text.

```json
{"type": "urn:attune:problem:unknown-label", "title": "Unknown label", "status": 422,
 "detail": "...", "errors": [{"field": "label", "detail": "..."}], "allowed": ["负面", "中性", "正面"]}
```"""


@dataclass(frozen=True)
class Command:
    """One command: its whole name, and what it takes."""

    name: str
    help: str
    arguments: tuple[Any, ...]
    options: tuple[Any, ...]

    def takes(self, option: str) -> bool:
        """Whether an option, as `--json`, is one of its own."""
        return option in _HELP or any(option in (*one.opts, *one.secondary_opts) for one in self.options)


def commands() -> list[Command]:
    """Every command, those of groups with the group's name before."""
    from app.cli.commands import cli

    root = typer.main.get_command(cli)
    return list(_walk("attune", root))


def _walk(name: str, command: Any) -> Iterator[Command]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield Command(
            name,
            command.help or "",
            tuple(one for one in command.params if one.param_type_name == "argument" and not one.hidden),
            tuple(one for one in command.params if one.param_type_name == "option" and not one.hidden),
        )
        return
    for key, one in inner.items():
        yield from _walk(f"{name} {key}", one)


def command_line_pages() -> dict[str, str]:
    """The pages, by their paths below `docs`."""
    return {
        "reference/command-line.md": _command_line(),
        "reference/settings.md": _settings(),
        "reference/problems.md": _problems(),
    }


def _command_line() -> str:
    found = [one for one in commands() if one.name != "attune serve"]
    overview = [(f"[`{one.name}`](#{_anchor(one.name)})", _first_line(one.help)) for one in found]
    parts = [
        "# Command line",
        _COMMAND_LINE,
        pages.table(("command", "does"), overview),
    ]
    for one in found:
        parts += _command(one)
    return pages.page(_BY, *parts)


def _command(one: Command) -> list[str]:
    usage = " ".join([one.name, *("[OPTIONS]" for _ in one.options[:1]), *map(_argument_usage, one.arguments)])
    arguments = [(f"`{_argument_name(item)}`", _kind(item), _default(item), item.help or "") for item in one.arguments]
    options = [(_names(item), _kind(item), _default(item), item.help or "") for item in one.options]
    return [
        f"## `{one.name}`",
        one.help,
        f"```text\n{usage}\n```",
        pages.table(("argument", "value", "default", "meaning"), arguments),
        pages.table(("option", "value", "default", "meaning"), options),
    ]


def _argument_name(item: Any) -> str:
    return str(item.metavar or item.name.rstrip("_").upper())


def _argument_usage(item: Any) -> str:
    name = _argument_name(item) + ("..." if item.nargs == -1 else "")
    return name if item.required else f"[{name}]"


def _names(item: Any) -> str:
    return ", ".join(f"`{name}`" for name in (*item.opts, *item.secondary_opts))


def _kind(item: Any) -> str:
    if getattr(item, "is_flag", False):
        return ""
    annotation = item.type_descriptor.annotation
    members = getattr(annotation, "__members__", None)
    if members:
        return " or ".join(f"`{member.value}`" for member in members.values())
    if getattr(item, "metavar", None) == "PATH":
        return "path"
    name = {"str": "text", "int": "integer", "float": "number", "Path": "path"}.get(
        getattr(annotation, "__name__", ""), "text"
    )
    low, high = item.min, item.max
    bounds = f", {low:,} to {high:,}" if None not in (low, high) else f", at least {low}" if low is not None else ""
    return name + bounds


def _default(item: Any) -> str:
    value = item.default
    if getattr(item, "is_flag", False) and not item.secondary_opts:
        return ""
    if value is None or value == () or callable(value):
        return "required" if item.required else ""
    if isinstance(value, bool):
        return f"`{item.opts[0] if value else item.secondary_opts[0]}`"
    return f"`{getattr(value, 'value', value)}`"


def _first_line(text: str) -> str:
    first, stop, _ = " ".join(text.split("\n\n", 1)[0].split()).partition(". ")
    return first + ("." if stop else "")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _settings() -> str:
    from app.settings import ENV_PREFIX, Settings

    rows = [
        (f"`{ENV_PREFIX}{name.upper()}`", _setting_default(name, field), f"{field.description}")
        for name, field in Settings.model_fields.items()
    ]
    return pages.page(
        _BY,
        "# Settings",
        _SETTINGS,
        pages.table(("variable", "default", "what"), rows),
    )


def _setting_default(name: str, field: Any) -> str:
    if name == "state_dir":
        return "`~/.local/share/attune`"  # that of the machine which makes this page would not be the reader's
    if name == "bundle":
        return "the shipped one"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, (), ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _problems() -> str:
    from app.problems import TYPE_PREFIX

    rows = sorted({*_of_errors(), *_of_layers()})
    table = pages.table(
        ("status", "`type`", "title", "when"),
        [(str(status), f"`{TYPE_PREFIX}{code}`", title, when) for status, code, title, when in rows],
    )
    return pages.page(
        _BY,
        "# Problems",
        _PROBLEMS,
        table,
    )


Refusal = tuple[int, str, str, str]


def _of_errors() -> Iterator[Refusal]:
    """What the device and the model store refuse: their error classes, with the status that the table gives."""
    from app.problems import status_and_title
    from device_sim.errors import DeviceError, UpdateCancelled
    from model_store.errors import StoreError

    pending: list[type[Exception]] = [DeviceError, StoreError]
    while pending:
        one = pending.pop()
        pending += one.__subclasses__()
        if one is UpdateCancelled or one.__module__ not in _TREES:
            continue  # it never reaches a caller, as its tree says; those of other modules are not the service's
        status, title = status_and_title(one.__new__(one))
        yield int(status), str(vars(one).get("code", one.code)), title, _first_line(one.__doc__ or "")  # type: ignore[attr-defined]  # both trees have a `code`


def _of_layers() -> Iterator[Refusal]:
    """What is refused before a route is reached: the calls of `problem_response`, and the table by status."""
    for path in sorted(_APP.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "problem_response":
                yield from _literal(node.args)
            if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "_HTTP":
                yield from _literal_table(node.value)


def _literal(arguments: list[ast.expr]) -> Iterator[Refusal]:
    status, *texts = arguments[:4]
    if isinstance(status, ast.Attribute) and len(texts) > 1:
        code, title, detail = (_constant(text) for text in texts)
        if code and title:
            yield HTTPStatus[status.attr].value, code, title, detail


def _literal_table(table: ast.expr | None) -> Iterator[Refusal]:
    if isinstance(table, ast.Dict):
        for status, value in zip(table.keys, table.values, strict=True):
            if isinstance(status, ast.Attribute) and isinstance(value, ast.Tuple):
                code, title, detail = (_constant(text) for text in value.elts)
                yield HTTPStatus[status.attr].value, code, title, detail


def _constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


if __name__ == "__main__":
    pages.write(command_line_pages())
