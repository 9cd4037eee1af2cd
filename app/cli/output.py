"""What the commands print: JSON for programs, tables for people. Results go to stdout, all else to stderr."""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_ONE_LINE = 4096
_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_BREAK = re.compile("\r\n|[\t-\r\x1c-\x1e\x85\u2028\u2029]")  # a cell has one line
_STEERING = re.compile("[\x7f-\x9f]")  # JSON escapes those below by itself


def print_json(value: object) -> None:
    """`value` as JSON on stdout, readable where the terminal can show it."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    written = json.dumps(value, ensure_ascii=encoding != "utf8", indent=2)
    print(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", written))


def say(sentence: str) -> None:
    """A sentence for a person, on stdout."""
    print(shown(sentence))


def note(sentence: str) -> None:
    """A remark beside the result, on stderr."""
    print(shown(sentence), file=sys.stderr)


def shown(text: str) -> str:
    """`text` without what would steer the terminal: control characters, half surrogates and signs that turn the
    direction of writing become U+FFFD.
    """
    return "".join("\ufffd" if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or unicodedata.bidirectional(character) in _TURNS


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Rows as a table that wide characters do not bend; `empty` where there are none."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        say(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in listed:
        table.add_row(*map(Text, row))
    # Where there is no terminal there is nothing to fit into: every row has its line.
    Console(highlight=False, width=None if sys.stdout and sys.stdout.isatty() else _ONE_LINE).print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Named values, one a line."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        print(f"{name.replace('_', ' '):<{width}}  {_cell(value)}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_cell(item)}" for key, item in value.items()) or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_cell(item) for item in value) or "-"
    return shown(_BREAK.sub(" ", str(value)))


def print_answer(answer: Mapping[str, object], as_json: bool) -> None:
    """An answer as JSON, or its fields."""
    if as_json:
        print_json(answer)
    else:
        print_fields(answer)
