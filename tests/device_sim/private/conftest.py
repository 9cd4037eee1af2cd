"""The sample phone: for questions, which change nothing, and one of its own for each test of a command."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.private_phone import Phone, fill, opened


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def untouched(sample: Path) -> Iterator[Phone]:
    """For questions: they change nothing."""
    with opened(sample) as phone:
        yield phone


@pytest.fixture
def phone(sample: Path, untouched: Phone, tmp_path: Path) -> Iterator[Phone]:
    """For commands: a phone of the test's own. The copy takes what the journal of `untouched` holds too."""
    directory = Path(shutil.copytree(sample, tmp_path / "state"))
    with opened(directory) as phone:
        assert phone.everything() == untouched.everything()
        yield phone
