"""What the storm has cost: everything that is stored, held one by one against what the service holds and was paid."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.core.workflows.emulation import stages_of

from cupola.benchmarks.definition import from_json
from cupola.benchmarks.items import items_of
from cupola.emulator.state.ledger import request_hash
from cupola.store import answers, benchmarks, evaluations, events, grades, jobs, points, regrades, workflows
from cupola.store.answers import AnswerState
from cupola.store.database import Database
from cupola.store.workflows import WorkflowState

from .house import House
from .round import CHUNKS, PROMPTS, REGRADERS, Round, download_of, evaluation_of, upload_of, workflows_of

_STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
_JOBS = "/openai/v1/fine_tuning/jobs"


@dataclass(frozen=True)
class Paid:
    """Every inference call of the ledger against the journal."""

    calls: int
    """In the ledger."""
    exact: int
    """Of them held against one row of the journal each, by what was asked."""
    lost: int
    """Requests that may have been paid for and whose answer was never heard: their worker died, or the line broke."""
    twice: int
    """Calls beyond each row's one answer and its lost requests."""
    strange: int
    """Calls that no row of the journal asked for."""
    unpaid: int
    """Answers in the journal that nobody has paid for."""


@dataclass
class Missing:
    """What is not there that should be, in words."""

    rows: int = 0
    words: list[str] = field(default_factory=list)

    def add(self, rows: int, what: str) -> None:
        """So many rows of something."""
        if rows:
            self.rows += rows
            self.words.append(f"{what}: {rows}")


def paid(house: House, database: Database) -> Paid:
    """Hold the ledger against the journal: by question where an item makes it, else by deployment."""
    bills = Counter[tuple[str, str]]()
    evaluated = Counter[str]()
    for call in house.ledger():
        if call["operation"] == "evals":
            evaluated[str(call["request_hash"])] += 1
        else:
            bills[str(call["deployment"]), str(call["request_hash"])] += 1
    calls = bills.total() + evaluated.total()
    twice, unpaid, exact = sum(count - 1 for count in evaluated.values()), 0, evaluated.total()
    known = _journal(database)
    lost = sum(count for _, count in known.values())
    for (deployment, bill), keys in {**_graders_questions(database, bills), **_questions(database)}.items():
        rows = [known.pop(key) for key in keys if key in known]
        answered, dropped = sum(row[0] for row in rows), sum(row[1] for row in rows)
        count = bills.pop((deployment, bill), 0)
        exact += count
        twice += max(count - answered - dropped, 0)
        unpaid += max(answered - count, 0)
    strange = _by_deployment(database, bills, known)
    return Paid(calls, exact, lost, twice, strange, unpaid)


def _journal(database: Database) -> dict[tuple[str, int], tuple[int, int]]:
    """(answered, lost) by request and number of all that was asked from here, not by the service's evaluations."""
    query = (
        "SELECT request, number, state, lost FROM answers WHERE (request, number) NOT IN"
        " (SELECT a.request, a.number FROM asks a JOIN runs r ON r.id = a.run WHERE r.engine != 'here')"
    )
    return {
        (row["request"], row["number"]): (int(row["state"] == AnswerState.ANSWERED), int(row["lost"]))
        for row in database.rows(query)
    }


def _questions(database: Database) -> dict[tuple[str, str], set[tuple[str, int]]]:
    """The journal's rows by what the service calls their question."""
    found: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for run in benchmarks.runs(database, limit=100_000):
        if run.engine != "here":
            continue
        benchmark = from_json(run.definition)
        items = items_of(benchmark, benchmarks.items(database, run.split))
        for ask in benchmarks.asks(database, run.id):
            arm = benchmark.arms[ask.arm]
            body = {**arm.body(list(items[ask.place].messages)), **_STREAMED}
            key = arm.deployment, request_hash(arm.deployment, body)
            found.setdefault(key, set()).add((ask.request, ask.number))
    return found


def _graders_questions(
    database: Database, bills: Counter[tuple[str, str]]
) -> dict[tuple[str, str], set[tuple[str, int]]]:
    """Those whose bodies the journal keeps; how a probe is sent is not known here, and only what was billed counts."""
    found: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for row in database.rows("SELECT request, number, deployment, body FROM answers WHERE body IS NOT NULL"):
        key = row["deployment"], request_hash(row["deployment"], {**json.loads(row["body"]), **_STREAMED})
        if key in bills:
            found.setdefault(key, set()).add((row["request"], row["number"]))
    return found


def _by_deployment(
    database: Database, bills: Counter[tuple[str, str]], known: dict[tuple[str, int], tuple[int, int]]
) -> int:
    """Calls beyond what the journal's other rows (probes, what writes questions) asked of each deployment."""
    asked = Counter[str]()
    for row in database.rows("SELECT request, number, deployment FROM answers"):
        answered, lost = known.get((row["request"], row["number"]), (0, 0))
        asked[row["deployment"]] += answered + lost
    billed = Counter[str]()
    for (deployment, _), count in bills.items():
        billed[deployment] += count
    return (billed - asked).total()


def missing(house: House, database: Database, begun: Round) -> Missing:
    """Rows, files, grades and stages of a round that are not there."""
    found = Missing()
    _of_workflows(database, begun, found)
    for run_id in (begun.here, begun.evals):
        _of_run(database, run_id, found)
    _of_files(house, database, begun, found)
    eval_id = evaluation_of(database, begun) or ""
    for stored in evaluations.runs_of(database, eval_id):
        for grader in regrades.graders_of(database, eval_id):
            found.add(stored.items - len(regrades.rewards_of_run(database, stored.run.id, grader.hash)), "regraded")
    # The judge is one more.
    found.add(len(REGRADERS) + 1 - len(regrades.graders_of(database, eval_id)), "second graders")
    return found


def _of_workflows(database: Database, begun: Round, found: Missing) -> None:
    for workflow_id in workflows_of(database, begun):
        one = workflows.get(database, workflow_id)
        found.add(int(one is None or one.state is not WorkflowState.DONE), "workflows not at their end")
    learnt, read, tested = (stages_of(database, one) for one in begun.workflows)
    found.add(PROMPTS - sum(learnt["filter"].outputs.get("fates", {}).values()), "prompts of the distillation")
    found.add(int(not learnt["verdict"].outputs), "the distillation's verdict")
    questions = int(read["questions"].outputs.get("questions", 0))
    found.add(max(0, CHUNKS - questions), "questions about the documents")
    found.add(questions - sum(Counter(read["filter"].outputs.get("fates", {})).values()), "fates of questions")
    found.add(int(not read["curve"].outputs.get("points")), "the curve of distractors")
    for row in tested["verdict"].outputs.get("rows", [{"missing": 1, "error": 0}]):
        found.add(int(row["missing"]) + int(row["error"]), "rows of the test of checkpoints")


def _of_run(database: Database, run_id: int, found: Missing) -> None:
    run = benchmarks.get_run(database, run_id)
    assert run is not None
    rows = len(benchmarks.items(database, run.split))
    answered = [one for one in answers.of_run(database, run_id) if one.answer.state is AnswerState.ANSWERED]
    found.add(rows - len(answered), f"answers of a benchmark ({run.engine})")
    graders = [use.hash for use in from_json(run.definition).graders]
    found.add(rows * len(graders) - len(grades.of_run(database, run_id, graders)), f"grades of one ({run.engine})")


def _of_files(house: House, database: Database, begun: Round, found: Missing) -> None:
    sent, fetched = upload_of(database, begun), download_of(database, begun)
    held = [file for file in house.listed("/openai/v1/files") if file["filename"] == begun.file.name]
    found.add(int(sent is None or sent.file_id not in [file["id"] for file in held]), "files sent")
    path = Path(fetched.path) if fetched is not None and fetched.path else None
    same = path is not None and path.read_bytes() == begun.file.read_bytes()
    found.add(int(not same), "files fetched back byte for byte")


def of_jobs(house: House, database: Database) -> Missing:
    """Events of the service's jobs that are not stored, jobs unknown, and jobs without a curve."""
    found = Missing()
    for job in house.listed(_JOBS):
        known = jobs.get(database, job["id"])
        found.add(int(known is None or known.status != job["status"]), "jobs as they ended")
        told = {event["id"] for event in house.listed(f"{_JOBS}/{job['id']}/events")}
        stored = {event.id for event in events.of_job(database, job["id"])}
        found.add(len(told - stored), "events")
        found.add(int(job["status"] == "succeeded" and points.last_step(database, job["id"]) is None), "curves")
    return found


def beyond(house: House, database: Database, rounds: list[Round]) -> dict[str, int]:
    """What stands at the service more often than was wanted."""
    made = Counter(str(file["filename"]) for file in house.listed("/openai/v1/files"))
    evals = Counter(str(one["name"]) for one in house.listed("/openai/v1/evals"))
    return {
        # The one from before the storm, and one for each workflow that trains.
        "jobs": len(house.listed(_JOBS)) - 1 - 2 * len(rounds),
        "files": sum(made[one.file.name] - 1 for one in rounds),
        "evaluations": sum(count - 1 for count in evals.values()),
        "deployments": len(_standing(house)),
    }


def _standing(house: House) -> list[str]:
    """Deployments of the storm's making that the service still holds."""
    held = house.send("GET", f"{house.account}/deployments?api-version=2025-09-01")["value"]
    return [one["name"] for one in held if one.get("tags")]
