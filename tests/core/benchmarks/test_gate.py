from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.gate import Gate


def through(gate: Gate, now: float, seconds: float) -> None:
    """As many calls as the gate takes, each answered."""
    started = 0
    while gate.admits(now):
        gate.start()
        started += 1
    for _ in range(started):
        gate.succeeded(seconds)


def test_it_doubles_while_latency_holds_up_to_the_most() -> None:
    gate = Gate(limit=4, most=50)

    for _ in range(8):
        through(gate, 0.0, 0.2)

    assert gate.limit == 50


def test_it_stops_growing_when_latency_rises_and_shrinks_when_it_soars() -> None:
    gate = Gate(limit=8)
    through(gate, 0.0, 0.2)
    grown = gate.limit

    through(gate, 0.0, 0.5)
    held = gate.limit
    through(gate, 0.0, 5.0)

    assert grown == held == 16
    assert gate.limit < held


def test_it_waits_as_long_as_it_is_told_and_cuts_once_for_one_crowd() -> None:
    gate = Gate(limit=10)
    for _ in range(10):
        gate.start()

    for _ in range(10):
        gate.throttled(now=1.0, left_at=0.5, retry_after=3.0, chance=0.0)

    assert gate.limit == 7
    assert not gate.admits(3.9)
    assert gate.admits(4.0)


def test_it_grows_by_one_after_it_was_cut() -> None:
    gate = Gate(limit=10)
    gate.start()
    gate.throttled(1.0, 0.5, 0.0, 0.0)

    through(gate, 5.0, 0.2)

    assert gate.limit == 8


def test_an_idle_deployment_is_not_thought_to_take_more() -> None:
    gate = Gate(limit=4)

    for _ in range(100):
        gate.start()
        gate.succeeded(0.1)

    assert gate.limit == 4


@given(st.lists(st.tuples(st.sampled_from(["start", "ok", "slow", "fail", "throttle"]), st.floats(0, 5)), max_size=200))
def test_whatever_happens_no_more_are_under_way_than_allowed(events: list[tuple[str, float]]) -> None:
    gate, now, under_way = Gate(limit=4, most=32), 0.0, 0
    for what, passed in events:
        now += passed
        if what == "start":
            if gate.admits(now):
                gate.start()
                under_way += 1
                assert under_way <= gate.limit
        elif under_way:
            under_way -= 1
            match what:
                case "ok":
                    gate.succeeded(0.1)
                case "slow":
                    gate.succeeded(9.0)
                case "fail":
                    gate.failed()
                case _:
                    gate.throttled(now, now - 0.1, None, 0.5)
                    assert not gate.admits(now)
        assert gate.in_flight == under_way
        assert 1 <= gate.limit <= 32
