"""Markdown that programs write: tables, and the files that hold them."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1]
_MADE = "<!-- Made by {by}; change the code it reads, then run `make docs`. -->\n\n"


def page(by: str, *parts: str) -> str:
    """A page of these parts, which says at its top that `by` made it."""
    return _MADE.format(by=by) + "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty where there are no rows. A line's end would end the row, a bar its cell."""
    lines = ["| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def write(pages: Mapping[str, str]) -> None:
    """Write pages, named by their paths below `docs`, where they differ; tell which."""
    for name, content in pages.items():
        path = DOCS / name
        if path.is_file() and path.read_text("utf-8") == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        sys.stdout.write(f"docs/{name}\n")


def differing(pages: Mapping[str, str]) -> list[str]:
    """The pages that are not, or not so, in the documentation."""
    return [
        name
        for name, content in pages.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != content
    ]
