"""How much capacity the deployments of a test get where a person names none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cupola.deployments.capacity import capacity_for


def test_more_items_or_longer_answers_want_more_up_to_what_one_may_ask_for() -> None:
    assert capacity_for(4, {}) == 10
    assert capacity_for(120, {}) == 60, "a request a minute for each unit: two minutes"
    assert capacity_for(120, {"max_completion_tokens": 2_000}) == 120
    assert capacity_for(100_000, {}) == 250


@given(st.floats(0, 1e9), st.one_of(st.none(), st.integers(1, 10**6), st.text()))
def test_it_is_always_a_number_that_the_service_takes(items: float, bound: object) -> None:
    assert 10 <= capacity_for(items, {"max_tokens": bound}) <= 250
