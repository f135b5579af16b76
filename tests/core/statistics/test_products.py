from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.statistics.products import inner


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=200))
def test_an_inner_product_is_the_sum_of_products(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array([one for one, _ in pairs]), np.array([other for _, other in pairs])
    sizes = sum(abs(one * other) for one, other in pairs)
    assert inner(first, second) == pytest.approx(math.fsum(one * other for one, other in pairs), abs=1e-14 * sizes)
