"""Money: charges with their ranges, totals that agree with each other, prices of one's own, budgets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.prices import price_of
from cupola.errors import UsageError
from cupola.models import Event, Job
from cupola.money.amounts import Amount, dollars
from cupola.money.budgets import Standing, budget_of
from cupola.money.prices import prices_of
from cupola.money.totals import altogether, by_day, by_job, by_workflow, today
from cupola.settings import Profile
from cupola.settings.reading import parse_settings
from cupola.store import answers, deployments, events, jobs, spend, workflows
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.database import Database
from cupola.store.deployments import Deployment, State
from cupola.store.workflows import Stage, Workflow, WorkflowState
from cupola_data.prices import price_list

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0
NANO = "gpt-4.1-nano-2025-04-14"
PRICES = price_list()

amounts = st.builds(
    lambda low, more, unpriced: Amount(low, None if more is None else low + more, unpriced),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
    st.integers(0, 5),
)


@given(amounts, amounts)
def test_a_sum_of_ranges_holds_every_sum_of_their_members(one: Amount, other: Amount) -> None:
    total = one + other
    assert total.low == one.low + other.low
    assert total.high is None or total.high >= total.low
    assert (total.high is None) == (one.high is None or other.high is None)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Amount(4.1, 4.1), "$4.10"),
        (Amount(4.1, 5.2), "$4.10–5.20"),
        (Amount(4.1, None), "from $4.10"),
        (Amount(4.1, 4.1, 2), "$4.10+"),
        (Amount(0.001, 0.001), "<$0.01"),
        (Amount(1234.5, 1234.5), "$1,234.50"),
    ],
)
def test_an_amount_reads_as_a_range_where_it_is_one(amount: Amount, words: str) -> None:
    assert dollars(amount) == words


def answer(
    database: Database, number: int, usd: float | None, at: float, *, deployment: str = "base", lost: int = 0
) -> None:
    answers.write(
        database,
        [Sent("r", number, "arm", deployment, at, lost=lost)],
        [
            Answer(
                "r",
                number,
                AnswerState.ANSWERED,
                answered_at=at,
                model=NANO,
                usd=usd,
                prompt_tokens=1_000_000,
                cached_tokens=0,
                completion_tokens=500_000,
            )
        ],
    )


def host(database: Database, name: str, model: str, began: float, gone: float | None) -> None:
    state = State.GONE if gone else State.READY
    deployments.save_new(
        database,
        Deployment(name, model, "Standard", 1, state, began, created_at=began, gone_at=gone),
        began,
        "Found.",
    )


def job(status: str = "succeeded", **fields: object) -> Job:
    values = {"finished_at": int(NOON), "trained_tokens": 2_000_000, "training_type": "globalStandard", **fields}
    return Job("ftjob-1", "gpt-4.1-2025-04-14", "supervised", status, int(NOON - 7_200), suffix="cora", **values)  # type: ignore[arg-type]  # Fields of a test.


def test_lost_attempts_and_unknown_prices_make_a_total_a_range(store: Database) -> None:
    answer(store, 1, 1.0, NOON, lost=2)
    answer(store, 2, None, NOON)
    assert altogether(store, PRICES, NOON).amount == Amount(1.0, 3.0, 1)


def test_days_add_up_to_the_whole_and_hosting_is_spread_over_them(store: Database) -> None:
    answer(store, 1, 1.5, NOON)
    answer(store, 2, 2.5, NOON - 3 * DAY)
    host(store, "d", "ft:x.ft-1", NOON - 2 * DAY, None)
    days = by_day(store, PRICES, NOON, dt.UTC)
    assert [day.key for day in days] == ["2026-03-10", "2026-03-09", "2026-03-08", "2026-03-07"]
    assert sum(day.amount.low for day in days) == pytest.approx(altogether(store, PRICES, NOON).amount.low)
    hourly = days[1].amount.low / 24
    assert hourly > 0
    assert days[0].amount.low == pytest.approx(1.5 + 12 * hourly)
    assert today(store, PRICES, NOON, dt.UTC) == days[0].amount


def test_a_day_of_a_zone_with_odd_minutes_begins_at_its_own_midnight(store: Database) -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=45))
    midnight = dt.datetime(2026, 3, 10, tzinfo=zone).timestamp()
    answer(store, 1, 1.0, midnight - 1)
    answer(store, 2, 2.0, midnight)
    assert [(day.key, day.amount.low) for day in by_day(store, PRICES, midnight + 60, zone)] == [
        ("2026-03-10", 2.0),
        ("2026-03-09", 1.0),
    ]


def test_a_job_costs_its_training_and_the_use_of_what_it_made(store: Database) -> None:
    jobs.save(store, [job(fine_tuned_model="ft:nano.ft-1")])
    host(store, "mine", "ft:nano.ft-1:ckpt-step-7", NOON - 3_600, NOON)
    answer(store, 1, 0.25, NOON, deployment="mine")
    answer(store, 2, 0.5, NOON, deployment="base")
    mine, other = by_job(store, PRICES, NOON)
    training = PRICES.find("gpt-4.1", "training_tokens", "globalStandard")
    hosting = PRICES.find("*", "hosting_hours", "Standard")
    assert training is not None and hosting is not None
    assert (mine.name, other.name) == ("cora", "no job")
    assert mine.amount.low == pytest.approx(2 * training.usd + hosting.usd + 0.25)
    assert other.amount == Amount(0.5, 0.5)


def test_the_services_own_bill_in_the_log_counts_before_the_tokens_of_the_job(store: Database) -> None:
    jobs.save(store, [job()])
    before = altogether(store, PRICES, NOON).amount.low
    events.save(store, "ftjob-1", [Event("e", "ftjob-1", int(NOON), "info", "Training tokens billed: 4,000,000")])
    assert altogether(store, PRICES, NOON).amount.low == pytest.approx(2 * before)


@pytest.mark.parametrize("status", ["failed", "queued", "validating_files"])
def test_what_is_not_billed_costs_nothing(store: Database, status: str) -> None:
    jobs.save(store, [job(status)])
    assert altogether(store, PRICES, NOON).amount == Amount()


def test_a_job_under_way_has_no_upper_end_until_it_tells_its_tokens(store: Database) -> None:
    jobs.save(store, [job("running", trained_tokens=None, finished_at=None)])
    assert altogether(store, PRICES, NOON).amount == Amount(0.0, None)


def test_hours_of_a_reinforcement_job_are_bounded_by_its_time_and_then_told_by_the_service(store: Database) -> None:
    one = Job("ftjob-r", "o4-mini-2025-04-16", "reinforcement", "running", int(NOON - 7_200))
    jobs.save(store, [one])
    price = PRICES.find("o4-mini", "training_hours", "globalStandard")
    assert price is not None
    assert altogether(store, PRICES, NOON).amount == Amount(0.0, 2 * price.usd, 1)
    billed = "Training hours billed: 1.25; $131.50 with grading"
    events.save(store, one.id, [Event("e", one.id, int(NOON), "info", billed)])
    assert altogether(store, PRICES, NOON).amount == Amount(131.5, 131.5)


def test_a_name_that_is_used_again_does_not_hide_what_stood_under_it_before(store: Database) -> None:
    host(store, "d", "ft:x.ft-1", NOON - 10_800, NOON - 7_200)
    spend.note_hosting(store)
    host(store, "d", "ft:y.ft-2", NOON - 3_600, None)
    spend.note_hosting(store)
    assert [(one.model, one.ended_at) for one in spend.standings(store)] == [
        ("ft:x.ft-1", NOON - 7_200),
        ("ft:y.ft-2", None),
    ]


def test_a_workflows_total_has_what_is_reserved_as_its_upper_end(store: Database) -> None:
    answer(store, 1, 3.0, NOON)
    flow = Workflow(0, "distil", "cora", WorkflowState.RUNNING, "{}", NOON, NOON)
    workflows.add(store, flow, [Stage(0, "ask", 0, spend=2.0, reserved=1.0)])
    mine, other = by_workflow(store, PRICES, NOON)
    assert mine.amount == Amount(2.0, 3.0)
    assert other.amount == Amount(0.0, 1.0)


def test_a_price_of_ones_own_is_named_so_and_reprices_what_was_paid(store: Database) -> None:
    text = '[[prices]]\nmodel = "gpt-4.1-nano"\ninput = 2.0\noutput = 4.0\n'
    own = prices_of(parse_settings(text, Path("c")), dt.date(2026, 3, 10))
    found = own.find("gpt-4.1-nano", "input", "globalStandard")
    assert found is not None and (found.usd, found.source) == (2.0, "you")
    shipped = price_of("gpt-4.1-nano")
    assert shipped is not None
    # One at the full price, and one at the half price of batches, in quarters of an hour of their own.
    answer(store, 1, shipped.usd(1_000_000, 500_000), NOON)
    answer(store, 2, shipped.usd(1_000_000, 500_000) / 2, NOON - 3_600)
    assert altogether(store, own, NOON).amount.low == pytest.approx(4.0 + 2.0)


@pytest.mark.parametrize(
    "entry",
    ["tier = 'x'", "model = 'm'\ninput = -1", "model = 'm'\nbananas = 1", "model = 'm'\ninput = true", "model = 3"],
)
def test_a_price_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(UsageError):
        prices_of(parse_settings(f"[[prices]]\n{entry}\n", Path("c")), dt.date(2026, 3, 10))


@pytest.mark.parametrize(
    ("spent", "standing"),
    [
        (Amount(0.5, 0.9), Standing.INSIDE),
        (Amount(0.5, 1.0), Standing.SOFT),
        (Amount(1.5, None), Standing.SOFT),
        (Amount(1.5, 2.0), Standing.HARD),
    ],
)
def test_a_budget_is_held_against_the_upper_end_where_it_is_known(spent: Amount, standing: Standing) -> None:
    budget = budget_of(Profile("p", budget_soft=1.0, budget_hard=2.0), spent)
    assert budget.standing is standing
    assert (budget.problem is None) == (standing is Standing.INSIDE)
    assert budget_of(Profile("p"), spent).standing is Standing.NONE
