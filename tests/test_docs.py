"""The documentation: the site builds, its links lead somewhere, and what it says of commands and calls is true."""

import importlib
import importlib.util
import json
import os
import pkgutil
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema_rs
import pytest
import typer

import toolchain.cli
from app.settings import Settings
from docs.scripts import command_line, http_api, pages

ROOT = Path(__file__).parents[1]
SITE_FILES = sorted(ROOT.glob("docs/**/*.md"))
ELSEWHERE = ("*.md", "recipes/**/*.md", "swift/*/*.md")
MARKDOWN = (*SITE_FILES, *(path for folder in ELSEWHERE for path in sorted(ROOT.glob(folder))))
MOST_BYTES = 300 * 1024
# Of pages: what a browser fetches by itself. A link to elsewhere is not.
FETCHED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"), ("use", "href")}
SHELL = re.compile(r"```(?:console|sh|bash|shell|text)\n(.*?)```", re.DOTALL)
FENCED = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
WITHOUT_EXAMPLE = {"PUT /v1/knowledge"}  # its body is a signed package of 180 entries
NOT_SETTINGS = {"ATTUNE_CHROMIUM"}  # of the scripts and the tests


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("MkDocs is not installed: pip install -e '.[docs]'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    run = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return out


class _Page(HTMLParser):
    """What a page of the site names: ids, links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.classes: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that matter."""
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.add(value)
            elif (tag, name) in FETCHED:
                self.fetched.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif name == "class":
                self.classes.update(value.split())


@cache
def _page(path: Path) -> _Page:
    return _Page(path)


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    dangling = []
    found = [path for path in site.rglob("*.html") if path.name != "404.html"]
    assert len(found) > len(SITE_FILES) - 3
    for path in found:
        for link in (*_page(path).links, *_page(path).fetched):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchor = unquote(parts.fragment)
            # The theme's own "back to the top" of a page without a heading is no anchor.
            if not target.is_file() or (anchor and target.suffix == ".html" and anchor not in _page(target).ids):
                dangling.append((str(path.relative_to(site)), link))
    assert not dangling


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    for path in site.rglob("*.html"):
        foreign = [one for one in _page(path).fetched if urlsplit(one).netloc]
        assert not foreign, path.name
        # For a page with a diagram the theme's script would load its library from a public server.
        assert "mermaid" not in _page(path).classes, path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text("utf-8")), path.name


def test_the_site_searches_without_a_server(site: Path) -> None:
    script = (site / "search" / "search_index.js").read_text("utf-8")
    index = json.loads(script.removeprefix("var __index = "))
    assert {"tutorials/qa.html", "reference/http/updates.html"} <= {entry["location"] for entry in index["docs"]}
    assert any("加班" in entry["text"] for entry in index["docs"])
    assert "iframe-worker.js" in (site / "index.html").read_text("utf-8")


def _slug(heading: str) -> str:
    """The anchor that a code host makes of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


@cache
def _anchors(path: Path) -> frozenset[str]:
    return frozenset(_slug(found) for found in HEADING.findall(FENCED.sub("", path.read_text("utf-8"))))


def test_every_relative_link_of_a_document_resolves_on_a_code_host_too() -> None:
    assert not {str(path): found for path in MARKDOWN if (found := _dangling(path))}


def _dangling(path: Path) -> list[str]:
    dangling = []
    prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", path.read_text("utf-8")))
    for link in LINK.findall(prose):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = path.parent / unquote(parts.path) if parts.path else path
        anchored = target.suffix == ".md" and parts.fragment
        if not target.exists() or (anchored and unquote(parts.fragment) not in _anchors(target)):
            dangling.append(link)
    return dangling


def test_the_references_are_what_the_code_says() -> None:
    made = {**http_api.http_pages(), **command_line.command_line_pages()}
    assert not pages.differing(made), "out of date: run `make docs`"


def _without_ellipses(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_ellipses(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_ellipses(item) for item in value if item != "..."]
    return value


def test_every_call_of_the_contract_has_an_example_that_keeps_it() -> None:
    document = http_api.document()
    examples = http_api.examples()
    operations = {
        f"{method.upper()} {path}": call for path, calls in document["paths"].items() for method, call in calls.items()
    }
    assert set(examples) <= set(operations), "of calls that are gone: run python -m docs.scripts.record_examples"
    for name, call in operations.items():
        if name in WITHOUT_EXAMPLE:
            continue
        assert name in examples, f"{name} has no example: run python -m docs.scripts.record_examples"
        if "request" in examples[name]:
            _check(document, call["requestBody"]["content"], examples[name]["request"], name)
        status = next(status for status in call["responses"] if status < "400")
        if "answer" in examples[name]:
            _check(document, call["responses"][status].get("content", {}), examples[name]["answer"], name)


def _check(document: dict[str, Any], content: dict[str, Any], value: object, name: str) -> None:
    schema = content.get("application/json", {}).get("schema", {})
    if schema and not isinstance(value, str):
        validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
        errors = [
            f"{error.message} at {error.instance_path}" for error in validator.iter_errors(_without_ellipses(value))
        ]
        assert not errors, name


def _calls(path: Path, program: str) -> list[list[str]]:
    """The arguments of every call of `program` in a document's blocks of shell, those in the middle of pipes too."""
    found = []
    for block in SHELL.findall(path.read_text("utf-8")):
        prompted = re.search(r"^\$ ", block, re.MULTILINE) is not None
        for line in block.replace("\\\n", " ").splitlines():
            if prompted and not line.startswith("$ "):
                continue  # what a command answered
            for piece in re.split(r"\|\|?|&&|;|\bdo\b|\$\(", line.removeprefix("$ ")):
                words = re.sub(r"^(?:\s*[A-Z_]+=\S*)+", "", piece).split("#")[0].split()
                if words and words[0].rpartition("/")[2] == program:
                    found.append(words[1:])
    return found


@cache
def _commands() -> dict[str, command_line.Command]:
    return {one.name: one for one in command_line.commands()}


def _mistake(arguments: list[str]) -> str | None:
    """What is wrong with a call of `attune`, or None."""
    known = _commands()
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words == ["..."]:
        return None
    name = next((name for name in (f"attune {' '.join(words[:count])}" for count in (3, 2, 1)) if name in known), None)
    if name is None:
        begins = f"attune {words[0]}"
        return (
            None
            if any(one.startswith(f"{begins} ") for one in known) and len(words) == 1
            else f"no such command: {begins}"
        )
    options = {word.partition("=")[0] for word in arguments if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)}
    wrong = sorted(option for option in options if not known[name].takes(option))
    return f"{name} takes no {', '.join(wrong)}" if wrong else None


def test_every_command_that_a_document_shows_exists() -> None:
    mistakes = {
        (path.name, mistake)
        for path in MARKDOWN
        for arguments in _calls(path, "attune")
        if (mistake := _mistake(arguments)) is not None
    }
    assert not mistakes


def test_the_tutorials_show_commands_at_all() -> None:
    assert sum(len(_calls(path, "attune")) for path in ROOT.glob("docs/tutorials/*.md")) > 50


def test_every_toolchain_command_that_a_document_shows_exists() -> None:
    root: Any = typer.main.get_command(_toolchain())
    called = {arguments[0] for path in MARKDOWN for arguments in _calls(path, "attune-toolchain") if arguments}
    assert "run" in called
    assert called <= {*root.commands, "..."}


def _toolchain() -> typer.Typer:
    """The commands that the modules of `toolchain.cli` add to its application."""
    application = typer.Typer()
    for module in pkgutil.iter_modules(toolchain.cli.__path__):
        if module.name == "__main__":
            continue  # it begins at once
        add_to = getattr(importlib.import_module(f"toolchain.cli.{module.name}"), "add_to", None)
        if add_to is not None:
            add_to(application)
    return application


def test_every_setting_that_a_document_names_exists() -> None:
    known = {f"ATTUNE_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    for path in MARKDOWN:
        assert set(re.findall(r"\bATTUNE_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))) <= known, path.name


def test_nothing_tells_to_install_the_project_by_its_name() -> None:
    """It is on no registry, and another project there has its name."""
    by_name = re.compile(r"install\b[^\n#]*[ '\"]attune(?:\[|['\"`)\s]*$)", re.MULTILINE)
    rooms = ("app", "device_sim", "docs", "fleet", "lab", "model_store", "tests", "toolchain")
    code = [path for room in rooms for path in ROOT.glob(f"{room}/**/*.py")]
    others = [ROOT / name for name in ("Dockerfile", "Makefile", "docker-compose.yml", "pyproject.toml")]
    assert not [str(path) for path in (*MARKDOWN, *code, *others) if by_name.search(path.read_text("utf-8"))]


def test_pictures_are_small_enough_to_load() -> None:
    pictures = {path.name: path.stat().st_size for path in ROOT.glob("docs/**/*.png")}
    assert "console-1440.png" in pictures
    assert max(pictures.values()) < MOST_BYTES
