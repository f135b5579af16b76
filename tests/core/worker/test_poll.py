from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cupola.settings import Profile
from cupola.worker.poll import LOCAL, REMOTE, Pace, after_failure, after_success, pace_of

paces = st.sampled_from([LOCAL, REMOTE])
chances = st.floats(0, 1)


def test_the_pace_follows_where_the_service_is() -> None:
    assert pace_of(Profile("p", "http://127.0.0.1:8000")) is LOCAL
    assert pace_of(Profile("p", "https://res.openai.azure.com")) is REMOTE


@given(paces)
def test_something_that_moves_is_looked_at_more_often(pace: Pace) -> None:
    assert after_success(pace, moving=True) < after_success(pace, moving=False)


@given(paces, st.integers(1, 10_000), chances)
def test_failures_are_answered_with_growing_but_bounded_patience(pace: Pace, failures: int, chance: float) -> None:
    wait = after_failure(pace, failures, None, chance)
    assert 0.75 * pace.first_retry <= wait <= 1.25 * pace.longest_retry
    assert after_failure(pace, failures + 1, None, chance) >= wait


@given(paces, st.integers(1, 50), st.floats(0, 86_400), chances)
def test_the_wait_that_the_service_asks_for_is_never_undercut(
    pace: Pace, failures: int, asked: float, chance: float
) -> None:
    assert after_failure(pace, failures, asked, chance) >= asked
