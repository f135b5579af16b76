"""A job is submitted from the screen: form, what it would take, one yes, and a wish that the worker finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from cupola.errors import UsageError
from cupola.models import Job
from cupola.settings import Profile
from cupola.store import intents, jobs
from cupola.store.database import Database
from cupola.training.cloning import clone
from cupola.training.hyperparameters import settings_of
from cupola.training.job_spec import JobSpec, fingerprint
from cupola.training.job_wish import SUBMIT, spec_of
from cupola.training.prospect import Cost, FileLook, Prospect, prospect
from cupola.training.token_bounds import TOKENS_KEY
from cupola_data.models import catalogue
from cupola_data.prices import price_list
from cupola_tui.app import CupolaApp
from cupola_tui.messages import Train
from cupola_tui.panes.jobs.pane import JobsPane
from cupola_tui.screens.models import ModelsScreen
from cupola_tui.screens.submit.draft import FIELDS, Wanted, command, first_answers, from_clone, read_spec
from cupola_tui.screens.submit.form import SubmitForm
from cupola_tui.views.submission import card_rows
from cupola_tui.widgets.table import Table

from .conftest import FAILED, LEARNING, PROFILE, see

ELSEWHERE = Profile("test", endpoint="http://127.0.0.1:8080")
"""Not the demo, whose samples would be read first."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"How much is {n}?"},
                {"role": "assistant", "content": f"{n} euros."},
            ]
        }
        for n in range(12)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _answers(method: str, **given: str) -> dict[str, str]:
    return dict.fromkeys(FIELDS[method], "") | given


def test_what_is_typed_becomes_the_job(data: Path) -> None:
    answers = _answers("dpo", model="gpt-4.1", name="mine", epochs="2", beta="0.2", seed="7", tier="globalStandard")
    spec = read_spec("dpo", answers | {"training file": str(data), "learning rate": "auto"}, JobSpec())
    assert spec.hyperparameters == {"n_epochs": 2, "beta": 0.2, "learning_rate_multiplier": "auto"}
    assert (spec.method, spec.model, spec.suffix, spec.seed) == ("dpo", "gpt-4.1", "mine", 7)
    assert (spec.training, spec.validation, spec.training_type) == (data, None, "globalStandard")


@pytest.mark.parametrize(
    ("field", "typed"),
    [("epochs", "many"), ("seed", "-1"), ("name", "a.b"), ("model", ""), ("training file", ""), ("beta", "nan")],
)
def test_what_cannot_be_is_told_by_its_field(data: Path, field: str, typed: str) -> None:
    answers = _answers("dpo", model="gpt-4.1") | {"training file": str(data)} | {field: typed}
    with pytest.raises(UsageError, match=field.split()[0]):
        read_spec("dpo", answers, JobSpec())


def test_a_cloned_job_comes_out_as_it_was() -> None:
    grader = {"type": "string_check", "name": "same", "operation": "eq", "input": "a", "reference": "a"}
    told = {
        "id": "ftjob-1",
        "method": {"type": "reinforcement", "reinforcement": {"grader": grader}},
        "metadata": {"cupola_budget_usd": "40", "team": "cora"},
    }
    job = Job(
        "ftjob-1", "o4-mini-2025-04-16", "reinforcement", "succeeded", 1, suffix="loyalty", seed=3,
        training_file="file-1", validation_file="file-2", training_type="globalStandard",
        hyperparameters={"n_epochs": 2, "eval_interval": None}, raw=json.dumps(told),
    )  # fmt: skip
    wanted = from_clone(job, clone(job))
    spec = read_spec(wanted.method, first_answers(wanted, ()), wanted.base)
    assert (spec.grader, spec.training, spec.validation) == (grader, "file-1", "file-2")
    assert (spec.hyperparameters, spec.seed) == ({"n_epochs": 2}, 3)
    assert spec.metadata == {"team": "cora", "cupola_budget_usd": "40"}
    words = command(wanted.method, first_answers(wanted, ()), wanted.origin, PROFILE)
    assert words.startswith("cupola job clone ftjob-1") and "--max-cost 40" in words


def test_a_price_that_nobody_publishes_is_not_nothing(data: Path) -> None:
    found = prospect(JobSpec("gpt-4.1-nano", data, training_type="globalStandard"), catalogue(), price_list())
    assert found.cost.high is None and "no budget can hold" in found.cost.follows
    known = prospect(JobSpec("gpt-4.1", data, training_type="globalStandard"), catalogue(), price_list())
    assert known.cost.high is not None and known.cost.follows == ""


def test_a_tuned_model_is_priced_by_its_base(data: Path) -> None:
    base = prospect(JobSpec("gpt-4.1-2025-04-14", data, training_type="globalStandard"), catalogue(), price_list())
    tuned = JobSpec("gpt-4.1-2025-04-14.ft-0123-mine", data, training_type="globalStandard")
    assert prospect(tuned, catalogue(), price_list()).cost == base.cost


def test_the_card_warns_of_what_may_go_wrong() -> None:
    spec = JobSpec("gpt-4.1", "file-1", hyperparameters={"n_epochs": 99})
    look = FileLook("train.jsonl", 12, 340, "2 x empty answers", True)
    found = Prospect(
        (look,), settings_of("supervised", spec.hyperparameters, 12), Cost(None, None, "unknown", "Careful.")
    )
    rows = card_rows(spec, found, None, "here", "cupola job submit", local=False)
    careful = " ".join(value for name, value in rows if name == "careful")
    assert "validation" in careful and "1 to 50" in careful and "would be refused" in careful
    assert dict(rows)["cost"] == "unknown. Careful."
    assert "likely 1" in dict(rows)["settings"]


async def test_a_job_is_asked_for_after_one_yes(
    open_app: Callable[..., CupolaApp], store: Database, data: Path
) -> None:
    app = open_app(ELSEWHERE)
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("a")
        await see(pilot, "Train a model: how?")
        await pilot.press("enter")
        await see(pilot, "learning rate")
        fields = {field.name: field for field in app.screen.query(Input)}
        fields["training file"].value, fields["model"].value = str(data), "gpt-4.1"
        await pilot.press("enter")
        await see(pilot, "submit it")
        await pilot.press("y")
        await see(pilot, "1 on the way")
    (wish,) = intents.newest(store)
    spec = spec_of(wish.arguments)
    assert (wish.kind, wish.target) == (SUBMIT, fingerprint(spec))
    assert (spec.model, spec.training, spec.method) == ("gpt-4.1", data, "supervised")
    assert int(spec.metadata[TOKENS_KEY]) > 0, "what it costs is bounded while it runs"


async def test_the_very_same_job_is_not_submitted_twice(
    open_app: Callable[..., CupolaApp], store: Database, data: Path
) -> None:
    spec = JobSpec("gpt-4.1", data, training_type="globalStandard")
    raw = json.dumps({"id": "ftjob-before", "metadata": {"cupola_nonce": fingerprint(spec)}})
    jobs.save(store, [replace(FAILED, id="ftjob-before", suffix="earlier", raw=raw)])
    app = open_app(ELSEWHERE)
    async with app.run_test(size=(80, 24)) as pilot:
        answers = {"training file": str(data), "model": "gpt-4.1", "tier": "globalStandard"}
        await see(pilot, "cora-distil")
        app.post_message(Train(Wanted("supervised", answers)))
        await see(pilot, "learning rate")
        await pilot.press("enter")
        await see(pilot, "submitted before")
    assert not intents.newest(store)


async def test_a_model_is_chosen_from_the_table(open_app: Callable[..., CupolaApp]) -> None:
    app = open_app(ELSEWHERE)
    async with app.run_test(size=(100, 30)) as pilot:
        await see(pilot, "cora-distil")
        app.post_message(Train(Wanted("dpo")))
        await see(pilot, "beta")
        await pilot.press("ctrl+l")
        await see(pilot, "Models that learn by dpo")
        assert isinstance(app.screen, ModelsScreen)
        chosen = app.screen.query_one(Table).key
        await pilot.press("enter")
        await see(pilot, "see the cost")
        assert isinstance(app.screen, SubmitForm)
        field = next(one for one in app.screen.query(Input) if one.name == "model")
        row = catalogue().find(field.value)
        assert field.value == chosen
        assert row is not None and "dpo" in row.methods


async def test_a_job_that_runs_can_be_cloned_but_failed_ones_not_gone_on_from(
    open_app: Callable[..., CupolaApp],
) -> None:
    app = open_app(ELSEWHERE)
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "cora-distil")
        pane = app.query_one(JobsPane)
        pane.show_thing(FAILED.id)
        await pilot.pause()
        found = {action.kind: action for action in pane.actions()}
        assert found["job.clone"].refusal == ""
        assert found["job.onward"].refusal == "it has made no model"
        pane.show_thing(LEARNING.id)
        await pilot.pause()
        assert {action.kind: action for action in pane.actions()}["job.onward"].refusal == ""
