"""A head's parameters: what lies between two of them."""

import numpy as np
import pytest

from model_store.head import HeadParameters


def test_a_head_between_two_lies_at_the_share_of_the_way() -> None:
    one = HeadParameters(np.zeros((2, 3), np.float32), np.array([1, -1], np.float32))
    other = HeadParameters(np.full((2, 3), 0.1, np.float32), np.array([3, 1], np.float32))
    between = one.toward(other, 0.25)
    assert between.weight == pytest.approx(np.full((2, 3), 0.025))
    assert between.bias == pytest.approx(np.array([1.5, -0.5]))
    assert between.weight.dtype == between.bias.dtype == np.float32
    assert one.toward(other, 1.0).to_bytes() == other.to_bytes()
