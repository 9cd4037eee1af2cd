"""What several rooms' tests share: a tiny real bundle, made once."""

import os

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # Read at import: a name that is no directory must not be asked for.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # Tests run beside each other: waiting threads took the cores.

from tests.support.tiny_bundle import TinyBundle, build_tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> TinyBundle:
    """A real bundle of a tiny encoder, with the key that signed it."""
    return build_tiny_bundle(tmp_path_factory.mktemp("bundle"))
