"""What is looked at before a reinforcement job is paid for, against a real emulator."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from cupola.cli import main
from cupola.cli.context import Context

from ..worker.emulation import Emulation

DATA = Path(__file__).parents[3] / "data/cupola_data"


@dataclass
class Submitter:
    """Runs `cupola` against an emulator."""

    home: Path
    emulation: Emulation

    def run(self, *words: str) -> tuple[int, str, str]:
        environment = {
            "CUPOLA_HOME": str(self.home),
            "AZURE_OPENAI_ENDPOINT": f"http://127.0.0.1:{self.emulation.port}",
            "AZURE_OPENAI_API_KEY": self.emulation.key,
        }
        out, err = io.StringIO(), io.StringIO()
        code = main(list(words), context=Context(environment, out=out, err=err, input=io.StringIO()))
        return code, out.getvalue(), err.getvalue()

    def calls(self) -> int:
        headers = {"api-key": self.emulation.key}
        told = httpx2.get(f"http://127.0.0.1:{self.emulation.port}/emulator/ledger", headers=headers).json()
        return int(told["totals"]["calls"])


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    made = Emulation(tmp_path_factory.mktemp("emulator") / "state", speed=4_000.0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def cupola(tmp_path: Path, emulation: Emulation) -> Submitter:
    return Submitter(tmp_path, emulation)


def test_a_ready_job_is_looked_over_tried_and_submitted(cupola: Submitter) -> None:
    before = cupola.calls()
    job = str(DATA / "countdown/job.yaml")
    code, out, err = cupola.run("job", "submit", job, "-y", "--dry-rows", "8", "--max-cost", "200", "-o", "json")
    assert code == 0, err
    assert json.loads(out)["method"] == "reinforcement"
    assert cupola.calls() >= before + 8
    for told in (
        "data: train.jsonl, 100 rows: nothing found",
        "setting: compute_multiplier = auto",
        "auto: medium",
        "response format: countdown_answer",
        "grader: the service takes it",
        "dry run: the base model fails",
        "25 steps",
        "hours: ",
        "cost: $",
        "budget: Cupola pauses the job when its training has taken $200",
    ):
        assert told in err, told


def test_a_task_that_the_base_model_never_solves_is_said_to_be_too_hard(cupola: Submitter) -> None:
    job = str(DATA / "zava/loyalty/job.yaml")
    code, _, err = cupola.run("job", "submit", job, "-y", "--dry-rows", "10")
    assert code == 0, err
    assert "fails 100% of 10 rows" in err and "too hard" in err


def test_rows_that_lack_what_the_grader_reads_are_refused_before_anything_is_asked(
    cupola: Submitter, tmp_path: Path
) -> None:
    before = cupola.calls()
    grader = tmp_path / "grader.json"
    definition = {"type": "string_check", "name": "g", "input": "{{sample.output_text}}", "operation": "eq"}
    grader.write_text(json.dumps({**definition, "reference": "{{item.solution}}"}))
    code, _, err = cupola.run("job", "submit", str(DATA / "countdown/job.yaml"), "--grader", str(grader), "-y")
    assert code == 2 and "would be refused" in err
    assert cupola.calls() == before


def test_a_grader_that_the_service_refuses_is_refused_before_base_answers_are_paid_for(
    cupola: Submitter, tmp_path: Path
) -> None:
    before = cupola.calls()
    grader = tmp_path / "grader.json"
    prompt = [{"role": "user", "content": "{{sample.output_text}}"}]
    definition = {"type": "label_model", "name": "g", "model": "o3-mini", "input": prompt, "labels": ["a", "b"]}
    grader.write_text(json.dumps({**definition, "passing_labels": ["a"]}))
    code, _, err = cupola.run("job", "submit", str(DATA / "countdown/job.yaml"), "--grader", str(grader), "-y")
    assert code == 2 and "The service refuses the grader" in err
    assert cupola.calls() == before


def test_a_grader_that_fails_on_every_answer_is_refused_before_the_job_is_paid_for(
    cupola: Submitter, tmp_path: Path
) -> None:
    grader = tmp_path / "grader.json"
    grader.write_text(json.dumps({"type": "python", "name": "g", "source": "def grade(sample, item): return item.x"}))
    job = str(DATA / "countdown/job.yaml")
    code, _, err = cupola.run("job", "submit", job, "--grader", str(grader), "-y", "--dry-rows", "3")
    assert code == 2 and "could grade none" in err and "3 python grader runtime error" in err


def test_without_a_yes_nothing_is_asked_of_any_model(cupola: Submitter) -> None:
    before = cupola.calls()
    code, _, err = cupola.run("job", "submit", str(DATA / "zava/facts/job.yaml"))
    assert code == 2 and "Give -y" in err and "setting: n_epochs = 2" in err
    assert cupola.calls() == before
