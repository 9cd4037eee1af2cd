"""Every second scenario that ships passes; the others are in a file of their own, so that two processes share them."""

import pytest

from tests.lab.playing import SHIPPED, assert_passes


@pytest.mark.parametrize("name", SHIPPED[1::2])
def test_it_passes(name: str) -> None:
    assert_passes(name)
