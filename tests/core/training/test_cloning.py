"""A job can be saved, submitted again as it was, and gone on from."""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cupola.azure.wire.jobs import NONCE_KEY
from cupola.cli.context import Context, session_of, store_of
from cupola.cli.job_commands.cloning import add_clone, clone_, model_from
from cupola.errors import UsageError
from cupola.models import Checkpoint, Job
from cupola.store import checkpoints as stored
from cupola.store import jobs
from cupola.training.cloning import clone, next_methods, tuned_model
from cupola.training.curves import ROWS_KEY
from cupola.training.job_spec import checked, read_spec

_GRADER = {"type": "endpoint", "name": "g", "url": "https://x", "headers": {"Authorization": "**********", "A": "b"}}
_TUNED = "gpt-4.1-nano-2025-04-14.ft-0123-cora"
_SFT = Job(
    "ftjob-0123", "gpt-4.1-nano-2025-04-14", "supervised", "succeeded", 1, suffix="cora", seed=7,
    training_type="globalStandard", training_file="file-1", validation_file="file-2", fine_tuned_model=_TUNED,
    hyperparameters={"n_epochs": 3, "batch_size": None},
    raw=json.dumps({
        "metadata": {NONCE_KEY: "n", ROWS_KEY: "71", "team": "zava"},
        "integrations": [{"type": "wandb", "wandb": {"project": "p"}}],
    }),
)  # fmt: skip
_RFT = replace(
    _SFT, id="ftjob-4567", method="reinforcement", status="running", fine_tuned_model=None, suffix="loyalty",
    hyperparameters={}, raw=json.dumps({"method": {"type": "reinforcement", "reinforcement": {"grader": _GRADER}}}),
)  # fmt: skip
_SAVED = [(Checkpoint(f"c{step}", "ftjob-4567", 0, step, f"m:ckpt-step-{step}"), step > 4) for step in (3, 6, 9)]


def test_the_document_is_the_job_that_submit_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(dict(clone(_SFT).document)))
    spec = checked(read_spec(file))
    assert (spec.model, spec.method, spec.training, spec.validation) == (_SFT.model, "supervised", "file-1", "file-2")
    assert dict(spec.hyperparameters) == {"n_epochs": 3, "batch_size": "auto"}
    assert (spec.suffix, spec.seed, spec.training_type) == ("cora", 7, "globalStandard")
    assert dict(spec.metadata) == {"team": "zava"}, "marks of the earlier submission are not carried over"
    assert spec.extra["integrations"] == [{"type": "wandb", "wandb": {"project": "p"}}]


def test_masked_secrets_are_left_out_and_named() -> None:
    made = clone(_RFT)
    assert made.document["method"]["reinforcement"]["grader"]["headers"] == {"A": "b"}
    assert len(made.notes) == 1 and "grader.headers.Authorization" in made.notes[0]


def test_going_on_begins_with_the_model_that_was_made() -> None:
    assert clone(_SFT, go_on=True).document["model"] == _TUNED
    assert clone(_RFT, go_on=True, checkpoints=_SAVED).document["model"] == "m:ckpt-step-9"
    assert tuned_model(_RFT, _SAVED, 6) == "m:ckpt-step-6"


def test_a_job_without_a_model_or_with_a_lost_checkpoint_cannot_be_gone_on_from() -> None:
    with pytest.raises(UsageError, match="has made no model"):
        clone(_RFT, go_on=True)
    with pytest.raises(UsageError, match="holds: 6, 9"):
        tuned_model(_RFT, _SAVED, 3)


def test_preferences_may_follow_examples() -> None:
    assert next_methods(_SFT) == ("supervised", "dpo")
    assert next_methods(replace(_RFT, status="failed")) == ()


@pytest.fixture
def context(tmp_path: Path) -> Context:
    made = Context({"CUPOLA_HOME": str(tmp_path / "home")}, out=io.StringIO(), err=io.StringIO())
    with store_of(made, session_of(made, None).profile) as database:
        jobs.save(database, [_SFT, _RFT])
        stored.save(database, _RFT.id, [checkpoint for checkpoint, _ in _SAVED])
    return made


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("job")
    parser.set_defaults(profile=None)
    add_clone(parser)
    return parser.parse_args(words)


def test_the_command_prints_yaml_and_never_overwrites(context: Context, tmp_path: Path) -> None:
    assert clone_(options("cora"), context) == 0
    assert isinstance(context.out, io.StringIO)
    assert yaml.safe_load(context.out.getvalue())["method"]["supervised"]["hyperparameters"]["epochs"] == 3
    file = tmp_path / "again.yaml"
    assert clone_(options("cora", "--go-on", "--to", str(file)), context) == 0
    assert read_spec(file).model == _TUNED
    with pytest.raises(UsageError, match="there already"):
        clone_(options("cora", "--to", str(file)), context)


def test_an_earlier_job_or_its_checkpoint_names_the_model(context: Context) -> None:
    with store_of(context, session_of(context, None).profile) as database:
        assert model_from(database, "cora") == _TUNED
        assert model_from(database, "loyalty@6") == "m:ckpt-step-6"
        assert model_from(database, "loyalty") == "m:ckpt-step-9"
        with pytest.raises(UsageError):
            model_from(database, "nobody")
