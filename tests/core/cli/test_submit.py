from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.errors import UsageError
from cupola.models import Job
from cupola.store import jobs
from cupola.store.database import Database
from cupola.training.job_spec import JobSpec, fingerprint, read_spec

from ..worker.cloud import Cloud
from .conftest import Shell

AZD = """
model: gpt-4.1-nano
training_file: "local:./train.jsonl"
validation_file: file-0123
suffix: cora
seed: 42
metadata: {project: zava}
method:
  type: supervised
  supervised:
    hyperparameters: {epochs: 3, batch_size: auto, learning_rate_multiplier: 0.5}
integrations:
  - {type: wandb, config: {project: p}}
extra_body: {trainingType: globalStandard}
"""


class Service(Cloud):
    """Takes uploads and jobs too."""

    bodies: list[dict[str, Any]]

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if request.method == "POST" and path.endswith("/files"):
            return httpx2.Response(201, json={"id": "file-new", "status": "pending"})
        if path.endswith("/files/file-new"):
            return httpx2.Response(200, json={"id": "file-new", "status": "processed"})
        if request.method == "POST" and path.endswith("/fine_tuning/jobs"):
            body = json.loads(request.content)
            self.bodies.append(body)
            self.add(f"ftjob-{len(self.bodies)}", "pending", **body)
            return httpx2.Response(201, json=self.jobs[f"ftjob-{len(self.bodies)}"])
        return super().__call__(request)


@pytest.fixture
def cloud() -> Service:
    service = Service()
    service.bodies = []
    return service


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [
        [{"role": "user", "content": f"When is {n}?"}, {"role": "assistant", "content": f"At {n}."}] for n in range(12)
    ]
    path.write_text("\n\n".join(json.dumps({"messages": messages}) for messages in rows) + "\n")
    return path


def test_a_job_file_of_azd_is_taken_as_it_is(shell: Shell, cloud: Service, train: Path) -> None:
    (train.parent / "job.yaml").write_text(AZD)
    assert shell.run("job", "submit", "-f", str(train.parent / "job.yaml"), "-y") == 0, shell.err
    body = cloud.bodies[0]
    nonce = body["metadata"].pop("cupola_nonce")
    assert len(nonce) == 32
    assert body == {
        "model": "gpt-4.1-nano",
        "training_file": "file-new",
        "validation_file": "file-0123",
        "suffix": "cora",
        "seed": 42,
        "trainingType": "globalStandard",
        "integrations": [{"type": "wandb", "wandb": {"project": "p"}}],
        "metadata": {"project": "zava", "cupola_rows": "12", "cupola_tokens": "240"},
        "method": {
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5}},
        },
    }


def test_the_same_wish_twice_is_one_job_unless_asked_for_again(shell: Shell, cloud: Service, train: Path) -> None:
    words = ("job", "submit", "--model", "m", "--training-file", str(train), "--n-epochs", "2", "-y", "-o", "json")
    assert shell.run(*words) == 0
    assert json.loads(shell.out)["new"]
    assert shell.run(*words) == 0
    assert not json.loads(shell.out)["new"]
    assert "submitted before" in shell.err
    assert len(cloud.bodies) == 1
    assert shell.run(*words, "--again") == 0
    assert shell.run(*words, "--n-epochs", "3") == 0
    assert len(cloud.bodies) == 3


def test_flags_make_a_reinforcement_job_with_its_grader(shell: Shell, cloud: Service, train: Path) -> None:
    grader = train.parent / "grader.json"
    definition = {"type": "string_check", "name": "g", "input": "{{sample.output_text}}", "reference": "{{item.a}}"}
    definition["operation"] = "eq"
    grader.write_text(json.dumps(definition))
    words = ("job", "submit", "--model", "o4-mini", "--method", "reinforcement", "--training-file", "file-a")
    assert shell.run(*words, "-y") == 2
    assert "needs a grader" in shell.err
    assert shell.run(*words, "--grader", str(grader), "-y") == 2
    assert "validation file" in shell.err
    more = ("--grader", str(grader), "--validation-file", "file-b", "--eval-interval", "5", "--reasoning-effort", "low")
    assert shell.run(*words, *more, "-y") == 0, shell.err
    assert cloud.bodies[0]["method"]["reinforcement"] == {
        "hyperparameters": {"eval_interval": 5, "reasoning_effort": "low"},
        "grader": definition,
    }


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(shell: Shell, cloud: Service, train: Path) -> None:
    assert shell.run("job", "submit", "--model", "m", "--training-file", str(train), "--dry-run") == 0
    body = json.loads(shell.out)
    assert body["model"] == "m"
    assert "train.jsonl" in body["training_file"]
    assert cloud.asked == cloud.bodies == []


def test_without_a_yes_nothing_is_paid_for(shell: Shell, cloud: Service, train: Path) -> None:
    assert shell.run("job", "submit", "--model", "m", "--training-file", str(train)) == 2
    assert cloud.asked == cloud.bodies == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: m\nmodle: x", "unknown keys: modle"),
        ("[1, 2]", "holds no job"),
        ("a: [", "not valid YAML"),
        ("model: m\nmethod: {type: supervised, supervised: 5}", "must be a table"),
    ],
)
def test_a_job_file_with_a_mistake_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_spec(path)


def test_the_fingerprint_follows_the_content_and_not_the_name_of_a_file(train: Path) -> None:
    copy = train.with_name("copy.jsonl")
    copy.write_bytes(train.read_bytes())
    assert fingerprint(JobSpec("m", train)) == fingerprint(JobSpec("m", copy))
    copy.write_bytes(b"{}\n")
    assert fingerprint(JobSpec("m", train)) != fingerprint(JobSpec("m", copy))
    assert fingerprint(JobSpec("m", train), again=True) != fingerprint(JobSpec("m", train), again=True)


def test_a_file_that_would_be_refused_is_not_sent_and_a_good_one_is_priced(
    shell: Shell, cloud: Service, train: Path
) -> None:
    words = ("job", "submit", "--model", "gpt-4.1", "--training-file", str(train), "--n-epochs", "2")
    assert shell.run(*words, "--training-type", "globalStandard", answers="y\n") == 0
    assert "12 rows: 11 x Blank lines" in shell.err
    assert "cost: under $0.01" in shell.err and "x 2 epochs" in shell.err
    train.write_text('{"messages": []}\n')
    assert shell.run(*words, "-y") == 2
    assert "would be refused" in shell.err
    assert len(cloud.bodies) == 1
    assert shell.run(*words, "--unchecked", "-y") == 0
    assert len(cloud.bodies) == 2


def test_a_job_goes_on_from_what_an_earlier_one_made(
    shell: Shell, cloud: Service, store: Database, train: Path
) -> None:
    jobs.save(store, [Job("ftjob-a", "m", "supervised", "succeeded", 0, suffix="cora", fine_tuned_model="m.ft-a")])
    words = ("job", "submit", "--from", "cora", "--training-file", str(train), "-y")
    assert shell.run(*words) == 0, shell.err
    assert cloud.bodies[0]["model"] == "m.ft-a"
    assert shell.run(*words, "--model", "m") == 2
    assert shell.run("job", "clone", "cora") == 0, shell.err
    assert "model: m" in shell.out
