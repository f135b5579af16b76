"""Money: charges with their ranges, totals that agree with each other, prices of one's own, budgets."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.prices import price_of
from cupola.errors import UsageError
from cupola.models import Event, Job, Point, ServiceFile
from cupola.money.amounts import Amount, dollars
from cupola.money.budgets import Budget, Span, Standing, budgets_of, has_budgets, refusal, worst
from cupola.money.prices import prices_of
from cupola.money.totals import altogether, by_day, by_job, by_month, by_workflow, today
from cupola.settings import Profile
from cupola.settings.reading import parse_settings
from cupola.store import answers, deployments, events, files, jobs, points, spend, workflows
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.database import Database
from cupola.store.deployments import Deployment, State
from cupola.store.workflows import Stage, Workflow, WorkflowState
from cupola.training.token_bounds import TokenBounds, token_bounds
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


def under_way(**fields: object) -> Job:
    """A running job, of which two epochs are asked for and whose tokens the service has not told."""
    told = {"trained_tokens": None, "finished_at": None, "hyperparameters": {"n_epochs": 2, "batch_size": 1}}
    return job(**{"status": "running", **told, **fields})  # type: ignore[arg-type]  # Fields of a test.


def test_a_job_under_way_whose_tokens_nobody_knows_has_no_upper_end(store: Database) -> None:
    jobs.save(store, [under_way(training_file="file-elsewhere")])
    assert altogether(store, PRICES, NOON).amount == Amount(0.0, None)
    counted = json.dumps({"metadata": {"cupola_tokens": "1000000"}})
    jobs.save(store, [under_way(raw=counted, hyperparameters={"n_epochs": None}, as_of=1.0)])
    assert altogether(store, PRICES, NOON).amount == Amount(0.0, None), "nobody knows the epochs"


def test_a_job_under_way_costs_at_least_its_steps_so_far_and_at_most_its_whole_file(store: Database) -> None:
    training = PRICES.find("gpt-4.1", "training_tokens", "globalStandard")
    assert training is not None
    told = {"metadata": {"cupola_tokens": "1000000", "cupola_rows": "100"}}
    jobs.save(store, [under_way(raw=json.dumps(told))])
    points.save(store, "ftjob-1", [Point("train_loss", 50, 1.0)])
    spent = altogether(store, PRICES, NOON).amount
    # 50 of 200 steps; the tokenizer here and the one there may differ by half.
    assert spent.low == pytest.approx(training.usd * 2 / 1.5 / 4, rel=1e-5)
    assert spent.high == pytest.approx(training.usd * 2 * 1.5)
    ended = json.dumps({**told, "status": "succeeded"})
    jobs.save(store, [under_way(raw=ended, trained_tokens=2_000_000, status="succeeded")])
    final = altogether(store, PRICES, NOON).amount
    assert final.is_exact and spent.low <= final.low <= spent.high, "what the service tells lies between"


def test_the_size_of_a_text_file_bounds_its_tokens_and_that_of_one_with_images_does_not(store: Database) -> None:
    files.save_files(store, [ServiceFile("file-1", "t.jsonl", "fine-tune", "processed", 1_000_000, int(NOON))])
    jobs.save(store, [replace(under_way(training_file="file-1"), model="gpt-4.1-nano-2025-04-14")])
    assert token_bounds(jobs.newest(store)[0], 1_000_000) == TokenBounds(0, 2_000_000)
    seen = under_way(training_file="file-1")
    assert token_bounds(seen, 1_000_000) is None, "an image may be given by its address"
    assert token_bounds(seen, None) is None
    pairs = replace(under_way(), model="gpt-4.1-nano-2025-04-14", method="dpo")
    assert token_bounds(pairs, 10) == TokenBounds(0, 40)


@given(st.integers(0, 10**9), st.integers(1, 50), st.booleans())
def test_bounds_of_tokens_hold_what_was_counted(tokens: int, epochs: int, pairs: bool) -> None:
    told = json.dumps({"metadata": {"cupola_tokens": str(tokens)}})
    one = replace(under_way(raw=told), hyperparameters={"n_epochs": epochs}, method="dpo" if pairs else "supervised")
    found = token_bounds(one, 1)
    assert found is not None and found.low <= tokens * epochs <= found.high


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
    budget = Budget(1.0, 2.0, spent)
    assert budget.standing is standing
    assert (budget.problem is None) == (standing is Standing.INSIDE)
    assert Budget(0.0, 0.0, spent).standing is Standing.NONE


def test_budgets_of_the_day_and_the_month_count_only_what_fell_into_them(store: Database) -> None:
    answer(store, 1, 1.0, NOON)
    answer(store, 2, 2.0, NOON - 3 * DAY)
    answer(store, 3, 4.0, NOON - 20 * DAY)
    profile = Profile("p", budget_hard=100.0, budget_month_soft=3.0, budget_month_hard=4.0, budget_day_hard=1.0)
    spent = {one.span: (one.period, one.spent.low) for one in budgets_of(profile, store, PRICES, NOON, dt.UTC)}
    assert spent == {Span.WHOLE: ("", 7.0), Span.MONTH: ("2026-03", 3.0), Span.DAY: ("2026-03-10", 1.0)}
    tomorrow = {one.span: one.standing for one in budgets_of(profile, store, PRICES, NOON + DAY, dt.UTC)}
    assert tomorrow == {Span.WHOLE: Standing.INSIDE, Span.MONTH: Standing.SOFT, Span.DAY: Standing.INSIDE}
    assert not has_budgets(Profile("p")) and budgets_of(Profile("p"), store, PRICES, NOON) == ()


def test_a_hard_budget_refuses_in_words_that_say_when_it_begins_anew_and_what_to_raise() -> None:
    soft, hard = Budget(1.0, 9.0, Amount(2.0, 2.0)), Budget(0.0, 2.0, Amount(1.5, 2.5), Span.DAY, "2026-03-10")
    assert worst([soft, hard]) is hard and worst([soft]) is soft and worst([]) is None
    assert refusal([soft]) is None
    said = refusal([soft, hard])
    assert said is not None
    assert said.what == "The day's hard budget of $2.00 may be used up: $1.50–2.50 spent or under way."
    assert said.remedy.startswith("It begins anew at midnight. Raise budget_day_hard in the profile")
    whole = refusal([Budget(0.0, 2.0, Amount(2.0, 2.5))])
    assert whole is not None and "The profile's hard budget of $2.00 is used up" in whole.what


def test_months_are_the_sums_of_their_days(store: Database) -> None:
    for number, back in enumerate((0, 3, 12, 20, 45)):
        answer(store, number, 1.0 + number, NOON - back * DAY)
    host(store, "d", "ft:x.ft-1", NOON - 40 * DAY, None)
    days, months = by_day(store, PRICES, NOON, dt.UTC), by_month(store, PRICES, NOON, dt.UTC)
    assert [month.key for month in months] == ["2026-03", "2026-02", "2026-01"]
    for month in months:
        mine = [day.amount.low for day in days if day.key.startswith(month.key)]
        assert month.amount.low == pytest.approx(sum(mine))
