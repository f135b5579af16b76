"""What is known of deployments beyond their records: prices, quota, durations, candidates, plans, orphans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.deployments.candidates import candidates, deployment_name
from cupola.deployments.durations import duration_text, parse_duration
from cupola.deployments.needs import lacking
from cupola.deployments.orphans import EVAL_DELETE, FILE_DELETE, orphans, wish_away
from cupola.deployments.plan import create_command, plan
from cupola.deployments.quota import quota_of
from cupola.deployments.refusals import refusal_in_words
from cupola.deployments.tiers import goes_at, hosting, hosting_so_far
from cupola.errors import ServiceError, UsageError
from cupola.models import Checkpoint, IntentState, Job, ServiceFile, ServiceModel
from cupola.settings import Profile
from cupola.store import benchmarks, checkpoints, control_plane, datasets, deployments, files, intents, jobs
from cupola.store.benchmarks import Run, RunState
from cupola.store.control_plane import QuotaLine
from cupola.store.database import Database, open_store
from cupola.store.deployments import Deployment, State, Wanted

TUNED = "gpt-4.1-nano-2025-04-14.ft-0123456789abcdef0123456789abcdef-cora"
QUOTA = [
    QuotaLine("OpenAI.GlobalStandard.gpt-4.1-nano", "nano, global", 0, 30_000),
    QuotaLine("OpenAI.GlobalStandard.gpt-4.1-nano-finetune", "tuned nano, global", 960, 1_000),
    QuotaLine("OpenAI.DeveloperTier.gpt-4.1-nano-finetune", "tuned nano, developer", 0, 1_000),
    QuotaLine("OpenAI.ProvisionedManaged", "units", 0, 300),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


def standing(**fields: object) -> Deployment:
    bare = Deployment("d", TUNED, "GlobalStandard", 50, State.READY, 0.0, created_at=0.0, ready_at=0.0, nonce="n")
    return replace(bare, **fields)  # type: ignore[arg-type]  # fields of the record


def test_a_tuned_model_costs_by_the_hour_on_standard_and_nothing_on_developer() -> None:
    assert hosting(TUNED, "globalstandard").usd_per_hour == 1.70
    assert hosting(TUNED, "Developer").usd_per_hour == 0.0
    assert "2026-03-19" in hosting(TUNED, "Standard").source
    assert hosting(TUNED, "DataZoneStandard").usd_per_hour is None, "a price left open is not nought"
    assert hosting("gpt-4.1", "GlobalStandard").usd_per_hour == 0.0
    assert hosting("gpt-4.1", "ProvisionedManaged").usd_per_hour is None


def test_the_cost_so_far_ends_when_it_is_gone() -> None:
    assert hosting_so_far(standing(), 7_200.0) == pytest.approx(3.40)
    assert hosting_so_far(standing(gone_at=3_600.0), 99_999.0) == pytest.approx(1.70)
    assert hosting_so_far(standing(created_at=None), 99_999.0) == 0.0
    assert hosting_so_far(standing(sku="DataZoneStandard"), 99.0) is None


def test_a_developer_deployment_goes_after_a_day_whatever_its_fuse_says() -> None:
    assert goes_at(standing(sku="DeveloperTier", fuse_at=1e9)) == 86_400.0
    assert goes_at(standing(sku="DeveloperTier", fuse_at=10.0)) == 10.0
    assert goes_at(standing()) is None
    assert goes_at(standing(state=State.GONE, fuse_at=10.0)) is None


@given(st.integers(1, 366 * 86_400))
def test_a_duration_that_is_written_is_read_as_the_same(seconds: int) -> None:
    assert parse_duration(duration_text(float(seconds))) == seconds


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_plain_refusal(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except UsageError as error:
        assert error.remedy
    else:
        assert seconds is None or 0 < seconds <= 366 * 86_400


def test_durations_as_people_type_them() -> None:
    assert [parse_duration(text) for text in ("90m", "1h30m", "2 D", "never", "0.5h")] == [
        5400,
        5400,
        172800,
        None,
        1800,
    ]


def test_the_quota_of_a_tuned_model_is_not_its_bases() -> None:
    names = [quota_of(QUOTA, model, sku) for model, sku in (
        (TUNED, "GlobalStandard"), ("gpt-4.1-nano-2025-04-14", "GlobalStandard"), (TUNED, "ProvisionedManaged"),
        ("o3", "GlobalStandard"),
    )]  # fmt: skip
    assert [line.text if line else None for line in names] == ["tuned nano, global", "nano, global", "units", None]


def test_a_refusal_for_quota_names_what_is_free_and_where_there_is_room() -> None:
    message = (
        "This operation require 50 new capacity in quota Tokens Per Minute (thousands) - nano - finetune, which is"
        " bigger than the current available capacity 40. The current quota usage is 960 and the quota limit is 1000."
    )
    problem = refusal_in_words(ServiceError(message, code="InsufficientQuota"), standing(), QUOTA)
    assert problem.what == "There is no quota for GlobalStandard of capacity 50."
    assert "40 is free" in problem.why
    assert "capacity 40 or less" in problem.remedy
    assert "DeveloperTier (1000 free)" in problem.remedy


def test_a_plan_prices_the_wish_up_to_its_fuse_and_warns_of_what_will_be_refused(store: Database) -> None:
    control_plane.save_quota(store, QUOTA)
    takes = plan(store, Wanted("cora", TUNED, "GlobalStandard", 100, 4 * 3_600.0))
    assert takes.most_usd == pytest.approx(6.80)
    assert "$6.80 until its fuse" in takes.cost()
    assert "Only 40 of tuned nano, global is free" in takes.warnings[0]
    deployments.want(store, Wanted("cora", TUNED), 0.0)
    assert "used as it is" in plan(store, Wanted("cora", TUNED)).warnings[0]
    endless = plan(store, Wanted("cora", TUNED, "GlobalStandard", 50, None))
    assert endless.most_usd is None
    assert any("until somebody removes it" in words for words in endless.warnings)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted("no/slash", TUNED), "no name"),
        (Wanted("a", "x;rm"), "no model"),
        (Wanted("a", TUNED, "Cheapest"), "no tier"),
        (Wanted("a", TUNED, capacity=0), "whole number"),
        (Wanted("a", "gpt-4.1-nano"), "tuned models only"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused_before_it_is_written(
    store: Database, wanted: Wanted, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        plan(store, wanted)


def test_the_equal_command_says_everything_that_was_chosen() -> None:
    wanted = Wanted("cora", TUNED, capacity=80, fuse_seconds=None, idle_seconds=1_800.0, purpose="a demo")
    command = create_command(wanted, "prod")
    assert command.endswith("--capacity 80 --fuse never --idle 30m --purpose 'a demo' --profile prod")


def test_tuned_models_and_held_checkpoints_come_before_base_models(store: Database) -> None:
    jobs.save(store, [Job("ftjob-1", "gpt-4.1-nano-2025-04-14", "supervised", "succeeded", 1, suffix="cora",
                          fine_tuned_model=TUNED)])  # fmt: skip
    checkpoints.save(store, "ftjob-1", [Checkpoint("old", "ftjob-1", 1, 50, f"{TUNED}:ckpt-step-50")])
    checkpoints.save(store, "ftjob-1", [Checkpoint("c", "ftjob-1", 1, 100, f"{TUNED}:ckpt-step-100")])
    files.save_models(store, [ServiceModel("gpt-4.1-2025-04-14", 0), ServiceModel(TUNED, 0)])
    found = [(one.kind, one.suggested_name) for one in candidates(store)]
    assert found == [("tuned", "cora"), ("checkpoint", "cora-step100"), ("base", "gpt-4.1-2025-04-14")]


@given(st.text(max_size=100))
def test_any_words_make_a_name_that_the_service_takes(words: str) -> None:
    name = deployment_name(words)
    assert 1 <= len(name) <= 64
    assert all(c.isascii() and (c.isalnum() or c in "-.") for c in name)


def run(state: RunState, **fields: object) -> Run:
    return replace(Run(0, "cora", "d", "{}", "s", "p", "g", "evals", state, 0.0), **fields)  # type: ignore[arg-type]  # fields


def test_orphans_are_cupolas_own_and_needed_by_nobody(store: Database) -> None:
    now = 10 * 86_400.0
    idle = deployments.want(store, Wanted("idle", TUNED, fuse_seconds=None), 0.0)
    deployments.step(store, idle, replace(idle, state=State.READY, created_at=0.0, ready_at=0.0), 0.0)
    fused = deployments.want(store, Wanted("fused", TUNED, fuse_seconds=1e9), 0.0)
    deployments.step(store, fused, replace(fused, state=State.READY, created_at=0.0, ready_at=0.0), 0.0)
    theirs = replace(idle, name="theirs", nonce="", state=State.READY, created_at=0.0, ready_at=0.0)
    deployments.save_new(store, theirs, 0.0, "Found.")
    jobs.save(store, [Job("ftjob-1", "m", "supervised", "running", 1, training_file="file-used")])
    for name in ("file-used", "file-left"):
        datasets.save_content(store, name, name)
    listed = [ServiceFile(name, f"{name}.jsonl", "fine-tune", "processed", 1, 0) for name in
              ("file-used", "file-left", "file-theirs")]  # fmt: skip
    files.save_files(store, listed)
    benchmarks.add_run(store, run(RunState.DONE, remote={"eval": "eval_done"}))
    benchmarks.add_run(store, run(RunState.RUNNING, remote={"eval": "eval_open"}))
    found = orphans(store, now)
    assert [(one.kind, one.name) for one in found] == [
        ("deployment", "idle"),
        ("file", "file-left"),
        ("eval", "eval_done"),
    ]
    wish_away(store, found, now)
    gone = deployments.get(store, "idle")
    assert gone is not None
    assert gone.state is State.REMOVING
    wishes = {(wish.kind, wish.target) for wish in intents.in_state(store, IntentState.WANTED)}
    assert wishes == {(FILE_DELETE, "file-left"), (EVAL_DELETE, "eval_done")}
    assert [one.name for one in orphans(store, now)] == ["file-left"], "until the service lists it no more"


def test_a_profile_without_an_account_is_told_what_to_add() -> None:
    assert "subscription_id, resource_group, account missing" in lacking(Profile("p", "https://r.openai.azure.com"))
    assert lacking(Profile("demo", "http://127.0.0.1:1")) == ""
