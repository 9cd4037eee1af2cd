"""The Swift package AttuneKit: its resources are the bundle's, and where there is Swift it is built and tested."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.swift.resources import PACKAGE, RESOURCES, resources

DECLARATIONS = Path(__file__).parents[1] / "support" / "apple_declarations"
SOURCES = sorted((PACKAGE / "Sources" / "AttuneKit").rglob("*.swift"))
VERIFY = sorted((PACKAGE / "Sources" / "attune-verify").glob("*.swift"))
FRAMEWORKS = ("CoreML", "BackgroundTasks")
# One language mode for all: the package's own.
SWIFTC = ("swiftc", "-swift-version", "5", "-warnings-as-errors", "-strict-concurrency=complete")

# Asked by its compiler: OpenStack's client is a `swift` too.
needs_swift = pytest.mark.skipif(shutil.which("swiftc") is None, reason="there is no Swift toolchain on the path")


@pytest.fixture(scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what is built goes: nothing of it belongs beside the sources."""
    return tmp_path_factory.mktemp("attunekit")


def run(*command: str | Path) -> str:
    """What a command printed. Its failure is a failure of the test, with all it said."""
    done = subprocess.run([str(word) for word in command], cwd=PACKAGE, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_the_swift_tests_have_the_tables_and_ids_of_the_shipped_bundle() -> None:
    for name, content in resources().items():
        written = (RESOURCES / name).read_text("utf-8")
        assert written == content, f"{name} is out of date: python -m tests.swift.resources"


def test_the_vectors_hold_real_sentences_and_each_limit() -> None:
    vectors = resources()["vectors.json"].splitlines()[1:-1]
    assert len(vectors) > 350
    assert len(set(vectors)) == len(vectors)


def test_short_files_and_a_short_readme() -> None:
    longest = {path: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.swift")}
    assert max(longest.values()) <= 300, max(longest, key=lambda path: longest[path])
    assert len((PACKAGE / "README.md").read_text("utf-8").splitlines()) <= 40


@needs_swift
def test_the_package_builds_without_a_warning(build_folder: Path) -> None:
    said = run("swift", "build", "--scratch-path", build_folder)
    assert "warning:" not in said, said


@needs_swift
def test_the_packages_own_tests_pass(build_folder: Path) -> None:
    said = run("swift", "test", "--scratch-path", build_folder)
    assert "with 0 failures" in said, said


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """A folder of modules that have Apple's names and, of each, the declarations that the package uses."""
    for name in FRAMEWORKS:
        source, module = DECLARATIONS / f"{name}.swift", tmp_path / f"{name}.swiftmodule"
        run(*SWIFTC, "-parse-as-library", "-emit-module", "-module-name", name, "-emit-module-path", module, source)
    return tmp_path


@needs_swift
def test_what_only_apple_runs_has_the_right_types(declared: Path) -> None:
    module = declared / "AttuneKit.swiftmodule"
    run(*SWIFTC, "-parse-as-library", "-module-name", "AttuneKit", "-I", declared, "-emit-module",
        "-emit-module-path", module, *SOURCES)  # fmt: skip
    said = run(*SWIFTC, "-parse-as-library", "-typecheck", "-module-name", "attune_verify", "-I", declared, *VERIFY)
    assert "warning:" not in said


@needs_swift
def test_the_check_of_types_reaches_what_only_apple_runs(declared: Path) -> None:
    marked = []
    for path in SOURCES:
        text = path.read_text("utf-8")
        if text.startswith("#if canImport("):
            marked.append(declared / path.name)
            marked[-1].write_text(text.replace("\nimport ", '\n#error("reached")\nimport ', 1), "utf-8")
    assert len(marked) > 8
    command = [*SWIFTC, "-typecheck", "-wmo", "-I", str(declared), *map(str, marked)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert {path.name for path in marked if f"{path}:2:8: error: reached" in said} == {path.name for path in marked}
