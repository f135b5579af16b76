from __future__ import annotations

import base64
import datetime as dt
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire import files, jobs
from cupola.azure.wire.measurements import canonical, points_of_event, points_of_results
from cupola.azure.wire.reading import parse
from cupola.errors import ServiceError
from cupola.models import Event, Phase, Point

AZURE_JOB = {
    "id": "ftjob-694c4afe08ce47269b9467b82814b074",
    "created_at": 1750435741,
    "hyperparameters": {"batch_size": -1, "learning_rate_multiplier": 0.1, "n_epochs": -1},
    "model": "gpt-4.1-nano-2025-04-14",
    "object": "fine_tuning.job",
    "seed": 64728269,
    "status": "pending",
    "training_file": "file-9b27",
    "validation_file": "file-6e53",
    "estimated_finish": 1750437061,
    "suffix": "o3-sarcasm-2aa2befa",
    "trainingType": "globalStandard",
}
OPENAI_JOB = {
    "id": "ftjob-QRLPhli5Hi1Yzoe1ODNRrnhH",
    "created_at": 1765896170,
    "error": {},
    "fine_tuned_model": None,
    "finished_at": None,
    "model": "o4-mini-2025-04-16",
    "object": "fine_tuning.job",
    "result_files": None,
    "status": "validating_files",
    "metadata": None,
    "method": {
        "type": "reinforcement",
        "reinforcement": {"hyperparameters": {"batch_size": "auto", "eval_interval": 5, "reasoning_effort": "default"}},
    },
    "user_provided_suffix": "countdown",
}
RFT_DATA = {
    "step": 10,
    "total_steps": 20,
    "train_mean_reward": 0.42,
    "full_valid_mean_reward": 0.68,
    "reasoning_tokens_mean": 812.4,
    "scores": {
        "train_reward_mean": 0.42,
        "graders": [{"name": "g", "type": "score_model", "train_reward_mean": 0.4}],
    },
    "errors": {"graders": [{"name": "g", "type": "score_model", "train_sample_parse_error_mean": 0.0}]},
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    ["id", "model", "status", "method", "hyperparameters", "error", "data", "metrics", "message", "created_at",
     "trainingType", "result_files", "type", "bytes", "capabilities", "deprecation", "step_number", "seed"]
)  # fmt: skip
nearly = st.dictionaries(fields | st.text(max_size=6), anything | st.just("auto"), max_size=10)


def test_a_job_of_the_azure_dialect_is_read() -> None:
    job = jobs.job(AZURE_JOB, 5.0)
    assert job.phase is Phase.QUEUED
    assert job.method == "supervised"
    assert job.hyperparameters == {"batch_size": None, "learning_rate_multiplier": 0.1, "n_epochs": None}
    assert (job.training_type, job.name, job.as_of) == ("globalStandard", "o3-sarcasm-2aa2befa", 5.0)
    assert json.loads(job.raw) == AZURE_JOB


def test_a_job_of_the_openai_dialect_is_read_and_its_empty_error_is_none() -> None:
    job = jobs.job(OPENAI_JOB, 5.0)
    assert job.phase is Phase.VALIDATING
    assert job.method == "reinforcement"
    assert job.hyperparameters == {"batch_size": None, "eval_interval": 5, "reasoning_effort": "default"}
    assert (job.error_message, job.result_files, job.name) == (None, (), "countdown")


def test_an_unknown_status_passes_through_as_it_is() -> None:
    job = jobs.job({"id": "ftjob-1", "status": "meditating"}, 0.0)
    assert (job.status, job.phase) == ("meditating", Phase.UNKNOWN)


def test_a_failed_job_tells_its_error() -> None:
    job = jobs.job({"id": "ftjob-1", "status": "failed", "error": {"code": "x", "message": "RAI checks"}}, 0.0)
    assert (job.error_code, job.error_message) == ("x", "RAI checks")


def event(message: str, data: object = None) -> Event:
    return Event("ftevent-1", "ftjob-1", 0, "info", message, data=json.dumps(data) if data else None)


def test_the_loss_in_an_azure_message_becomes_a_point() -> None:
    assert points_of_event(event("Step 30: training loss=0.8123")) == [Point("train_loss", 30, 0.8123)]
    assert points_of_event(event("Step 1: training loss=nan")) == []
    assert points_of_event(event("Training tokens billed: 7223000")) == []


def test_reinforcement_metrics_come_under_one_set_of_names() -> None:
    points = {p.metric: p.value for p in points_of_event(event("Step 10/20 , train mean reward=0.42", RFT_DATA))}
    assert points == {
        "train_mean_reward": 0.42,
        "full_valid_mean_reward": 0.68,
        "reasoning_tokens_mean": 812.4,
        "graders/g/train_reward_mean": 0.4,
        "errors/g/train_sample_parse_error_mean": 0.0,
    }


def test_documented_spellings_of_the_reward_mean_the_same_metric() -> None:
    assert canonical("train_reward_mean") == "train_mean_reward"
    assert canonical("valid_reward_mean") == "full_valid_mean_reward"
    assert canonical("errors/graders/0/train_other_error_count") == "errors/0/train_other_error_count"
    assert canonical("train_loss") == "train_loss"


RESULTS = "train_loss,step,valid_loss,extra\n2.5,1,,7\n1e0,2,1.25,\n\nnan,3,inf,oops\n9,x,9,9\n0.5,4.0\n"
RESULTS_POINTS = {
    Point("train_loss", 1, 2.5),
    Point("extra", 1, 7.0),
    Point("train_loss", 2, 1.0),
    Point("valid_loss", 2, 1.25),
    Point("train_loss", 4, 0.5),
}


@pytest.mark.parametrize(
    "content", [RESULTS.encode(), b"\xef\xbb\xbf" + RESULTS.encode(), base64.b64encode(RESULTS.encode())]
)
def test_a_results_file_is_read_by_its_header_plain_or_base64(content: bytes) -> None:
    assert set(points_of_results(content)) == RESULTS_POINTS


def test_a_file_without_steps_holds_no_points() -> None:
    assert points_of_results(b"") == []
    assert points_of_results(b"loss,accuracy\n1,2\n") == []


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: ("step,a\n" + t).encode("utf-8", "replace")))
def test_any_bytes_as_results_give_finite_points_or_none(content: bytes) -> None:
    assert all(math.isfinite(point.value) for point in points_of_results(content))


@given(nearly)
def test_any_object_is_read_or_refused_with_a_typed_error(value: dict[str, object]) -> None:
    for read in (lambda: jobs.job(value, 0.0), lambda: files.file(value, 0.0), lambda: files.model(value)):
        try:
            read()
        except ServiceError as error:
            assert error.remedy
    checkpoint = jobs.checkpoint(value, "ftjob-1")
    assert checkpoint is None or all(math.isfinite(v) for v in checkpoint.metrics.values())
    found = jobs.event(value, "ftjob-1")
    for point in points_of_event(found) if found else ():
        assert math.isfinite(point.value)


@given(st.binary(max_size=200) | anything.map(lambda v: json.dumps(v).encode()))
def test_any_answer_is_an_object_or_a_typed_error(content: bytes) -> None:
    try:
        assert isinstance(parse(content), dict)
    except ServiceError as error:
        assert error.what


@given(st.integers() | st.floats() | st.text(max_size=12))
def test_a_date_of_a_model_or_file_is_one_that_a_calendar_has_or_none(seconds: object) -> None:
    told = {"id": "m", "created_at": seconds, "deprecation": {"fine_tune": seconds, "inference": seconds}}
    model, file = files.model(told), files.file(told, 0.0)
    assert model is not None
    for found in (model.created_at, model.fine_tune_until, model.inference_until, file.created_at):
        assert found is None or dt.datetime.fromtimestamp(found, dt.UTC).year >= 1970


@pytest.mark.parametrize("seconds", [253_402_300_800, 1_800_000_000_000, -1, 2**62])
def test_milliseconds_and_other_absurd_dates_are_none(seconds: int) -> None:
    model = files.model({"id": "m", "deprecation": {"inference": seconds}})
    assert model is not None
    assert model.inference_until is None


def test_a_deeply_nested_answer_is_refused_in_words() -> None:
    with pytest.raises(ServiceError, match="could not be understood"):
        parse(b'{"a":' + b"[" * 200_000)
